-- search_messages: one turn, whatever the server can do; with `limit` two.
local converse = require "spec.support.converse"

local FIELDS = { "uid", "flags" }
local full = {}
local no_searchres = { capabilities = "IMAP4rev1 ESEARCH UNSELECT" }
local no_esearch = { capabilities = "IMAP4rev1" }

local function search(conn, more)
  local inputs = { mailbox = "INBOX", fields = FIELDS }
  for name, value in pairs(more or {}) do inputs[name] = value end
  return conn:search_messages(inputs)
end

local function uids(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row.uid end
  return list
end

describe("search_messages without keys", function()
  it("fetches all in one turn, ascending by number", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 3 FETCH (UID 9 FLAGS ())
      S: * 1 FETCH (UID 4 FLAGS (\Seen))
      S: * 2 FETCH (UID 7 FLAGS ())
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(search(conn))
      assert.are.same({ 4, 7, 9 }, uids(rows))
      assert.are.same({ uid = 4, flags = { ["\\Seen"] = true } }, rows[1])
    end, full)
  end)

  it("asks for six fields by default", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE)
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S- * 1 FETCH (UID 4 FLAGS (\Seen) RFC822.SIZE 120 INTERNALDATE "17-Jul-1996 02:44:25 -0700"
      S-  ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="
      S-  (("Terry Gray" NIL "gray" "cac.washington.edu")) NIL NIL ((NIL NIL "imap" "cac.washington.edu"))
      S:  NIL NIL NIL "<B27397-0100000@cac.washington.edu>"))
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(conn:search_messages { mailbox = "INBOX" })
      local row = rows[1]
      assert.are.equal(1, row.seq)
      assert.are.equal(120, row.size)
      assert.are.equal(837596665, row.internal_date)
      assert.are.equal("Grüße", row.envelope.subject)
      assert.are.equal("gray@cac.washington.edu", row.envelope.from[1].address)
      assert.are.equal("<B27397-0100000@cac.washington.edu>", row.envelope.message_id)
      assert.are.equal(837595405, row.envelope.date)
    end, full)
  end)

  it("finds nothing in an empty mailbox, whatever the server says to 1:*", function()
    for _, answer in ipairs { "OK done", "BAD Invalid messageset", "NO none" } do
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 1:* (UID FLAGS)
        S: * 0 EXISTS
        S: T1 OK [READ-ONLY] open
        S: T2 ]] .. answer .. "\n", 1, function(conn)
        assert.are.same({}, search(conn))
      end, full)
    end
  end)

  it("with uid or seq alone fetches nothing: the search answers", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) ALL
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4,7:8
      S: T2 OK done
      C: T3 EXAMINE INBOX
      C: T4 SEARCH RETURN (ALL) UNSEEN
      S: * 3 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T4") ALL 1:2
      S: T4 OK done
    ]], 2, function(conn)
      assert.are.same({ { uid = 4 }, { uid = 7 }, { uid = 8 } }, search(conn, { fields = { "uid" } }))
      assert.are.same({ { seq = 1 }, { seq = 2 } }, search(conn, { fields = { "seq" }, read_filter = "unread" }))
    end, full)
  end)

  it("drops messages that were expunged meanwhile, and counts the others anew", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 4 FLAGS ())
      S: * 2 FETCH (UID 7 FLAGS ())
      S: * 1 EXPUNGE
      S: * 2 FETCH (UID 9 FLAGS ())
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(search(conn, { fields = { "uid", "seq", "flags" } }))
      assert.are.same({ 7, 9 }, uids(rows))
      assert.are.equal(1, rows[1].seq)
      assert.are.equal(2, rows[2].seq)
    end, full)
  end)

  it("carries a malformed row with its error and its bytes, and spares the others", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID ENVELOPE)
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 4 ENVELOPE (NIL "broken"))
      S: * 2 FETCH (UID 7 ENVELOPE (NIL "fine" NIL NIL NIL NIL NIL NIL NIL NIL))
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(search(conn, { fields = { "uid", "envelope" } }))
      assert.are.equal(2, #rows)
      assert.is_string(rows[1].error)
      assert.matches("broken", rows[1].raw, 1, true)
      assert.are.equal("fine", rows[2].envelope.subject)
      assert.is_nil(rows[2].error)
    end, full)
  end)
end)

describe("search_messages with keys", function()
  it("searches and fetches in one turn", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) UNSEEN FROM "smith"
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4,9
      S: T2 OK done
      S: * 1 FETCH (UID 4 FLAGS ())
      S: * 2 FETCH (UID 7 FLAGS ())
      S: * 3 FETCH (UID 9 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.same({ 4, 9 }, uids(assert(search(conn, { read_filter = "unread", from = "smith" }))))
    end, full)
  end)

  it("finds nothing where the server finds nothing", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) UNSEEN
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID
      S: T2 OK done
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.same({}, search(conn, { read_filter = "unread" }))
    end, full)
  end)

  it("drops every row where SEARCH was not OK", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) UNSEEN
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 NO not now
      S: * 1 FETCH (UID 4 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      local value, _, err = search(conn, { read_filter = "unread" })
      assert.is_nil(value)
      assert.are.equal("no", err.code)
      assert.are.equal("UID SEARCH", err.command)
    end, full)
  end)

  it("takes no news of another message for a row", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) UNSEEN
      C: T3 UID FETCH $ (UID RFC822.SIZE)
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4
      S: T2 OK done
      S: * 9 FETCH (UID 12 FLAGS (\Seen))
      S: * 1 FETCH (UID 4 RFC822.SIZE 120)
      S: * 8 FETCH (UID 11 FLAGS () MODSEQ (7))
      S: T3 OK done
    ]], 1, function(conn)
      local rows = assert(search(conn, { read_filter = "unread", fields = { "uid", "size" } }))
      assert.are.same({ { uid = 4, size = 120 } }, rows)
    end, full)
  end)

  it("takes no ESEARCH of another tag for its own", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) ALL
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "zz9") UID ALL 1:100
      S: * ESEARCH (TAG "T2") UID ALL 4
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ { uid = 4 } }, search(conn, { fields = { "uid" } }))
    end, full)
  end)

  it("without SEARCHRES waits for SEARCH: a turn more", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) UNSEEN
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4,9
      S: T2 OK done
      C: T3 UID FETCH 4,9 (UID FLAGS)
      S: * 1 FETCH (UID 4 FLAGS ())
      S: * 3 FETCH (UID 9 FLAGS ())
      S: T3 OK done
    ]], 2, function(conn)
      assert.are.same({ 4, 9 }, uids(assert(search(conn, { read_filter = "unread" }))))
    end, no_searchres)
  end)

  it("without ESEARCH reads SEARCH, in several lines if need be", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH UNSEEN
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * SEARCH 9 4
      S: * SEARCH 5
      S: T2 OK done
      C: T3 UID FETCH 4:5,9 (UID FLAGS)
      S: * 1 FETCH (UID 4 FLAGS ())
      S: * 2 FETCH (UID 5 FLAGS ())
      S: * 3 FETCH (UID 9 FLAGS ())
      S: T3 OK done
    ]], 2, function(conn)
      assert.are.same({ 4, 5, 9 }, uids(assert(search(conn, { read_filter = "unread" }))))
    end, no_esearch)
  end)

  it("without ESEARCH fetches nothing where nothing was found", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH UNSEEN
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * SEARCH
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({}, search(conn, { read_filter = "unread" }))
    end, no_esearch)
  end)

  it("speaks IMAP4rev2 alone with all that it took in", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) SUBJECT "Grüß"
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4
      S: T2 OK done
      S: * 1 FETCH (UID 4 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.same({ 4 }, uids(assert(search(conn, { subject = "Grüß" }))))
    end, { capabilities = "IMAP4rev2" })
  end)

  it("names the charset where text is not ASCII", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) CHARSET UTF-8 SUBJECT {6+}
      C: Grüß
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: T2 NO [BADCHARSET (US-ASCII)] no
      S: T3 OK done
    ]], 1, function(conn)
      local _, _, err = search(conn, { subject = "Grüß" })
      assert.are.equal("unsupported", err.code)
      assert.are.equal("BADCHARSET", err.response_code)
    end, full)
  end)

  it("sees a mailbox that is open as it is now", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 4 FLAGS ())
      S: T2 OK done
      C: T3 EXAMINE INBOX
      C: T4 UID FETCH 1:* (UID FLAGS)
      S: * 2 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * 1 FETCH (UID 4 FLAGS ())
      S: * 2 FETCH (UID 9 FLAGS ())
      S: T4 OK done
    ]], 2, function(conn)
      assert.are.equal(1, #search(conn))
      assert.are.equal(2, #search(conn))
    end, full)
  end)

  it("in a batch travel together, told apart by their tags", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID SEARCH RETURN (ALL) UNSEEN
      C: T3 EXAMINE A
      C: T4 UID SEARCH RETURN (ALL) FLAGGED
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4
      S: T2 OK done
      S: * 3 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T4") UID ALL 9
      S: T4 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:search_messages { mailbox = "A", fields = { "uid" }, read_filter = "unread" }
        b:search_messages { mailbox = "A", fields = { "uid" }, flagged = true }
      end))
      assert.are.same({ { uid = 4 } }, results[1].value)
      assert.are.same({ { uid = 9 } }, results[2].value)
    end, full)
  end)

  it("in a batch wait for each other where they cannot be told apart", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID SEARCH UNSEEN
      C: T3 EXAMINE B
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * SEARCH 4
      S: T2 OK done
      C: T4 UID SEARCH FLAGGED
      S: * 3 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * SEARCH 9
      S: T4 OK done
    ]], 2, function(conn)
      local results = assert(conn:batch(function(b)
        b:search_messages { mailbox = "A", fields = { "uid" }, read_filter = "unread" }
        b:search_messages { mailbox = "B", fields = { "uid" }, flagged = true }
      end))
      assert.are.same({ { uid = 4 } }, results[1].value)
      assert.are.same({ { uid = 9 } }, results[2].value)
    end, no_esearch)
  end)
end)

describe("limit", function()
  it("with keys keeps the lowest UIDs, or the highest: two turns", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) UNSEEN
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 2:4,9,12
      S: T2 OK done
      C: T3 UID FETCH 2:3 (UID FLAGS)
      S: * 1 FETCH (UID 2 FLAGS ())
      S: * 2 FETCH (UID 3 FLAGS ())
      S: T3 OK done
      C: T4 EXAMINE INBOX
      C: T5 UID SEARCH RETURN (ALL) UNSEEN
      S: * 9 EXISTS
      S: T4 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T5") UID ALL 2:4,9,12
      S: T5 OK done
      C: T6 UID FETCH 4,9,12 (UID FLAGS)
      S: * 3 FETCH (UID 4 FLAGS ())
      S: * 4 FETCH (UID 9 FLAGS ())
      S: * 5 FETCH (UID 12 FLAGS ())
      S: T6 OK done
    ]], 4, function(conn)
      assert.are.same({ 2, 3 }, uids(assert(search(conn, { read_filter = "unread", limit = 2 }))))
      assert.are.same({ 12, 9, 4 },
        uids(assert(search(conn, { read_filter = "unread", limit = 3, newest_first = true }))))
    end, full)
  end)

  it("asks for a part only, where the server has PARTIAL", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (PARTIAL 1:2) UNSEEN
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID PARTIAL (1:2 2:3)
      S: T2 OK done
      C: T3 UID FETCH 2:3 (UID FLAGS)
      S: * 1 FETCH (UID 2 FLAGS ())
      S: * 2 FETCH (UID 3 FLAGS ())
      S: T3 OK done
      C: T4 EXAMINE INBOX
      C: T5 UID SEARCH RETURN (PARTIAL -1:-2) UNSEEN
      S: * 9 EXISTS
      S: T4 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T5") UID PARTIAL (-1:-2 NIL)
      S: T5 OK done
    ]], 3, function(conn)
      assert.are.same({ 2, 3 }, uids(assert(search(conn, { read_filter = "unread", limit = 2 }))))
      assert.are.same({}, search(conn, { read_filter = "unread", limit = 2, newest_first = true }))
    end, { capabilities = "IMAP4rev1 ESEARCH SEARCHRES PARTIAL" })
  end)

  it("without keys fetches the first numbers in one turn, and asks again where they are too many", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 1:2 (UID FLAGS)
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 2 FLAGS ())
      S: * 2 FETCH (UID 3 FLAGS ())
      S: T2 OK done
      C: T3 EXAMINE INBOX
      C: T4 FETCH 1:20 (UID FLAGS)
      S: * 1 EXISTS
      S: T3 OK [READ-ONLY] open
      S: T4 BAD Invalid messageset
      C: T5 FETCH 1 (UID FLAGS)
      S: * 1 FETCH (UID 2 FLAGS ())
      S: T5 OK done
      C: T6 EXAMINE INBOX
      C: T7 FETCH 1:20 (UID FLAGS)
      S: * 0 EXISTS
      S: T6 OK [READ-ONLY] open
      S: T7 BAD Invalid messageset
    ]], 4, function(conn)
      assert.are.same({ 2, 3 }, uids(assert(search(conn, { limit = 2 }))))
      assert.are.same({ 2 }, uids(assert(search(conn, { limit = 20 }))))
      assert.are.same({}, search(conn, { limit = 20 }))
    end, full)
  end)

  it("without keys and newest_first waits for the number of messages", function()
    converse([[
      C: T1 EXAMINE INBOX
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      C: T2 FETCH 8:9 (UID FLAGS)
      S: * 8 FETCH (UID 20 FLAGS ())
      S: * 9 FETCH (UID 30 FLAGS ())
      S: T2 OK done
    ]], 2, function(conn)
      assert.are.same({ 30, 20 }, uids(assert(search(conn, { limit = 2, newest_first = true }))))
    end, full)
  end)

  it("newest_first alone turns the order", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 2 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 2 FLAGS ())
      S: * 2 FETCH (UID 3 FLAGS ())
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ 3, 2 }, uids(assert(search(conn, { newest_first = true }))))
    end, full)
  end)

  it("applies to uid and seq alone, too", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (ALL) UNSEEN
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 2:9
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ { uid = 9 }, { uid = 8 } },
        search(conn, { fields = { "uid" }, read_filter = "unread", limit = 2, newest_first = true }))
    end, full)
  end)
end)

describe("a search over uids", function()
  it("sends nothing for an empty array", function()
    converse("", 0, function(conn) assert.are.same({}, search(conn, { uids = {} })) end, full)
  end)

  it("takes a set, and a range", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) UID 4,7 UNSEEN
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4
      S: T2 OK done
      S: * 1 FETCH (UID 4 FLAGS ())
      S: T3 OK done
      C: T4 EXAMINE INBOX
      C: T5 UID SEARCH RETURN (SAVE ALL) 1:3 UNSEEN
      C: T6 UID FETCH $ (UID FLAGS)
      S: * 9 EXISTS
      S: T4 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T5") UID ALL 4
      S: T5 OK done
      S: * 1 FETCH (UID 4 FLAGS ())
      S: T6 OK done
    ]], 2, function(conn)
      assert.are.same({ 4 }, uids(assert(search(conn, { uids = { 7, 4 }, read_filter = "unread" }))))
      assert.are.same({ 4 }, uids(assert(search(conn, { range = "1:3", read_filter = "unread" }))))
    end, full)
  end)

  it("takes UIDs alone", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID SEARCH RETURN (SAVE ALL) UID 4,7
      C: T3 UID FETCH $ (UID FLAGS)
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * ESEARCH (TAG "T2") UID ALL 4
      S: T2 OK done
      S: * 1 FETCH (UID 4 FLAGS ())
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.same({ 4 }, uids(assert(search(conn, { uids = { 7, 4 } }))))
    end, full)
  end)

  it("has a limit, from either end, behind the UIDVALIDITY that it names", function()
    for first, newest in pairs { [1] = false, [4] = true } do
      converse(([[
        C: T1 EXAMINE INBOX
        S: * 5 EXISTS
        S: * OK [UIDVALIDITY 8] valid
        S: T1 OK [READ-ONLY] open
        C: T2 FETCH %d:%d (UID FLAGS)
        S: * %d FETCH (UID 21 FLAGS ())
        S: * %d FETCH (UID 22 FLAGS ())
        S: T2 OK done
      ]]):format(first, first + 1, first, first + 1), 2, function(conn)
        assert.are.same(newest and { 22, 21 } or { 21, 22 }, uids(assert(search(conn,
          { uid_validity = 8, limit = 2, newest_first = newest }))))
      end, full)
    end
  end)

  it("finds nothing from either end of an empty mailbox", function()
    converse("C: T1 EXAMINE INBOX\nS: * 0 EXISTS\nS: T1 OK [READ-ONLY] open\n", 1, function(conn)
      assert.are.same({}, search(conn, { limit = 2, newest_first = true }))
    end, full)
  end)
end)
