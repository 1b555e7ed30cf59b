-- Rows E9 and H2: memory that is not there.
local program = require "spec.support.program"

describe("an allocation that fails", function()
  it("E9: in the core, in each action, is said, leaks nothing, and is not felt the next time", function()
    program.ends("c/torture_test", "^%d%d%d+ checks, 0 failed$")
  end)

  -- The Makefile builds the host for this Lua only.
  if _VERSION == "Lua 5.4" then
    it("H2: in Lua or in the module, in each action, is Lua's memory error or ours, and leaks nothing", function()
      program.ends("lua5.4/torture .", "^%d%d%d+ failures of an allocation, 0 failed$")
    end)
  end
end)
