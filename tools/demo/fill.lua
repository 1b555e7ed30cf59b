--- Puts the demo's mail into an empty account: IMAP_HOST, IMAP_PORT, IMAP_USERNAME,
--- IMAP_PASSWORD and IMAP_CA_FILE say which.
package.path = "tools/demo/?.lua;" .. package.path
local conn = assert(require "imapconn".connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"), username = os.getenv "IMAP_USERNAME",
  password = os.getenv "IMAP_PASSWORD", ca_file = os.getenv "IMAP_CA_FILE",
})
assert(require "mail".fill(conn))
conn:close()
