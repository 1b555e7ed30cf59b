--- Runs the specs that are written in C: each a program, named in spec/c.
local build = assert(os.getenv("IMAPCONN_BUILD"))

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return text:gmatch("[^\n]+")
end

-- The last line that the program prints is like `pattern`.
local function ends_well(command, pattern)
  local said = {}
  for line in lines_of(command .. " 2>&1 </dev/null") do said[#said + 1] = line end
  assert.matches(pattern, said[#said] or "", table.concat(said, "\n"))
end

describe("the core, in C", function()
  for path in lines_of("ls spec/c/*_test.c") do
    local name = path:match("([^/]+)%.c$")
    -- corpus_spec.lua runs it where there is a corpus
    if name ~= "corpus_test" then
      it("passes " .. name, function()
        ends_well(build .. "/c/" .. name, "^%d+ checks, 0 failed$")
      end)
    end
  end
end)

-- The Makefile builds it for this Lua only.
if _VERSION == "Lua 5.4" then
  describe("a host of Lua", function()
    it("survives each allocation that fails in each action (E9, H2)", function()
      ends_well(build .. "/lua5.4/torture .", "^%d%d%d+ failures of an allocation, 0 failed$")
    end)
  end)
end
