--- Runs the specs that are written in C: each a program, named in spec/c.
local program = require "spec.support.program"

-- Those that another spec runs.
local ELSEWHERE = {
  corpus_test = "corpus_spec.lua, where there is a corpus",
  torture_test = "threats/allocation_spec.lua",
}

describe("the core, in C", function()
  local pipe = assert(io.popen("ls spec/c/*_test.c"))
  for path in pipe:lines() do
    local name = path:match("([^/]+)%.c$")
    if not ELSEWHERE[name] then
      it("passes " .. name, function() program.ends(program.build .. "/c/" .. name, "^%d+ checks, 0 failed$") end)
    end
  end
  pipe:close()
end)
