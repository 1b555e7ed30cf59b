-- Saves the attachments of a mailbox's messages into a folder, in bounded memory.
-- usage: lua save_attachments.lua FOLDER [MAILBOX]   (IMAP_HOST, … are set)
local imapconn = require "imapconn"

local folder, mailbox = assert(arg[1], "which folder?"), arg[2] or "INBOX"
local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"),
  username = os.getenv "IMAP_USERNAME", password = os.getenv "IMAP_PASSWORD",
  ca_file = os.getenv "IMAP_CA_FILE",
})

-- A file name is what the sender wrote: no slash, control character or leading
-- dot of it gets far. UID and part before it keep names apart.
local function file_name(uid, node)
  local name = (node.filename or node.type:gsub("/", ".")):gsub("[^%w%._ \128-\255-]", "_")
  name = name:gsub("\194[\128-\159]", "_"):sub(-100):gsub("^[\128-\191]+", "")
  return ("%d-%s-%s"):format(uid, node.part, name)
end

local function save(uid, node)
  if node.type:find("^multipart/") then
    for _, child in ipairs(node.parts or {}) do save(uid, child) end
  elseif node.filename or node.disposition == "attachment" then
    local name = file_name(uid, node)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    local part = assert(conn:download_message { -- text is turned into UTF-8
      mailbox = mailbox, uid = uid, part = node.part, decode = true, sink = file,
    })
    assert(file:close())
    print(("%s  %d bytes"):format(name, part.size))
  end
end

for _, message in ipairs(assert(conn:search_messages { mailbox = mailbox, fields = { "uid", "body_structure" } })) do
  save(message.uid, message.body_structure)
end
conn:close()
