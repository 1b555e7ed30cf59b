-- `make demo` does what it says, and leaves nothing behind.
local imapconn = require "imapconn"
local mail = dofile "tools/demo/mail.lua"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"

local actions = {
  "add_flags", "append_message", "copy_message", "create_mailbox", "delete_message", "download_message",
  "get_mailbox_status", "list_mailboxes", "remove_flags", "rename_mailbox", "search_messages", "set_flags",
}

local capture, quote = shell.run, shell.quote

local function demo(settings)
  return capture("env -u IMAP_HOST " .. settings .. " sh tools/demo.sh")
end

-- A folder for temporary files, which must be empty in the end.
local function new_folder()
  local folder = shell.new_folder()
  capture("chmod 755 " .. quote(folder))
  return folder
end

-- All that the demo could change about an account.
local function state(conn)
  local words = {}
  for _, row in ipairs(assert(conn:list_mailboxes { status = true })) do
    words[#words + 1] = ("%s %s %s %s"):format(row.path, tostring(row.subscribed),
      tostring(row.status.highest_modseq), tostring(row.status.uid_next))
  end
  table.sort(words)
  return words
end

describe("the demo", function()
  it("performs the twelve actions on a server of its own, which is gone afterwards", function()
    local folder = new_folder()
    local output, status = demo("TMPDIR=" .. quote(folder))
    assert.equal(0, status, output)
    for _, name in ipairs(actions) do
      assert.truthy(output:find("\n    conn:" .. name .. " {", 1, true), name .. " was not shown")
    end
    assert.truthy(output:find("6  2024-04-03   406  佐藤 花子     会議の議題", 1, true), output)
    assert.truthy(output:find("filename      =  Отчёт за март.csv", 1, true), output)
    assert.truthy(output:find('err.code = "not_found"', 1, true), output)
    assert.truthy(output:find("Dovecot is stopped, and what it held is removed.\n$"), output)
    assert.equal("", (capture("ls -A " .. quote(folder))))
    capture("rmdir " .. quote(folder))
  end)

  it("leaves nothing behind where it is interrupted", function()
    local folder = new_folder()
    local output, status = capture(([[TMPDIR=%s sh tools/demo.sh & demo=$!
      until ls %s/*/ports.env; do sleep 0.02; done
      kill -TERM $demo
      wait $demo]]):format(quote(folder), quote(folder)))
    assert.equal(143, status, output)
    assert.equal("", (capture("ls -A " .. quote(folder))))
    capture("rmdir " .. quote(folder))
  end)

  it("changes nothing on the reader's own account, and shows no password", function()
    local account = servers.dovecot():account("tls")
    local conn = assert(imapconn.connect(account))
    assert(mail.fill(conn))
    local before = state(conn)
    local output, status = demo(("IMAP_HOST=%s IMAP_PORT=%d IMAP_USERNAME=%s IMAP_PASSWORD=%s IMAP_CA_FILE=%s")
      :format(account.host, account.port, account.username, account.password, quote(account.ca_file)))
    assert.equal(0, status, output)
    assert.truthy(output:find("7  2024-04-04    290  Ben Okafor", 1, true), output)
    assert.truthy(output:find("Message-ID: <lunch@example.org>", 1, true), output)
    assert.truthy(output:find("Nothing was changed.\n$"), output)
    assert.falsy(output:find(account.password, 1, true))
    assert.same(before, state(conn))
    conn:close()
  end)

  it("says in a line why it cannot log in", function()
    local account = servers.dovecot():account("tls")
    local output, status = demo(("IMAP_HOST=%s IMAP_PORT=%d IMAP_USERNAME=ann IMAP_PASSWORD=wrong IMAP_CA_FILE=%s")
      :format(account.host, account.port, quote(account.ca_file)))
    assert.equal(1, status)
    assert.truthy(output:find("^demo: connect to localhost:%d+: [^\n]+\n$"), output)
    assert.falsy(output:find("wrong", 1, true))
  end)

  it("says what is missing", function()
    local output, status = demo("-u IMAP_USERNAME IMAP_HOST=localhost")
    assert.same({ 1, true }, { status, output:find("IMAP_USERNAME is missing", 1, true) ~= nil })
    output, status = capture("env -u IMAP_PASSWORD -u IMAP_ACCESS_TOKEN IMAP_HOST=localhost IMAP_USERNAME=ann "
      .. "setsid --wait sh tools/demo.sh </dev/null")
    assert.same({ 1, true }, { status, output:find("set IMAP_PASSWORD", 1, true) ~= nil })
  end)
end)
