-- Rows E9 and H2: memory that is not there.
local only = require "spec.support.only"
local program = require "spec.support.program"

local host_it = only.with_hosts(it)

describe("an allocation that fails", function()
  it("E9: in the core, in each action, is said, leaks nothing, and is not felt the next time", function()
    program.ends(program.build .. "/c/torture_test", "^%d%d%d+ checks, 0 failed$")
  end)

  host_it("H2: in Lua or in the module, in each action, is Lua's memory error or ours, and leaks nothing", function()
    program.ends(only.hosts .. "/torture .", "^%d%d%d+ failures of an allocation, 0 failed$")
  end)
end)
