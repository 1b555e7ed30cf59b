-- What an error says: code, outcome, retryable, done; and what of the
-- connection is left afterwards.
local converse = require "spec.support.converse"
local transcript = require "spec.support.transcript"
local imapconn = require "imapconn"

local plain = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS" }

-- A server that reads `pause` octets, says `words` with the tag, and reads on
-- when that was read.
local function interrupting(pause, words)
  local server = { heard = "", ready = "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] hi\r\n" }
  function server:send(bytes)
    if self.spoken and self.ready ~= "" then return nil, "timeout" end
    local count = math.min(#bytes, 700)
    self.heard = self.heard .. bytes:sub(1, count)
    if #self.heard >= pause and not self.spoken then
      self.spoken = true
      self.ready = self.heard:match("^%w+") .. " " .. words .. "\r\n"
      return count
    end
    local tag = self.heard:match("\n(%w+) STATUS [^\r]*\r\n$")
    if tag then self.ready = "* STATUS INBOX (MESSAGES 3)\r\n" .. tag .. " OK\r\n" end
    return count
  end
  function server:receive()
    if self.ready == "" then return nil, "timeout" end
    local bytes = self.ready
    self.ready = ""
    return bytes
  end
  function server.close() return true end
  local conn = assert(imapconn.connect { host = "play", username = "ann", secure = false,
    transport = { connect = function() return server end } })
  return conn, server
end

describe("NO amid a literal that is permitted", function()
  it("is the answer; the literal is sent to its announced end, and the connection goes on", function()
    local content = ("x"):rep(20000)
    local conn, server = interrupting(1000, "NO [OVERQUOTA] full")
    local _, _, err = conn:append_message { mailbox = "INBOX", content = content }
    assert.are.equal("no", err.code)
    assert.are.equal("OVERQUOTA", err.response_code)
    assert.are.equal("refused", err.outcome)
    assert.are.equal(3, assert(conn:get_mailbox_status { mailbox = "INBOX" }).messages)
    local literal = server.heard:match("{20000%+}\r\n(x*)\r\n%w+ STATUS")
    assert.are.equal(20000, #literal)
  end)

  it("may be BAD", function()
    local conn = interrupting(1000, "BAD no such thing")
    local _, _, err = conn:append_message { mailbox = "INBOX", content = ("x"):rep(20000) }
    assert.are.equal("bad", err.code)
    assert.are.equal("refused", err.outcome)
    assert.is_true(conn:is_open())
  end)

  it("may not be OK: the command is not finished", function()
    local conn = interrupting(1000, "OK stored already")
    local _, _, err = conn:append_message { mailbox = "INBOX", content = ("x"):rep(200000) }
    assert.are.equal("protocol", err.code)
    assert.are.equal("not_sent", err.outcome)
    assert.is_false(conn:is_open())
  end)
end)

describe("a connection that ends", function()
  it("at each octet of an APPEND but behind the last leaves it not_sent", function()
    local function server_of(most)
      local server = { heard = "", ready = "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n" }
      function server:send(bytes)
        local room = most - #self.heard
        if room <= 0 then return nil, "closed" end
        self.heard = self.heard .. bytes:sub(1, room)
        return math.min(#bytes, room)
      end
      function server:receive()
        local bytes = self.ready
        self.ready = ""
        if bytes ~= "" then return bytes end
        return nil, "closed"
      end
      function server.close() return true end
      return server
    end
    local outcomes = {}
    for most = 0, 60 do
      local server = server_of(most)
      local conn = assert(imapconn.connect { host = "play", username = "ann", secure = false,
        transport = { connect = function() return server end } })
      local _, _, err = conn:append_message { mailbox = "INBOX", content = "0123456789" }
      assert.are.equal("closed", err.code)
      local whole = server.heard:find("{10%+}\r\n0123456789\r\n$") ~= nil
      assert.are.equal(whole and "unknown" or "not_sent", err.outcome)
      assert.are.equal(not whole, err.retryable)
      outcomes[err.outcome] = true
    end
    assert.are.same({ unknown = true, not_sent = true }, outcomes)
  end)

  it("leaves a change whose SELECT was not answered unknown, and it is not to be repeated", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 1 (UID)
      C: T3 COPY 1 B
      ! close
    ]], 1, function(conn)
      local _, message, err = conn:copy_message { mailbox = "INBOX", range = 1, new_path = "B" }
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      assert.matches("the server ended the connection", message, 1, true)
      assert.is_false(conn:is_open())
      assert.is_true(conn:close())
    end, plain)
  end)

  it("leaves a change that waits for SELECT not_sent", function()
    converse([[
      C: T1 SELECT INBOX
      ! reset
    ]], 1, function(conn)
      local _, _, err = conn:add_flags { mailbox = "INBOX", uids = 1, flags = { "x" }, uid_validity = 3 }
      assert.are.equal("closed", err.code)
      assert.are.equal("not_sent", err.outcome)
      assert.is_true(err.retryable)
    end, plain)
  end)

  it("by BYE amid a command is closed, with its words (D19)", function()
    converse([[
      C: T1 RENAME A B
      S: * BYE [UNAVAILABLE] reboot
      ! close
    ]], 1, function(conn)
      local _, message, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("closed", err.code)
      assert.are.equal("unknown", err.outcome)
      assert.matches("reboot", message, 1, true)
      local _, later, closed = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("closed", closed.code)
      assert.are.equal("not_sent", closed.outcome)
      assert.matches("closed", later, 1, true)
    end, plain)
  end)

  it("loses a reading call, which may be repeated", function()
    converse([[
      C: T1 STATUS A (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      ! close
    ]], 1, function(conn)
      local _, _, err = conn:get_mailbox_status { mailbox = "A" }
      assert.are.equal("closed", err.code)
      assert.is_true(err.retryable)
    end, plain)
  end)
end)

describe("what IMAP does not allow", function()
  for name, line in pairs {
    ["an unknown tag (D16)"] = "ZZZZ OK x", ['"+" not asked for (D20)'] = "+ go",
    ["an open quote (D14)"] = '* LIST () "/" "abc', ["an answer that is none"] = "T1 MAYBE x",
    ["a tagged BYE"] = "T1 BYE x", ["a tag cut short"] = "T OK x",
  } do
    it("is protocol: " .. name, function()
      converse([[
        C: T1 RENAME A B
        S: ]] .. line .. "\n! close\n", 1, function(conn)
        local _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
        assert.are.equal("protocol", err.code)
        assert.are.equal("unknown", err.outcome)
        assert.is_false(conn:is_open())
      end, plain)
    end)
  end

  it("is not what nobody asked for: news are passed over (D17, D18)", function()
    converse([[
      C: T1 RENAME A B
      S: * 7 EXISTS
      S: * 3 EXPUNGE
      S: * 3 FETCH (FLAGS ())
      S: * LIST () "/" x
      S: * SEARCH 1 2
      S: * XYZZY what (is "this") {3}
      S: abc
      S: * OK [ALERT] mind the gap
      S: T1 OK renamed
    ]], 1, function(conn)
      assert(conn:rename_mailbox { path = "A", new_path = "B" })
    end, plain)
  end)

  it("is not an answer without text, nor in lower case (D11, D23)", function()
    converse([[
      C: T1 RENAME A B
      S: * ok
      S: T1 ok
      C: T2 RENAME A B
      S: T2 no
      C: T3 LIST "" A
      S: * list () "/" A
      S: T3 ok
    ]], 3, function(conn)
      assert(conn:rename_mailbox { path = "A", new_path = "B" })
      local _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("no", err.code)
      assert.is_nil(err.response_text)
      assert.is_nil(err.response_code)
    end, plain)
  end)
end)

describe("a throttling server (F11)", function()
  it("is told as it is, with its words, and not asked again", function()
    converse([[
      C: T1 RENAME A B
      S: T1 BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds
    ]], 1, function(conn)
      local _, message, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("bad", err.code)
      assert.matches("92415", err.response_text, 1, true)
      assert.matches("92415", message, 1, true)
    end, plain)
  end)

  it("may be asked again where NO says so", function()
    for code, retryable in pairs { UNAVAILABLE = true, INUSE = true, NOPERM = false } do
      converse([[
        C: T1 RENAME A B
        S: T1 NO []] .. code .. [[] no
      ]], 1, function(conn)
        local _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
        assert.are.equal(retryable, err.retryable)
      end, plain)
    end
  end)
end)

describe("a mailbox that does not open", function()
  it("is not_found, by its code or by LIST, and else no", function()
    for answer, code in pairs {
      ["NO [NONEXISTENT] none"] = "not_found", ["NO [TRYCREATE] none"] = "not_found",
      ["NO [NOPERM] no"] = "no", ["BAD no"] = "bad",
    } do
      converse([[
        C: T1 EXAMINE A
        C: T2 UID FETCH 1:* (UID FLAGS)
        S: T1 ]] .. answer .. [[

        S: T2 BAD no mailbox is open
      ]], 1, function(conn)
        local _, message, err = conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }
        assert.are.equal(code, err.code)
        assert.are.equal("EXAMINE", err.command)
        assert.matches('search_messages in "A"', message, 1, true)
      end, plain)
    end
    for _, there in ipairs { true, false } do
      converse([[
        C: T1 EXAMINE A
        C: T2 UID FETCH 1:* (UID FLAGS)
        S: T1 NO cannot
        S: T2 BAD no mailbox is open
        C: T3 LIST "" A
        ]] .. (there and 'S: * LIST () "/" A' or "# nothing") .. [[

        S: T3 OK listed
      ]], 2, function(conn)
        local _, _, err = conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }
        assert.are.equal(there and "no" or "not_found", err.code)
      end, plain)
    end
  end)
end)

describe("limits", function()
  it("that are passed close the connection", function()
    local conn, play = transcript.open([[
      C: T1 RENAME A B
      S: * OK ${long}
      ! close
    ]], { values = { long = ("x"):rep(2000) }, connect = { limits = { line = 1000 } } })
    local _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
    assert.are.equal("limit", err.code)
    assert.are.equal("unknown", err.outcome)
    assert.is_false(conn:is_open())
    play:finish()
  end)

  it("of messages hold for rows and for what is found", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 1 FLAGS ())
      S: * 2 FETCH (UID 2 FLAGS ())
      S: * 3 FETCH (UID 3 FLAGS ())
      S: T2 OK done
    ]], 1, function(conn)
      local _, _, err = conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }
      assert.are.equal("limit", err.code)
      assert.is_false(conn:is_open())
    end, { capabilities = "IMAP4rev1", connect = { limits = { messages = 2 } } })
    converse([[
      C: T1 EXAMINE A
      C: T2 UID SEARCH RETURN (ALL) ALL
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 1:4294967295
      S: T2 OK done
    ]], 1, function(conn)
      local _, _, err = conn:search_messages { mailbox = "A", fields = { "uid" } }
      assert.are.equal("limit", err.code)
    end, { capabilities = "IMAP4rev1 ESEARCH" })
  end)
end)
