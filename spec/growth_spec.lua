-- Work grows as the input does, which comes octet by octet (D6). Callgrind counts
-- the instructions of spec/c/growth.c for n octets and for 2n; in Lua's own work
-- around each octet a core that looks twice would not be noticed.

local program = assert(os.getenv("IMAPCONN_BUILD")) .. "/c/growth"

-- What the server says, in n octets or so.
local GROWING = {
  ["a line"] = function(n) return "* OK " .. ("x"):rep(n) .. "\r\n" end,
  ["a line's digits"] = function(n) return "* " .. ("9"):rep(n) .. " EXISTS\r\n" end,
  ["a line without end"] = function(n) return ("x"):rep(n) end,
  ["one literal"] = function(n) return "* XYZ {" .. n .. "}\r\n" .. ("x"):rep(n) .. "\r\n" end,
  ["literals of one response"] = function(n) return "* XYZ" .. (" {2}\r\nab"):rep(n / 8) .. "\r\n" end,
  brackets = function(n) return "* XYZ " .. ("()"):rep(n / 2) .. "\r\n" end,
  ["quoted text"] = function(n) return '* XYZ "' .. ('\\"'):rep(n / 2) .. '"\r\n' end,
  news = function(n) return ("* 1 EXISTS\r\n"):rep(n / 12) end,
  rows = function(n)
    local lines = {}
    for i = 1, n / 30 do lines[i] = "* 1 FETCH (UID " .. i .. " FLAGS (a b))\r\n" end
    return table.concat(lines)
  end,
  ["a message's flags"] = function(n) return "* 1 FETCH (UID 7 FLAGS (" .. ("a "):rep(n / 2) .. "b))\r\n" end,
  ["a message's parts"] = function(n)
    return "* 1 FETCH (UID 7 BODYSTRUCTURE ("
      .. ('("a" "b" NIL NIL NIL "7BIT" 1)'):rep(n / 30) .. ' "mixed"))\r\n'
  end,
  ["what was found"] = function(n) return "* SEARCH" .. (" 1"):rep(n / 2) .. "\r\n" end,
}

local function instructions(said)
  local input, count = os.tmpname(), os.tmpname()
  local file = assert(io.open(input, "wb"))
  file:write(said)
  file:close()
  local pipe = assert(io.popen(("valgrind --tool=callgrind --callgrind-out-file='%s' '%s' <'%s' 2>&1"):format(
    count, program, input)))
  local output = pipe:read("*a")
  pipe:close()
  os.remove(input)
  os.remove(count)
  return tonumber(output:match("Collected : (%d+)")) or error(output)
end

-- A sanitizer's program does not run in valgrind.
if os.getenv("IMAPCONN_VARIANT") ~= "asan" then
  describe("Work", function()
    local OPEN, N = "* 9 EXISTS\r\nT1 OK\r\n", 24000
    local nothing = instructions(OPEN)

    for what, say in pairs(GROWING) do
      it("grows as " .. what .. " does, octet by octet", function()
        local once = instructions(OPEN .. say(N)) - nothing
        local twice = instructions(OPEN .. say(2 * N)) - nothing
        assert(once > 20 * N, once)
        assert(twice < 2.2 * once, ("%d instructions became %d"):format(once, twice))
      end)
    end
  end)
end
