-- Moves what is older than so many days from INBOX into a mailbox for each year
-- below the archive. Flagged messages stay.
-- usage: lua archive_old.lua DAYS   (IMAP_HOST, IMAP_USERNAME and IMAP_PASSWORD are set)
local imapconn = require "imapconn"

local days = assert(tonumber(arg[1]), "how many days?")
local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"),
  username = os.getenv "IMAP_USERNAME", password = os.getenv "IMAP_PASSWORD",
  ca_file = os.getenv "IMAP_CA_FILE",
})

local archive, delimiter = "Archive", "/"
for _, row in ipairs(assert(conn:list_mailboxes())) do
  delimiter = row.delimiter or delimiter
  if row.special_use == "\\Archive" then archive = row.path end
end

local years = {}
for _, message in ipairs(assert(conn:search_messages {
  mailbox = "INBOX", before = os.time() - days * 86400, flagged = false, fields = { "uid", "internal_date" },
})) do
  local year = os.date("!%Y", message.internal_date)
  years[year] = years[year] or {}
  table.insert(years[year], message.uid)
end

for year, uids in pairs(years) do
  local path = archive .. delimiter .. year
  assert(conn:create_mailbox { path = path })
  local copied = assert(conn:copy_message { mailbox = "INBOX", uids = uids, new_path = path })
  local safe = {} -- only what is known to be there is removed here
  for i, pair in ipairs(copied.messages or {}) do safe[i] = pair.uid end
  assert(conn:delete_message { mailbox = "INBOX", uids = safe })
  print(("%d messages to %s"):format(#safe, path))
end
conn:close()
