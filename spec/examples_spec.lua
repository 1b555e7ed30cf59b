-- Each example does what its first lines say, on a real account.
local imapconn = require "imapconn"
local mail = dofile "tools/demo/mail.lua"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"

local examples = { "archive_old", "copy_mailbox", "export_mbox", "read_unread", "save_attachments", "watch_flags" }
local capture, quote, read_file = shell.capture, shell.quote, shell.read_file

local function line_for(account, name, ...)
  local words = { shell.account(account) .. quote(os.getenv "LUA"), quote("examples/" .. name .. ".lua") }
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  return table.concat(words, " ")
end

local function run(account, name, ...)
  return capture(line_for(account, name, ...))
end

-- An account with mail, and a connection to it.
local function filled()
  local account = servers.dovecot():account("tls")
  local conn = assert(imapconn.connect(account))
  assert(mail.fill(conn))
  return account, conn
end

local function append(conn, ...)
  local content = table.concat({ ... }, "\r\n")
  return assert(conn:append_message { mailbox = "INBOX", content = content }).uid
end

describe("the examples", function()
  it("are these, each under 40 lines", function()
    local listed = {}
    for path in capture("ls examples/*.lua"):gmatch("[^/\n]+%.lua") do
      listed[#listed + 1] = path:match("^(.*)%.lua$")
      local _, lines = read_file("examples/" .. path):gsub("\n", "")
      assert.is_true(lines < 40, path .. " is too long")
    end
    assert.same(examples, listed)
  end)

  it("read_unread shows unread messages and leaves them unread", function()
    local account, conn = filled()
    append(conn, "From: x@example.org", "Subject: red \27[31malert", "", "body \27]0;title\7")
    local output = run(account, "read_unread")
    assert.truthy(output:find("佐藤 花子: 会議の議題", 1, true))
    assert.truthy(output:find("2. 新しい倉庫", 1, true))
    assert.truthy(output:find("Отчёт во вложении.", 1, true))
    assert.falsy(output:find("Lunch on Friday?", 1, true))
    assert.falsy(output:find("[\27\7]"))
    assert.equal(5, #conn:search_messages { mailbox = "INBOX", read_filter = "unread" })
    conn:close()
  end)

  it("save_attachments saves them, whatever their names want", function()
    local account, conn = filled()
    local uid = append(conn, "Content-Type: application/octet-stream",
      'Content-Disposition: attachment; filename="../../etc/x\\"\8y"', "", "harmless")
    local folder = shell.new_folder()
    run(account, "save_attachments", folder .. "/")
    local picture = read_file(folder .. "/1-2-Köln bei Nacht.bmp")
    assert.equal("BM", picture:sub(1, 2))
    assert.equal(28854, #picture)
    assert.truthy(read_file(folder .. "/5-2-Отчёт за март.csv"):find("февраль;1350", 1, true))
    local strange = capture("cd " .. quote(folder) .. " && ls " .. uid .. "-*"):match("^[^\n]+")
    assert.falsy(strange:find("[/%c\"]"))
    assert.equal("harmless", read_file(folder .. "/" .. strange):match("^%w+"))
    assert.equal(3, select(2, capture("ls -A " .. quote(folder)):gsub("\n", "")))
    shell.remove(folder)
    conn:close()
  end)

  it("archive_old moves old messages into mailboxes by year", function()
    local account, conn = filled()
    append(conn, "Subject: new", "", "today")
    append(conn, "Subject: not asked for", "", "x")
    assert(conn:append_message { mailbox = "INBOX", content = "Subject: 1999\n\nold", internal_date = 930000000 })
    assert(conn:create_mailbox { path = "Archive" })
    local output = run(account, "archive_old", "30")
    assert.truthy(output:find("6 messages to Archive/2024", 1, true))
    assert.truthy(output:find("1 messages to Archive/1999", 1, true))
    local left = {}
    for i, message in ipairs(assert(conn:search_messages { mailbox = "INBOX" })) do
      left[i] = message.envelope.subject
    end
    assert.same({ "Отчёт за март", "new", "not asked for" }, left)
    local archived = assert(conn:search_messages { mailbox = "Archive/2024" })
    assert.equal("Grüße aus Köln, mit Foto", archived[1].envelope.subject)
    assert.is_true(archived[1].flags["\\Answered"])
    assert.equal("1999", conn:search_messages { mailbox = "Archive/1999" }[1].envelope.subject)
    conn:close()
  end)

  it("copy_mailbox copies messages, flags and dates, and shows how far it is", function()
    local account, conn = filled()
    local other = servers.dovecot():account("tls")
    local output = capture(shell.account(other, "TO_") .. line_for(account, "copy_mailbox", "INBOX"))
    assert.truthy(output:find("  0 of 7", 1, true))
    assert.truthy(output:find("] 100 %%  7 of 7\n$"))
    local there = assert(imapconn.connect(other))
    local function state(connection)
      local rows = {}
      for i, message in ipairs(assert(connection:search_messages { mailbox = "INBOX" })) do
        message.flags["\\Recent"] = nil
        rows[i] = { message.internal_date, message.flags,
          connection:download_message { mailbox = "INBOX", uid = message.uid }.content }
      end
      return rows
    end
    assert.equal(7, #state(conn))
    assert.same(state(conn), state(there))
    there:close()
    conn:close()
  end)

  it("watch_flags tells what others do", function()
    local account, conn = filled()
    local pipe = assert(io.popen("echo $$; exec timeout 20 env " .. line_for(account, "watch_flags", "INBOX", "0.1")))
    local process = pipe:read("*l")
    finally(function()
      capture("kill " .. process)
      pipe:close()
    end)
    assert.equal("Watching INBOX", pipe:read("*l"))
    assert(conn:add_flags { mailbox = "INBOX", uids = 3, flags = { "\\Flagged" } })
    assert.truthy(pipe:read("*l"):find("^3\t.*%->\t\\Flagged"))
    assert(conn:delete_message { mailbox = "INBOX", uid = 2 })
    assert.equal("2\tis gone", pipe:read("*l"))
    append(conn, "Subject: new", "", "x")
    assert.truthy(pipe:read("*l"):find("^8\t%(new%)"))
    conn:close()
  end)

  it("export_mbox writes what other programs can read", function()
    local account, conn = filled()
    local inner = "Subject: tricky\n\nFrom here on\n>From there\nend"
    assert(conn:append_message { mailbox = "INBOX", content = "From: a@b.example\n" .. inner, internal_date = 0 })
    local path = shell.new_folder() .. "/out.mbox"
    run(account, "export_mbox", "INBOX", path)
    local text = read_file(path)
    local starts = select(2, ("\n" .. text):gsub("\n\nFrom ", "")) + 1
    assert.equal(8, starts)
    assert.equal("From zoe@example.org ", text:match("^From [^ ]+ "))
    assert.falsy(text:find("\r"))
    assert.truthy(text:find("\nFrom a@b.example Thu Jan 01 00:00:00 1970\n", 1, true))
    assert.truthy(text:find("\n>From here on\n>>From there\nend\n\n", 1, true))
    shell.remove(path:match("^(.*)/"))
    conn:close()
  end)
end)
