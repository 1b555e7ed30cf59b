-- The host's locale is not ours: in Turkish the capital of i is another letter,
-- and in an 8-bit charset octets above 127 are letters.
local imapconn = require "imapconn"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"

local quote = shell.quote

local SCRIPT = [[
local imapconn = require "imapconn"
assert(os.setlocale(arg[1]))
assert(("i"):upper() ~= "I" or arg[1] == "C" or jit) -- LuaJIT's own upper asks no locale
local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"), username = os.getenv "IMAP_USERNAME",
  password = os.getenv "IMAP_PASSWORD", ca_file = os.getenv "IMAP_CA_FILE", auth = "plain", timeout = 2.5,
  trace = function(_, line) if line:find "STORE 1" then print(line:match "%b()") end end,
})
print(assert(conn:get_mailbox_status { mailbox = "inbox" }).path)
assert(conn:add_flags { mailbox = "inbox", uids = 1, flags = { "\\Flagged", "\\FLAGGED", "iI", "II" } })
print(assert(conn:download_message { mailbox = "inbox", uid = 1, part = "1.mime" }).content)
print(assert(conn:search_messages { mailbox = "inbox", keyword = "ii", since = "2024-01-01" })[1].envelope.subject)
print((select(2, conn:search_messages { mailbox = "inbox", email_id = "\221\253" })))
conn:close()
]]

describe("a locale of the host's", function()
  it("changes nothing", function()
    local folder = shell.new_folder()
    finally(function() shell.remove(folder) end)
    shell.capture("localedef -i tr_TR -f ISO-8859-9 --no-archive " .. quote(folder .. "/tr_TR"))
    shell.write_file(folder .. "/script.lua", SCRIPT)
    local account = servers.dovecot():account("tls")
    local conn = assert(imapconn.connect(account))
    assert(conn:append_message { mailbox = "INBOX", content = "Subject: hi\nContent-Type: text/plain\n\ny\n" })
    conn:close()
    local command = shell.account(account) .. "LOCPATH=" .. quote(folder) .. " " .. quote(os.getenv "LUA") .. " "
      .. quote(folder .. "/script.lua")
    local plain = shell.capture(command .. " C")
    assert.matches("^INBOX\n%(\\Flagged iI%)\nSubject: hi\r\n.-\r\n\r\n\nhi\nsearch_messages: ", plain)
    assert.equal(plain, shell.capture(command .. " tr_TR"))
  end)
end)
