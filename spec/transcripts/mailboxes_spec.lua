-- get_mailbox_status, list_mailboxes, create_mailbox, rename_mailbox.
local converse = require "spec.support.converse"

local rev2 = { capabilities = "IMAP4rev2" }
local bare = { capabilities = "IMAP4rev1" }

describe("get_mailbox_status", function()
  it("asks for all that the server has, in one turn", function()
    converse([[
      C: T1 STATUS INBOX (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE MAILBOXID)
      S- * STATUS inbox (MESSAGES 3 RECENT 1 UNSEEN 2 UIDNEXT 9
      S:  UIDVALIDITY 17 HIGHESTMODSEQ 99 SIZE 12345 MAILBOXID (F1))
      S: T1 OK done
    ]], 1, function(conn)
      assert.are.same({
        path = "INBOX", messages = 3, recent = 1, unseen = 2, uid_next = 9, uid_validity = 17,
        highest_modseq = 99, size = 12345, mailbox_id = "F1",
      }, conn:get_mailbox_status { mailbox = "INBOX" })
    end, { capabilities = "IMAP4rev1 CONDSTORE STATUS=SIZE OBJECTID" })
  end)

  it("takes no row of another mailbox for its own", function()
    converse([[
      C: T1 STATUS A (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS B (MESSAGES 9)
      S: * STATUS A (MESSAGES 1)
      S: T1 OK done
    ]], 1, function(conn)
      assert.are.same({ path = "A", messages = 1 }, conn:get_mailbox_status { mailbox = "A" })
    end, bare)
  end)

  it("does not ask for RECENT where only IMAP4rev2 is spoken, and names are UTF-8 there", function()
    converse([[
      C: T1 STATUS "Entwürfe" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY SIZE)
      S: * STATUS "Entwürfe" (MESSAGES 1)
      S: T1 OK done
    ]], 1, function(conn)
      assert.are.same({ path = "Entwürfe", messages = 1 }, conn:get_mailbox_status { mailbox = "Entwürfe" })
    end, rev2)
  end)

  it("speaks IMAP4rev1 where both are offered: modified UTF-7", function()
    converse([[
      C: T1 STATUS Entw&APw-rfe (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS Entw&APw-rfe (MESSAGES 1)
      S: T1 OK done
    ]], 1, function(conn)
      assert.are.same({ path = "Entwürfe", messages = 1 }, conn:get_mailbox_status { mailbox = "Entwürfe" })
    end, { capabilities = "IMAP4rev1 IMAP4rev2" })
  end)

  it("is not_found on NONEXISTENT, and without a code where LIST shows nothing", function()
    converse([[
      C: T1 STATUS A (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: T1 NO [NONEXISTENT] none
      C: T2 STATUS "A*" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: T2 NO cannot
      C: T3 LIST "" "A*"
      S: * LIST () "/" Abc
      S: T3 OK listed
      C: T4 STATUS "A*" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: T4 NO cannot
      C: T5 LIST "" "A*"
      S: * LIST () "/" "A*"
      S: T5 OK listed
      C: T6 STATUS "A*" (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: T6 NO cannot
      C: T7 LIST "" "A*"
      S: * LIST (\NonExistent) "/" "A*"
      S: T7 OK listed
    ]], 7, function(conn)
      local codes = { "not_found", "not_found", "no", "not_found" }
      for i, code in ipairs(codes) do
        local _, _, err = conn:get_mailbox_status { mailbox = i == 1 and "A" or "A*" }
        assert.are.equal(code, err.code)
        assert.are.equal("STATUS", err.command)
      end
    end, bare)
  end)
end)

describe("list_mailboxes", function()
  it("lists all in one turn", function()
    converse([[
      C: T1 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
      S: * LIST (\HasChildren \Noselect) "/" Work
      S: * LIST (\HasNoChildren \Sent) "/" "Work/Gel&APY-scht"
      S: * LIST (\NonExistent \Subscribed) NIL gone
      S: T1 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes())
      assert.are.equal(4, #rows)
      assert.are.same({ path = "INBOX", raw_path = "INBOX", name = "INBOX", delimiter = "/",
        flags = { ["\\HasNoChildren"] = true, ["\\Subscribed"] = true }, subscribed = true, selectable = true },
        rows[1])
      assert.is_false(rows[2].selectable)
      assert.is_false(rows[2].subscribed)
      assert.are.equal("Work/Gelöscht", rows[3].path)
      assert.are.equal("Work/Gel&APY-scht", rows[3].raw_path)
      assert.are.equal("Gelöscht", rows[3].name)
      assert.are.equal("Work", rows[3].parent)
      assert.are.equal("\\Sent", rows[3].special_use)
      assert.is_false(rows[4].selectable)
      assert.is_nil(rows[4].delimiter)
    end)
  end)

  it("asks for status in the same turn", function()
    converse([[
      C: T1 LIST "" "%" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UNSEEN))
      S: * LIST (\HasNoChildren) "/" INBOX
      S: * STATUS INBOX (MESSAGES 3 UNSEEN 1)
      S: * LIST (\NoSelect) "/" Work
      S: T1 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes { pattern = "%", status = { "unseen", "messages" } })
      assert.are.same({ messages = 3, unseen = 1 }, rows[1].status)
      assert.are.same({}, rows[2].status or {})
    end)
  end)

  it("without LIST-EXTENDED asks LSUB in the same flight", function()
    converse([[
      C: T1 LIST "" "*"
      C: T2 LSUB "" "*"
      S: * LIST () "." INBOX
      S: * LIST () "." A
      S: T1 OK done
      S: * LSUB () "." inbox
      S: * LSUB () "." Gone
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes())
      local subscribed = {}
      for _, row in ipairs(rows) do subscribed[row.path] = row.subscribed end
      assert.is_true(subscribed.INBOX)
      assert.is_false(subscribed.A)
    end, bare)
  end)

  it("without LIST-STATUS asks STATUS of each that can be selected, in flight: a turn more", function()
    converse([[
      C: T1 LIST "" "*"
      C: T2 LSUB "" "*"
      S: * LIST () "." INBOX
      S: * LIST (\Noselect) "." Work
      S: * LIST () "." "Work.x y"
      S: T1 OK done
      S: T2 OK done
      C: T3 STATUS INBOX (MESSAGES)
      C: T4 STATUS "Work.x y" (MESSAGES)
      S: * STATUS "Work.x y" (MESSAGES 2)
      S: T4 OK done
      S: * STATUS INBOX (MESSAGES 1)
      S: T3 OK done
    ]], 2, function(conn)
      local rows = assert(conn:list_mailboxes { status = { "messages" } })
      assert.are.equal(1, rows[1].status.messages)
      assert.are.equal(2, rows[3].status.messages)
    end, bare)
  end)

  it("leaves a row without status, where its STATUS is refused", function()
    converse([[
      C: T1 LIST "" "*" RETURN (SUBSCRIBED CHILDREN)
      S: * LIST () "." A
      S: * LIST () "." B
      S: T1 OK done
      C: T2 STATUS A (MESSAGES)
      C: T3 STATUS B (MESSAGES)
      S: T2 NO not yours
      S: * STATUS B (MESSAGES 1)
      S: T3 OK done
    ]], 2, function(conn)
      local rows = assert(conn:list_mailboxes { status = { "messages" } })
      assert.are.same({}, rows[1].status or {})
      assert.are.equal(1, rows[2].status.messages)
    end, { capabilities = "IMAP4rev1 LIST-EXTENDED" })
  end)

  it("lists what is subscribed", function()
    converse([[
      C: T1 LIST (SUBSCRIBED) "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: * LIST (\Subscribed) "/" A
      S: T1 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes { subscribed_only = true })
      assert.are.equal("A", rows[1].path)
      assert.is_true(rows[1].subscribed)
    end)
    converse([[
      C: T1 LIST "" "*"
      C: T2 LSUB "" "*"
      S: * LIST () "." A
      S: * LIST () "." B
      S: T1 OK done
      S: * LSUB () "." B
      S: T2 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes { subscribed_only = true })
      assert.are.equal(1, #rows)
      assert.are.equal("B", rows[1].path)
    end, bare)
  end)

  it("takes a reference and a pattern in UTF-8", function()
    converse([[
      C: T1 LIST "My mail/" "Entw&APw-rfe/%" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: T1 OK done
    ]], 1, function(conn)
      assert.are.same({}, conn:list_mailboxes { reference = "My mail/", pattern = "Entwürfe/%" })
    end)
  end)

  it("gives a name in broken encoding as it is, and takes its row as a mailbox", function()
    converse([[
      C: T1 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: * LIST () "/" "Broken&AAA"
      S: T1 OK done
      C: T2 STATUS Broken&AAA (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
      S: * STATUS Broken&AAA (MESSAGES 1)
      S: T2 OK done
    ]], 2, function(conn)
      local rows = assert(conn:list_mailboxes())
      assert.are.equal("Broken&AAA", rows[1].raw_path)
      assert.are.equal(1, conn:get_mailbox_status { mailbox = rows[1] }.messages)
    end)
  end)

  it("leaves the open mailbox before it asks for status", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID STORE 7 +FLAGS.SILENT (\Seen)
      S: * 1 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK stored
      C: T3 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: T3 OK done
      C: T4 UNSELECT
      C: T5 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES))
      S: T4 OK left
      S: T5 OK done
    ]], 3, function(conn)
      assert(conn:add_flags { mailbox = "INBOX", uids = 7, flags = { "\\Seen" }, silent = true })
      assert(conn:list_mailboxes())
      assert(conn:list_mailboxes { status = { "messages" } })
    end)
  end)

  it("refuses a field of status that there is not", function()
    converse("", 0, function(conn)
      for _, status in ipairs { { "nonsense" }, {}, "messages", { 1 } } do
        local _, _, err = conn:list_mailboxes { status = status }
        assert.are.equal("invalid_argument", err.code)
        assert.are.equal("status", err.field)
      end
    end)
  end)

  it("lists what is there, where the server refuses", function()
    converse([[
      C: T1 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: T1 NO [NOPERM] no
    ]], 1, function(conn)
      local _, message, err = conn:list_mailboxes()
      assert.are.equal("no", err.code)
      assert.matches("^list_mailboxes: ", message)
    end)
  end)
end)

describe("create_mailbox", function()
  it("creates, and then subscribes: two turns", function()
    converse([[
      C: T1 CREATE Work/2024
      S: T1 OK [MAILBOXID (F9)] created
      C: T2 SUBSCRIBE Work/2024
      S: T2 OK subscribed
    ]], 2, function(conn)
      assert.are.same({ path = "Work/2024", created = true, subscribed = true, mailbox_id = "F9" },
        conn:create_mailbox { path = "Work/2024" })
    end)
  end)

  it("subscribes to what exists already, by ALREADYEXISTS or by LIST", function()
    converse([[
      C: T1 CREATE A
      S: T1 NO [ALREADYEXISTS] it is there
      C: T2 SUBSCRIBE A
      S: T2 OK subscribed
      C: T3 CREATE A
      S: T3 NO Mailbox exists
      C: T4 LIST "" A
      S: * LIST () "/" A
      S: T4 OK listed
      C: T5 SUBSCRIBE A
      S: T5 OK subscribed
    ]], 5, function(conn)
      for _ = 1, 2 do
        assert.are.same({ path = "A", created = false, subscribed = true }, conn:create_mailbox { path = "A" })
      end
    end)
  end)

  it("is not subscribed where it could not be created", function()
    converse([[
      C: T1 CREATE "A%"
      S: T1 NO [CANNOT] no
      C: T2 LIST "" "A%"
      S: * LIST () "/" Ab
      S: T2 OK listed
    ]], 2, function(conn)
      local _, _, err = conn:create_mailbox { path = "A%" }
      assert.are.equal("no", err.code)
      assert.are.equal("CANNOT", err.response_code)
      assert.are.equal("CREATE", err.command)
      assert.are.equal("refused", err.outcome)
    end)
  end)

  it("says so where it was created, and not subscribed", function()
    converse([[
      C: T1 CREATE A
      S: T1 OK created
      C: T2 SUBSCRIBE A
      S: T2 NO no
    ]], 2, function(conn)
      assert.are.same({ path = "A", created = true, subscribed = false }, conn:create_mailbox { path = "A" })
    end)
  end)

  it("is unknown where the answer is lost, and partial where SUBSCRIBE was not sent", function()
    converse([[
      C: T1 CREATE A
      ! close
    ]], 1, function(conn)
      local _, _, err = conn:create_mailbox { path = "A" }
      assert.are.equal("closed", err.code)
      assert.are.equal("unknown", err.outcome)
      assert.is_true(err.retryable)
    end)
  end)

  it("does not take a name for a mailbox that LIST calls \\NonExistent", function()
    converse([[
      C: T1 CREATE A
      S: T1 BAD throttled
      C: T2 LIST "" A
      S: * LIST (\NonExistent \HasChildren) "/" A
      S: T2 OK listed
    ]], 2, function(conn)
      local _, _, err = conn:create_mailbox { path = "A" }
      assert.are.equal("bad", err.code)
    end)
  end)
end)

describe("rename_mailbox", function()
  it("renames in one turn", function()
    converse([[
      C: T1 RENAME "a b" Entw&APw-rfe
      S: T1 OK renamed
    ]], 1, function(conn)
      assert.are.same({ path = "a b", new_path = "Entwürfe" },
        conn:rename_mailbox { path = "a b", new_path = "Entwürfe" })
    end)
  end)

  it("is not_found, or no, as LIST says", function()
    converse([[
      C: T1 RENAME A B
      S: T1 NO cannot
      C: T2 LIST "" A
      S: T2 OK listed
      C: T3 RENAME A B
      S: T3 NO [ALREADYEXISTS] B is there
    ]], 3, function(conn)
      local _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("not_found", err.code)
      _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("no", err.code)
      assert.are.equal("refused", err.outcome)
      assert.is_false(err.retryable)
    end)
  end)

  it("is unknown where the answer is lost, and not to be repeated", function()
    converse([[
      C: T1 RENAME A B
      ! reset
    ]], 1, function(conn)
      local _, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.are.equal("closed", err.code)
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
    end)
  end)
end)
