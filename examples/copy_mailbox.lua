-- Copies a mailbox to another account, with flags and dates of arrival, and shows
-- how far it is. Messages go through a file: memory stays small.
-- usage: lua copy_mailbox.lua MAILBOX   (IMAP_HOST, … and TO_IMAP_HOST, … are set)
local imapconn = require "imapconn"

local mailbox = arg[1] or "INBOX"
local function connect(prefix)
  local function value(name) return os.getenv(prefix .. name) end
  return assert(imapconn.connect { host = value "IMAP_HOST", port = tonumber(value "IMAP_PORT"),
    username = value "IMAP_USERNAME", password = value "IMAP_PASSWORD", ca_file = value "IMAP_CA_FILE" })
end
local source, target = connect "", connect "TO_"

local fields, octets, finished = { "uid", "size", "flags", "internal_date" }, 0, 0
local messages = assert(source:search_messages { mailbox = mailbox, fields = fields })
for _, message in ipairs(messages) do octets = octets + message.size end

local function show(done, count)
  local part = octets > 0 and math.min(1, (finished + done) / octets) or 1
  local full = math.floor(part * 40)
  io.write(("\r[%s%s] %3d %%  %d of %d"):format(("#"):rep(full), ("-"):rep(40 - full),
    math.floor(part * 100), count, #messages))
  io.flush()
end

assert(target:create_mailbox { path = mailbox })
for i, message in ipairs(messages) do
  local file = assert(io.tmpfile())
  assert(source:download_message { mailbox = mailbox, uid = message.uid, sink = file,
    progress = function(done) show(done, i - 1) end })
  assert(file:seek("set"))
  assert(target:append_message { path = mailbox, content = file,
    flags = message.flags, internal_date = message.internal_date })
  file:close()
  finished = finished + message.size
end
show(0, #messages)
print()
