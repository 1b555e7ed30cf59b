-- cqueues: https://25thandclement.com/~william/projects/cqueues.html
local cqueues = require "cqueues"
local home = require "spec.support.home"

local function run(functions)
  local queue = cqueues.new()
  for _, fn in ipairs(functions) do queue:wrap(fn) end
  assert(queue:loop())
end

describe("in cqueues", home {
  name = "cqueues", page = "cqueues", wait = require "imapconn.wait.cqueues", run = run, sleep = cqueues.sleep,
})
