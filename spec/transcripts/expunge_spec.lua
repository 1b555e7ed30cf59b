-- delete_message without UIDPLUS: unsupported, or with allow_expunge the
-- careful way, in which no message goes that was not named.
local converse = require "spec.support.converse"

local no_uidplus = { capabilities = "IMAP4rev1 LITERAL+ UNSELECT" }

describe("delete_message without UIDPLUS", function()
  it("is unsupported, and sends nothing", function()
    converse("", 0, function(conn)
      local value, message, err = conn:delete_message { mailbox = "INBOX", uid = 7 }
      assert.is_nil(value)
      assert.are.equal("unsupported", err.code)
      assert.are.equal("allow_expunge", err.field)
      assert.are.equal("not_sent", err.outcome)
      assert.matches("UIDPLUS", message, 1, true)
    end, no_uidplus)
  end)

  it("lifts the others' flag, looks, expunges, and puts it back: four turns", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7,9 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS (\Deleted))
      S: * 4 FETCH (UID 9 FLAGS ())
      S: T2 OK done
      S: * SEARCH 3 7 8
      S: T3 OK done
      C: T4 UID STORE 3,8 -FLAGS.SILENT (\Deleted)
      C: T5 UID STORE 7,9 +FLAGS.SILENT (\Deleted)
      C: T6 UID SEARCH DELETED
      S: T4 OK lifted
      S: T5 OK stored
      S: * SEARCH 7 9
      S: T6 OK done
      C: T7 EXPUNGE
      C: T8 UID STORE 3,8 +FLAGS.SILENT (\Deleted)
      S: * 2 EXPUNGE
      S: * 3 EXPUNGE
      S: T7 OK gone
      S: T8 OK back
    ]], 4, function(conn)
      assert.are.same({ path = "INBOX", uids = { 7, 9 }, missing = {} },
        conn:delete_message { mailbox = "INBOX", uids = { 7, 9 }, allow_expunge = true })
    end, no_uidplus)
  end)

  it("has nothing to lift where no other message is marked", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH
      S: T3 OK done
      C: T4 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T5 UID SEARCH DELETED
      S: T4 OK stored
      S: * SEARCH 7
      S: T5 OK done
      C: T6 EXPUNGE
      S: * 2 EXPUNGE
      S: T6 OK gone
    ]], 4, function(conn)
      assert.are.same({ path = "INBOX", uids = { 7 }, missing = {} },
        conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true })
    end, no_uidplus)
  end)

  it("expunges nothing where another message is marked meanwhile, and puts all flags back", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH 3
      S: T3 OK done
      C: T4 UID STORE 3 -FLAGS.SILENT (\Deleted)
      C: T5 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T6 UID SEARCH DELETED
      S: T4 OK lifted
      S: T5 OK stored
      S: * SEARCH 7 8
      S: T6 OK done
      C: T7 UID STORE 3 +FLAGS.SILENT (\Deleted)
      C: T8 UID STORE 7 -FLAGS.SILENT (\Deleted)
      S: T7 OK back
      S: T8 OK lifted
    ]], 4, function(conn)
      local value, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.is_nil(value)
      assert.are.equal("no", err.code)
      assert.are.equal("refused", err.outcome)
      assert.is_nil(err.done)
    end, no_uidplus)
  end)

  for _, search in ipairs { "NO too busy", "BAD throttled" } do
    it("expunges nothing where the second search is answered " .. search, function()
      converse([[
        C: T1 SELECT INBOX
        S: * 5 EXISTS
        S: T1 OK [READ-WRITE] open
        C: T2 UID FETCH 7 (UID FLAGS)
        C: T3 UID SEARCH DELETED
        S: * 2 FETCH (UID 7 FLAGS ())
        S: T2 OK done
        S: * SEARCH 3
        S: T3 OK done
        C: T4 UID STORE 3 -FLAGS.SILENT (\Deleted)
        C: T5 UID STORE 7 +FLAGS.SILENT (\Deleted)
        C: T6 UID SEARCH DELETED
        S: T4 OK lifted
        S: T5 OK stored
        S: T6 ]] .. search .. "\n" .. [[
        C: T7 UID STORE 3 +FLAGS.SILENT (\Deleted)
        C: T8 UID STORE 7 -FLAGS.SILENT (\Deleted)
        S: T7 OK back
        S: T8 OK lifted
      ]], 4, function(conn)
        local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
        assert.are.equal(search:match("%u+"):lower(), err.code)
        assert.are.equal("UID SEARCH", err.command)
        assert.are.equal("refused", err.outcome)
      end, no_uidplus)
    end)
  end

  it("expunges nothing where the last search is answered without a row", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH
      S: T3 OK done
      C: T4 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T5 UID SEARCH DELETED
      S: T4 OK done
      S: T5 OK done
      C: T6 UID STORE 7 -FLAGS.SILENT (\Deleted)
      S: T6 OK done
    ]], 4, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("no", err.code)
      assert.are.equal("UID SEARCH", err.command)
    end, no_uidplus)
  end)

  it("marks nothing where the first search is refused", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 NO not now
    ]], 2, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("no", err.code)
      assert.are.equal("refused", err.outcome)
    end, no_uidplus)
  end)

  it("expunges nothing where lifting the others' flag is refused", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH 3
      S: T3 OK done
      C: T4 UID STORE 3 -FLAGS.SILENT (\Deleted)
      C: T5 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T6 UID SEARCH DELETED
      S: T4 NO not yours
      S: T5 OK stored
      S: * SEARCH 7
      S: T6 OK done
      C: T7 UID STORE 3 +FLAGS.SILENT (\Deleted)
      C: T8 UID STORE 7 -FLAGS.SILENT (\Deleted)
      S: T7 OK back
      S: T8 OK lifted
    ]], 4, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("no", err.code)
    end, no_uidplus)
  end)

  it("puts the flags back where EXPUNGE is refused", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH 3
      S: T3 OK done
      C: T4 UID STORE 3 -FLAGS.SILENT (\Deleted)
      C: T5 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T6 UID SEARCH DELETED
      S: T4 OK lifted
      S: T5 OK stored
      S: * SEARCH 7
      S: T6 OK done
      C: T7 EXPUNGE
      C: T8 UID STORE 3 +FLAGS.SILENT (\Deleted)
      S: T7 NO no
      S: T8 OK back
      C: T9 UID STORE 7 -FLAGS.SILENT (\Deleted)
      S: T9 OK lifted
    ]], 5, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("no", err.code)
      assert.are.equal("EXPUNGE", err.command)
      assert.are.equal("refused", err.outcome)
    end, no_uidplus)
  end)

  it("is partial where the flags cannot be put back", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH 3
      S: T3 OK done
      C: T4 UID STORE 3 -FLAGS.SILENT (\Deleted)
      C: T5 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T6 UID SEARCH DELETED
      S: T4 OK lifted
      S: T5 OK stored
      S: * SEARCH 7
      S: T6 OK done
      C: T7 EXPUNGE
      C: T8 UID STORE 3 +FLAGS.SILENT (\Deleted)
      S: T7 NO no
      S: T8 NO no
      C: T9 UID STORE 7 -FLAGS.SILENT (\Deleted)
      S: T9 OK lifted
    ]], 5, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("EXPUNGE", err.command)
      assert.are.equal("partial", err.outcome)
    end, no_uidplus)
  end)

  it("is partial where the connection is lost with flags lifted", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH 3
      S: T3 OK done
      C: T4 UID STORE 3 -FLAGS.SILENT (\Deleted)
      C: T5 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T6 UID SEARCH DELETED
      S: T4 OK lifted
      S: T5 OK stored
      ! close
    ]], 3, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("closed", err.code)
      assert.are.equal("partial", err.outcome)
      assert.are.same({}, err.done.uids)
    end, no_uidplus)
  end)

  it("waits for the mailbox to open also where UIDs are missing, and expunges only what is there", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7:8 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: * SEARCH
      S: T3 OK done
      C: T4 UID STORE 7:8 +FLAGS.SILENT (\Deleted)
      C: T5 UID SEARCH DELETED
      S: T4 OK stored
      S: * SEARCH 7
      S: T5 OK done
      C: T6 EXPUNGE
      S: * 2 EXPUNGE
      S: T6 OK gone
    ]], 4, function(conn)
      assert.are.same({ path = "INBOX", uids = { 7 }, missing = { 8 } },
        conn:delete_message { mailbox = "INBOX", uids = { 7, 8 }, allow_expunge = true })
    end, no_uidplus)
  end)

  it("opens anew where the mailbox is open already, and marks nothing in a read-only one", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-ONLY] open
    ]], 1, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("READ-ONLY", err.response_code)
      assert.are.equal("refused", err.outcome)
    end, no_uidplus)
  end)

  it("keeps no more of what the searches find than the limit messages", function()
    converse([[
      C: T1 SELECT INBOX
      S: * 5 EXISTS
      S: T1 OK [READ-WRITE] open
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID SEARCH DELETED
      S: * SEARCH 1 3
      S: * SEARCH 5
      S: T2 OK done
    ]], nil, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true }
      assert.are.equal("limit", err.code)
      assert.matches("messages", err.message, 1, true)
    end, { capabilities = "IMAP4rev1", connect = { limits = { messages = 2 } } })
  end)

  it("with UIDPLUS, allow_expunge changes nothing", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * 1 EXPUNGE
      S: T4 OK gone
    ]], 1, function(conn)
      assert(conn:delete_message { mailbox = "INBOX", uid = 7, allow_expunge = true })
    end)
  end)
end)
