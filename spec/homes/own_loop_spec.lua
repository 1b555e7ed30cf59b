-- A loop of one's own, on LuaSocket's select: it knows of imapconn what
-- wait(fd, seconds) tells, and keeps no deadline for it.
local home = require "spec.support.home"
local socket = require "socket"
local timers = require "spec.support.timers"()

local reading = {} -- by descriptor, as select takes it: who waits for it

local function wait(fd)
  local descriptor = { getfd = function() return fd end, dirty = function() return false end }
  reading[descriptor] = coroutine.running()
  coroutine.yield()
  return true
end

local function step()
  local descriptors = {}
  for descriptor in pairs(reading) do descriptors[#descriptors + 1] = descriptor end
  for _, descriptor in ipairs((socket.select(descriptors, nil, timers.left(1)))) do
    local thread = reading[descriptor]
    reading[descriptor] = nil
    assert(coroutine.resume(thread))
  end
  timers.wake()
end

local function run(functions)
  local left = #functions
  for _, fn in ipairs(functions) do
    assert(coroutine.resume(coroutine.create(function()
      fn()
      left = left - 1
    end)))
  end
  while left > 0 do step() end
end

describe("in a loop of one's own", home { name = "select", wait = wait, run = run, sleep = timers.sleep })
