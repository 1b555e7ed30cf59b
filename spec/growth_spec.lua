-- Work grows as the input does, which comes octet by octet (D6). Callgrind counts
-- the instructions of spec/c/growth.c for n octets and for 2n; in Lua's own work
-- around each octet a core that looks twice would not be noticed.
local callgrind = require "spec.support.callgrind"

local PROGRAM = "'" .. assert(os.getenv("IMAPCONN_BUILD")) .. "/c/growth'"

-- So many octets of a text again and again.
local function fill(text, octets) return text:rep(math.floor(octets / #text)) end

-- n rows, whose numbers and UIDs are of(1) to of(n).
local function rows(n, of)
  local lines = {}
  for i = 1, n do lines[i] = ("* %d FETCH (UID %d FLAGS (a b))\r\n"):format(of(i), of(i)) end
  return "* 100000 EXISTS\r\n" .. table.concat(lines)
end

local function rising(i) return i end

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
  rows = function(n) return rows(n / 30, rising) end,
  ["rows from the last to the first"] = function(n)
    n = math.floor(n / 30)
    return rows(n, function(i) return n + 1 - i end)
  end,
  ["rows that go, from the first on"] = function(n) return rows(n / 45, rising) .. fill("* 1 EXPUNGE\r\n", n / 3) end,
  ["rows that vanish"] = function(n) return rows(n / 45, rising) .. fill("* VANISHED 90000\r\n", n / 3) end,
  ["a message's flags"] = function(n) return "* 1 FETCH (UID 7 FLAGS (" .. ("a "):rep(n / 2) .. "b))\r\n" end,
  ["a message's parts"] = function(n)
    return "* 1 FETCH (UID 7 BODYSTRUCTURE ("
      .. ('("a" "b" NIL NIL NIL "7BIT" 1)'):rep(n / 30) .. ' "mixed"))\r\n'
  end,
  ["what was found"] = function(n) return "* SEARCH" .. (" 1"):rep(n / 2) .. "\r\n" end,
  ["literals behind a long word"] = function(n)
    return "* " .. ("x"):rep(n / 2) .. fill(" {1}\r\na", n / 2) .. "\r\n"
  end,
  ["literals behind blanks"] = function(n)
    return "* " .. (" "):rep(n / 2) .. "x" .. fill(" {1}\r\na", n / 2) .. "\r\n"
  end,
  ["what opens no section"] = function(n) return "* 1 FETCH (" .. ("a[ "):rep(n / 3) .. ")\r\n" end,
  ["what is no code"] = function(n) return "* OK " .. ("[a "):rep(n / 3) .. "\r\n" end,
  ["what ends no string"] = function(n) return '* X "' .. ("\\"):rep(n) .. "\r\n" end,
  addresses = function(n)
    return "* 1 FETCH (ENVELOPE (NIL NIL (" .. fill('(NIL NIL "a" "b")', n)
      .. ") NIL NIL NIL NIL NIL NIL NIL))\r\n"
  end,
}

-- Those of which Lua makes tables.
local IN_LUA = { "literals of one response", "brackets", "rows", "a message's flags", "a message's parts",
  "what was found", "addresses" }

-- Sessions read it octet by octet; core.parse, in Lua, reads it whole.
if callgrind.works then
  describe("Work #timing", function()
    local OPEN, N = "* 9 EXISTS\r\nT1 OK\r\n", 24000
    local nothing = callgrind.count(PROGRAM, OPEN)

    local function grows(once, twice)
      assert(once > 20 * N, once)
      assert(twice < 2.2 * once, ("%d instructions became %d"):format(once, twice))
    end

    for what, say in pairs(GROWING) do
      it("grows as " .. what .. " does, octet by octet", function()
        local once, twice = callgrind.count(PROGRAM, OPEN .. say(N)), callgrind.count(PROGRAM, OPEN .. say(2 * N))
        grows(once - nothing, twice - nothing)
      end)
    end

    for _, what in ipairs(IN_LUA) do
      it("grows as " .. what .. " does, for Lua", function()
        grows(callgrind.parse(GROWING[what](N)), callgrind.parse(GROWING[what](2 * N)))
      end)
    end
  end)
end
