-- Each limit at n - 1, n and n + 1 (E1, E2, E4, D5), in one piece and octet by
-- octet. How work grows is for growth_spec.lua.
local imapconn = require "imapconn"

-- A server that says `said` to the first commands; "T1 " is the first's tag.
local function server(said, slow)
  local stream = { ready = "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS ESEARCH] hi\r\n", at = 1 }
  function stream:send(bytes)
    if not self.told then
      local tag = bytes:match("^%a+")
      self.told = true
      self.ready, self.at = said:gsub("T(%d) ", tag .. "%1 "), 1
    end
    return #bytes
  end
  function stream:receive(max)
    local bytes = self.ready:sub(self.at, self.at + (slow and 1 or max) - 1)
    self.at = self.at + #bytes
    if bytes == "" then return nil, "closed" end
    return bytes
  end
  function stream.close() return true end
  return stream
end

local function connect(said, limits, slow)
  return assert(imapconn.connect { host = "play", username = "ann", secure = false, limits = limits,
    transport = { connect = function() return server(said, slow) end } })
end

local function status(conn)
  return conn:get_mailbox_status { mailbox = "A" }
end

local function download(conn)
  return conn:download_message { mailbox = "A", uid = 7 }
end

local function search(conn)
  return conn:search_messages { mailbox = "A", fields = { "uid" } }
end

local STATUS = "* STATUS A (MESSAGES 1)\r\nT1 OK\r\n"

local function message(size)
  return "T1 OK\r\n* 1 FETCH (UID 7 RFC822.SIZE " .. size .. " BODY[] {" .. size .. "}\r\n"
    .. ("x"):rep(size) .. ")\r\nT2 OK\r\n"
end

-- Of each limit: its value, what the server says of that measure, the call.
local CASES = {
  line = { 100, function(n) return "* OK " .. ("x"):rep(n - 7) .. "\r\n" .. STATUS end, status },
  literal = { 1000, message, download },
  response = { 1000, function(n)
    local size = n - #"* 1 FETCH (UID 7 RFC822.SIZE 999 BODY[] {999}\r\n)\r\n"
    return message(size)
  end, download },
  nesting = { 10, function(n) return "* XYZ " .. ("("):rep(n) .. (")"):rep(n) .. "\r\n" .. STATUS end, status },
  nodes = { 100, function(n) return "* XYZ" .. (" a"):rep(n) .. "\r\n" .. STATUS end, status },
  messages = { 10, function(n) return "T1 OK\r\n* ESEARCH UID ALL 1:" .. n .. "\r\nT2 OK\r\n" end, search },
}

describe("The limit", function()
  for name, case in pairs(CASES) do
    local limit, said, act = case[1], case[2], case[3]
    for _, slow in ipairs { false, true } do
      it(name .. " holds to the last one" .. (slow and ", octet by octet" or ""), function()
        for n = limit - 1, limit do
          local conn = connect(said(n), { [name] = limit }, slow)
          assert(act(conn))
          assert.is_true(conn:is_open())
        end
        local conn = connect(said(limit + 1), { [name] = limit }, slow)
        local value, text, err = act(conn)
        assert.is_nil(value)
        assert.are.equal("limit", err.code)
        assert.matches("`" .. name .. "`", text, 1, true)
        assert.is_false(conn:is_open())
      end)
    end
  end

  it("of a literal does not hold for one that flows to a sink", function()
    local taken = 0
    local conn = connect(message(5000), { literal = 1000, response = 1000 })
    assert(conn:download_message { mailbox = "A", uid = 7, sink = function(chunk) taken = taken + #chunk end })
    assert.are.equal(5000, taken)
  end)

  it("of a mailbox's name is 4000 octets", function()
    for n = 3999, 4000 do
      assert(connect("T1 OK\r\n", {}):rename_mailbox { path = ("x"):rep(n), new_path = "B" })
    end
    local conn = connect("", {})
    local _, _, err = conn:rename_mailbox { path = ("x"):rep(4001), new_path = "B" }
    assert.are.equal("invalid_argument", err.code)
    assert.are.equal("path", err.field)
    assert.is_true(conn:is_open())
  end)
end)
