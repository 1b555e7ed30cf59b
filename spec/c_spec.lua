--- Runs the specs that are written in C: each a program, named in spec/c.
local build = assert(os.getenv("IMAPCONN_BUILD"))

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  return text:gmatch("[^\n]+"), (pipe:close())
end

describe("the core, in C", function()
  for path in lines_of("ls spec/c/*_test.c") do
    local name = path:match("([^/]+)%.c$")
    -- corpus_spec.lua runs it where there is a corpus
    if name ~= "corpus_test" then
      it("passes " .. name, function()
        local said = {}
        local lines = lines_of(build .. "/c/" .. name .. " 2>&1 </dev/null")
        for line in lines do said[#said + 1] = line end
        assert.matches("^%d+ checks, 0 failed$", said[#said] or "", table.concat(said, "\n"))
      end)
    end
  end
end)
