-- Rows D1 to D29: what a server may say, and what becomes of it.
local callgrind = require "spec.support.callgrind"
local core = require "imapconn.core"
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local function parse(bytes, limits, splits)
  return core.parse(bytes, { limits = limits, splits = splits })
end

local function fails(code, bytes, limits)
  local value, message, err = parse(bytes, limits)
  assert.is_nil(value, "accepted: " .. bytes:sub(1, 60))
  assert.matches("|" .. err.code .. "|", "|" .. code .. "|", 1, true, message)
end

local function accepts(bytes, limits)
  local value, message = parse(bytes, limits)
  return assert(value, message)
end

-- Plays a script behind the login, and closes.
local function play(script, act, options)
  local conn, server = transcript.open(script, options)
  local ok, reason = xpcall(function() act(conn, server) end, debug.traceback)
  conn:close()
  if server.failure then error(server.failure, 2) end
  assert(ok, reason)
  server:finish()
end

local PLAIN = { capabilities = "IMAP4rev1 LITERAL+ UNSELECT" }

local function rename(conn) return conn:rename_mailbox { path = "A", new_path = "B" } end

-- A RENAME, and what the server says to it.
local function answered(text, act, options)
  play("C: T1 RENAME A B\n" .. text, function(conn, server) act(conn, server, rename(conn)) end, options or PLAIN)
end

describe("literals", function()
  it("D1: of sizes that nobody holds are limit at once", function()
    for _, size in ipairs { "2147483648", "4294967296", "18446744073709551617", ("9"):rep(1000) } do
      fails("limit", "* 1 FETCH (BODY[] {" .. size .. "}\r\n")
    end
  end)

  it("D2: of no size are protocol", function()
    for _, size in ipairs { "{-1}", "{}", "{abc}", "{1", "{ 1}" } do
      local value, _, err = parse("* 1 FETCH (BODY[] " .. size .. "\r\n)\r\n")
      assert(value and value[1].message.error or err and err.code == "protocol", size)
    end
    for _, announcement in ipairs { "{abc} x", "{1 x", "{1} x", "{ x", "~{1+ x" } do
      fails("protocol", "* XYZZY " .. announcement .. "\r\n")
    end
    local message = accepts("* 1 FETCH (BODY[] {012}\r\n123456789012)\r\n")[1].message
    assert.are.equal("123456789012", message.sections["BODY[]"])
  end)

  it("D3: may be empty", function()
    assert.are.equal("", accepts("* 1 FETCH (BODY[] {0}\r\n)\r\n")[1].message.sections["BODY[]"])
  end)

  it("D4: cost what arrived, not what was announced", function()
    play("C: T1 EXAMINE A\nC: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])\nS: T1 OK\n"
      .. "S: * 1 FETCH (UID 1 BODY[] {200000000}\nS- 0123456789\n! silence\n", function(conn)
      local function resident()
        local file = assert(io.open("/proc/self/statm"))
        local pages = tonumber(file:read("*a"):match("^%d+ (%d+)"))
        file:close()
        return pages * 4096
      end
      local before = resident()
      local _, _, err = conn:download_message { mailbox = "A", uid = 1 }
      assert.are.equal("timeout", err.code)
      assert(resident() - before < 2 ^ 20)
    end, { connect = { timeout = 0.2 } })
  end)

  it("D21: that are refused fail the command alone", function()
    play([[
      C: T1 APPEND A {5}
      S: T1 NO [TOOBIG] x
      C: T2 RENAME A B
      S: T2 OK
    ]], function(conn)
      local _, _, err = conn:append_message { mailbox = "A", content = "hello" }
      assert.are.equal("TOOBIG", err.response_code)
      assert(rename(conn))
    end, { capabilities = "IMAP4rev1" })
  end)

  it("D25: are not what a text ends with", function()
    assert.are.equal(2, #accepts("* OK [x] {5}\r\n* 1 EXISTS\r\n"))
    assert.are.equal(2, #accepts("T1 OK x {5}\r\n* 1 EXISTS\r\n"))
  end)
end)

describe("depth and work", function()
  it("D5: of nesting has its limit", function()
    local open = ("("):rep(100000)
    for _, head in ipairs { "* 1 FETCH (BODYSTRUCTURE ", "* THREAD ", "* XYZZY " } do
      fails("limit|protocol", head .. open .. "\r\n")
    end
    accepts("* XYZZY " .. ("("):rep(90) .. (")"):rep(90) .. "\r\n")
  end)

  if callgrind.works then
    it("D6: grows with the length, not with its square", function()
      local function literals(n) return "* XYZZY" .. (" {1}\r\nx"):rep(n) .. "\r\n" end
      local function digits(n) return "* XYZZY " .. ("1"):rep(50 * n) .. "\r\n" end
      for _, make in ipairs { literals, digits } do
        local small, big = callgrind.parse(make(4000)), callgrind.parse(make(16000))
        assert(big < 4.4 * small, big / small) -- a square would be 16
      end
    end)
  end

  it("D7: expands no set that is over the limit", function()
    local before = collectgarbage("count")
    local all = accepts("T OK [COPYUID 1 1:4294967295 1:4294967295] done\r\n")
    assert.are.equal("COPYUID", all[1].code)
    play([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID)
      C: T3 UID COPY 1:* B
      S: * 1 EXISTS
      S: T1 OK
      S: * 1 FETCH (UID 1)
      S: T2 OK
      S: T3 OK [COPYUID 1 1:4294967295 1:4294967295] done
    ]], function(conn)
      assert.is_nil(assert(conn:copy_message { mailbox = "A", uids = "1:*", new_path = "B" }).messages)
    end)
    assert(collectgarbage("count") - before < 1024)
  end)

  it("D12: of long fields is bounded", function()
    for _, item in ipairs { 'INTERNALDATE "' .. ("1"):rep(10000) .. '"', "RFC822.SIZE " .. ("1"):rep(1000) } do
      local value = parse("* 1 FETCH (UID 1 " .. item .. ")\r\n")
      assert(not value or value[1].message.internal_date == nil and value[1].message.size == nil)
    end
    fails("limit", "* STATUS {1000000}\r\n" .. ("x"):rep(1000000) .. " (MESSAGES 1)\r\n", { literal = 1000 })
    accepts("* STATUS {1000000}\r\n" .. ("x"):rep(1000000) .. " (MESSAGES 1)\r\n")
  end)

  it("D28: of messages without header, and of MIME, is bounded", function()
    local body = ('("message" "rfc822" NIL NIL NIL "7bit" 1 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) '):rep(10000)
    local value = parse("* 1 FETCH (BODYSTRUCTURE " .. body .. "\r\n")
    assert.is_nil(value)
    local from = '"' .. (";"):rep(100000) .. '"'
    accepts("* 1 FETCH (ENVELOPE (NIL " .. from .. " NIL NIL NIL NIL NIL NIL NIL NIL))\r\n")
    accepts("* 1 FETCH (BODY[] {2}\r\n\r\n)\r\n")
  end)
end)

describe("lines", function()
  it("D9: with NUL are read in one way", function()
    for _, line in ipairs { "* OK a\0b\r\n", '* LIST () "/" "a\0b"\r\n' } do
      local value, _, err = parse(line)
      local split = { parse(line, nil, { 5, 6, 7, 8 }) }
      assert(value or err.code == "protocol")
      assert.are.equal(value == nil, split[1] == nil)
    end
  end)

  it("D10: may be cut anywhere", function()
    for _, line in ipairs { "* ID NIL", "* 1 FETCH (UID 1 FLAGS ())", '* LIST () "/" x', "* STATUS x (MESSAGES 1)",
      "* SEARCH 1 2", '* ESEARCH (TAG "x") UID ALL 1', "* FLAGS (x)", "* CAPABILITY IMAP4rev1", "* VANISHED 1",
      "* NAMESPACE NIL NIL NIL", "* OK [UIDNEXT 1] x", "* BYE x", "+ x", "T OK x", "* 1 EXPUNGE" } do
      for size = 0, #line do
        local value, _, err = parse(line:sub(1, size) .. "\r\n")
        assert(value or err.code == "protocol", line:sub(1, size))
      end
    end
  end)

  it("D11: need no text", function()
    for _, line in ipairs { "T NO", "T OK ", "* OK", "* OK [UNSEEN 17]" } do accepts(line .. "\r\n") end
    assert.are.equal(17, accepts("* OK [UNSEEN 17]\r\n")[1].argument)
  end)

  it("D13: hold numbers in range, or none", function()
    for _, line in ipairs { "* 4294967296 EXISTS", "* 1 FETCH (UID 0)", "* 1 FETCH (MODSEQ (-1))" } do
      local value, _, err = parse(line .. "\r\n")
      assert(value or err.code == "protocol")
      local message = value and value[1].message
      assert(not message or message.uid == nil and message.modseq == nil)
      assert(not value or value[1].number ~= 2 ^ 32)
    end
    local modseq = accepts("* 1 FETCH (MODSEQ (9223372036854775807))\r\n")[1].message.modseq
    assert.are.equal("9223372036854775807", tostring(modseq))
  end)

  it("D14: end what they opened", function()
    for _, line in ipairs { '* LIST () "/" "abc', "* FLAGS (a b", "* 1 FETCH (UID 1" } do
      fails("protocol", line .. "\r\n* 1 EXISTS\r\n")
    end
  end)

  it("D15: end alike wherever they are cut", function()
    for _, text in ipairs { "* 1 EXISTS\n", "* 1 EXISTS\r* 0 RECENT\r", "* 1 EXISTS\n\r\n", "* OK a\rb\r\n" } do
      local whole, _, err = parse(text)
      local splits = {}
      for i = 1, #text - 1 do splits[i] = i end
      local cut, _, cut_err = parse(text, nil, splits)
      assert.are.same(whole, cut)
      assert.are.equal(err and err.code, cut_err and cut_err.code)
    end
  end)

  it("D22: keep their place where one item is broken", function()
    for _, item in ipairs { 'BODYSTRUCTURE ("message" NIL {2}\r\n())', "ENVELOPE (())", "BODYSTRUCTURE ()" } do
      local all = accepts("* 1 FETCH (UID 7 " .. item .. " RFC822.SIZE 5)\r\n* 2 EXISTS\r\n")
      assert.are.equal(2, #all)
      assert.are.equal(7, all[1].message.uid)
      assert.are.equal("EXISTS", all[2].name)
    end
  end)

  it("D23: are the same in lower case", function()
    assert.is_true(accepts("* capability starttls\r\n")[1].capabilities.STARTTLS)
    assert.are.equal("LIST", accepts('* List (\\noselect) nil inbox\r\n')[1].name)
    assert.are.equal("OK", accepts("t ok x\r\n")[1].name)
  end)

  it("D24: may have blanks and empty lists", function()
    for _, line in ipairs { "* SEARCH ", "* SEARCH", "* STATUS x ()", "* 1 FETCH ()", "* FLAGS ()",
      "* CAPABILITY IMAP4rev1 " } do
      accepts(line .. "\r\n")
    end
  end)

  it("D26: may have brackets in flags", function()
    local code = accepts("* OK [PERMANENTFLAGS ([css3-page] [Gmail]/All \\*)] x\r\n")[1]
    assert.are.equal("PERMANENTFLAGS", code.code)
    assert.is_true(code.argument["[css3-page]"])
  end)

  it("D27: may name mailboxes in no encoding at all", function()
    for _, name in ipairs { "&", "&AAA", "&2D0-", "\255", "&AOQ-", "&AGE-" } do
      play("C: T1 LIST \"\" \"*\"\nC: T2 LSUB \"\" \"*\"\nS: * LIST () \"/\" \"" .. name .. "\"\nS: T1 OK\nS: T2 OK\n"
        .. "C~ T3 STATUS .*\n" .. (name == "\255" and "C~ .*\n" or "") .. "S: T3 OK\n", function(conn, server)
        local row = assert(conn:list_mailboxes())[1]
        assert.are.equal(name, row.raw_path)
        assert(conn:get_mailbox_status { mailbox = row })
        assert(server.sent:match(" STATUS .*$"):find(name, 1, true), server.sent)
      end, { capabilities = "IMAP4rev1 LITERAL+" })
    end
  end)

  it("D29: are the same at every border", function()
    local text = '* LIST () "/" {3}\r\na&b\r\n* OK [UIDNEXT 7] x {5}\r\n* 1 FETCH (UID 7 BODY[] {4}\r\na\r\nb'
      .. " FLAGS (\\Seen))\r\nT OK done\r\n"
    local whole = accepts(text)
    for at = 1, #text - 1 do assert.are.same(whole, accepts(text, nil, { at })) end
  end)
end)

describe("a session", function()
  it("D8: believes a code of the command that it belongs to", function()
    answered("S: * OK [APPENDUID 1 2] x\nS: T1 OK [APPENDUID 1 2] x\n", function(_, _, value)
      assert.are.same({ path = "A", new_path = "B" }, value)
    end)
    play("C: T1 APPEND A {1+}\nC: x\nS: * OK [APPENDUID 7 8] x\nS: T1 OK [COPYUID 7 9] x\n", function(conn)
      assert.is_nil(assert(conn:append_message { mailbox = "A", content = "x" }).uid)
    end, PLAIN)
    play("C: T1 EXAMINE A\nC: T2 UID FETCH 1 (UID)\nC: T3 UID COPY 1 B\nS: T1 OK\nS: * 1 FETCH (UID 1)\nS: T2 OK\n"
      .. "S: * OK [COPYUID 7 1 8] x\nS: T3 OK [APPENDUID 7 1 9] x\n", function(conn)
      assert.are.same({}, assert(conn:copy_message { mailbox = "A", uids = 1, new_path = "B" }).messages)
    end, { capabilities = "IMAP4rev1 LITERAL+ UNSELECT UIDPLUS" })
  end)

  it("D16: ends with a tag that is not its own", function()
    answered("S: ZZZZ OK x\n! close\n", function(conn, _, value, _, err)
      assert.is_nil(value)
      assert.are.equal("protocol", err.code)
      assert.is_false(conn:is_open())
    end)
  end)

  -- Logs in to a server that reads `room` octets, says `said`, and only then reads
  -- the rest; "T1 " in it stands for the first tag, and so on. It agrees to all.
  local function slow(room, said)
    local capabilities = said:find("+", 1, true) and "IMAP4rev1" or "IMAP4rev1 LITERAL+"
    local stream = { ready = "* PREAUTH [CAPABILITY " .. capabilities .. "] hi\r\n" }
    function stream:send(bytes)
      self.prefix = self.prefix or bytes:match("^(%a+)1 ")
      if room == 0 then return nil, "timeout" end
      local count = math.min(room, #bytes)
      room = room - count
      if room > 2 ^ 30 and bytes:find("\r\n$") and not said:find("T1", 1, true) then
        self.ready = self.prefix .. "1 OK\r\n"
      end
      return count
    end
    function stream:receive()
      local bytes = self.ready
      self.ready = ""
      if bytes == "" and room == 0 then
        bytes, room = said:gsub("T(%d) ", self.prefix .. "%1 "), 2 ^ 40
      end
      if bytes == "" then return nil, "timeout" end
      return bytes
    end
    function stream.close() return true end
    return assert(imapconn.connect { host = "play", username = "ann", secure = false, call_timeout = 1,
      transport = { connect = function() return stream end } })
  end

  local function append(conn)
    return conn:append_message { mailbox = "A", content = ("x"):rep(2 ^ 20) }
  end

  it("D16: ends with an answer to a command that waits its turn (A8)", function()
    local conn = slow(1000, "T2 NO x\r\n")
    local results = assert(conn:batch(function(b)
      b:append_message { mailbox = "A", content = ("x"):rep(2 ^ 20) }
      b:rename_mailbox { path = "A", new_path = "B" }
    end))
    assert.are.equal("protocol", results[1].err.code)
    assert.are.same({ "protocol", "not_sent" }, { results[2].err.code, results[2].err.outcome })
  end)

  it("D16: ends with a second answer to a command that is still being sent", function()
    local conn = slow(1000, "T1 NO [OVERQUOTA] x\r\nT1 NO [OVERQUOTA] x\r\n")
    assert.are.equal("no", select(3, append(conn)).code)
    assert.is_false(conn:is_open())
  end)

  it("D20: takes no leave to send what it has not announced yet", function()
    local _, message, err = append(slow(10, "+ go\r\n"))
    assert.are.equal("protocol", err.code, message)
  end)

  it("D17: passes over news amid an answer", function()
    play("C: T1 EXAMINE A\nC: T2 UID SEARCH SEEN\nS: * 2 EXISTS\nS: T1 OK\n"
      .. "S: * SEARCH 1 2\nS: * 7 EXISTS\nS: * 3 FETCH (FLAGS ())\nS: T2 OK\n", function(conn)
      local found = assert(conn:search_messages { mailbox = "A", read_filter = "read", fields = { "uid" } })
      assert.are.same({ { uid = 1 }, { uid = 2 } }, found)
    end, PLAIN)
  end)

  it("D18: takes no answer about another mailbox or message", function()
    play("C~ T1 STATUS A .*\nS: * STATUS Other (MESSAGES 99)\nS: * STATUS A (MESSAGES 3)\n"
      .. "S: * STATUS Other (MESSAGES 98)\nS: T1 OK\n",
      function(conn) assert.are.equal(3, conn:get_mailbox_status({ mailbox = "A" }).messages) end, PLAIN)
    play("C: T1 EXAMINE A\nC: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])\nS: * 9 EXISTS\nS: T1 OK\n"
      .. "S: * 9 FETCH (UID 9 BODY[] {3}\nS: bad)\nS: * 1 FETCH (UID 1 BODY[] {4}\nS: good)\nS: T2 OK\n",
      function(conn) assert.are.equal("good", conn:download_message({ mailbox = "A", uid = 1 }).content) end, PLAIN)
  end)

  it("D19: ends with BYE, and its words", function()
    answered("S: * BYE [ALERT] reboot\n! close\n", function(_, _, _, message, err)
      assert.are.equal("closed", err.code)
      assert.matches("reboot", message, 1, true)
    end)
  end)

  it('D20: ends with a "+" that nobody asked for', function()
    answered("S: + go\n! close\n", function(_, _, _, _, err) assert.are.equal("protocol", err.code) end)
  end)
end)
