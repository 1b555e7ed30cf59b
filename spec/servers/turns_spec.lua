-- Round trips: how often the client waits for Dovecot, counted on a line that
-- takes 10 ms in either direction. The table is that of WIRE.md.

local imapconn = require "imapconn"
local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails
local account, direct, path, uids

-- The turns of `work(conn)`, on a fresh login that `prepare(conn)` may use first.
local function turns_of(work, prepare)
  local delayed = servers.delayed(account, 10)
  local conn = assert(imapconn.connect(delayed))
  if prepare then prepare(conn) end
  local before = delayed:turns()
  work(conn)
  local turns = delayed:turns() - before
  conn:close()
  return turns
end

setup(function()
  account = servers.dovecot():account("plain")
  direct = assert(imapconn.connect(account))
  path, uids = mail.box(direct, "turns", "one", "two", "three", "four", "five", "six", "gone")
  assert(direct:delete_message { mailbox = path, uid = uids[7] })
  mail.box(direct, "turns-other", "one")
end)

teardown(function() direct:close() end)

-- Each: turns of the first action after the login.
local first = {
  { "add_flags by number", 1, function(conn)
    assert(conn:add_flags { mailbox = path, range = "1:2", flags = { "\\Flagged" } })
  end },
  { "add_flags by UID", 1, function(conn)
    assert(conn:add_flags { mailbox = path, uids = { uids[1], uids[2] }, flags = { "\\Flagged" } })
  end },
  { "remove_flags", 1, function(conn)
    assert(conn:remove_flags { mailbox = path, range = "*", flags = { "\\Flagged" } })
  end },
  { "set_flags", 1, function(conn) assert(conn:set_flags { mailbox = path, uids = "1:*", flags = {} }) end },
  { "add_flags in silence", 1, function(conn)
    assert(conn:add_flags { mailbox = path, range = 1, flags = { "\\Flagged" }, silent = true })
  end },
  { "add_flags with unchanged_since", 1, function(conn)
    assert(conn:add_flags { mailbox = path, range = 1, flags = { "\\Flagged" }, unchanged_since = 1 })
  end },
  { "add_flags with uid_validity, which waits for the mailbox", 2, function(conn)
    local status = assert(direct:get_mailbox_status { mailbox = path })
    assert(conn:add_flags { mailbox = path, uids = uids[1], flags = { "\\Flagged" },
      uid_validity = status.uid_validity })
  end },
  { "append_message", 1, function(conn)
    assert(conn:append_message { mailbox = "turns-other", content = mail.short("new") })
  end },
  { "append_message of 100 KiB", 1, function(conn)
    assert(conn:append_message { mailbox = "turns-other", content = mail.short("new") .. ("x\r\n"):rep(33000) })
  end },
  { "copy_message by number", 1, function(conn)
    assert(conn:copy_message { mailbox = path, range = "1:2", new_path = "turns-other" })
  end },
  { "copy_message by UID", 1, function(conn)
    assert(conn:copy_message { mailbox = path, uids = { uids[1], 999 }, new_path = "turns-other" })
  end },
  { "create_mailbox", 2, function(conn) assert(conn:create_mailbox { path = "turns-new" }) end },
  { "create_mailbox of one that is there", 2, function(conn)
    assert(conn:create_mailbox { path = "turns-other" })
  end },
  { "delete_message", 1, function(conn)
    same({ uids[6] }, assert(conn:delete_message { mailbox = path, uid = uids[6] }).uids)
  end },
  { "download_message", 1, function(conn) assert(conn:download_message { mailbox = path, index = "*" }) end },
  { "download_message by UID", 1, function(conn)
    assert(conn:download_message { mailbox = path, uid = uids[1] })
  end },
  { "download_message of a part, decoded, to a sink", 1, function(conn)
    assert(conn:download_message { mailbox = path, uid = uids[1], part = "1", decode = true, sink = function() end })
  end },
  { "download_message that marks it as read", 1, function(conn)
    assert(conn:download_message { mailbox = path, uid = uids[1], mark_read = true })
  end },
  { "get_mailbox_status", 1, function(conn) assert(conn:get_mailbox_status { mailbox = path }) end },
  { "list_mailboxes", 1, function(conn) assert(conn:list_mailboxes()) end },
  { "list_mailboxes with status", 1, function(conn) assert(conn:list_mailboxes { status = true }) end },
  { "rename_mailbox", 1, function(conn)
    assert(conn:rename_mailbox { path = "turns-new", new_path = "turns-renamed" })
  end },
  { "search_messages", 1, function(conn) assert(conn:search_messages { mailbox = path }) end },
  { "search_messages with keys", 1, function(conn)
    same(1, #assert(conn:search_messages { mailbox = path, subject = "two", read_filter = "all" }))
  end },
  { "search_messages for numbers alone", 1, function(conn)
    assert(conn:search_messages { mailbox = path, read_filter = "unread", fields = { "seq" } })
  end },
  { "search_messages with keys and a limit", 2, function(conn)
    same(2, #assert(conn:search_messages { mailbox = path, from = "ann", limit = 2 }))
  end },
  { "search_messages with a limit", 1, function(conn)
    same(2, #assert(conn:search_messages { mailbox = path, limit = 2 }))
  end },
  { "a batch of twenty", 1, function(conn)
    local results = assert(conn:batch(function(b)
      for _ = 1, 10 do b:append_message { mailbox = "turns-other", content = mail.short("new") } end
      b:get_mailbox_status { mailbox = "turns-other" }
      for i = 1, 8 do b:add_flags { mailbox = path, uids = uids[1], flags = { "flag" .. i }, silent = true } end
      b:search_messages { mailbox = path, read_filter = "unread" }
    end))
    for _, result in ipairs(results) do assert(result.value, result.message) end
  end },
}

it("Connecting over TLS takes one turn for the handshake, one for the greeting and one for the login", function()
  local delayed = servers.delayed(servers.dovecot():account("tls"), 10)
  local conn = assert(imapconn.connect(delayed))
  same(3, delayed:turns())
  conn:close()
end)

describe("After the login", function()
  for _, case in ipairs(first) do
    it(("%s takes %d turn%s"):format(case[1], case[2], case[2] > 1 and "s" or ""), function()
      same(case[2], turns_of(case[3]))
    end)
  end
end)

describe("With a mailbox open", function()
  local function open_other(conn) assert(conn:search_messages { mailbox = "turns-other" }) end
  local function open_this(conn) assert(conn:search_messages { mailbox = path }) end
  local function open_to_write(conn)
    assert(conn:add_flags { mailbox = path, range = 1, flags = { "\\Seen" } })
  end

  local later = {
    { "a change where another is open", 2, open_other, function(conn)
      assert(conn:add_flags { mailbox = path, uids = uids[1], flags = { "\\Flagged" } })
    end },
    { "a change by number where any is open", 2, open_to_write, function(conn)
      assert(conn:add_flags { mailbox = path, range = 1, flags = { "\\Flagged" } })
    end },
    { "a change by UID where the same is open", 1, open_to_write, function(conn)
      assert(conn:add_flags { mailbox = path, uids = uids[1], flags = { "\\Flagged" } })
    end },
    { "reading where another is open", 1, open_other, open_this },
    { "UIDs that the open view does not show, asked for again", 2, open_to_write, function(conn)
      local result = assert(conn:add_flags { mailbox = path, uids = { uids[1], uids[7] }, flags = { "\\Flagged" } })
      same({ uids[1] }, mail.column(result.messages, "uid"))
      same({ uids[7] }, result.missing)
    end },
    { "a UID that came after the view was opened", 1, open_to_write, function(conn)
      local new = assert(direct:append_message { mailbox = path, content = mail.short("arrived") }).uid
      local result = assert(conn:add_flags { mailbox = path, uids = new, flags = { "\\Flagged" } })
      same({ "\\Flagged" }, mail.keys(result.messages[1].flags))
      same({ new }, mail.found(direct, path, { uids = new, flagged = true }))
    end },
    { "STATUS of the open mailbox, behind UNSELECT", 1, open_this, function(conn)
      assert(conn:get_mailbox_status { mailbox = path })
    end },
    { "RENAME of the open mailbox, behind UNSELECT", 1, function(conn)
      assert(direct:create_mailbox { path = "turns-open" })
      assert(conn:search_messages { mailbox = "turns-open" })
    end, function(conn)
      assert(conn:rename_mailbox { path = "turns-open", new_path = "turns-opened" })
    end },
  }

  for _, case in ipairs(later) do
    it(("%s takes %d turn%s"):format(case[1], case[2], case[2] > 1 and "s" or ""), function()
      same(case[2], turns_of(case[4], case[3]))
    end)
  end
end)

describe("Where extensions are missing", function()
  local function bare(work)
    local where = servers.dovecot():account("plain", { at = "bare", username = account.username })
    local delayed = servers.delayed(where, 10)
    local conn = assert(imapconn.connect(delayed))
    local before = delayed:turns()
    work(conn)
    local turns = delayed:turns() - before
    conn:close()
    return turns
  end

  it("APPEND waits for the permission to send its literal", function()
    same(2, bare(function(conn)
      assert(conn:append_message { mailbox = "turns-other", content = mail.short("new") })
    end))
  end)

  it("a search waits for UIDs before it fetches", function()
    same(2, bare(function(conn)
      same(1, #assert(conn:search_messages { mailbox = path, subject = "two" }))
    end))
    same(1, bare(function(conn) assert(conn:search_messages { mailbox = path }) end))
  end)

  it("a list with status asks for each mailbox, in flight", function()
    same(1, bare(function(conn) assert(conn:list_mailboxes()) end))
    same(2, bare(function(conn)
      for _, row in ipairs(assert(conn:list_mailboxes { status = { "messages" } })) do
        if row.selectable then same("number", type(row.status.messages)) end
      end
    end))
  end)

  it("delete_message is unsupported, and sends nothing", function()
    same(0, bare(function(conn)
      local err = fails("unsupported", conn:delete_message { mailbox = path, uid = uids[4] })
      same({ "allow_expunge", "not_sent" }, { err.field, err.outcome })
    end))
  end)

  it("delete_message with allow_expunge takes four, and spares what else is marked", function()
    assert(direct:add_flags { mailbox = path, uids = uids[1], flags = { "\\Deleted" } })
    same(4, bare(function(conn)
      local result = assert(conn:delete_message { mailbox = path, uids = { uids[4], 888 }, allow_expunge = true })
      same({ path = path, uids = { uids[4] }, missing = { 888 } }, result)
    end))
    same({ uids[1] }, mail.found(direct, path, { deleted = true }))
    same({}, mail.found(direct, path, { uids = uids[4] }))
    assert(direct:remove_flags { mailbox = path, uids = uids[1], flags = { "\\Deleted" } })
  end)
end)

-- Cyrus leaves Nagle's algorithm on, and the kernel acknowledges after 40 ms what
-- nobody hastens.
describe("a server that waits for acknowledgements #timing", function()
  local now = require "imapconn.core".now
  local ORDINARY = 0.03 -- seconds
  local conn, boxes

  -- The middle one of the times that ten downloads take, each from the other mailbox.
  local function usual_time(uid)
    local times = {}
    for i = 1, 10 do
      local start = now()
      assert(conn:download_message { mailbox = boxes[i % 2 + 1], uid = uid })
      times[i] = now() - start
    end
    table.sort(times)
    return times[5]
  end

  setup(function()
    conn = assert(imapconn.connect(servers.cyrus():account("plain")))
    boxes = { (mail.box(conn, "nagle-1", "one")), (mail.box(conn, "nagle-2", "one")) }
  end)
  teardown(function() conn:close() end)

  it("answers two commands at once", function()
    assert.is_true(usual_time(1) < ORDINARY)
  end)

  it("answers a download at once, whatever its size", function()
    for _, size in ipairs { 3000, 60000, 100000, 131000, 140000, 200000, 1000000 } do
      local content = mail.short("long") .. (("x"):rep(98) .. "\r\n"):rep(size / 100)
      local uid
      for _, box in ipairs(boxes) do uid = assert(conn:append_message { path = box, content = content }).uid end
      assert.is_true(usual_time(uid) < ORDINARY, size .. " octets")
    end
  end)
end)
