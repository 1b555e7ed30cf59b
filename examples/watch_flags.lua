-- Tells when messages come, go, or change their flags: asks every few seconds,
-- and looks at the messages only where something has changed.
-- usage: lua watch_flags.lua [MAILBOX [SECONDS]]   (IMAP_HOST, … are set; ends with Ctrl-C)
local imapconn = require "imapconn"

local mailbox, seconds = arg[1] or "INBOX", tonumber(arg[2] or 10)
local conn = assert(imapconn.connect {
  host = os.getenv "IMAP_HOST", port = tonumber(os.getenv "IMAP_PORT"),
  username = os.getenv "IMAP_USERNAME", password = os.getenv "IMAP_PASSWORD",
  ca_file = os.getenv "IMAP_CA_FILE",
})

local function look()
  local flags_of = {}
  for _, message in ipairs(assert(conn:search_messages { mailbox = mailbox, fields = { "uid", "flags" } })) do
    local flags = {}
    message.flags["\\Recent"] = nil -- says little, and that to one client only
    for flag in pairs(message.flags) do table.insert(flags, flag) end
    table.sort(flags)
    flags_of[message.uid] = table.concat(flags, " ")
  end
  return flags_of
end

local status, before = assert(conn:get_mailbox_status { mailbox = mailbox }), look()
print("Watching " .. mailbox)
io.flush()
while true do
  local slept = os.execute("sleep " .. seconds)
  if slept ~= true and slept ~= 0 then break end
  local new = assert(conn:get_mailbox_status { mailbox = mailbox })
  local now = new.highest_modseq and new.highest_modseq == status.highest_modseq and before or look()
  for uid, flags in pairs(now) do
    if flags ~= before[uid] then print(uid, before[uid] or "(new)", "->", flags) end
  end
  for uid in pairs(before) do if not now[uid] then print(uid, "is gone") end end
  io.flush()
  status, before = new, now
end
