-- luv: libuv's loop.
local home = require "spec.support.home"
local uv = require "luv"

local function resume(thread)
  assert(coroutine.resume(thread))
end

local function run(functions)
  for _, fn in ipairs(functions) do resume(coroutine.create(fn)) end
  uv.run()
end

local function sleep(seconds)
  local thread, timer = coroutine.running(), uv.new_timer()
  timer:start(math.ceil(seconds * 1000), 0, function()
    timer:close()
    resume(thread)
  end)
  coroutine.yield()
end

describe("in luv", home { name = "luv", page = "luv", wait = require "imapconn.wait.luv", run = run, sleep = sleep })
