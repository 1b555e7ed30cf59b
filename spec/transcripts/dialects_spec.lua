-- Servers that say things in their own way, and what is asked of them.
local converse = require "spec.support.converse"

local plain = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS ESEARCH UNSELECT" }

describe("VANISHED", function()
  it("is an EXPUNGE by UID, wherever one may come", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7,9 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7,9 (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 2 FETCH (UID 7 FLAGS (\Seen))
      S: * 3 FETCH (UID 9 FLAGS (\Seen))
      S: * VANISHED 3,7
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = { 7, 9 }, flags = { "\\Seen" } })
      assert.are.equal(1, #result.messages)
      assert.are.equal(9, result.messages[1].uid)
      assert.are.same({ 7 }, result.missing)
    end, plain)
  end)

  it("(EARLIER) is no news, and an endless one is no work", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * VANISHED (EARLIER) 1:4294967295
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * VANISHED 7:4294967295
      S: T4 OK gone
    ]], 1, function(conn)
      assert.are.same({ 7 }, conn:delete_message { mailbox = "INBOX", uid = 7 }.uids)
    end, plain)
  end)
end)

describe("names", function()
  it("may be escaped, in literals, or in another case where they are INBOX", function()
    converse([[
      C: T1 STATUS "a\"b" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS "a\"b" (MESSAGES 1)
      S: T1 OK done
      C: T2 STATUS "a\"b" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS {3}
      S: a"b (MESSAGES 2)
      S: T2 OK done
      C: T3 STATUS "a\"b" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: T3 NO cannot
      C: T4 LIST "" "a\"b"
      S: * LIST () "/" "a\"b"
      S: T4 OK listed
    ]], 4, function(conn)
      assert.are.equal(1, conn:get_mailbox_status { mailbox = 'a"b' }.messages)
      assert.are.equal(2, conn:get_mailbox_status { mailbox = 'a"b' }.messages)
      local _, _, err = conn:get_mailbox_status { mailbox = 'a"b' }
      assert.are.equal("no", err.code)
    end, plain)
  end)

  it("hold a tab, and round-trip (C11)", function()
    converse("C: T1 LIST \"\" \"*\"\nC: T2 LSUB \"\" \"*\"\nS: * LIST () \"/\" \"a\tb\"\nS: T1 OK\nS: T2 OK\n"
      .. "C: T3 STATUS \"a\tb\" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)\n"
      .. "S: * STATUS \"a\tb\" (MESSAGES 1)\nS: T3 OK\n",
      2, function(conn)
        local rows = assert(conn:list_mailboxes())
        assert.are.equal("a\tb", rows[1].path)
        assert.are.equal(1, conn:get_mailbox_status { mailbox = rows[1] }.messages)
      end, plain)
  end)
end)

describe("a search", function()
  it("nests", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) NOT (SEEN FROM "a") OR SUBJECT "x" (UID 1:3 FLAGGED)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 3
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ { uid = 3 } }, conn:search_messages {
        mailbox = "INBOX", fields = { "uid" }, ["not"] = { seen = true, from = "a" },
        ["or"] = { { subject = "x" }, { uids = "1:3", flagged = true } },
      })
    end, plain)
  end)

  it("whose answer is malformed is protocol", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) ALL
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL what
      S: T2 OK done
    ]], 1, function(conn)
      local _, _, err = conn:search_messages { mailbox = "INBOX", fields = { "uid" } }
      assert.are.equal("protocol", err.code)
      assert.is_false(conn:is_open())
    end, plain)
  end)

  it("may be answered by SEARCH though ESEARCH was asked for", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) ALL
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * SEARCH 3 5 (MODSEQ 9)
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ { uid = 3 }, { uid = 5 } }, conn:search_messages { mailbox = "INBOX", fields = { "uid" } })
    end, plain)
  end)

  it("whose uid_validity holds goes on: a turn more", function()
    converse([[
      C: T1 EXAMINE INBOX
      S: * 3 EXISTS
      S: * OK [UIDVALIDITY 17] valid
      S: T1 OK [READ-ONLY] open
      C: T2 UID SEARCH RETURN (ALL) UID 3
      S: * ESEARCH (TAG "T2") UID ALL 3
      S: T2 OK done
    ]], 2, function(conn)
      assert.are.same({ { uid = 3 } }, conn:search_messages { mailbox = "INBOX", fields = { "uid" },
        uids = 3, uid_validity = 17 })
    end, plain)
  end)

  it("asks for what extensions add", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID MODSEQ EMAILID THREADID PREVIEW SAVEDATE)
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S- * 1 FETCH (UID 3 MODSEQ (9007199254740993) EMAILID (M1) THREADID (T1) PREVIEW "Hi"
      S:  SAVEDATE "17-Jul-1996 02:44:25 +0000")
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(conn:search_messages { mailbox = "INBOX",
        fields = { "uid", "modseq", "email_id", "thread_id", "preview", "save_date" } })
      assert.are.equal("9007199254740993", tostring(rows[1].modseq))
      assert.are.equal("M1", rows[1].email_id)
      assert.are.equal("T1", rows[1].thread_id)
      assert.are.equal("Hi", rows[1].preview)
      assert.are.equal(837571465, rows[1].save_date)
    end, { capabilities = "IMAP4rev1 CONDSTORE OBJECTID PREVIEW SAVEDATE" })
  end)

  it("reads headers into arrays by lower-case name", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID BODY.PEEK[HEADER])
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 3 BODY[HEADER] {$header})
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(conn:search_messages { mailbox = "INBOX", fields = { "uid", "headers" } })
      assert.are.equal(2, #rows[1].headers.received)
      assert.are.equal("x", rows[1].headers["list-id"][1])
    end, { capabilities = "IMAP4rev1",
      values = { header = "Received: a\r\nList-Id: x\r\nReceived: b\r\n\tc\r\n\r\n" } })
  end)

  it("tells of a LIST row without a name, and keeps the others", function()
    converse([[
      C: T1 LIST "" "*"
      C: T2 LSUB "" "*"
      S: * LIST () "/"
      S: * LIST () "/" Work
      S: T1 OK done
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes())
      assert.are.equal('* LIST () "/"', rows[1].raw)
      assert.matches("name", rows[1].error)
      assert.are.equal("Work", rows[2].path)
      assert.is_nil(rows[2].error)
    end, { capabilities = "IMAP4rev1" })
  end)
end)

describe("Courier", function()
  local courier = { capabilities = "IMAP4rev1 UIDPLUS" }

  it("finds nothing for * in SEARCH, so the number stands in its place", function()
    converse([[
      C: T1 EXAMINE INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-ONLY] open
      C: T2 UID SEARCH 2,5
      S: * SEARCH 12 19
      S: T2 OK done
      C: T3 UID FETCH 12,19 (UID)
      S: * 2 FETCH (UID 12)
      S: * 5 FETCH (UID 19)
      S: T3 OK done
    ]], 3, function(conn)
      assert.are.same({ { seq = 2, uid = 12 }, { seq = 5, uid = 19 } },
        conn:search_messages { mailbox = "INBOX", range = "2,*", fields = { "uid", "seq" } })
    end, courier)
  end)

  it("refuses APPEND to what is open read-only, so it is opened anew", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 0 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 OK done
      C: T3 SELECT INBOX
      C: T4 APPEND INBOX {3}
      S: * 0 EXISTS
      S: T3 OK [READ-WRITE] open
      S: + go
      C: x
      C:
      S: T4 OK [APPENDUID 1 2] done
    ]], nil, function(conn)
      assert(conn:search_messages { mailbox = "INBOX", fields = { "uid", "flags" } })
      assert.are.equal(2, assert(conn:append_message { mailbox = "INBOX", content = "x\r\n" }).uid)
    end, courier)
  end)
end)
