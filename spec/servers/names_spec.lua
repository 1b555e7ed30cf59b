-- Mailbox names of every kind: they are created, listed, filled, copied to,
-- renamed and read by, on three servers.

local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails

local names = {
  "plain", "with blank", " leading blank", 'with "quotes"', "back\\slash", 'all "\\" of them',
  "Entwürfe", "下書き", "Входящие", "emoji 😀", "& and &-", "tom&jerry", "100%", "a*b", "**", "%", "tab\there",
  "(brackets)", "[1]", "{5}", "{5+}", "~tilde", "NIL", "inbox2", "é and e\204\129", "'", "$", "a,b:c", "a]b",
  ("long "):rep(30) .. "end",
}

-- Names that a server does not allow: it answers NO.
local forbidden = {
  dovecot = { "tab\there", "~tilde" },
  cyrus = { 'with "quotes"', "back\\slash", 'all "\\" of them', "100%", "%", "tab\there", "{5+}" },
  -- Courier's names are UTF-16 without surrogates, and it takes some for its own.
  courier = { "emoji 😀", "[1]", "~tilde", "a]b" },
}

-- Cyrus 3.6 makes a regular expression of a pattern of LIST, and dies of some:
-- the name is refused, and the LIST that would say whether it is there hangs up.
local deadly = { cyrus = { "{5}" } }

local function set(list)
  local result = {}
  for _, name in ipairs(list) do result[name] = true end
  return result
end

for _, kind in ipairs(mail.kinds) do
  describe("On #" .. kind, function()
    local server, conn
    local refused, dies = set(forbidden[kind]), set(deadly[kind] or {})

    setup(function()
      server = servers[kind]()
      conn = mail.open(kind, "tls")
    end)

    teardown(function() conn:close() end)

    -- The rows whose path is this one; the pattern may match others, too.
    local function rows_of(path, inputs)
      inputs = inputs or {}
      inputs.pattern = path
      local rows = {}
      for _, row in ipairs(assert(conn:list_mailboxes(inputs))) do
        if row.path == path then rows[#rows + 1] = row end
      end
      return rows
    end

    for _, name in ipairs(names) do
      if dies[name] then
        it(("the name %q is refused, and ends the connection"):format(name), function()
          local victim = mail.open(kind, "tls")
          same("CREATE", fails("no", victim:create_mailbox { path = name }).command)
          assert.is_false(victim:is_open())
        end)
      elseif refused[name] then
        it(("the name %q is refused, and nothing is left of it"):format(name), function()
          local path = server.prefix .. name
          same("CREATE", fails("no", conn:create_mailbox { path = path }).command)
          for _, subscribed_only in ipairs { true, false } do
            for _, row in ipairs(assert(conn:list_mailboxes { subscribed_only = subscribed_only })) do
              assert.are_not.equal(path, row.path)
            end
          end
        end)
      else
        it(("the name %q works"):format(name), function()
          local path = server.prefix .. name
          local result = assert(conn:create_mailbox { path = path })
          same({ path, true, true }, { result.path, result.created, result.subscribed })
          local rows = rows_of(path)
          same(1, #rows)
          same({ name, true, true }, { rows[1].name, rows[1].subscribed, rows[1].selectable })
          assert.is_false(assert(conn:create_mailbox { path = path }).created)

          local uid = assert(conn:append_message { mailbox = path, content = mail.short("in it") }).uid
          same(1, assert(conn:get_mailbox_status { mailbox = path }).messages)
          same({ "in it" }, mail.subjects(conn, path))
          same({ "in it" }, mail.subjects(conn, rows[1]))
          assert(conn:add_flags { mailbox = path, uids = uid, flags = { "\\Seen" } })
          same(2, assert(conn:copy_message { mailbox = path, uids = uid, new_path = path }).messages[1].new_uid)
          assert(conn:delete_message { mailbox = path, uid = uid })
          same(mail.short("in it"), assert(conn:download_message { mailbox = path, index = 1 }).content)
        end)
      end
    end

    it("names are renamed to others", function()
      local from, to = server.prefix .. "Von Käse", server.prefix .. "zu 寿司"
      mail.box(conn, from, "moved")
      assert(conn:rename_mailbox { path = from, new_path = to })
      same({ "moved" }, mail.subjects(conn, to))
      same({}, rows_of(from))
    end)

    it("patterns are UTF-8, and see what a name holds", function()
      local path = server.prefix .. "Müll"
      mail.box(conn, path)
      same(path, assert(conn:list_mailboxes { pattern = server.prefix .. "Mü*" })[1].path)
      same({}, assert(conn:list_mailboxes { pattern = server.prefix .. "Mö*" }))
    end)

    it("INBOX is one in any case", function()
      local uid = assert(conn:append_message { mailbox = "inbox", content = mail.short("to all") }).uid
      for _, name in ipairs { "INBOX", "Inbox", "iNbOx" } do
        same({ uid }, mail.found(conn, name))
        same("INBOX", assert(conn:get_mailbox_status { mailbox = name }).path)
      end
    end)

    it("what cannot be a name is refused here", function()
      for _, name in ipairs { "", "a\0b", "a\rb", "a\nb", "\255", "\237\160\128", ("x"):rep(4001) } do
        same("path", fails("invalid_argument", conn:create_mailbox { path = name }).field)
        same("mailbox", fails("invalid_argument", conn:search_messages { mailbox = name }).field)
      end
    end)
  end)
end
