-- What people read agrees with what the library does: annotations, reference,
-- README.
local annotations = require "spec.support.annotations"
local imapconn = require "imapconn"
local mail = dofile "tools/demo/mail.lua"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"

local docs, read_file = annotations.docs, shell.read_file
local checker = annotations.checker()
local index = checker.index

local actions = {
  "add_flags", "append_message", "copy_message", "create_mailbox", "delete_message", "download_message",
  "get_mailbox_status", "list_mailboxes", "remove_flags", "rename_mailbox", "search_messages", "set_flags",
}

local function sorted(names)
  table.sort(names)
  return names
end

local function keys(value, pattern)
  local names = {}
  for name in pairs(value) do
    if name:find(pattern) then names[#names + 1] = name end
  end
  return sorted(names)
end

-- The names of the fields of a class.
local function fields(class)
  local names = {}
  for i, field in ipairs(docs.fields(index, class)) do names[i] = field.name end
  return sorted(names)
end

-- The annotated functions of an object.
local function functions(owner)
  local names = {}
  for _, item in pairs(index) do
    if item.owner == owner then names[#names + 1] = item.name end
  end
  return sorted(names)
end

-- What a function accepts: it names its inputs when it gets one it does not know.
local function accepted(result, message, err)
  assert.is_nil(result)
  assert.equal("invalid_argument", err.code)
  local names = {}
  for name in message:match("; there are (.*)$"):gmatch("[%w_]+") do names[#names + 1] = name end
  return sorted(names)
end

local function filled(server, security)
  local account = server:account(security)
  local conn = assert(imapconn.connect(account))
  assert(mail.fill(conn))
  return conn, account
end

-- What people read, page by page: its path and its text.
local function pages()
  local paths = shell.capture("ls README.md docs/*.md"):gmatch("[^\n]+")
  return function()
    local path = paths()
    if path then return path, read_file(path) end
  end
end

describe("the reference", function()
  it("is what the annotations say: otherwise call `make docs`", function()
    assert.is_true(docs.render() == read_file("docs/reference.md"), "docs/reference.md is not what make docs renders")
  end)

  it("is about this version", function()
    assert.equal(imapconn._VERSION, docs.version())
    local first_line = "# The reference of imapconn " .. imapconn._VERSION .. "\n"
    assert.equal(first_line, read_file("docs/reference.md"):sub(1, #first_line))
    local rockspec = read_file(("imapconn-%s-1.rockspec"):format(imapconn._VERSION))
    assert.truthy(rockspec:find(('tag = "v%s"'):format(imapconn._VERSION), 1, true))
  end)

  it("has a heading for each of its links", function()
    local text, headings = read_file("docs/reference.md"), {}
    for heading in text:gmatch("\n#+ ([^\n]+)") do
      local anchor = heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-")
      assert.is_nil(headings[anchor], "two headings are called " .. anchor)
      headings[anchor] = true
    end
    for path, page in pages() do
      local pattern = path == "docs/reference.md" and "%]%(#([^)]*)%)" or "reference%.md#([^)]*)%)"
      for anchor in page:gmatch(pattern) do
        assert.is_true(headings[anchor], path .. ": nothing is called #" .. anchor)
      end
    end
  end)
end)

describe("the pages", function()
  it("have links to what there is", function()
    for path, page in pages() do
      for link in page:gmatch("%]%(([%w_./-]+)[#)]") do
        local target = (path:match("^.*/") or "") .. link
        assert.is_true(os.rename(target, target), path .. ": " .. link .. " is not there")
      end
    end
  end)
end)

describe("the annotations", function()
  local conn
  setup(function() conn = assert(imapconn.connect(servers.dovecot():account())) end)
  teardown(function() conn:close() end)

  it("know each function of the module and of a connection, and no other", function()
    local module = functions("imapconn")
    for _, name in ipairs(fields("imapconn")) do module[#module + 1] = name end
    assert.same(keys(imapconn, ""), sorted(module))
    local methods = keys(getmetatable(conn).__index, "^%l")
    assert.same(methods, functions("Connection"))
    for _, name in ipairs(actions) do assert.is_function(conn[name]) end
    assert.equal(#methods, #actions + 5)
  end)

  it("know each option of connect", function()
    assert.same(fields("imapconn.Options"), accepted(imapconn.connect { nonsense = 1 }))
    local options = { host = "h", username = "u", password = "p", limits = { nonsense = 1 } }
    assert.same(fields("imapconn.Limits"), accepted(imapconn.connect(options)))
  end)

  for _, name in ipairs(actions) do
    it("know each input of " .. name, function()
      local class = index["Connection:" .. name].params[1].type
      assert.same(fields(class), accepted(conn[name](conn, { nonsense = 1 })))
    end)
  end

  it("know the actions that a batch records", function()
    assert.same(actions, fields("imapconn.Batch"))
    assert(conn:batch(function(b) assert.same(actions, keys(getmetatable(b).__index, "^%l")) end))
  end)
end)

-- --- Results ---------------------------------------------------------------------

-- A message whose structure has every field that there is.
local EVERYTHING = table.concat({
  "From: Ann <ann@example.org>", "Sender: ben@example.org", "Reply-To: ann@example.org", "Bcc: x@example.org",
  "To: friends: zoe@example.org, ivan@example.net;", "Cc: y@example.org", "In-Reply-To: <1@example.org>",
  "Message-ID: <2@example.org>", "Date: Thu, 04 Apr 2024 11:20:00 +0000", "Subject: everything",
  "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"', "", "--b",
  "Content-Type: text/plain; charset=utf-8", "Content-ID: <3@example.org>", "Content-Description: a note",
  "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", "Content-Disposition: attachment; filename=note.txt",
  "Content-Language: de, en", "Content-Location: note.txt", "", "Hello", "--b", "Content-Type: message/rfc822", "",
  "Subject: within", "", "Hello", "--b--", "",
}, "\r\n")

local OPTIONAL_FIELDS = { modseq = "CONDSTORE", preview = "PREVIEW", save_date = "SAVEDATE",
  email_id = "OBJECTID", thread_id = "OBJECTID" }

-- All that the server can tell of a message.
local function all_fields(capabilities)
  local names = { "seq", "uid", "flags", "size", "internal_date", "envelope", "body_structure", "headers" }
  for name, capability in pairs(OPTIONAL_FIELDS) do
    local there = capabilities[capability] or capability == "PREVIEW" and capabilities["PREVIEW=FUZZY"]
    if there then names[#names + 1] = name end
  end
  return names
end

-- Calls an action and holds its result against the annotation.
local function checked(conn, name, inputs)
  local result = assert(conn[name](conn, inputs))
  return checker:check(result, (index["Connection:" .. name].returns[1].type:gsub("%?$", "")), name)
end

local function check_all_results(conn)
  local info = checker:check(conn:info(), "imapconn.Info", "info")
  assert(conn:append_message { mailbox = "INBOX", content = EVERYTHING })
  checked(conn, "list_mailboxes", { status = true })
  checked(conn, "get_mailbox_status", { mailbox = "INBOX" })
  checked(conn, "search_messages", { mailbox = "INBOX", fields = all_fields(info.capabilities) })
  checked(conn, "download_message", { mailbox = "INBOX", index = 1 })
  checked(conn, "download_message", { mailbox = "INBOX", uid = 1, part = "2", decode = true })
  checked(conn, "download_message", { mailbox = "INBOX", uid = 1, part = "1.1", decode = true })
  checked(conn, "add_flags", { mailbox = "INBOX", uids = { 1, 99 }, flags = { "\\Seen" } })
  checked(conn, "remove_flags", { mailbox = "INBOX", uids = { 1, 2 }, flags = { "\\Seen" }, unchanged_since = 1 })
  checked(conn, "set_flags", { mailbox = "INBOX", range = "*", flags = {}, silent = true })
  checked(conn, "create_mailbox", { path = "Work/2024" })
  checked(conn, "create_mailbox", { path = "Work/2024" })
  checked(conn, "copy_message", { mailbox = "INBOX", uids = { 1, 2, 99 }, new_path = "Work/2024" })
  checked(conn, "rename_mailbox", { path = "Work/2024", new_path = "Work/2025" })
  checked(conn, "append_message", { mailbox = "Work", content = "Subject: x\n\ny\n" })
  checked(conn, "delete_message", { mailbox = "INBOX", uids = { 1, 99 } })
  local results = assert(conn:batch(function(b)
    b:get_mailbox_status { mailbox = "INBOX" }
    b:get_mailbox_status { mailbox = "Nowhere" }
  end))
  checker:check(results, "imapconn.BatchResult[]", "batch")
end

local function failing(...)
  local result, message, err = ...
  assert.is_nil(result)
  assert.equal(message, err.message)
  checker:check(err, "imapconn.Error", "err")
  return err
end

describe("the results", function()
  for _, name in ipairs { "dovecot", "cyrus" } do
    it("have the fields that the annotations say: " .. name, function()
      local conn = filled(servers[name]())
      check_all_results(conn)
      conn:close()
    end)
  end

  it("of failures too", function()
    local conn = filled(servers.dovecot())
    failing(conn:get_mailbox_status { mailbox = 1 })
    failing(conn:append_message { mailbox = "Nowhere", content = "x" })
    local function fail() error("no", 0) end
    local err = failing(conn:append_message { mailbox = "INBOX", content = "Subject: x\n\ny\n", progress = fail })
    assert.same({ "no", "partial" }, { err.cause, err.outcome })
    conn:close()
    failing(conn:get_mailbox_status { mailbox = "INBOX" })
  end)

  it("of core.parse too", function()
    local bytes = table.concat({
      "* OK [ALERT] hello", "* OK [UIDNEXT 4] next", "* OK [PERMANENTFLAGS (a \\*)] flags", "+ go on",
      "* OK [COPYUID 1 2:3 4:5] copied", "* 3 FETCH (UID 2 BODY[TEXT] hi)", "* LIST (\\Sent) \"/\" a/x",
      "* STATUS x (MESSAGES 3)", "* SEARCH 1 2 (MODSEQ 4)", "* CAPABILITY IMAP4rev1", "* FLAGS (\\Seen)",
      '* ESEARCH (TAG "a") UID MIN 1 MAX 5 COUNT 5 ALL 1:5 MODSEQ 7', "* ESEARCH PARTIAL (1:2 4:5)",
      "* VANISHED (EARLIER) 1:3", "* 1 FETCH (UID 1 FLAGS 3)", "a OK done", "",
    }, "\r\n")
    checker:check(assert(require("imapconn.core").parse(bytes)), "imapconn.Response[]", "parse")
  end)

  it("have every field of the annotations, but for these", function()
    local missing = {}
    for _, name in ipairs(checker:fields_of_results()) do
      if not checker.seen[name] then missing[#missing + 1] = name end
    end
    assert.same({
      "imapconn.MailboxRow.error", "imapconn.MailboxRow.raw", -- no server here spoils a LIST row
      "imapconn.Message.thread_id", -- Cyrus 3.6 answers THREADID NIL
      "imapconn.Status.mailbox_id", -- Cyrus 3.6 answers random bytes; it is not asked
    }, missing)
  end)
end)

-- --- The README ------------------------------------------------------------------

-- The Lua of the README, in order: { code, runs, name }.
local function snippets()
  local found = {}
  for info, code in read_file("README.md"):gmatch("\n```lua([^\n]*)\n(.-\n)```") do
    found[#found + 1] = { code = code, runs = info == " run", name = "README.md, snippet " .. #found + 1 }
    assert(info == "" or info == " run")
  end
  return found
end

local function compile(snippet, environment)
  if setfenv then
    local fn = assert(loadstring(snippet.code, "=" .. snippet.name))
    return setfenv(fn, environment)
  end
  return assert(load(snippet.code, "=" .. snippet.name, "t", environment))
end

-- What a snippet sees: its host and user are another account, which holds the
-- demo's mail, and what it prints is kept.
local function stage()
  local conn, account = filled(servers.dovecot())
  local printed = {}
  local function connect(options)
    local all = {}
    for name, value in pairs(options) do all[name] = value end
    for name, value in pairs(account) do all[name] = value end
    return imapconn.connect(all)
  end
  local stand_in = { connect = connect, _VERSION = imapconn._VERSION }
  return setmetatable({
    conn = conn, imapconn = stand_in, options = account, poll = require("imapconn.core").wait,
    require = function(name) return name == "imapconn" and stand_in or require(name) end,
    print = function(...)
      local words = { ... }
      for i = 1, select("#", ...) do words[i] = tostring(words[i]) end
      printed[#printed + 1] = table.concat(words, " ")
    end,
  }, { __index = _G }), printed
end

-- The first column of the rows of the table that has this head.
local function first_column(head)
  local names = {}
  local rows = read_file("README.md"):match("\n| " .. head .. " |[^\n]*\n|[^\n]*\n(.-)\n\n")
  for row in (rows .. "\n"):gmatch("| (.-) |[^\n]*\n") do
    for name in row:gmatch("`([%w_]+)`") do names[#names + 1] = name end
  end
  return names
end

describe("the README", function()
  it("is about this version", function()
    assert.truthy(read_file("README.md"):find("Version " .. imapconn._VERSION .. ".", 1, true))
  end)

  it("has Lua that compiles, and runs where it says so", function()
    local environment, printed = stage()
    for _, snippet in ipairs(snippets()) do
      local run = compile(snippet, environment)
      if snippet.runs then run() end
    end
    environment.conn:close()
    assert.equal("3 The Gardener 🌱 Ten things to sow in April", printed[1])
    assert.equal("6 佐藤 花子 会議の議題", printed[4])
    local all = table.concat(printed, "\n")
    for _, line in ipairs {
      "INBOX nil 4", "7 4 8 %d+", "5 nil %d+ Отчёт за март", "1 true %d+ Grüße aus Köln, mit Foto",
      "2 image/bmp %d+ Köln bei Nacht.bmp", "text/plain utf%-8 Hallo Ann,", "Köln bei Nacht.bmp 28854",
      "3 true\n4 true", "2", "TLSv1.3 .* PLAIN true", "5",
    } do
      assert.truthy(("\n" .. all .. "\n"):find("\n" .. line .. "\n"), "nothing printed is like " .. line)
    end
  end)

  it("names every action and every code", function()
    local named = {}
    for _, name in ipairs(first_column("action")) do named[name] = true end
    for _, name in ipairs(actions) do assert.is_true(named[name], "the table of round trips lacks " .. name) end
    local codes = {}
    for i, value in ipairs(index["imapconn.ErrorCode"].values) do codes[i] = value.value:sub(2, -2) end
    assert.same(sorted(codes), sorted(first_column("`err.code`")))
  end)
end)
