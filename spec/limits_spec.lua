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

local function list_messages(conn)
  return conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }
end

local function list_mailboxes(conn)
  return conn:list_mailboxes()
end

local STATUS = "* STATUS A (MESSAGES 1)\r\nT1 OK\r\n"

local function message(size)
  return "T1 OK\r\n* 1 FETCH (UID 7 RFC822.SIZE " .. size .. " BODY[] {" .. size .. "}\r\n"
    .. ("x"):rep(size) .. ")\r\nT2 OK\r\n"
end

-- `n` lines, each with its number for every "%d".
local function lines(n, line)
  local all = {}
  for i = 1, n do all[i] = line:gsub("%%d", i) .. "\r\n" end
  return table.concat(all)
end

-- Of each measure: its limit, the value, what the server says of that measure,
-- the call.
local CASES = {
  ["a line (E2)"] = { "line", 100, function(n) return "* OK " .. ("x"):rep(n - 7) .. "\r\n" .. STATUS end, status },
  ["a literal (D1)"] = { "literal", 1000, message, download },
  ["a response (E1)"] = { "response", 1000, function(n)
    local size = n - #"* 1 FETCH (UID 7 RFC822.SIZE 999 BODY[] {999}\r\n)\r\n"
    return message(size)
  end, download },
  ["nested lists (D5)"] = { "nesting", 10, function(n)
    return "* XYZ " .. ("("):rep(n) .. (")"):rep(n) .. "\r\n" .. STATUS
  end, status },
  ["things in a response (E4)"] = { "nodes", 100, function(n)
    return "* XYZ" .. (" a"):rep(n) .. "\r\n" .. STATUS
  end, status },
  ["a set that was found (E4)"] = { "messages", 10, function(n)
    return "T1 OK\r\n* ESEARCH UID ALL 1:" .. n .. "\r\nT2 OK\r\n"
  end, search },
  ["sets that were found (E4)"] = { "messages", 10, function(n)
    return "T1 OK\r\n" .. lines(n, "* ESEARCH UID ALL %d") .. "T2 OK\r\n"
  end, search },
  ["numbers that were found (E4)"] = { "messages", 10, function(n)
    return "T1 OK\r\n* SEARCH" .. (" 7"):rep(n) .. "\r\nT2 OK\r\n"
  end, search },
  ["rows of messages (E4)"] = { "messages", 10, function(n)
    return "T1 OK\r\n" .. lines(n, "* %d FETCH (UID %d FLAGS ())") .. "T2 OK\r\n"
  end, list_messages },
  ["rows of mailboxes (E4)"] = { "messages", 10, function(n)
    return lines(n, '* LIST () "/" m%d') .. "T1 OK\r\nT2 OK\r\n"
  end, list_mailboxes },
}

describe("The limit", function()
  for what, case in pairs(CASES) do
    local name, limit, said, act = case[1], case[2], case[3], case[4]
    for _, slow in ipairs { false, true } do
      it(name .. " holds to the last one of " .. what .. (slow and ", octet by octet" or ""), function()
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

  it("messages holds for what COPYUID stands for, which is no failure (D7, E4)", function()
    for n = 9, 11 do
      local conn = connect("T1 OK\r\nT2 OK\r\nT3 OK [COPYUID 1 1:" .. n .. " 1:" .. n .. "]\r\n", { messages = 10 })
      local copied = assert(conn:copy_message { mailbox = "A", uids = "1:*", new_path = "B" })
      assert.are.equal(n <= 10 and n or nil, copied.messages and #copied.messages)
      assert.is_true(conn:is_open())
    end
  end)

  for name, limits in pairs { literal = { literal = 1000 }, response = { response = 1000 + #"* STATUS {1000}\r\n" } } do
    it(name .. " is not waited for: what is announced must fit (D1)", function()
      for size, code in pairs { [999] = "closed", [1000] = "closed", [1001] = "limit" } do
        local _, text, err = status(connect("* STATUS {" .. size .. "}\r\n", limits))
        assert.are.equal(code, err.code, text)
      end
    end)
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
