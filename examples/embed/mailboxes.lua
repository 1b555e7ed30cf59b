-- What embed.c runs: counts the mailboxes, and waits in the host's event loop.
-- luacheck: globals wait_in_loop
local imapconn = require "imapconn"

local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"),
  username = os.getenv "IMAP_USERNAME", password = os.getenv "IMAP_PASSWORD",
  ca_file = os.getenv "IMAP_CA_FILE", wait = wait_in_loop,
})
local rows = assert(conn:list_mailboxes())
print(("module  %-16s mailboxes: %d"):format(conn:info().tls.backend, #rows))
conn:close()
