-- What a view is good for: sequence numbers and "*" (WIRE.md, rule 3), asking
-- again (rule 4), and leaving a mailbox (rules 4 and 5).
local converse = require "spec.support.converse"

local plain = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS UNSELECT" }
local no_unselect = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS" }
local STATUS = "(MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)"

local function star(conn, more)
  local inputs = { mailbox = "INBOX", range = "*", flags = { "\\Seen" } }
  for name, value in pairs(more or {}) do inputs[name] = value end
  return conn:add_flags(inputs)
end

describe('"*"', function()
  it("is the latest message", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 STORE * +FLAGS.SILENT (\Seen)
      C: T3 FETCH * (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 3 FETCH (UID 9 FLAGS (\Seen))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(star(conn))
      assert.are.same({ { seq = 3, uid = 9, flags = { ["\\Seen"] = true } } }, result.messages)
    end, plain)
  end)

  it("drops a message that arrives meanwhile, and asks for the one that was meant", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 STORE * +FLAGS.SILENT (\Seen)
      C: T3 FETCH * (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 4 EXISTS
      S: T2 OK stored
      S: * 4 FETCH (UID 12 FLAGS (\Recent))
      S: T3 OK done
      C: T4 FETCH 3 (UID FLAGS)
      S: * 3 FETCH (UID 9 FLAGS (\Seen))
      S: T4 OK done
    ]], 2, function(conn)
      local result = assert(star(conn))
      assert.are.same({ { seq = 3, uid = 9, flags = { ["\\Seen"] = true } } }, result.messages)
    end, plain)
  end)

  it('drops what arrives behind "1:*"', function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 STORE 1:* +FLAGS.SILENT (\Seen)
      C: T3 FETCH 1:* (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 EXISTS
      S: T2 OK stored
      S: * 1 FETCH (UID 9 FLAGS (\Seen))
      S: * 2 FETCH (UID 12 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(star(conn, { range = "1:*" }))
      assert.are.equal(1, #result.messages)
      assert.are.equal(9, result.messages[1].uid)
    end, plain)
  end)

  it("is an empty result in an empty mailbox where index is not given, else not_found", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH * (UID RFC822.SIZE BODY.PEEK[])
      S: * 0 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 BAD Invalid messageset
    ]], 1, function(conn)
      local _, _, err = conn:download_message { mailbox = "INBOX", index = "*" }
      assert.are.equal("not_found", err.code)
    end, plain)
  end)

  it("as index is the latest message", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH * (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 2 FETCH (UID 9 RFC822.SIZE 2 BODY[] "hi")
      S: T2 OK done
    ]], 1, function(conn)
      local result = assert(conn:download_message { mailbox = "INBOX", index = "*" })
      assert.are.same({ seq = 2, uid = 9, size = 2, content = "hi" }, result)
    end, plain)
  end)

  it("as index is asked for again where the server showed a newer one", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH * (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 3 EXISTS
      S: * 3 FETCH (UID 12 RFC822.SIZE 3 BODY[] "new")
      S: T2 OK done
      C: T3 FETCH 2 (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 FETCH (UID 9 RFC822.SIZE 2 BODY[] "hi")
      S: T3 OK done
    ]], 2, function(conn)
      local result = assert(conn:download_message { mailbox = "INBOX", index = "*" })
      assert.are.same({ seq = 2, uid = 9, size = 2, content = "hi" }, result)
    end, plain)
  end)

  it("as index, with a sink, lets nothing of the newer one through", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH * (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 3 EXISTS
      S: * 3 FETCH (UID 12 RFC822.SIZE 3 BODY[] {3}
      S: new)
      S: T2 OK done
      C: T3 FETCH 2 (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 FETCH (UID 9 RFC822.SIZE 2 BODY[] {2}
      S: hi)
      S: T3 OK done
    ]], 2, function(conn)
      local got = {}
      local result = assert(conn:download_message { mailbox = "INBOX", index = "*",
        sink = function(chunk) got[#got + 1] = chunk end })
      assert.are.equal("hi", table.concat(got))
      assert.are.equal(9, result.uid)
    end, plain)
  end)

  it("in a copy is what both FETCH and COPY saw", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 1:* (UID)
      C: T3 COPY 1:* B
      S: * 0 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 BAD no messages
      S: T3 NO no messages
    ]], 1, function(conn)
      local result = assert(conn:copy_message { mailbox = "INBOX", range = "1:*", new_path = "B" })
      assert.are.same({}, result.missing)
    end, plain)
  end)
end)

describe("a row", function()
  it("that comes before its mailbox is open belongs to nobody", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 1 FETCH (UID 1 FLAGS (\Deleted))
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 30 FLAGS ())
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ { uid = 30, flags = {} } },
        conn:search_messages { mailbox = "A", fields = { "uid", "flags" } })
    end, plain)
  end)

  it("of the mailbox before is not taken for one of the next, in a batch", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      C: T3 EXAMINE B
      C: T4 UID FETCH 1:* (UID FLAGS)
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 1 FLAGS ())
      S: T2 OK done
      S: * 2 FETCH (UID 2 FLAGS (\Seen))
      S: * 1 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * 1 FETCH (UID 30 FLAGS ())
      S: T4 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:search_messages { mailbox = "A", fields = { "uid", "flags" } }
        b:search_messages { mailbox = "B", fields = { "uid", "flags" } }
      end))
      assert.are.same({ { uid = 1, flags = {} } }, results[1].value)
      assert.are.same({ { uid = 30, flags = {} } }, results[2].value)
    end, plain)
  end)
end)

describe("numbers that do not exist", function()
  it("are left out where the server serves the others", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 STORE 2:9 +FLAGS.SILENT (\Seen)
      C: T3 FETCH 2:9 (UID FLAGS)
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 2 FETCH (UID 9 FLAGS (\Seen))
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.equal(1, #assert(star(conn, { range = "2:9" })).messages)
    end, plain)
  end)

  it("are not_found for an index that no row names", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 9 (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 OK done
      C: T3 EXAMINE INBOX
      C: T4 FETCH 9 (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 EXISTS
      S: T3 OK [READ-ONLY] open
      S: T4 BAD Invalid messageset
    ]], 2, function(conn)
      for _ = 1, 2 do
        local _, _, err = conn:download_message { mailbox = "INBOX", index = 9 }
        assert.are.equal("not_found", err.code)
        assert.are.equal("refused", err.outcome)
      end
    end, plain)
  end)
end)

describe("a view that is open", function()
  it("serves UIDs named one by one, and is opened anew for all else", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
      C: T4 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T5 UID FETCH 7 (UID FLAGS)
      S: T4 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T5 OK done
      C: T6 SELECT INBOX
      C: T7 UID STORE 7:8 +FLAGS.SILENT (\Seen)
      C: T8 UID FETCH 7:8 (UID FLAGS)
      S: * 1 EXISTS
      S: T6 OK [READ-WRITE] open
      S: T7 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T8 OK done
    ]], 3, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } })
      assert(conn:add_flags { mailbox = "inbox", uids = { 7 }, flags = { "\\Seen" } })
      assert(conn:add_flags { mailbox = "INBOX", uids = "7:8", flags = { "\\Seen" } })
    end, plain)
  end)

  it("is opened anew where a UID seems missing in it: a turn more", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
      C: T4 UID STORE 7,12 +FLAGS.SILENT (\Seen)
      C: T5 UID FETCH 7,12 (UID FLAGS)
      S: T4 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T5 OK done
      C: T6 SELECT INBOX
      C: T7 UID STORE 12 +FLAGS.SILENT (\Seen)
      C: T8 UID FETCH 12 (UID FLAGS)
      S: * 2 EXISTS
      S: T6 OK [READ-WRITE] open
      S: T7 OK stored
      S: * 2 FETCH (UID 12 FLAGS (\Seen))
      S: T8 OK done
    ]], 3, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } })
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = { 7, 12 }, flags = { "\\Seen" } })
      assert.are.equal(2, #result.messages)
      assert.are.same({}, result.missing)
    end, plain)
  end)

  it("does not serve a change where EXAMINE opened it, and serves a copy", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      S: * 1 EXISTS
      S: * OK [UIDNEXT 20] next
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
      S: T2 OK done
      C: T3 UID FETCH 7 (UID)
      C: T4 UID COPY 7 B
      S: * 1 FETCH (UID 7)
      S: T3 OK done
      S: T4 OK copied
      C: T5 SELECT INBOX
      C: T6 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T5 OK [READ-WRITE] open
      S: T6 OK stored
      C: T7 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      S: * 1 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
      S: T7 OK done
    ]], 4, function(conn)
      assert(conn:download_message { mailbox = "INBOX", uid = 7 })
      assert(conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "B" })
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" }, silent = true })
      assert(conn:download_message { mailbox = "INBOX", uid = 7 })
    end, plain)
  end)

  for _, other in ipairs { "Other", "INBO", "INBOX2" } do
    it("is left before STATUS of its mailbox, and not of " .. other, function()
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
        S: * 1 EXISTS
        S: T1 OK [READ-ONLY] open
        S: * 1 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
        S: T2 OK done
        C: T3 STATUS ]] .. other .. " " .. STATUS .. [[

        S: * STATUS ]] .. other .. [[ (MESSAGES 3)
        S: T3 OK done
        C: T4 UNSELECT
        C: T5 STATUS INBOX ]] .. STATUS .. [[

        S: T4 OK left
        S: * STATUS INBOX (MESSAGES 1)
        S: T5 OK done
        C: T6 STATUS INBOX ]] .. STATUS .. [[

        S: * STATUS INBOX (MESSAGES 1)
        S: T6 OK done
      ]], 4, function(conn)
        assert(conn:download_message { mailbox = "INBOX", uid = 7 })
        assert(conn:get_mailbox_status { mailbox = other })
        assert(conn:get_mailbox_status { mailbox = "INBOX" })
        assert(conn:get_mailbox_status { mailbox = "INBOX" })
      end, plain)
    end)
  end

  it("is left by EXAMINE and only then CLOSE, without UNSELECT", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Deleted)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 EXAMINE INBOX
      S: * 1 EXISTS
      S: T3 OK [READ-ONLY] open
      C: T4 CLOSE
      C: T5 STATUS INBOX ]] .. STATUS .. [[

      S: T4 OK closed
      S: * STATUS INBOX (MESSAGES 1)
      S: T5 OK done
    ]], 3, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Deleted" }, silent = true })
      assert.are.equal(1, conn:get_mailbox_status { mailbox = "INBOX" }.messages)
    end, no_unselect)
  end)

  for _, answer in ipairs { "NO", "BAD" } do
    it("is not closed where that EXAMINE was answered " .. answer, function()
      converse([[
        C: T1 SELECT INBOX
        C: T2 UID STORE 7 +FLAGS.SILENT (\Deleted)
        S: * 1 EXISTS
        S: T1 OK [READ-WRITE] open
        S: T2 OK stored
        C: T3 EXAMINE INBOX
        S: T3 ]] .. answer .. [[ not now
        C: T4 STATUS INBOX ]] .. STATUS .. [[

        S: * STATUS INBOX (MESSAGES 1)
        S: T4 OK done
      ]], 3, function(conn)
        assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Deleted" }, silent = true })
        assert(conn:get_mailbox_status { mailbox = "INBOX" })
      end, no_unselect)
    end)
  end

  it("that nobody knows is left by way of INBOX, without UNSELECT", function()
    converse([[
      C: T1 SELECT Work
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 EXAMINE B
      C: T4 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      S: T3 BAD throttled
      S: T4 OK of Work, it may be
      C: T5 EXAMINE INBOX
      S: * 2 EXISTS
      S: T5 OK [READ-ONLY] open
      C: T6 CLOSE
      C: T7 STATUS Work ]] .. STATUS .. [[

      S: T6 OK closed
      S: * STATUS Work (MESSAGES 1)
      S: T7 OK done
      C: T8 STATUS Work ]] .. STATUS .. [[

      S: * STATUS Work (MESSAGES 1)
      S: T8 OK done
    ]], 5, function(conn)
      assert(conn:add_flags { mailbox = "Work", uids = 7, flags = { "\\Seen" }, silent = true })
      local _, _, err = conn:download_message { mailbox = "B", uid = 7 }
      assert.are.equal("bad", err.code)
      assert.are.equal(1, conn:get_mailbox_status { mailbox = "Work" }.messages)
      assert(conn:get_mailbox_status { mailbox = "Work" })
    end, no_unselect)
  end)

  it("is left before its mailbox, or a parent of it, is renamed, and only then", function()
    converse([[
      C: T1 SELECT Work/2024
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 RENAME Other Another
      S: T3 OK renamed
      C: T4 UNSELECT
      C: T5 RENAME Work Old
      S: T4 OK left
      S: T5 OK renamed
    ]], 3, function(conn)
      assert(conn:add_flags { mailbox = "Work/2024", uids = 7, flags = { "\\Seen" }, silent = true })
      assert(conn:rename_mailbox { path = "Other", new_path = "Another" })
      assert(conn:rename_mailbox { path = "Work", new_path = "Old" })
    end, plain)
  end)

  it("after NO to UNSELECT is unknown: the next change waits for its SELECT", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 UNSELECT
      C: T4 STATUS INBOX ]] .. STATUS .. [[

      S: T3 NO not now
      S: * STATUS INBOX (MESSAGES 1)
      S: T4 OK done
      C: T5 SELECT B
      S: * 1 EXISTS
      S: T5 OK [READ-WRITE] open
      C: T6 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: T6 OK stored
    ]], 4, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" }, silent = true })
      assert(conn:get_mailbox_status { mailbox = "INBOX" })
      assert(conn:add_flags { mailbox = "B", uids = 7, flags = { "\\Seen" }, silent = true })
    end, plain)
  end)

  it("is none after OK to UNSELECT: a change rides along again", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 UNSELECT
      C: T4 STATUS INBOX ]] .. STATUS .. [[

      S: T3 OK left
      S: * STATUS INBOX (MESSAGES 1)
      S: T4 OK done
      C: T5 SELECT B
      C: T6 STORE 1 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T5 OK [READ-WRITE] open
      S: T6 OK stored
    ]], 3, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" }, silent = true })
      assert(conn:get_mailbox_status { mailbox = "INBOX" })
      assert(conn:add_flags { mailbox = "B", range = 1, flags = { "\\Seen" }, silent = true })
    end, plain)
  end)

  it("tells what came in between: CLOSED parts the old mailbox from the new", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 1 FLAGS ())
      S: T2 OK done
      C: T3 EXAMINE B
      C: T4 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXPUNGE
      S: * OK [CLOSED] the old one
      S: * 9 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * 9 FETCH (UID 30 FLAGS ())
      S: T4 OK done
    ]], 2, function(conn)
      assert(conn:search_messages { mailbox = "A", fields = { "uid", "seq", "flags" } })
      assert.are.same({ { seq = 9, uid = 30, flags = {} } },
        conn:search_messages { mailbox = "B", fields = { "uid", "seq", "flags" } })
    end, plain)
  end)
end)
