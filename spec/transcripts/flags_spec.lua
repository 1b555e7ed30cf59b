-- add_flags, remove_flags, set_flags: O ⇉ [UID] STORE ⇉ [UID] FETCH.
local converse = require "spec.support.converse"

local without_condstore = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS UNSELECT" }

describe("add_flags", function()
  it("opens, stores and asks for what came of it in one turn", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7,9 +FLAGS.SILENT (\Seen work)
      C: T3 UID FETCH 7,9 (UID FLAGS MODSEQ)
      S: * 3 EXISTS
      S: * OK [UIDVALIDITY 1] valid
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 2 FETCH (UID 7 FLAGS (\Seen work) MODSEQ (21))
      S: * 3 FETCH (UID 9 FLAGS (\SEEN work \flagged) MODSEQ (22))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "inbox", uids = { 7, 9 }, flags = { "\\Seen", "work" } })
      assert.are.same({
        path = "INBOX", missing = {}, modified = {},
        messages = {
          { seq = 2, uid = 7, flags = { ["\\Seen"] = true, work = true }, modseq = 21 },
          { seq = 3, uid = 9, flags = { ["\\Seen"] = true, work = true, ["\\Flagged"] = true }, modseq = 22 },
        },
      }, result)
    end)
  end)

  it("takes message numbers", function()
    converse([[
      C: T1 SELECT Work
      C: T2 STORE 1:3 +FLAGS.SILENT (\Flagged)
      C: T3 FETCH 1:3 (UID FLAGS)
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 4 FLAGS (\Flagged))
      S: * 2 FETCH (FLAGS (\Flagged) UID 7)
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "Work", range = "1:3", flags = { "\\Flagged" } })
      assert.are.same({ { seq = 1, uid = 4, flags = { ["\\Flagged"] = true } },
        { seq = 2, uid = 7, flags = { ["\\Flagged"] = true } } }, result.messages)
      assert.are.same({}, result.missing)
    end, without_condstore)
  end)

  it("names the UIDs that do not exist, of those named one by one", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 4,7:8 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 4,7:8 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = { 8, 4, 7 }, flags = { "\\Seen" } })
      assert.are.equal(1, #result.messages)
      assert.are.same({ 4, 8 }, result.missing)
    end, without_condstore)
  end)

  it("does not call missing what a range of UIDs passes over", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 1:9,12 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 1:9,12 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = "1:9,12", flags = { "\\Seen" } })
      assert.are.same({ 12 }, result.missing)
    end, without_condstore)
  end)

  it("with silent asks for nothing, and answers no messages", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", messages = {}, modified = {} },
        conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" }, silent = true })
    end)
  end)

  it("drops \\Recent, and each flag said twice, whatever its case", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen $Forwarded)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen $Forwarded \Recent))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = 7,
        flags = { "\\Seen", "\\Recent", "\\seen", "$Forwarded" } })
      assert.is_true(result.messages[1].flags["\\Seen"])
    end, without_condstore)
  end)

  it("takes the set of flags of a result as an input", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Flagged \Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen \Flagged))
      S: T3 OK done
    ]], 1, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7,
        flags = { ["\\Seen"] = true, ["\\Flagged"] = true, ["\\Recent"] = true, old = false } })
    end, without_condstore)
  end)

  it("sends nothing for an empty array", function()
    converse("", 0, function(conn)
      assert.are.same({ path = "INBOX", messages = {}, missing = {}, modified = {} },
        conn:add_flags { mailbox = "INBOX", uids = {}, flags = { "\\Seen" } })
      assert.are.same({ path = "INBOX", messages = {}, modified = {} },
        conn:add_flags { mailbox = "INBOX", range = {}, flags = { "\\Seen" }, silent = true })
    end)
  end)

  it("leaves rows out that it did not ask for", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 3 FETCH (UID 9 FLAGS (\Answered))
      S: * 1 FETCH (FLAGS (\Answered))
      S: * 2 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } })
      assert.are.same({ { seq = 2, uid = 7, flags = { ["\\Seen"] = true } } }, result.messages)
    end, without_condstore)
  end)

  it("reads the numbers as they are at the end, when EXPUNGE comes between", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7,9 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7,9 (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 2 FETCH (UID 7 FLAGS (\Seen))
      S: * 1 EXPUNGE
      S: * 2 FETCH (UID 9 FLAGS (\Seen))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = { 7, 9 }, flags = { "\\Seen" } })
      assert.are.equal(1, result.messages[1].seq)
      assert.are.equal(2, result.messages[2].seq)
    end, without_condstore)
  end)
end)

describe("remove_flags and set_flags", function()
  it("say -FLAGS and FLAGS", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 -FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T3 OK done
      C: T4 UID STORE 7 FLAGS.SILENT (work)
      C: T5 UID FETCH 7 (UID FLAGS)
      S: T4 OK stored
      S: * 1 FETCH (UID 7 FLAGS (work))
      S: T5 OK done
      C: T6 UID STORE 7 FLAGS.SILENT ()
      C: T7 UID FETCH 7 (UID FLAGS)
      S: T6 OK stored
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T7 OK done
    ]], 3, function(conn)
      local result = assert(conn:remove_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } })
      assert.are.same({ { seq = 1, uid = 7, flags = {} } }, result.messages)
      result = assert(conn:set_flags { mailbox = "INBOX", uids = 7, flags = { "work" } })
      assert.are.same({ work = true }, result.messages[1].flags)
      result = assert(conn:set_flags { mailbox = "INBOX", uids = 7, flags = {} })
      assert.are.same({}, result.messages[1].flags)
    end, without_condstore)
  end)
end)

describe("STORE that is refused", function()
  it("is no whatever code it bears, unless that answers unchanged_since", function()
    for text, unchanged_since in pairs { ["NO [MODIFIED 7] so it says"] = false, ["NO just so"] = 12 } do
      converse(([[
        C: T1 SELECT INBOX
        C: T2 UID STORE 7 %s+FLAGS.SILENT (\Seen)
        C: T3 UID FETCH 7 (UID FLAGS MODSEQ)
        S: * 3 EXISTS
        S: T1 OK [READ-WRITE] open
        S: T2 %s
        S: * 2 FETCH (UID 7 FLAGS () MODSEQ (20))
        S: T3 OK done
      ]]):format(unchanged_since and "(UNCHANGEDSINCE 12) " or "", text), 1, function(conn)
        local value, _, err = conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" },
          unchanged_since = unchanged_since or nil }
        assert.is_nil(value)
        assert.are.equal("no", err.code)
        assert.are.equal("refused", err.outcome)
      end)
    end
  end)

  it("takes no row without flags for the state of a message", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS MODSEQ)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 MODSEQ (20))
      S: T2 OK stored
      S: * 2 FETCH (UID 7 FLAGS (\Seen) MODSEQ (20))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } })
      assert.are.same({ { seq = 2, uid = 7, flags = { ["\\Seen"] = true }, modseq = 20 } }, result.messages)
    end)
  end)
end)

describe("unchanged_since", function()
  it("names what it held back", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7,9 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7,9 (UID FLAGS MODSEQ)
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 MODSEQ (14))
      S: T2 OK [MODIFIED 9] conditional
      S: * 1 FETCH (UID 7 FLAGS (\Seen) MODSEQ (14))
      S: * 2 FETCH (UID 9 FLAGS () MODSEQ (13))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = { 7, 9 },
        flags = { "\\Seen" }, unchanged_since = 12 })
      assert.are.same({ 9 }, result.modified)
      assert.are.equal(14, result.messages[1].modseq)
      assert.are.equal(2, #result.messages)
    end)
  end)

  it("names it where the server says so with NO, too", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7:9 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7:9 (UID FLAGS MODSEQ)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 NO [MODIFIED 7:8] some have changed
      S: * 1 FETCH (UID 7 FLAGS () MODSEQ (13))
      S: * 2 FETCH (UID 8 FLAGS () MODSEQ (13))
      S: * 3 FETCH (UID 9 FLAGS (\Seen) MODSEQ (14))
      S: T3 OK done
    ]], 1, function(conn)
      local result = assert(conn:add_flags { mailbox = "INBOX", uids = { 7, 8, 9 },
        flags = { "\\Seen" }, unchanged_since = "12" })
      assert.are.same({ 7, 8 }, result.modified)
      assert.are.equal(3, #result.messages)
    end)
  end)

  it("turns the numbers of MODIFIED into UIDs, with silent too", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 STORE 1:3 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\Seen)
      C: T3 FETCH 1:3 (UID)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK [MODIFIED 2,3] conditional
      S: * 1 FETCH (UID 5)
      S: * 2 FETCH (UID 7)
      S: * 3 FETCH (UID 9)
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", messages = {}, modified = { 7, 9 } },
        conn:add_flags { mailbox = "INBOX", range = "1:3", flags = { "\\Seen" },
          unchanged_since = 12, silent = true })
    end)
  end)

  it("with silent and uids needs no FETCH", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 (UNCHANGEDSINCE 0) +FLAGS.SILENT (\Seen)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK [MODIFIED 7] conditional
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", messages = {}, modified = { 7 } },
        conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" },
          unchanged_since = 0, silent = true })
    end)
  end)

  it("is unsupported without CONDSTORE, and nothing is sent", function()
    converse("", 0, function(conn)
      local value, message, err = conn:add_flags { mailbox = "INBOX", uids = 7,
        flags = { "\\Seen" }, unchanged_since = 12 }
      assert.is_nil(value)
      assert.are.equal("unsupported", err.code)
      assert.are.equal("unchanged_since", err.field)
      assert.are.equal("not_sent", err.outcome)
      assert.matches("CONDSTORE", message, 1, true)
    end, without_condstore)
  end)
end)

describe("flags that are refused", function()
  it("say NO, with what was attempted, on what, and why", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 NO [NOPERM] you may not
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      local value, message, err = conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } }
      assert.is_nil(value)
      assert.are.equal(message, err.message)
      assert.are.equal(message, tostring(err))
      assert.are.equal("no", err.code)
      assert.are.equal("UID STORE", err.command)
      assert.are.equal("NOPERM", err.response_code)
      assert.are.equal("you may not", err.response_text)
      assert.are.equal("refused", err.outcome)
      assert.is_false(err.retryable)
      assert.matches('add_flags in "INBOX"', message, 1, true)
      assert.matches("you may not", message, 1, true)
    end, without_condstore)
  end)

  it("say BAD where the server says so", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 BAD what?
      S: T3 OK done
    ]], 1, function(conn)
      local _, _, err = conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } }
      assert.are.equal("bad", err.code)
      assert.are.equal("refused", err.outcome)
    end, without_condstore)
  end)

  it("are READ-ONLY where the mailbox opens so", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 NO read-only
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      local _, message, err = conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } }
      assert.are.equal("no", err.code)
      assert.are.equal("READ-ONLY", err.response_code)
      assert.are.equal("refused", err.outcome)
      assert.matches("read%-only", message)
    end, without_condstore)
  end)

  it("are not_found above the number of messages, where the server refuses", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 STORE 5 +FLAGS.SILENT (\Seen)
      C: T3 FETCH 5 (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 BAD [CLIENTBUG] Invalid messageset in STORE
      S: T3 BAD Invalid messageset in FETCH
    ]], 1, function(conn)
      local _, message, err = conn:add_flags { mailbox = "INBOX", range = 5, flags = { "\\Seen" } }
      assert.are.equal("not_found", err.code)
      assert.are.equal("refused", err.outcome)
      assert.matches("3 messages", message, 1, true)
      assert.are.same({ "STORE", "CLIENTBUG", "Invalid messageset in STORE" },
        { err.command, err.response_code, err.response_text })
    end, without_condstore)
  end)

  it("are an empty result in an empty mailbox", function()
    for _, range in ipairs { "1:*", "*" } do
      converse([[
        C: T1 SELECT INBOX
        C: T2 STORE ]] .. range .. [[ +FLAGS.SILENT (\Seen)
        C: T3 FETCH ]] .. range .. [[ (UID FLAGS)
        S: * 0 EXISTS
        S: T1 OK [READ-WRITE] open
        S: T2 BAD Invalid messageset
        S: T3 NO no such message
      ]], 1, function(conn)
        local result = assert(conn:add_flags { mailbox = "INBOX", range = range, flags = { "\\Seen" } })
        assert.are.same({}, result.messages)
      end, without_condstore)
    end
  end)
end)
