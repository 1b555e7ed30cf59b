-- append_message: APPEND, in one write with its literal.
local converse = require "spec.support.converse"

local message = "Subject: hi\r\n\r\nHello.\r\n"

describe("append_message", function()
  it("goes in one turn, and says the new UID", function()
    converse([[
      C: T1 APPEND Drafts {$message+}
      S: T1 OK [APPENDUID 38505 3955] stored
    ]], 1, function(conn)
      assert.are.same({ path = "Drafts", uid = 3955, uid_validity = 38505 },
        conn:append_message { mailbox = "Drafts", content = message })
    end, { values = { message = message } })
  end)

  it("goes to path, where that is given", function()
    converse([[
      C: T1 APPEND Sent {$message+}
      S: T1 OK stored
      C: T2 APPEND Sent {$message+}
      S: T2 OK stored
    ]], 2, function(conn)
      assert.are.same({ path = "Sent" }, conn:append_message { mailbox = "Drafts", path = "Sent", content = message })
      assert.are.same({ path = "Sent" }, conn:append_message { path = "Sent", content = message })
    end, { values = { message = message } })
  end)

  it("says flags and date", function()
    converse([[
      C: T1 APPEND INBOX (\Seen $Junk) "17-Jul-1996 02:44:25 +0000" {$message+}
      S: T1 OK [APPENDUID 1 2] stored
      C: T2 APPEND INBOX "01-Jan-1970 00:00:00 +0000" {$message+}
      S: T2 OK [APPENDUID 1 3] stored
    ]], 2, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = message,
        flags = { "\\Seen", "$Junk", "\\Recent" }, internal_date = 837571465 })
      assert(conn:append_message { mailbox = "INBOX", content = message, internal_date = 0 })
    end, { values = { message = message } })
  end)

  it("gives a bare LF its CR, and counts it", function()
    converse([[
      C: T1 APPEND INBOX {6+}
      C: a
      C: b
      C:
      S: T1 OK stored
    ]], 1, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = "a\nb\n" })
    end)
  end)

  it("waits for + where the server has no LITERAL+: a turn more", function()
    converse([[
      C: T1 APPEND INBOX {5}
      S: + go on
      C: hello
      S: T1 OK stored
    ]], 2, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = "hello" })
    end, { capabilities = "IMAP4rev1" })
  end)

  it("with LITERAL- waits only above 4,096 octets", function()
    converse([[
      C: T1 APPEND INBOX {$small+}
      S: T1 OK stored
      C: T2 APPEND INBOX {4097}
      S: + go on
      C: ${large}
      S: T2 OK stored
    ]], 3, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = ("x"):rep(4096) })
      assert(conn:append_message { mailbox = "INBOX", content = ("y"):rep(4097) })
    end, { capabilities = "IMAP4rev1 LITERAL-", values = { small = ("x"):rep(4096), large = ("y"):rep(4097) } })
  end)

  it("is refused where + is awaited: the literal is not sent, and the connection goes on", function()
    converse([[
      C: T1 APPEND INBOX {5}
      S: T1 NO [TOOBIG] no room for that
      C: T2 STATUS INBOX (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS INBOX (MESSAGES 3)
      S: T2 OK done
    ]], 2, function(conn)
      local _, text, err = conn:append_message { mailbox = "INBOX", content = "hello" }
      assert.are.equal("no", err.code)
      assert.are.equal("TOOBIG", err.response_code)
      assert.are.equal("refused", err.outcome)
      assert.matches('append_message to "INBOX"', text, 1, true)
      assert.are.equal(3, conn:get_mailbox_status { mailbox = "INBOX" }.messages)
    end, { capabilities = "IMAP4rev1" })
  end)

  it("sends a long literal to its end, and goes on after NO", function()
    local content = ("0123456789abcde\r\n"):rep(6000)
    converse([[
      C: T1 APPEND INBOX {$content+}
      S: T1 NO [OVERQUOTA] full
      C: T2 STATUS INBOX (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS INBOX (MESSAGES 3)
      S: T2 OK done
    ]], nil, function(conn)
      local _, _, err = conn:append_message { mailbox = "INBOX", content = content }
      assert.are.equal("OVERQUOTA", err.response_code)
      assert(conn:get_mailbox_status { mailbox = "INBOX" })
    end, { capabilities = "IMAP4rev1 LITERAL+", values = { content = content } })
  end)

  it("is not_found on TRYCREATE, and says what helps", function()
    converse([[
      C: T1 APPEND Nowhere {5+}
      C: hello
      S: T1 NO [TRYCREATE] no such mailbox
    ]], 1, function(conn)
      local _, text, err = conn:append_message { mailbox = "Nowhere", content = "hello" }
      assert.are.equal("not_found", err.code)
      assert.are.equal("TRYCREATE", err.response_code)
      assert.matches("create_mailbox", text, 1, true)
    end)
  end)

  it("is unknown where the answer is lost, and never repeated", function()
    converse([[
      C: T1 APPEND INBOX {5+}
      C: hello
      ! close
    ]], 1, function(conn, play)
      local _, _, err = conn:append_message { mailbox = "INBOX", content = "hello" }
      assert.are.equal("closed", err.code)
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      assert.are.equal("APPEND", err.command)
      local _, count = play.sent:gsub("APPEND", "")
      assert.are.equal(1, count)
    end)
  end)

  it("is not_sent where the connection ends before + comes", function()
    converse([[
      C: T1 APPEND INBOX {5}
      ! close
    ]], 1, function(conn)
      local _, _, err = conn:append_message { mailbox = "INBOX", content = "hello" }
      assert.are.equal("closed", err.code)
      assert.are.equal("not_sent", err.outcome)
      assert.is_true(err.retryable)
    end, { capabilities = "IMAP4rev1" })
  end)

  it("is fatal where OK comes before the literal was sent", function()
    converse([[
      C: T1 APPEND INBOX {5}
      S: T1 OK stored what?
      ! close
    ]], 1, function(conn)
      local _, _, err = conn:append_message { mailbox = "INBOX", content = "hello" }
      assert.are.equal("protocol", err.code)
      assert.are.equal("not_sent", err.outcome)
      assert.is_false(conn:is_open())
    end, { capabilities = "IMAP4rev1" })
  end)

  it("says larger than APPENDLIMIT without sending it", function()
    converse([[
      C: T1 APPEND INBOX {5+}
      C: hello
      S: T1 OK stored
    ]], 1, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = "hello" })
      local _, text, err = conn:append_message { mailbox = "INBOX", content = "hello!" }
      assert.are.equal("unsupported", err.code)
      assert.are.equal("content", err.field)
      assert.are.equal("not_sent", err.outcome)
      assert.matches("5", text, 1, true)
    end, { capabilities = "IMAP4rev1 LITERAL+ APPENDLIMIT=5" })
  end)

  it("sends content with NUL as literal8, only under BINARY", function()
    converse([[
      C: T1 APPEND INBOX ~{3+}
      C: ${nul}
      S: T1 OK stored
    ]], 1, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = "a\0b" })
    end, { capabilities = "IMAP4rev1 LITERAL+ BINARY", values = { nul = "a\0b" } })
    converse("", 0, function(conn)
      local _, _, err = conn:append_message { mailbox = "INBOX", content = "a\0b" }
      assert.are.equal("invalid_argument", err.code)
      assert.are.equal("content", err.field)
    end)
  end)

  it("ignores an APPENDUID that is malformed, and one for more messages than one", function()
    for _, code in ipairs { "[APPENDUID x y]", "[APPENDUID 1 2:3]", "[APPENDUID]", "[APPENDUID 1 0]" } do
      converse([[
        C: T1 APPEND INBOX {5+}
        C: hello
        S: T1 OK ]] .. code .. [[ stored
      ]], 1, function(conn)
        assert.are.same({ path = "INBOX" }, conn:append_message { mailbox = "INBOX", content = "hello" })
      end)
    end
  end)

  it("takes an empty message", function()
    converse([[
      C: T1 APPEND INBOX {0+}
      C:
      S: T1 OK stored
    ]], 1, function(conn)
      assert(conn:append_message { mailbox = "INBOX", content = "" })
    end)
  end)
end)
