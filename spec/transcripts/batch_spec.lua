-- batch: what is recorded goes together, and each call has its own answer.
local converse = require "spec.support.converse"

local multi = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS MULTIAPPEND" }
local single = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS" }
local STATUS = "(MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)"

-- Appends "one", "two", … to INBOX in a batch.
local function append(conn, contents, more)
  return conn:batch(function(b)
    for _, content in ipairs(contents) do b:append_message { mailbox = "INBOX", content = content } end
    if more then more(b) end
  end)
end

describe("appends in a batch", function()
  it("to one mailbox go as one command under MULTIAPPEND", function()
    converse([[
      C: T1 APPEND INBOX {3+}
      C: one {3+}
      C: two (\Seen) "01-Jan-1970 00:00:00 +0000" {5+}
      C: three
      S: T1 OK [APPENDUID 9 11:13] stored
    ]], 1, function(conn)
      local results = assert(append(conn, { "one", "two" }, function(b)
        b:append_message { mailbox = "INBOX", content = "three", flags = { "\\Seen" }, internal_date = 0 }
      end))
      assert.are.same({ path = "INBOX", uid = 11, uid_validity = 9 }, results[1].value)
      assert.are.equal(12, results[2].value.uid)
      assert.are.equal(13, results[3].value.uid)
    end, multi)
  end)

  it("to several go in their order, the neighbours together", function()
    converse([[
      C: T1 APPEND INBOX {3+}
      C: one {3+}
      C: two
      C: T2 APPEND Sent {1+}
      C: x
      C: T3 APPEND INBOX {5+}
      C: three
      S: T1 OK [APPENDUID 9 11:12] stored
      S: T2 OK [APPENDUID 7 1] stored
      S: T3 OK [APPENDUID 9 13] stored
    ]], 1, function(conn)
      local results = assert(append(conn, { "one", "two" }, function(b)
        b:append_message { mailbox = "Sent", content = "x" }
        b:append_message { mailbox = "INBOX", content = "three" }
      end))
      assert.are.equal("Sent", results[3].value.path)
      assert.are.equal(13, results[4].value.uid)
    end, multi)
  end)

  it("are sent one by one without MULTIAPPEND, in one turn", function()
    converse([[
      C: T1 APPEND INBOX {3+}
      C: one
      C: T2 APPEND INBOX {3+}
      C: two
      S: T1 OK [APPENDUID 9 11] stored
      S: T2 NO [OVERQUOTA] full
    ]], 1, function(conn)
      local results = assert(append(conn, { "one", "two" }))
      assert.are.equal(11, results[1].value.uid)
      assert.are.equal("OVERQUOTA", results[2].err.response_code)
      assert.are.equal("refused", results[2].err.outcome)
    end, single)
  end)

  it("are 64 at most in a command", function()
    local script, contents = "C: T1 APPEND INBOX {1+}\n", {}
    for _ = 1, 63 do script = script .. "C: x {1+}\n" end
    script = script .. "C: x\nC: T2 APPEND INBOX {1+}\nC: x\nS: T1 OK stored\nS: T2 OK stored\n"
    for i = 1, 65 do contents[i] = "x" end
    converse(script, 1, function(conn)
      local results = assert(append(conn, contents))
      assert.are.equal(65, #results)
      assert.is_table(results[65].value)
    end, multi)
  end)

  for _, answer in ipairs { "NO [TRYCREATE] no such mailbox", "NO [NONEXISTENT] none", "BAD what?" } do
    it("all have the answer " .. answer, function()
      converse([[
        C: T1 APPEND INBOX {3+}
        C: one {3+}
        C: two
        S: T1 ]] .. answer .. "\n", 1, function(conn)
        local results = assert(append(conn, { "one", "two" }))
        for i = 1, 2 do
          assert.are.equal(answer:find("NO") and "not_found" or "bad", results[i].err.code)
          assert.are.equal("refused", results[i].err.outcome)
        end
      end, multi)
    end)
  end

  it("are sent by themselves after another NO, each with its own answer", function()
    converse([[
      C: T1 APPEND INBOX {3+}
      C: one {3+}
      C: two
      S: T1 NO [TOOBIG] one of them is too big
      C: T2 APPEND INBOX {3+}
      C: one
      C: T3 APPEND INBOX {3+}
      C: two
      S: T2 OK [APPENDUID 9 11] stored
      S: T3 NO [TOOBIG] this one
    ]], 2, function(conn)
      local results = assert(append(conn, { "one", "two" }))
      assert.are.equal(11, results[1].value.uid)
      assert.are.equal("no", results[2].err.code)
      assert.are.equal("TOOBIG", results[2].err.response_code)
    end, multi)
  end)

  it("are unknown, all of them, where the answer is lost", function()
    converse([[
      C: T1 APPEND INBOX {3+}
      C: one {3+}
      C: two
      ! close
    ]], 1, function(conn)
      local results = assert(append(conn, { "one", "two" }))
      for i = 1, 2 do
        assert.are.equal("closed", results[i].err.code)
        assert.are.equal("unknown", results[i].err.outcome)
        assert.is_false(results[i].err.retryable)
      end
    end, multi)
  end)

  it("with a synchronising literal wait for each +", function()
    converse([[
      C: T1 APPEND INBOX {3}
      S: + go
      C: one {3}
      S: + go
      C: two
      S: T1 OK stored
    ]], 3, function(conn)
      local results = assert(append(conn, { "one", "two" }))
      assert.is_table(results[2].value)
    end, { capabilities = "IMAP4rev1 MULTIAPPEND" })
  end)
end)

local function flag(b, uid)
  b:add_flags { mailbox = "INBOX", uids = uid, flags = { "\\Seen" }, silent = true }
end

describe("a batch", function()
  it("that records nothing sends nothing", function()
    converse("", 0, function(conn) assert.are.same({}, conn:batch(function() end)) end)
  end)

  it("has a place for what was wrong when it was recorded", function()
    converse([[
      C: T1 RENAME A B
      S: T1 OK renamed
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        assert.are.equal(1, b:add_flags { mailbox = "INBOX", uids = 0, flags = { "x" } })
        assert.are.equal(2, b:rename_mailbox { path = "A", new_path = "B" })
        assert.are.equal(3, b:add_flags { mailbox = "INBOX", uids = {}, flags = { "x" } })
      end))
      assert.are.equal("invalid_argument", results[1].err.code)
      assert.are.equal(results[1].message, results[1].err.message)
      assert.are.equal("B", results[2].value.new_path)
      assert.are.same({}, results[3].value.messages)
    end)
  end)

  it("goes on after a refusal", function()
    converse([[
      C: T1 RENAME A B
      C: T2 RENAME C D
      C: T3 STATUS E ]] .. STATUS .. [[

      S: T1 NO [ALREADYEXISTS] there is one
      S: T2 OK renamed
      S: * STATUS E (MESSAGES 1)
      S: T3 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:rename_mailbox { path = "A", new_path = "B" }
        b:rename_mailbox { path = "C", new_path = "D" }
        b:get_mailbox_status { mailbox = "E" }
      end))
      assert.are.equal("no", results[1].err.code)
      assert.is_nil(results[1].value)
      assert.are.equal("D", results[2].value.new_path)
      assert.are.equal(1, results[3].value.messages)
    end, single)
  end)

  it("after a lost connection says unknown of what was sent, and not_sent of what was not", function()
    converse([[
      C: T1 RENAME A B
      C: T2 CREATE C
      S: T1 OK renamed
      ! close
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:rename_mailbox { path = "A", new_path = "B" }
        b:create_mailbox { path = "C" }
        b:rename_mailbox { path = "D", new_path = "E" }
      end))
      assert.are.equal("B", results[1].value.new_path)
      assert.are.equal("unknown", results[2].err.outcome)
      assert.are.equal("not_sent", results[3].err.outcome)
      assert.are.equal("closed", results[3].err.code)
    end, single)
  end)

  it("opens a mailbox once for all changes by UID that follow one another", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      C: T4 UID STORE 9 -FLAGS.SILENT (\Seen)
      C: T5 UID FETCH 9 (UID FLAGS)
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
      S: T4 OK stored
      S: * 2 FETCH (UID 9 FLAGS ())
      S: T5 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } }
        b:remove_flags { mailbox = "INBOX", uids = 9, flags = { "\\Seen" } }
      end))
      assert.are.same({ ["\\Seen"] = true }, results[1].value.messages[1].flags)
      assert.are.same({}, results[2].value.messages[1].flags)
    end, single)
  end)

  it("does not take the row of one message twice, where two calls ask for it", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS)
      C: T4 UID STORE 7 -FLAGS.SILENT (\Seen)
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T3 OK done
      C: T5 UID FETCH 7 (UID FLAGS)
      S: T4 OK stored
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T5 OK done
    ]], 2, function(conn)
      local results = assert(conn:batch(function(b)
        b:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } }
        b:remove_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } }
      end))
      assert.are.same({ ["\\Seen"] = true }, results[1].value.messages[1].flags)
      assert.are.same({}, results[2].value.messages[1].flags)
    end, single)
  end)

  it("never expunges for two deletions more than each named", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      C: T5 UID FETCH 9 (UID FLAGS)
      C: T6 UID STORE 9 +FLAGS.SILENT (\Deleted)
      C: T7 UID EXPUNGE 9
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK stored
      S: * 1 EXPUNGE
      S: T4 OK gone
      S: * 1 FETCH (UID 9 FLAGS ())
      S: T5 OK done
      S: T6 OK stored
      S: * 1 EXPUNGE
      S: T7 OK gone
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:delete_message { mailbox = "INBOX", uid = 7 }
        b:delete_message { mailbox = "INBOX", uid = 9 }
      end))
      assert.are.same({ 7 }, results[1].value.uids)
      assert.are.same({ 9 }, results[2].value.uids)
    end, single)
  end)

  it("opens the mailbox once for silent changes", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID STORE 8 +FLAGS.SILENT (\Seen)
      S: * 2 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: T3 OK stored
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        for uid = 7, 8 do flag(b, uid) end
      end))
      assert.are.same({ {}, {} }, { results[1].value.messages, results[2].value.messages })
    end, single)
  end)

  it("opens it again for silent changes behind what may have added the message", function()
    local adding = {
      ["APPEND INBOX {1+}\nC: x"] = function(b) b:append_message { mailbox = "INBOX", content = "x" } end,
      ["UID FETCH 7 (UID)\nC: T4 UID COPY 7 INBOX"] = function(b)
        b:copy_message { mailbox = "INBOX", uids = 7, new_path = "INBOX" }
      end,
    }
    for command, add in pairs(adding) do
      local last = command:find "COPY" and 4 or 3
      converse(([[
        C: T1 SELECT INBOX
        C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
        C: T3 %s
        C: T%d SELECT INBOX
        C: T%d UID STORE 9 +FLAGS.SILENT (\Seen)
        S: * 2 EXISTS
        S: T1 OK [READ-WRITE] open
        S: T2 OK stored
        S: * 1 FETCH (UID 7)
        S: T3 OK done
        %sS: * 3 EXISTS
        S: T%d OK [READ-WRITE] open
        S: T%d OK stored
      ]]):format(command, last + 1, last + 2, last == 4 and "S: T4 OK copied\n" or "", last + 1, last + 2), 1,
        function(conn)
          local results = assert(conn:batch(function(b)
            flag(b, 7)
            add(b)
            flag(b, 9)
          end))
          for _, result in ipairs(results) do assert(result.value, result.message) end
        end, single)
    end
  end)

  it("answers a download between changes", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 EXISTS
      S: * OK [UIDNEXT 10] next
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      S: * 1 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
      S: T3 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" }, silent = true }
        b:download_message { mailbox = "INBOX", uid = 7 }
      end))
      assert.are.same({}, results[1].value.messages)
      assert.are.equal("hi", results[2].value.content)
    end, single)
  end)
end)

describe("calls of a batch that have to go back to a mailbox another one left", function()
  local unselect = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS UNSELECT" }

  it("select it anew, and only then change what they changed for nothing", function()
    converse([[
      C: T1 SELECT Work
      C: T2 UID FETCH 7 (UID FLAGS)
      C: T3 UID STORE 7 +FLAGS.SILENT (\Deleted)
      C: T4 UID EXPUNGE 7
      C: T5 EXAMINE Home
      C: T6 UID SEARCH ALL
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 1 FETCH (UID 7 FLAGS ())
      S: T2 OK done
      S: T3 OK done
      S: T4 NO not now
      C: T7 SELECT Work
      S: * 1 EXISTS
      S: T5 OK [READ-ONLY] open
      S: * SEARCH 9
      S: T6 OK done
      S: * 3 EXISTS
      S: T7 OK [READ-WRITE] open
      C: T8 UID STORE 7 -FLAGS.SILENT (\Deleted)
      S: T8 OK lifted
    ]], 3, function(conn)
      local results = assert(conn:batch(function(b)
        b:delete_message { mailbox = "Work", uids = { 7 } }
        b:search_messages { mailbox = "Home", fields = { "uid" } }
      end))
      assert.are.equal("no", results[1].err.code)
    end, unselect)
  end)

  it("wait for one that must see an answer before its next command", function()
    converse([[
      C: T1 SELECT Work
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK done
      C: T3 UID STORE 7:8 +FLAGS.SILENT (\Seen)
      C: T4 UID FETCH 7:8 (UID FLAGS)
      C: T5 EXAMINE Home
      C: T6 UID SEARCH UNSEEN
      S: T3 OK done
      S: * 1 FETCH (UID 7 FLAGS (\Seen))
      S: T4 OK done
      S: * 1 EXISTS
      S: T5 OK [READ-ONLY] open
      S: * SEARCH 9
      S: T6 OK done
      C: T7 UID FETCH 9 (UID FLAGS)
      C: T8 SELECT Work
      S: * 1 FETCH (UID 9 FLAGS ())
      S: T7 OK done
      S: * 3 EXISTS
      S: T8 OK [READ-WRITE] open
      C: T9 UID STORE 8 +FLAGS.SILENT (\Seen)
      C: T10 UID FETCH 8 (UID FLAGS)
      S: T9 OK done
      S: T10 OK done
    ]], nil, function(conn)
      assert(conn:add_flags { mailbox = "Work", uids = { 7 }, flags = { "\\Seen" }, silent = true })
      local results = assert(conn:batch(function(b)
        b:add_flags { mailbox = "Work", uids = { 7, 8 }, flags = { "\\Seen" } }
        b:search_messages { mailbox = "Home", read_filter = "unread", fields = { "uid", "flags" } }
      end))
      assert.are.equal(9, results[2].value[1].uid)
    end, unselect)
  end)

  it("fail where message numbers would mean other messages there", function()
    converse([[
      C: T1 EXAMINE Work
      C: T2 FETCH * (UID RFC822.SIZE BODY.PEEK[])
      C: T3 EXAMINE Home
      C: T4 UID SEARCH UNSEEN
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 4 EXISTS
      S: * 4 FETCH (UID 9 RFC822.SIZE 2 BODY[] "hi")
      S: T2 OK done
      S: * 1 EXISTS
      S: T3 OK [READ-ONLY] open
      S: * SEARCH 9
      S: T4 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:download_message { mailbox = "Work", index = "*" }
        b:search_messages { mailbox = "Home", read_filter = "unread", fields = { "uid" } }
      end))
      assert.are.same({ "no", "EXPUNGEISSUED" }, { results[1].err.code, results[1].err.response_code })
      assert.matches("by UID", results[1].message, 1, true)
      assert.are.equal(9, results[2].value[1].uid)
    end, unselect)
  end)

  -- T4 is answered ahead of T3, which may still renumber what T4 opened; T5 had
  -- to wait for T2, whose row could have been its own.
  local function overtaken(rest, check)
    converse([[
      C: T1 EXAMINE Work
      C: T2 FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
      C: T3 STATUS Home (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      C: T4 EXAMINE Work
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
      S: * STATUS Home (MESSAGES 1 RECENT 0 UNSEEN 0 UIDNEXT 2 UIDVALIDITY 1)
      S: * 3 EXISTS
      S: T4 OK [READ-ONLY] open
      S: T2 OK done
]] .. rest, nil, function(conn)
      check(assert(conn:batch(function(b)
        b:download_message { mailbox = "Work", index = 1, sink = function() return true end }
        b:get_mailbox_status { mailbox = "Home" }
        b:download_message { mailbox = "Work", index = 2, sink = function() return true end }
      end)))
    end, unselect)
  end

  it("hold message numbers back while a command sent earlier may renumber", function()
    overtaken([[
      S: T3 OK done
      C: T5 FETCH 2 (UID RFC822.SIZE BODY.PEEK[])
      S: * 2 FETCH (UID 8 RFC822.SIZE 2 BODY[] "ho")
      S: T5 OK done
    ]], function(results) assert.are.equal(8, results[3].value.uid) end)
  end)

  for _, gone in ipairs { "2 EXPUNGE", "VANISHED 8" } do
    it("send no message number behind " .. gone, function()
      overtaken("      S: * " .. gone .. "\n      S: T3 OK done\n", function(results)
        assert.are.same({ "no", "EXPUNGEISSUED" }, { results[3].err.code, results[3].err.response_code })
        assert.matches("messages were removed", results[3].message, 1, true)
        assert.matches("by UID", results[3].message, 1, true)
        assert.are.equal("not_sent", results[3].err.outcome)
      end)
    end)
  end
end)
