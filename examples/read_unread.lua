-- Lists the unread messages of INBOX with the beginning of their text, and
-- leaves them unread.
-- usage: lua read_unread.lua   (IMAP_HOST, IMAP_USERNAME and IMAP_PASSWORD are set)
local imapconn = require "imapconn"

local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"),
  username = os.getenv "IMAP_USERNAME", password = os.getenv "IMAP_PASSWORD",
  ca_file = os.getenv "IMAP_CA_FILE",
})

-- What strangers wrote, without what a terminal would obey.
local function plain(text)
  return (text:gsub("\194[\128-\159]", "?"):gsub("[%c\127]", " "))
end

local function first_text(node)
  if node.type == "text/plain" and node.disposition ~= "attachment" then return node.part end
  for _, child in ipairs(node.parts or {}) do
    local part = first_text(child)
    if part then return part end
  end
end

for _, message in ipairs(assert(conn:search_messages {
  mailbox = "INBOX", read_filter = "unread", fields = { "uid", "envelope", "body_structure" },
})) do
  local from = message.envelope.from[1] or {}
  print(("%d  %s: %s"):format(message.uid, plain(from.name or from.address or "?"),
    plain(message.envelope.subject or "(no subject)")))
  local part = first_text(message.body_structure)
  if part then
    local text = assert(conn:download_message { mailbox = "INBOX", uid = message.uid, part = part, decode = true })
    print("    " .. plain(text.content:sub(1, 200):gsub("[\192-\255][\128-\191]*$", "")))
  end
end
conn:close()
