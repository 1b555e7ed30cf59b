-- Rows G1 to G12: mailboxes, messages and outcomes are what they were taken for.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local function play(script, act, capabilities)
  local conn, server = transcript.open(script, { capabilities = capabilities })
  local ok, reason = xpcall(function() act(conn, server) end, debug.traceback)
  conn:close()
  if server.failure then error(server.failure, 2) end
  assert(ok, reason)
  server:finish()
end

local function flag(conn, mailbox, more)
  local inputs = { mailbox = mailbox, uids = 1, flags = { "\\Seen" }, silent = true }
  for name, value in pairs(more or {}) do inputs[name] = value end
  return conn:add_flags(inputs)
end

local OPEN_A = [[
  C: T1 SELECT A
  C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
  S: * 1 EXISTS
  S: T1 OK [READ-WRITE] open
  S: T2 OK stored
]]

describe("a change", function()
  it("G1: waits for the UIDVALIDITY that it names, and is not made where that differs", function()
    play("C: T1 SELECT A\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 18] x\nS: T1 OK\n", function(conn)
      local _, _, err = flag(conn, "A", { uid_validity = 17 })
      assert.are.equal("not_found", err.code)
      assert.are.equal("UIDVALIDITY", err.response_code)
      assert.are.equal("not_sent", err.outcome)
    end)
  end)

  it("G1: is held to it where the mailbox is open already, or about to open", function()
    play([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: * OK [UIDVALIDITY 18] x
      S: * OK [UIDNEXT 9] x
      S: T1 OK
      S: T2 OK
      C: T3 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: T3 OK
    ]], function(conn)
      assert(flag(conn, "A"))
      assert.are.equal("UIDVALIDITY", select(3, flag(conn, "A", { uid_validity = 17 })).response_code)
      assert(flag(conn, "A", { uid_validity = 18 }))
    end)
    play([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      C: T3 SELECT A
      S: * OK [UIDVALIDITY 18] x
      S: T1 OK
      S: T2 OK
      S: * OK [UIDVALIDITY 18] x
      S: T3 OK
      C: T4 UID STORE 1 +FLAGS.SILENT (\Seen)
      C: T5 UID FETCH 1 (UID FLAGS)
      S: T4 OK
      S: * 1 FETCH (UID 1 FLAGS (\Seen))
      S: T5 OK
    ]], function(conn)
      local results = assert(conn:batch(function(b)
        flag(b, "A")
        flag(b, "A", { uid_validity = 18, silent = false })
      end))
      assert.is_nil(results[1].err)
      assert.is_nil(results[2].err)
    end, "IMAP4rev1")
  end)

  it("G2: does not need codes that a server leaves out", function()
    play("C: T1 SELECT A\nC: T2 UID STORE 1 +FLAGS.SILENT (\\Seen)\nS: T1 OK\nS: T2 OK\n",
      function(conn) assert(flag(conn, "A")) end)
  end)

  it("G2: takes a UIDVALIDITY that was not told for another", function()
    play("C: T1 SELECT A\nS: T1 OK\n", function(conn)
      assert.are.equal("UIDVALIDITY", select(3, flag(conn, "A", { uid_validity = 17 })).response_code)
    end)
  end)

  it("G4: whose answer is lost is unknown, and made once", function()
    for call, script in pairs {
      [function(conn) return conn:append_message { mailbox = "A", content = "hello" } end] =
        "C: T1 APPEND A {5+}\nC: hello\n! close\n",
      [function(conn) return flag(conn, "A") end] = "C: T1 SELECT A\nC: T2 UID STORE 1 +FLAGS.SILENT (\\Seen)\n"
        .. "S: T1 OK\n! close\n",
      [function(conn) return conn:rename_mailbox { path = "A", new_path = "B" } end] =
        "C: T1 RENAME A B\n! close\n",
    } do
      play(script, function(conn)
        local _, _, err = call(conn)
        assert.are.equal("closed", err.code)
        assert.are.equal("unknown", err.outcome)
        assert.are.equal("closed", select(3, call(conn)).code)
      end)
    end
  end)

  it("G5: on a connection that was lost is an error, not another connection", function()
    local connects = 0
    local server = transcript.play("S: * PREAUTH [CAPABILITY IMAP4rev1] hi\n! close\n")
    local connect = server.connect
    server.connect = function(options)
      connects = connects + 1
      return connect(options)
    end
    local conn = assert(imapconn.connect { host = "play", username = "ann", secure = false, transport = server })
    for _ = 1, 2 do assert.are.equal("closed", select(3, flag(conn, "A")).code) end
    assert.are.equal(1, connects)
  end)

  it("G9: meets the mailbox that it names, or none", function()
    for _, answer in ipairs { "NO", "BAD" } do
      play(OPEN_A .. "C: T3 SELECT B\nS: T3 " .. answer .. " x\n"
        .. (answer == "NO" and 'C: T4 LIST "" B\nS: * LIST () "/" B\nS: T4 OK\n' or ""), function(conn)
        assert(flag(conn, "A"))
        local _, _, err = flag(conn, "B")
        assert.are.equal(answer:lower(), err.code)
        assert.are.equal("SELECT", err.command)
        assert.are.equal("refused", err.outcome)
      end)
    end
  end)

  it("G12: is refused where the mailbox opens read-only", function()
    play("C: T1 SELECT A\nC: T2 UID STORE 1 +FLAGS.SILENT (\\Seen)\nS: * 1 EXISTS\nS: T1 OK [READ-ONLY] open\n"
      .. "S: T2 OK\n", function(conn)
      local _, _, err = flag(conn, "A")
      assert.are.equal("no", err.code)
      assert.are.equal("READ-ONLY", err.response_code)
      assert.are.equal("refused", err.outcome)
    end)
  end)

  it("G12: opens anew a mailbox that was opened to be read", function()
    local READ = "C: T1 EXAMINE A\nC: T2 UID SEARCH ALL\nS: * OK [UIDNEXT 9] x\nS: T1 OK\nS: T2 OK\n"
    local REFUSED = [[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: * OK [UIDNEXT 9] x
      S: T1 OK [READ-ONLY]
      S: T2 OK
    ]]
    for before, first in pairs {
      [READ] = function(conn) return conn:search_messages { mailbox = "A", fields = { "uid" } } end,
      [REFUSED] = function(conn) return not flag(conn, "A") end,
    } do
      play(before .. "C: T3 SELECT A\nC: T4 UID STORE 1 +FLAGS.SILENT (\\Seen)\nS: T3 OK [READ-ONLY]\nS: T4 OK\n",
        function(conn)
          assert(first(conn))
          assert.are.equal("READ-ONLY", select(3, flag(conn, "A")).response_code)
        end, "IMAP4rev1")
    end
  end)
end)

describe("messages", function()
  it("G3: that go meanwhile leave the numbers right, and never below none", function()
    play([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK
      S: * 5 EXPUNGE
      S: * 1 EXPUNGE
      S: * 1 FETCH (UID 2 FLAGS ())
      S: * 2 FETCH (UID 3 FLAGS ())
      S: T2 OK
    ]], function(conn)
      local rows, _, err = conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }
      assert(rows or err.code == "protocol")
      if rows then assert.are.same({ 2, 3 }, { rows[1].uid, rows[2].uid }) end
    end)
  end)

  it("G3: that vanish are no more than there were", function()
    play([[
      C: T1 SELECT A
      C: T2 STORE * +FLAGS.SILENT (\Seen)
      C: T3 FETCH * (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK
      S: T2 OK
      S: * VANISHED 1:4294967295
      S: T3 OK
    ]], function(conn)
      assert.are.same({}, assert(conn:add_flags { mailbox = "A", range = "*", flags = { "\\Seen" } }).messages)
    end, "IMAP4rev1")
  end)

  it("G3: that go though there are fewer have not gone", function()
    play([[
      C: T1 SELECT A
      C: T2 STORE * +FLAGS.SILENT (\Seen)
      C: T3 FETCH * (UID FLAGS)
      S: * 1 EXISTS
      S: T1 OK
      S: T2 OK
      S: * 2 EXPUNGE
      S: * 2 EXPUNGE
      S: T3 OK
    ]], function(conn)
      assert.are.same({}, assert(conn:add_flags { mailbox = "A", range = "*", flags = { "\\Seen" } }).messages)
    end, "IMAP4rev1")
  end)

  it("G10: of the mailbox before are not those of the one that opens", function()
    play(OPEN_A .. [[
      C: T3 EXAMINE B
      C: T4 UID FETCH 1:* (UID FLAGS)
      S: * 1 EXPUNGE
      S: * OK [CLOSED] x
      S: * 1 EXISTS
      S: T3 OK
      S: * 1 FETCH (UID 9 FLAGS ())
      S: T4 OK
    ]], function(conn)
      assert(flag(conn, "A"))
      local rows = assert(conn:search_messages { mailbox = "B", fields = { "uid", "flags" } })
      assert.are.equal(1, #rows)
      assert.are.equal(9, rows[1].uid)
    end)
  end)

  it("G11: that an answer leaves out are absent, and no more", function()
    play([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 3 EXISTS
      S: T1 OK
      S: * 1 FETCH (UID 1 FLAGS ())
      S: * 3 FETCH (UID 3 FLAGS ())
      S: T2 OK
    ]], function(conn)
      local rows = assert(conn:search_messages { mailbox = "A", fields = { "uid", "flags" } })
      assert.are.same({ 1, 3 }, { rows[1].uid, rows[2].uid })
    end, "IMAP4rev1")
  end)
end)

describe("what is deleted", function()
  it("G6: is never more than was named: no UIDPLUS is unsupported", function()
    play("# nothing\n", function(conn, server)
      local _, _, err = conn:delete_message { mailbox = "A", uid = 1 }
      assert.are.equal("unsupported", err.code)
      assert.are.equal("", server.sent)
    end, "IMAP4rev1")
  end)

  it("G6: is looked for in a mailbox that was opened for it", function()
    play([[
      C: T1 SELECT A
      C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: * OK [UIDNEXT 9] x
      S: T1 OK
      S: T2 OK
      C: T3 SELECT A
      S: T3 NO it is gone
      C: T4 LIST "" A
      S: T4 OK
    ]], function(conn)
      assert(flag(conn, "A"))
      local _, _, err = conn:delete_message { mailbox = "A", uid = 1, allow_expunge = true }
      assert.are.equal("not_found", err.code)
    end, "IMAP4rev1")
  end)

  it("G7: is nothing when a connection closes, or leaves a mailbox", function()
    local conn, server = transcript.open(OPEN_A .. "C~ T3 %u+\n", { capabilities = "IMAP4rev1 LITERAL+" })
    assert(flag(conn, "A"))
    conn:close()
    assert.is_nil(server.sent:find(" CLOSE", 1, true))
    assert.is_nil(server.sent:find(" EXPUNGE", 1, true))
  end)
end)
