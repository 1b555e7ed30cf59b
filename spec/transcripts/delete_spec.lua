-- delete_message with UIDPLUS: SELECT ⇉ UID FETCH ⇉ UID STORE ⇉ UID EXPUNGE.
local converse = require "spec.support.converse"

describe("delete_message", function()
  it("marks and expunges the messages named, in one turn", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7,9 (UID FLAGS)
      C: T3 UID STORE 7,9 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7,9
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 FLAGS ())
      S: * 3 FETCH (UID 9 FLAGS (\Seen))
      S: T2 OK done
      S: T3 OK stored
      S: * 2 EXPUNGE
      S: * 2 EXPUNGE
      S: T4 OK gone
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", uids = { 7, 9 }, missing = {} },
        conn:delete_message { mailbox = "INBOX", uids = { 7, 9 } })
    end)
  end)

  it("says which were not there", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7:9 (UID FLAGS)
      C: T3 UID STORE 7:9 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7:9
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 8 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * VANISHED 8
      S: T4 OK gone
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", uids = { 8 }, missing = { 7, 9 } },
        conn:delete_message { mailbox = "INBOX", uids = { 7, 8, 9 } })
    end)
  end)

  it("takes a single uid, and succeeds where it does not exist", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK done
      S: T3 OK stored
      S: T4 OK nothing to do
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", uids = {}, missing = { 7 } },
        conn:delete_message { mailbox = "INBOX", uid = 7 })
    end)
  end)

  it("asks once more where the server is late with EXPUNGE", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: T4 OK gone
      C: T5 NOOP
      S: * 2 EXPUNGE
      S: T5 OK
    ]], 2, function(conn)
      assert.are.same({ path = "INBOX", uids = { 7 }, missing = {} },
        conn:delete_message { mailbox = "INBOX", uid = 7 })
    end)
  end)

  it("does not call removed what was never shown to be", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: T4 OK gone
      C: T5 NOOP
      S: T5 OK
    ]], 2, function(conn)
      local result = assert(conn:delete_message { mailbox = "INBOX", uid = 7 })
      assert.are.same({}, result.uids)
      assert.are.same({}, result.missing)
    end)
  end)

  it("counts only what was named among what goes meanwhile", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * 1 EXPUNGE
      S: * 3 EXPUNGE
      S: * 1 EXPUNGE
      S: T4 OK gone
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", uids = { 7 }, missing = {} },
        conn:delete_message { mailbox = "INBOX", uid = 7 })
    end)
  end)

  it("looks once more for UIDs that the open view does not show, and removes those too", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * 1 EXPUNGE
      S: T4 OK gone
      C: T5 UID FETCH 8,12 (UID FLAGS)
      C: T6 UID STORE 8,12 +FLAGS.SILENT (\Deleted)
      C: T7 UID EXPUNGE 8,12
      S: * 1 FETCH (UID 8 FLAGS ())
      S: T5 OK done
      S: T6 OK stored
      S: * 1 EXPUNGE
      S: T7 OK gone
      C: T8 SELECT INBOX
      C: T9 UID FETCH 12 (UID FLAGS)
      C: T10 UID STORE 12 +FLAGS.SILENT (\Deleted)
      C: T11 UID EXPUNGE 12
      S: * 1 EXISTS
      S: T8 OK [READ-WRITE] open
      S: * 1 FETCH (UID 12 FLAGS ())
      S: T9 OK done
      S: T10 OK stored
      S: * 1 EXPUNGE
      S: T11 OK gone
    ]], 3, function(conn)
      assert(conn:delete_message { mailbox = "INBOX", uid = 7 })
      assert.are.same({ path = "INBOX", uids = { 8, 12 }, missing = {} },
        conn:delete_message { mailbox = "INBOX", uids = { 8, 12 } })
    end)
  end)

  it("lifts the flag where STORE worked and EXPUNGE did not, but not from what bore it before", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7:9 (UID FLAGS)
      C: T3 UID STORE 7:9 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7:9
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: * 2 FETCH (UID 8 FLAGS (\Deleted))
      S: * 3 FETCH (UID 9 FLAGS (\Seen))
      S: T2 OK done
      S: T3 OK stored
      S: T4 NO [NOPERM] not allowed
      C: T5 UID STORE 7,9 -FLAGS.SILENT (\Deleted)
      S: T5 OK lifted
    ]], 2, function(conn)
      local value, _, err = conn:delete_message { mailbox = "INBOX", uids = { 7, 8, 9 } }
      assert.is_nil(value)
      assert.are.equal("no", err.code)
      assert.are.equal("UID EXPUNGE", err.command)
      assert.are.equal("refused", err.outcome)
      assert.is_nil(err.done)
    end)
  end)

  it("is partial where something went although EXPUNGE was refused", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7:9 (UID FLAGS)
      C: T3 UID STORE 7:9 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7:9
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: * 2 FETCH (UID 8 FLAGS ())
      S: * 3 FETCH (UID 9 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * 1 EXPUNGE
      S: T4 NO [SERVERBUG] disk
      C: T5 UID STORE 8:9 -FLAGS.SILENT (\Deleted)
      S: T5 OK lifted
    ]], 2, function(conn)
      local value, _, err = conn:delete_message { mailbox = "INBOX", uids = { 7, 8, 9 } }
      assert.is_nil(value)
      assert.are.equal("partial", err.outcome)
      assert.are.same({ 7 }, err.done.uids)
      assert.are.equal("INBOX", err.done.path)
    end)
  end)

  it("lifts nothing where STORE was refused", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 NO [NOPERM] not allowed
      S: T4 OK nothing to do
    ]], 1, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7 }
      assert.are.equal("UID STORE", err.command)
      assert.are.equal("refused", err.outcome)
    end)
  end)

  it("is unknown where the connection is lost behind EXPUNGE, and partial where something went", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7,9 (UID FLAGS)
      C: T3 UID STORE 7,9 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7,9
      S: * 4 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: * 2 FETCH (UID 9 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      ! close
    ]], 1, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uids = { 7, 9 } }
      assert.are.equal("closed", err.code)
      assert.are.equal("unknown", err.outcome)
      assert.is_true(err.retryable)
    end)
  end)

  it("refuses a star in every form", function()
    converse("", 0, function(conn)
      for _, uids in ipairs { "*", "1:*", "3,*", "*:7" } do
        local value, message, err = conn:delete_message { mailbox = "INBOX", uids = uids }
        assert.is_nil(value)
        assert.are.equal("invalid_argument", err.code)
        assert.are.equal("uids", err.field)
        assert.matches("*", message, 1, true)
      end
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = "*" }
      assert.are.equal("uid", err.field)
    end)
  end)

  it("sends nothing for an empty array", function()
    converse("", 0, function(conn)
      assert.are.same({ path = "INBOX", uids = {}, missing = {} },
        conn:delete_message { mailbox = "INBOX", uids = {} })
    end)
  end)

  it("is READ-ONLY where the mailbox opens so, and lifts nothing", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      S: * 4 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 NO read-only
      S: T4 NO read-only
    ]], 1, function(conn)
      local _, _, err = conn:delete_message { mailbox = "INBOX", uid = 7 }
      assert.are.equal("READ-ONLY", err.response_code)
      assert.are.equal("no", err.code)
      assert.are.equal("refused", err.outcome)
    end)
  end)
end)
