-- copy_message: EXAMINE ⇉ [UID] FETCH set (UID) ⇉ [UID] COPY.
local converse = require "spec.support.converse"

describe("copy_message", function()
  it("copies in one turn, and pairs the UIDs", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7,9 (UID)
      C: T3 UID COPY 7,9 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7)
      S: * 3 FETCH (UID 9)
      S: T2 OK done
      S: T3 OK [COPYUID 38505 7,9 101:102] copied
    ]], 1, function(conn)
      assert.are.same({
        path = "INBOX", new_path = "Archive", uid_validity = 38505, missing = {},
        messages = { { uid = 7, new_uid = 101 }, { uid = 9, new_uid = 102 } },
      }, conn:copy_message { mailbox = "INBOX", uids = { 7, 9 }, new_path = "Archive" })
    end)
  end)

  it("takes message numbers", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 1:2 (UID)
      C: T3 COPY 1:2 "My archive"
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7)
      S: * 2 FETCH (UID 8)
      S: T2 OK done
      S: T3 OK [COPYUID 5 7:8 1:2] copied
    ]], 1, function(conn)
      local result = assert(conn:copy_message { mailbox = "INBOX", range = "1:2", new_path = "My archive" })
      assert.are.same({ { uid = 7, new_uid = 1 }, { uid = 8, new_uid = 2 } }, result.messages)
    end)
  end)

  it("says which were not there", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7,9 (UID)
      C: T3 UID COPY 7,9 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 3 FETCH (UID 9)
      S: T2 OK done
      S: T3 OK [COPYUID 38505 9 101] copied
    ]], 1, function(conn)
      local result = assert(conn:copy_message { mailbox = "INBOX", uids = { 7, 9 }, new_path = "Archive" })
      assert.are.same({ 7 }, result.missing)
      assert.are.same({ { uid = 9, new_uid = 101 } }, result.messages)
    end)
  end)

  it("without UIDPLUS knows no new UIDs", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID)
      C: T3 UID COPY 7 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 3 FETCH (UID 7)
      S: T2 OK done
      S: T3 OK copied
    ]], 1, function(conn)
      assert.are.same({ path = "INBOX", new_path = "Archive", missing = {} },
        conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "Archive" })
    end, { capabilities = "IMAP4rev1" })
  end)

  it("pairs backward ranges in order of their numbers", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 2:4 (UID)
      C: T3 UID COPY 2:4 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 2)
      S: * 2 FETCH (UID 3)
      S: * 3 FETCH (UID 4)
      S: T2 OK done
      S: T3 OK [COPYUID 1 4:2 12:10] copied
    ]], 1, function(conn)
      local result = assert(conn:copy_message { mailbox = "INBOX", uids = "2:4", new_path = "Archive" })
      assert.are.same({ { uid = 2, new_uid = 10 }, { uid = 3, new_uid = 11 }, { uid = 4, new_uid = 12 } },
        result.messages)
    end)
  end)

  for name, code in pairs {
    malformed = "[COPYUID 1 x y]", unequal = "[COPYUID 1 7:8 10:12]", empty = "[COPYUID]",
    ["too large"] = "[COPYUID 1 1:4294967295 1:4294967295]", ["with a star"] = "[COPYUID 1 1:* 1:*]",
    ["without a validity"] = "[COPYUID (1) 7 9]",
  } do
    it("stands where COPYUID is " .. name, function()
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 7 (UID)
        C: T3 UID COPY 7 Archive
        S: * 3 EXISTS
        S: T1 OK [READ-ONLY] open
        S: * 1 FETCH (UID 7)
        S: T2 OK done
        S: T3 OK ]] .. code .. [[ copied
      ]], 1, function(conn)
        local result = assert(conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "Archive" })
        assert.is_nil(result.messages)
        assert.are.same({}, result.missing)
      end)
    end)
  end

  it("copied nothing, where the server says EXPUNGEISSUED", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 1:2 (UID)
      C: T3 COPY 1:2 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7)
      S: T2 OK done
      S: T3 NO [EXPUNGEISSUED] some are gone
    ]], 1, function(conn)
      local _, _, err = conn:copy_message { mailbox = "INBOX", range = "1:2", new_path = "Archive" }
      assert.are.equal("no", err.code)
      assert.are.equal("EXPUNGEISSUED", err.response_code)
      assert.are.equal("refused", err.outcome)
      assert.is_true(err.retryable)
    end)
  end)

  it("is not_found where the target does not exist", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID)
      C: T3 UID COPY 7 Nowhere
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7)
      S: T2 OK done
      S: T3 NO [TRYCREATE] no such mailbox
    ]], 1, function(conn)
      local _, message, err = conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "Nowhere" }
      assert.are.equal("not_found", err.code)
      assert.are.equal("TRYCREATE", err.response_code)
      assert.are.equal("UID COPY", err.command)
      assert.are.equal("refused", err.outcome)
      assert.matches('from "INBOX" to "Nowhere"', message, 1, true)
    end)
  end)

  it("asks LIST about the target where NO has no code", function()
    for _, there in ipairs { true, false } do
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 7 (UID)
        C: T3 UID COPY 7 Nowhere
        S: * 3 EXISTS
        S: T1 OK [READ-ONLY] open
        S: * 1 FETCH (UID 7)
        S: T2 OK done
        S: T3 NO no
        C: T4 LIST "" Nowhere
        ]] .. (there and "S: * LIST () \"/\" Nowhere" or "# nothing") .. "\n" .. [[
        S: T4 OK listed
      ]], 2, function(conn)
        local _, _, err = conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "Nowhere" }
        assert.are.equal(there and "no" or "not_found", err.code)
      end)
    end
  end)

  it("is unknown where the connection is lost behind COPY, and not to be repeated", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID)
      C: T3 UID COPY 7 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7)
      S: T2 OK done
      ! close
    ]], 1, function(conn)
      local _, _, err = conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "Archive" }
      assert.are.equal("closed", err.code)
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      local _, _, later = conn:get_mailbox_status { mailbox = "INBOX" }
      assert.are.equal("closed", later.code)
      assert.are.equal("not_sent", later.outcome)
    end)
  end)

  it("sends nothing for an empty array", function()
    converse("", 0, function(conn)
      assert.are.same({ path = "INBOX", new_path = "Archive", messages = {}, missing = {} },
        conn:copy_message { mailbox = "INBOX", uids = {}, new_path = "Archive" })
    end)
  end)

  it("copies the latest message, and not one that arrives meanwhile", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH * (UID)
      C: T3 COPY * Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 3 FETCH (UID 9)
      S: T2 OK done
      S: T3 OK [COPYUID 1 9 4] copied
    ]], 1, function(conn)
      local result = assert(conn:copy_message { mailbox = "INBOX", range = "*", new_path = "Archive" })
      assert.are.same({ { uid = 9, new_uid = 4 } }, result.messages)
    end)
  end)

  it("asks once more for UIDs that the open view does not show, and copies only those", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID)
      C: T3 UID COPY 7 Archive
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7)
      S: T2 OK done
      S: T3 OK [COPYUID 1 7 1] copied
      C: T4 UID FETCH 7,12 (UID)
      C: T5 UID COPY 7,12 Archive
      S: * 1 FETCH (UID 7)
      S: T4 OK done
      S: T5 OK [COPYUID 1 7 2] copied
      C: T6 EXAMINE INBOX
      C: T7 UID FETCH 12 (UID)
      C: T8 UID COPY 12 Archive
      S: * 4 EXISTS
      S: T6 OK [READ-ONLY] open
      S: * 4 FETCH (UID 12)
      S: T7 OK done
      S: T8 OK [COPYUID 1 12 3] copied
    ]], 3, function(conn)
      assert(conn:copy_message { mailbox = "INBOX", uids = 7, new_path = "Archive" })
      local result = assert(conn:copy_message { mailbox = "INBOX", uids = { 7, 12 }, new_path = "Archive" })
      assert.are.same({ { uid = 7, new_uid = 2 }, { uid = 12, new_uid = 3 } }, result.messages)
      assert.are.same({}, result.missing)
    end)
  end)
end)
