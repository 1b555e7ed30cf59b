-- A change meets the mailbox that it names, or none (WIRE.md, rule 2).
local converse = require "spec.support.converse"

-- Opens "A" for writing, by a change of a message of it.
local OPEN_A = [[
  C: T1 SELECT A
  C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
  S: * 1 EXISTS
  S: * OK [UIDNEXT 2] next
  S: T1 OK [READ-WRITE] open
  S: T2 OK stored
]]

local function change(conn, mailbox, more)
  local inputs = { mailbox = mailbox, flags = { "\\Seen" }, silent = true }
  for name, value in pairs(more or {}) do inputs[name] = value end
  if not inputs.range then inputs.uids = 1 end
  return conn:add_flags(inputs)
end

local function open_a(conn) assert(change(conn, "A")) end

describe("with another mailbox open", function()
  it("a change waits for OK to SELECT: a turn more", function()
    converse(OPEN_A .. [[
      C: T3 SELECT B
      S: * 1 EXISTS
      S: T3 OK [READ-WRITE] open
      C: T4 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T4 OK stored
    ]], 3, function(conn)
      open_a(conn)
      assert(change(conn, "B"))
    end)
  end)

  for _, answer in ipairs { "NO", "BAD" } do
    it("SELECT answered " .. answer .. " lets no change on the wire", function()
      converse(OPEN_A .. [[
        C: T3 SELECT B
        S: T3 ]] .. answer .. [[ [UNAVAILABLE] throttled
      ]], 2, function(conn)
        open_a(conn)
        local _, _, err = change(conn, "B")
        assert.are.equal(answer:lower(), err.code)
        assert.are.equal("SELECT", err.command)
        assert.are.equal("refused", err.outcome)
      end)
    end)

    it("after " .. answer .. " to SELECT the next action selects again", function()
      local waits = answer == "BAD"
      converse(OPEN_A .. [[
        C: T3 SELECT B
        S: T3 ]] .. answer .. [[ [UNAVAILABLE] throttled
        C: T4 SELECT A
        ]] .. (waits and "" or "C: T5 UID STORE 1 +FLAGS.SILENT (\\Seen)") .. "\n" .. [[
        S: * 1 EXISTS
        S: T4 OK [READ-WRITE] open
        ]] .. (waits and "C: T5 UID STORE 1 +FLAGS.SILENT (\\Seen)" or "") .. "\n" .. [[
        S: T5 OK stored
      ]], waits and 4 or 3, function(conn)
        open_a(conn)
        assert.is_nil(change(conn, "B"))
        assert(change(conn, "A"))
      end)
    end)
  end

  it("a deletion reads in the same flight, and changes only after OK", function()
    converse(OPEN_A .. [[
      C: T3 SELECT B
      C: T4 UID FETCH 1 (UID FLAGS)
      S: * 1 EXISTS
      S: T3 OK [READ-WRITE] open
      C: T5 UID STORE 1 +FLAGS.SILENT (\Deleted)
      C: T6 UID EXPUNGE 1
      S: * 1 FETCH (UID 1 FLAGS ())
      S: T4 OK done
      S: T5 OK stored
      S: * 1 EXPUNGE
      S: T6 OK gone
    ]], 3, function(conn)
      open_a(conn)
      assert.are.same({ 1 }, conn:delete_message { mailbox = "B", uid = 1 }.uids)
    end)
  end)

  it("rows of the mailbox that was not left are dropped, where SELECT fails", function()
    converse(OPEN_A .. [[
      C: T3 SELECT B
      C: T4 UID FETCH 1 (UID FLAGS)
      S: T3 BAD throttled
      S: * 1 FETCH (UID 1 FLAGS (\Deleted))
      S: T4 OK done
    ]], 2, function(conn)
      open_a(conn)
      local _, _, err = conn:delete_message { mailbox = "B", uid = 1 }
      assert.are.equal("bad", err.code)
      assert.are.equal("SELECT", err.command)
    end)
  end)

  it("a copy waits as well", function()
    converse(OPEN_A .. [[
      C: T3 EXAMINE B
      C: T4 UID FETCH 1 (UID)
      S: T3 BAD throttled
      S: * 1 FETCH (UID 1)
      S: T4 OK done
    ]], 2, function(conn)
      open_a(conn)
      local _, _, err = conn:copy_message { mailbox = "B", uids = 1, new_path = "C" }
      assert.are.equal("EXAMINE", err.command)
    end)
  end)

  it("a FETCH that sets \\Seen waits as well", function()
    converse(OPEN_A .. [[
      C: T3 SELECT B
      S: T3 BAD throttled
    ]], 2, function(conn)
      open_a(conn)
      local _, _, err = conn:download_message { mailbox = "B", uid = 1, mark_read = true }
      assert.are.equal("SELECT", err.command)
      assert.are.equal("bad", err.code)
    end)
  end)

  it("a download rides along, and its row is dropped where the mailbox did not open", function()
    converse(OPEN_A .. [[
      C: T3 EXAMINE B
      C: T4 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
      S: T3 BAD throttled
      S: * 1 FETCH (UID 1 RFC822.SIZE 5 BODY[] {5}
      S: wrong)
      S: T4 OK done
    ]], 2, function(conn)
      open_a(conn)
      local value, _, err = conn:download_message { mailbox = "B", uid = 1 }
      assert.is_nil(value)
      assert.are.equal("EXAMINE", err.command)
    end)
  end)

  it("a sink gets nothing of the wrong mailbox", function()
    converse(OPEN_A .. [[
      C: T3 EXAMINE B
      C: T4 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
      S: T3 BAD throttled
      S: * 1 FETCH (UID 1 RFC822.SIZE 5 BODY[] {5}
      S: wrong)
      S: T4 OK done
    ]], 2, function(conn)
      open_a(conn)
      local got = {}
      local value = conn:download_message { mailbox = "B", uid = 1, sink = function(chunk) got[#got + 1] = chunk end }
      assert.is_nil(value)
      assert.are.same({}, got)
    end)
  end)

  it("a search rides along, and finds nothing where the mailbox did not open", function()
    converse(OPEN_A .. [[
      C: T3 EXAMINE B
      C: T4 UID FETCH 1:* (UID FLAGS)
      S: T3 BAD throttled
      S: * 1 FETCH (UID 1 FLAGS ())
      S: T4 OK done
    ]], 2, function(conn)
      open_a(conn)
      local value, _, err = conn:search_messages { mailbox = "B", fields = { "uid", "flags" } }
      assert.is_nil(value)
      assert.are.equal("EXAMINE", err.command)
    end)
  end)
end)

describe("with the same mailbox open", function()
  it("a change by UID needs no SELECT", function()
    converse(OPEN_A .. [[
      C: T3 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T3 OK stored
    ]], 2, function(conn)
      open_a(conn)
      assert(change(conn, "A"))
    end)
  end)

  it("a change by number waits for OK to its own SELECT", function()
    converse(OPEN_A .. [[
      C: T3 SELECT A
      S: * 2 EXISTS
      S: T3 OK [READ-WRITE] open
      C: T4 STORE 1 +FLAGS.SILENT (\Seen)
      S: T4 OK stored
    ]], 3, function(conn)
      open_a(conn)
      assert(change(conn, "A", { range = 1 }))
    end)
  end)

  it("a change by UID rides behind SELECT of the same name, for it meets that or none", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 1 RFC822.SIZE 2 BODY[] {2}
      S: hi)
      S: T2 OK done
      C: T3 SELECT A
      C: T4 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T3 OK [READ-WRITE] open
      S: T4 OK stored
    ]], 2, function(conn)
      assert.are.equal("hi", conn:download_message { mailbox = "A", uid = 1 }.content)
      assert(change(conn, "A"))
    end)
  end)
end)

describe("in a batch", function()
  it("a change of another mailbox waits for its SELECT, and what reads does not", function()
    converse([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      C: T3 SELECT B
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 EXISTS
      S: T3 OK [READ-WRITE] open
      C: T4 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T4 OK stored
    ]], 2, function(conn)
      local results = assert(conn:batch(function(b)
        change(b, "A")
        change(b, "B")
      end))
      assert.are.equal("A", results[1].value.path)
      assert.are.equal("B", results[2].value.path)
    end)
  end)

  it("BAD to the second SELECT sends none of its changes, and does not stop the others", function()
    converse([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      C: T3 SELECT B
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: T3 BAD throttled
      C: T4 SELECT A
      S: * 1 EXISTS
      S: T4 OK [READ-WRITE] open
      C: T5 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T5 OK stored
    ]], 3, function(conn)
      local results = assert(conn:batch(function(b)
        change(b, "A")
        change(b, "B")
        change(b, "A")
      end))
      assert.is_table(results[1].value)
      assert.are.equal("bad", results[2].err.code)
      assert.are.equal("SELECT", results[2].err.command)
      assert.are.equal("refused", results[2].err.outcome)
      assert.is_table(results[3].value)
    end)
  end)

  it("NO to the first SELECT fails all that relied on it", function()
    converse([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 1 (UID FLAGS MODSEQ)
      C: T4 UID STORE 2 +FLAGS.SILENT (\Seen)
      C: T5 UID FETCH 2 (UID FLAGS MODSEQ)
      S: T1 NO [NONEXISTENT] no such mailbox
      S: T2 BAD no mailbox is open
      S: T3 BAD no mailbox is open
      S: T4 BAD no mailbox is open
      S: T5 BAD no mailbox is open
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:add_flags { mailbox = "A", uids = 1, flags = { "\\Seen" } }
        b:add_flags { mailbox = "A", uids = 2, flags = { "\\Seen" } }
      end))
      for i = 1, 2 do
        assert.are.equal("not_found", results[i].err.code)
        assert.are.equal("SELECT", results[i].err.command)
        assert.are.equal("NONEXISTENT", results[i].err.response_code)
      end
    end)
  end)
end)

describe("uid_validity", function()
  it("makes the action wait for the mailbox: a turn more", function()
    converse([[
      C: T1 SELECT A
      S: * 1 EXISTS
      S: * OK [UIDVALIDITY 17] valid
      S: T1 OK [READ-WRITE] open
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T2 OK stored
    ]], 2, function(conn)
      assert(change(conn, "A", { uid_validity = 17 }))
    end)
  end)

  for name, call in pairs {
    add_flags = function(conn) return change(conn, "A", { uid_validity = 17 }) end,
    delete_message = function(conn) return conn:delete_message { mailbox = "A", uid = 1, uid_validity = 17 } end,
    copy_message = function(conn)
      return conn:copy_message { mailbox = "A", uids = 1, new_path = "B", uid_validity = 17 }
    end,
    download_message = function(conn) return conn:download_message { mailbox = "A", uid = 1, uid_validity = 17 } end,
    search_messages = function(conn) return conn:search_messages { mailbox = "A", uids = 1, uid_validity = 17 } end,
  } do
    it("that no longer holds is not_found in " .. name .. ", with nothing changed", function()
      local reads = name == "copy_message" or name == "download_message" or name == "search_messages"
      converse([[
        C: T1 ]] .. (reads and "EXAMINE" or "SELECT") .. [[ A
        S: * 1 EXISTS
        S: * OK [UIDVALIDITY 18] valid
        S: T1 OK open
      ]], 1, function(conn)
        local _, message, err = call(conn)
        assert.are.equal("not_found", err.code)
        assert.are.equal("UIDVALIDITY", err.response_code)
        assert.are.equal("not_sent", err.outcome)
        assert.matches("UIDVALIDITY", message, 1, true)
      end)
    end)
  end

  it("is looked at in the view that is open, without a turn", function()
    converse([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: * OK [UIDVALIDITY 17] valid
      S: * OK [UIDNEXT 9] next
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T3 OK stored
    ]], 2, function(conn)
      open_a(conn)
      assert(change(conn, "A", { uid_validity = 17 }))
      local _, _, err = change(conn, "A", { uid_validity = 3 })
      assert.are.equal("not_found", err.code)
    end)
  end)

  it("differs from none: a mailbox that tells no UIDVALIDITY", function()
    converse([[
      C: T1 SELECT A
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
    ]], 1, function(conn)
      local _, _, err = change(conn, "A", { uid_validity = 17 })
      assert.are.equal("not_found", err.code)
    end)
  end)

  it("holds together with range", function()
    converse([[
      C: T1 SELECT A
      S: * 1 EXISTS
      S: * OK [UIDVALIDITY 17] valid
      S: T1 OK [READ-WRITE] open
      C: T2 STORE 1 +FLAGS.SILENT (\Seen)
      S: T2 OK stored
    ]], 2, function(conn)
      assert(conn:add_flags { mailbox = "A", range = 1, flags = { "\\Seen" }, silent = true, uid_validity = 17 })
    end)
  end)
end)
