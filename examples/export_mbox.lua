-- Writes a mailbox into a file in the format mbox (RFC 4155; lines that begin
-- with "From " are quoted as mboxrd does, so that they can be told apart).
-- usage: lua export_mbox.lua MAILBOX FILE   (IMAP_HOST, IMAP_USERNAME and IMAP_PASSWORD are set)
local imapconn = require "imapconn"

local mailbox, path = assert(arg[1], "which mailbox?"), assert(arg[2], "into which file?")
local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"),
  username = os.getenv "IMAP_USERNAME", password = os.getenv "IMAP_PASSWORD",
  ca_file = os.getenv "IMAP_CA_FILE",
})

local messages = assert(conn:search_messages { mailbox = mailbox, fields = { "uid", "internal_date", "envelope" } })
local file = assert(io.open(path, "wb"))
for _, message in ipairs(messages) do
  local from = message.envelope.from[1] or {}
  local sender = (from.address or "MAILER-DAEMON"):gsub("[%c%s]", "")
  local whole = assert(conn:download_message { mailbox = mailbox, uid = message.uid })
  local text = ("\n" .. whole.content:gsub("\r\n", "\n")):gsub("\n(>*From )", "\n>%1"):sub(2)
  assert(file:write("From ", sender, os.date("! %a %b %d %H:%M:%S %Y\n", message.internal_date),
    text, text:sub(-1) == "\n" and "\n" or "\n\n"))
end
assert(file:close())
print(("%d messages in %s"):format(#messages, path))
conn:close()
