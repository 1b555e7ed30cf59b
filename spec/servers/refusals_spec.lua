-- What Dovecot refuses: mailboxes that open read-only, and a quota.

local mail = require "spec.support.mail"

local same = assert.same
local fails = mail.fails

describe("A mailbox that opens read-only", function()
  local conn
  local path = "Public/Notices"

  setup(function() conn = mail.open("dovecot", "tls") end)
  teardown(function() conn:close() end)

  it("is read", function()
    local rows = assert(conn:search_messages { mailbox = path, fields = { "uid", "envelope" } })
    same({ "Notice 1", "Notice 2" }, { rows[1].envelope.subject, rows[2].envelope.subject })
    assert.truthy(assert(conn:download_message { mailbox = path, index = 1 }).content:find("Read me.", 1, true))
    same({ path }, mail.column(assert(conn:list_mailboxes { pattern = "Public/*" }), "path"))
  end)

  -- Dovecot would answer OK to STORE there, and change nothing.
  it("refuses every change", function()
    local target = mail.box(conn, "notices")
    local changes = {
      function() return conn:add_flags { mailbox = path, range = 1, flags = { "\\Flagged" } } end,
      function() return conn:remove_flags { mailbox = path, uids = "1:*", flags = { "\\Seen" } } end,
      function() return conn:set_flags { mailbox = path, uids = 1, flags = {}, silent = true } end,
      function() return conn:delete_message { mailbox = path, uids = 1 } end,
      function() return conn:download_message { mailbox = path, index = 1, mark_read = true } end,
    }
    for _, change in ipairs(changes) do
      local err = fails("no", change())
      same("READ-ONLY", err.response_code)
      same("refused", err.outcome)
    end
    same(2, #mail.found(conn, path, { seen = true, flagged = false, deleted = false }))
    fails("no", conn:append_message { mailbox = path, content = mail.short("graffiti") })
    fails("no", conn:rename_mailbox { path = path, new_path = "mine" })
    -- Copying changes only the other one.
    assert(conn:copy_message { mailbox = path, range = "1:2", new_path = target })
    same({ "Notice 1", "Notice 2" }, mail.subjects(conn, target))
  end)
end)

describe("A quota", function()
  local conn
  setup(function() conn = mail.open("dovecot", "tls", nil, { small = true }) end)
  teardown(function() conn:close() end)

  it("refuses what is too much, and the connection goes on", function()
    local big = mail.short("big") .. ("0123456789\r\n"):rep(4000)
    local path = mail.box(conn, "filling")
    assert(conn:append_message { mailbox = path, content = big })
    local err = fails("no", conn:append_message { mailbox = path, content = big })
    same({ "APPEND", "OVERQUOTA", "refused" }, { err.command, err.response_code, err.outcome })
    err = fails("no", conn:copy_message { mailbox = path, range = 1, new_path = "INBOX" })
    same({ "COPY", "OVERQUOTA" }, { err.command, err.response_code })
    same({ "big" }, mail.subjects(conn, path))
    same({}, mail.subjects(conn, "INBOX"))
  end)

  it("is met by some of a batch, each with its own answer", function()
    local path = mail.box(conn, "batch")
    local big = mail.short("too big") .. ("0123456789\r\n"):rep(4000)
    local results = assert(conn:batch(function(b)
      b:append_message { mailbox = path, content = mail.short("small 1") }
      b:append_message { mailbox = path, content = big }
      b:append_message { mailbox = path, content = mail.short("small 2") }
    end))
    same("number", type(results[1].value.uid))
    same("OVERQUOTA", results[2].err.response_code)
    same("number", type(results[3].value.uid))
    same({ "small 1", "small 2" }, mail.subjects(conn, path))
  end)
end)
