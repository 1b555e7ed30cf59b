-- The actions on mailboxes, searches and batches, on three servers, over TLS,
-- STARTTLS and plaintext.

local imapconn = require "imapconn"
local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails

-- What a server does otherwise, each shown below.
local RENAMES_NOTHING = { courier = true }   -- and answers OK, after two seconds
local NIL = { cyrus = { thread_id = "nil", preview = "nil" } }   -- announced, and answered with NIL
local FORBIDDEN = {                          -- where nobody may create a mailbox
  dovecot = "Public/Mine", cyrus = "Other Users/x/Mine", courier = "Elsewhere.Mine",
}

mail.in_each_way(describe, function(kind, security)
  local server, conn, account, lines, at

  setup(function()
    server = servers[kind]()
    conn, account, lines = mail.open(kind, security)
    at = function(name) return server.prefix .. name:gsub("/", server.separator) end
  end)

  teardown(function()
    assert.is_true(conn:is_open())
    assert.is_true(conn:close())
    fails("closed", conn:get_mailbox_status { mailbox = "INBOX" })
  end)

  describe("create_mailbox", function()
    it("creates and subscribes, and says what was there", function()
      local path = at "created/inner"
      local result = assert(conn:create_mailbox { path = path })
      same({ path, true, true }, { result.path, result.created, result.subscribed })
      same(server.lacks.OBJECTID and "nil" or "string", type(result.mailbox_id))
      same({ path }, mail.column(assert(conn:list_mailboxes { pattern = path, subscribed_only = true }), "path"))
      result = assert(conn:create_mailbox { path = path })
      same({ path, false, true }, { result.path, result.created, result.subscribed })
      mail.found(conn, "INBOX")   -- Dovecot makes it when it is first opened
      assert.is_false(assert(conn:create_mailbox { path = "inbox" }).created)
    end)

    it("leaves nothing subscribed that could not be created", function()
      local path = FORBIDDEN[kind]
      local err = fails("no", conn:create_mailbox { path = path })
      same("CREATE", err.command)
      same("refused", err.outcome)
      same({}, assert(conn:list_mailboxes { pattern = path, subscribed_only = true }))
    end)
  end)

  describe("get_mailbox_status", function()
    it("counts what is there", function()
      local path, uids = mail.box(conn, at "status", "one", "two", "three")
      assert(conn:add_flags { mailbox = path, uids = uids[1], flags = { "\\Seen" } })
      local status = assert(conn:get_mailbox_status { mailbox = path })
      same(path, status.path)
      same(3, status.messages)
      same(2, status.unseen)
      same(uids[3] + 1, status.uid_next)
      assert.is_true(status.uid_validity > 0)
      same("number", type(status.recent))
      same(server.lacks["STATUS=SIZE"] and "nil" or "number", type(status.size))
      same(server.lacks.CONDSTORE and "nil" or "number", type(status.highest_modseq))
      assert.is_nil(status.mailbox_id)   -- no OBJECTID; Cyrus 3.6 would show freed memory, and is not asked
      if status.size then
        same(#mail.short("one") + #mail.short("two") + #mail.short("three"), status.size)
      end
    end)

    it("knows a mailbox that is not there", function()
      same("STATUS", fails("not_found", conn:get_mailbox_status { mailbox = at "status-nowhere" }).command)
    end)
  end)

  describe("list_mailboxes", function()
    local function row_of(rows, path)
      for _, row in ipairs(rows) do
        if row.path == path then return row end
      end
    end

    setup(function()
      mail.box(conn, at "list", "one")
      mail.box(conn, at "list/inner", "one", "two")
    end)

    it("describes each", function()
      local rows = assert(conn:list_mailboxes())
      local inbox, inner = row_of(rows, "INBOX"), row_of(rows, at "list/inner")
      assert.truthy(inbox)
      same({ at "list/inner", "inner", server.separator, at "list", true, true },
        { inner.raw_path, inner.name, inner.delimiter, inner.parent, inner.subscribed, inner.selectable })
      assert.is_true(row_of(rows, at "list").flags["\\HasChildren"])
      assert.is_nil(inner.status)
      same("table", type(inner.flags))
    end)

    it("takes patterns and a reference", function()
      local function paths(inputs)
        local found = mail.column(assert(conn:list_mailboxes(inputs)), "path")
        table.sort(found)
        return found
      end
      same({ at "list" }, paths { pattern = at "lis%" })
      same({ at "list", at "list/inner" }, paths { pattern = at "list*" })
      same({ at "list/inner" }, paths { reference = at "list/", pattern = "%" })
      same({}, paths { pattern = at "no such" })
      same({ at "list/inner" }, paths { pattern = at "list/%", subscribed_only = true })
    end)

    it("comes with the status", function()
      local rows = assert(conn:list_mailboxes { pattern = at "list*", status = { "messages", "uid_next" } })
      same(1, row_of(rows, at "list").status.messages)
      same({ "messages", "uid_next" }, mail.keys { messages = row_of(rows, at "list/inner").status.messages == 2,
        uid_next = row_of(rows, at "list/inner").status.uid_next > 2 })
      assert.is_nil(rows[1].status.unseen)
      rows = assert(conn:list_mailboxes { pattern = at "list*", status = true })
      same(2, row_of(rows, at "list/inner").status.unseen)
      same("number", type(row_of(rows, at "list").status.uid_validity))
    end)

    it("gives rows that serve as names", function()
      local row = assert(conn:list_mailboxes { pattern = at "list/inner" })[1]
      same({ "one", "two" }, mail.subjects(conn, row))
      same(2, assert(conn:get_mailbox_status { mailbox = row }).messages)
    end)
  end)

  describe("rename_mailbox", function()
    it("renames, also what is open, by its parent", function()
      local path = mail.box(conn, at "rename/inner", "one")
      same({ "one" }, mail.subjects(conn, path))
      same({ path = at "rename", new_path = at "renamed" },
        assert(conn:rename_mailbox { path = at "rename", new_path = at "renamed" }))
      fails("not_found", conn:get_mailbox_status { mailbox = path })
      same({ "one" }, mail.subjects(conn, at "renamed/inner"))
    end)

    it("says why it cannot", function()
      local path = mail.box(conn, at "rename-taken", "one")
      local other = mail.box(conn, at "rename-other")
      local err = fails("no", conn:rename_mailbox { path = other, new_path = path })
      same("RENAME", err.command)
      same({ "one" }, mail.subjects(conn, path))
      local missing = { path = at "rename-nowhere", new_path = at "rename-new" }
      if not RENAMES_NOTHING[kind] then
        fails("not_found", conn:rename_mailbox(missing))
      elseif security == "tls" then
        assert(conn:rename_mailbox(missing))
      end
    end)
  end)

  describe("search_messages", function()
    local path, uids
    setup(function()
      path, uids = mail.box(conn, at "search", "one", "two", "three", "four")
      assert(conn:add_flags { mailbox = path, uids = { uids[1], uids[3] }, flags = { "\\Seen" } })
    end)

    it("gives six fields of every message", function()
      local rows = assert(conn:search_messages { mailbox = path })
      same({ 1, 2, 3, 4 }, mail.column(rows, "seq"))
      same(uids, mail.column(rows, "uid"))
      local row = rows[1]
      same(#mail.short("one"), row.size)
      same({ "\\Seen" }, mail.keys(row.flags))
      assert.is_true(math.abs(row.internal_date - os.time()) < 300)
      local envelope = row.envelope
      same("one", envelope.subject)
      same("<one@example.org>", envelope.message_id)
      same(1705489200, envelope.date)
      same({ "Ann Example", "ann", "example.org", "ann@example.org" },
        { envelope.from[1].name, envelope.from[1].mailbox, envelope.from[1].host, envelope.from[1].address })
      same("bob@example.net", envelope.to[1].address)
      for name in pairs(row) do
        assert.truthy(({ seq = 1, uid = 1, flags = 1, size = 1, internal_date = 1, envelope = 1 })[name], name)
      end
    end)

    it("filters what was read", function()
      same({ uids[1], uids[3] }, mail.found(conn, path, { read_filter = "read" }))
      same({ uids[2], uids[4] }, mail.found(conn, path, { read_filter = "unread" }))
      same(uids, mail.found(conn, path, { read_filter = "all" }))
    end)

    it("limits to the lowest, or to the highest in descending order", function()
      local function limited(inputs)
        inputs.mailbox = path
        return mail.column(assert(conn:search_messages(inputs)), "uid")
      end
      same({ uids[1], uids[2] }, limited { limit = 2 })
      same({ uids[4], uids[3] }, limited { limit = 2, newest_first = true })
      same({ uids[4], uids[3], uids[2], uids[1] }, limited { newest_first = true })
      same({ uids[2] }, limited { limit = 1, read_filter = "unread" })
      same({ uids[4] }, limited { limit = 1, read_filter = "unread", newest_first = true })
      same({ uids[2], uids[4] }, limited { limit = 9, read_filter = "unread" })
      same(uids, limited { limit = 9 })
      same({ uids[4] }, limited { limit = 1, read_filter = "unread", newest_first = true, fields = { "uid" } })
    end)

    it("answers numbers or UIDs alone", function()
      same({ { seq = 2 }, { seq = 4 } },
        assert(conn:search_messages { mailbox = path, read_filter = "unread", fields = { "seq" } }))
      same({ { uid = uids[2] }, { uid = uids[4] } },
        assert(conn:search_messages { mailbox = path, read_filter = "unread", fields = { "uid" } }))
    end)

    it("takes numbers and UIDs as keys", function()
      same({ uids[2], uids[3] }, mail.found(conn, path, { range = "2:3" }))
      same({ uids[4] }, mail.found(conn, path, { range = "*" }))
      same({ uids[3] }, mail.found(conn, path, { range = "2:3", read_filter = "read" }))
      same({ uids[1], uids[4] }, mail.found(conn, path, { uids = { uids[4], uids[1], 5000 } }))
      same({}, mail.found(conn, path, { uids = {} }))
      fails("not_found", conn:search_messages { mailbox = path, uids = uids, uid_validity = 7 })
    end)

    it("gives headers and structure", function()
      local row = assert(conn:search_messages { mailbox = path, uids = uids[2],
        fields = { "headers", "body_structure" } })[1]
      same({ "two" }, row.headers.subject)
      same({ "Ann Example <ann@example.org>" }, row.headers.from)
      same({ "1", "text/plain", 14 }, { row.body_structure.part, row.body_structure.type, row.body_structure.size })
    end)

    it("gives what extensions bring, or says unsupported", function()
      local extensions = {
        modseq = { "CONDSTORE", "number" }, email_id = { "OBJECTID", "string" }, thread_id = { "OBJECTID", "string" },
        preview = { "PREVIEW", "string" }, save_date = { "SAVEDATE", "number" },
      }
      for field, needs in pairs(extensions) do
        local rows, message, err = conn:search_messages { mailbox = path, uids = uids[2], fields = { "uid", field } }
        if server.lacks[needs[1]] then
          same("fields", fails("unsupported", rows, message, err).field)
        else
          assert(rows, message)
          same({ field, NIL[kind] and NIL[kind][field] or needs[2] }, { field, type(rows[1][field]) })
        end
      end
    end)

    it("finds nothing where nothing is", function()
      local empty = mail.box(conn, at "search-empty")
      same({}, assert(conn:search_messages { mailbox = empty }))
      same({}, assert(conn:search_messages { mailbox = empty, read_filter = "unread" }))
      same({}, assert(conn:search_messages { mailbox = empty, range = "1:*" }))
      same({}, assert(conn:search_messages { mailbox = empty, limit = 5 }))
      fails("not_found", conn:search_messages { mailbox = at "search-nowhere" })
      fails("not_found", conn:search_messages { mailbox = at "search-nowhere", read_filter = "unread" })
    end)
  end)

  it("refuses by name what it does not know", function()
    local sent = #lines
    same("mailbos", fails("invalid_argument", conn:search_messages { mailbos = "INBOX" }).field)
    same("mailbox", fails("invalid_argument", conn:search_messages {}).field)
    same(sent, #lines)
  end)

  it("does a batch in order, and one refusal stops nothing", function()
    local path = mail.box(conn, at "batch")
    local other = at "batch-other"
    local results = assert(conn:batch(function(b)
      for i = 1, 5 do
        same(i, b:append_message { mailbox = path, content = mail.short("message " .. i) })
      end
      b:create_mailbox { path = other }
      b:add_flags { mailbox = path, range = "1:2", flags = { "\\Seen" } }
      b:copy_message { mailbox = path, range = "1:2", new_path = at "batch-nowhere" }
      b:copy_message { mailbox = path, range = "4:5", new_path = other }
      b:delete_message { mailbox = path, uids = "*" }
      b:search_messages { mailbox = path, read_filter = "read" }
      b:get_mailbox_status { mailbox = other }
    end))
    same(12, #results)
    for i = 1, 5 do same("number", type(results[i].value.uid)) end
    assert.is_true(results[6].value.created)
    same(2, #results[7].value.messages)
    same("not_found", results[8].err.code)
    same(results[8].message, results[8].err.message)
    same({}, results[9].value.missing)
    same("invalid_argument", results[10].err.code)
    same({ "message 1", "message 2" }, { results[11].value[1].envelope.subject, results[11].value[2].envelope.subject })
    same(2, results[12].value.messages)
    same({ "message 4", "message 5" }, mail.subjects(conn, other))
  end)

  it("sees what another connection does meanwhile", function()
    local path, uids = mail.box(conn, at "meanwhile", "one", "two")
    same({ "one", "two" }, mail.subjects(conn, path))
    local other = assert(imapconn.connect(account))
    assert(other:append_message { mailbox = path, content = mail.short("three") })
    same({ "one", "two", "three" }, mail.subjects(conn, path))
    assert(other:delete_message { mailbox = path, uid = uids[1] })
    same({ "two", "three" }, mail.subjects(conn, path))
    assert(other:delete_message { mailbox = path, uid = uids[2] })
    same({ uids[2] }, assert(conn:add_flags { mailbox = path, uids = uids[2], flags = { "\\Seen" } }).missing)
    same(mail.short("three"), assert(conn:download_message { mailbox = path, index = 1 }).content)
    assert.is_true(other:close())
  end)
end)
