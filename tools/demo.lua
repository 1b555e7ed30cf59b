--- What the demo does once it has an account: each call is shown as Lua source,
--- run from that very source, and followed by its result. tools/demo.sh calls it.
--- usage: lua demo.lua all|own   (all: the twelve actions, on an account of the
--- demo's own; own: those that change nothing)
package.path = "tools/demo/?.lua;" .. package.path
local imapconn = require "imapconn"
local mail = require "mail"
local show = require "show"

-- --- The calls: a heading, the source, and how the result is shown ------------------

local own = {
  { "Which mailboxes are there?",
    'conn:list_mailboxes { status = { "messages", "unseen" } }', show.mailboxes },
  { "What is in INBOX?", 'conn:get_mailbox_status { mailbox = "INBOX" }',
    show.fields("messages", "unseen", "uid_next", "uid_validity", "size") },
  { "Its latest messages", 'conn:search_messages { mailbox = "INBOX", limit = 10, newest_first = true }',
    show.messages },
  { "The header of the latest, which stays as read or unread as it was",
    'conn:download_message { mailbox = "INBOX", index = "*", part = "HEADER" }', show.text },
}

local all = {
  own[1],
  own[2],
  { "Unread messages", 'conn:search_messages { mailbox = "INBOX", read_filter = "unread" }', show.messages },
  { "A search in French, answered by the server",
    'conn:search_messages { mailbox = "INBOX", subject = "déplacée", since = "2024-03-01" }', show.messages },
  { "A text, from ISO-2022-JP to UTF-8",
    'conn:download_message { mailbox = "INBOX", uid = 6, part = "1", decode = true }', show.text },
  { "An attachment, into a file",
    'conn:download_message { mailbox = "INBOX", uid = 5, part = "2", decode = true, sink = io.tmpfile() }',
    show.fields("filename", "content_type", "encoding", "size") },
  { "Mark two as read", 'conn:add_flags { mailbox = "INBOX", uids = { 3, 6 }, flags = { "\\\\Seen" } }',
    show.flagged },
  { "This one needs no star any more",
    'conn:remove_flags { mailbox = "INBOX", uids = 5, flags = { "\\\\Flagged" } }', show.flagged },
  { "These flags and no others, on the latest message",
    'conn:set_flags { mailbox = "INBOX", range = "*", flags = { "\\\\Seen", "Friday" } }', show.flagged },
  { "A new mailbox", 'conn:create_mailbox { path = "Work/2024" }', show.fields("path", "created", "subscribed") },
  { "Copy the two oldest messages there",
    'conn:copy_message { mailbox = "INBOX", range = "1:2", new_path = "Work/2024" }', show.copies },
  { "They are safe there: delete them here (99 was never there)",
    'conn:delete_message { mailbox = "INBOX", uids = { 1, 2, 99 } }', show.fields("uids", "missing") },
  { "Another name for a mailbox",
    'conn:rename_mailbox { path = "Work/2023/Été", new_path = "Work/2023/夏" }', show.fields("path", "new_path") },
  { "Leave a draft", [[conn:append_message {
      mailbox = "Drafts", flags = { "\\Draft" },
      content = "From: ann@example.org\nTo: ben@example.org\n"
        .. "Subject: Re: Lunch on Friday?\n\nNoon is fine.\n",
    }]], show.fields("path", "uid", "uid_validity") },
  { "A failure is a value: nil, a line to read, and a table to branch on",
    'conn:get_mailbox_status { mailbox = "Nowhere" }', nil, "not_found" },
  { "What is where in the end", own[1][2], show.mailboxes },
}

-- --- Running them --------------------------------------------------------------------

local function give_up(...)
  io.stderr:write("demo: ", show.safe(table.concat({ ... }, " ")), "\n")
  os.exit(1, true)
end

-- Runs a call; false where it did not end as it should.
local function perform(conn, heading, source, show_result, expected)
  local call = assert((loadstring or load)("local conn = ... return " .. source))
  print(("\n%s\n\n    %s\n"):format(heading, source))
  local result, reason, err = call(conn)
  if result then
    show_result(result)
    return true
  end
  show.rows { { "nil", show.safe(reason) }, { "", 'err.code = "' .. err.code .. '"' } }
  return err.code == expected
end

local function describe(info)
  local tls = info.tls
  return ("Connected to %s:%d, %s, logged in with %s"):format(info.host, info.port,
    tls and ("%s (%s) by %s"):format(tls.version, tls.cipher, tls.backend) or "without TLS", info.auth or "nothing")
end

local function connect()
  local secure = os.getenv "IMAP_SECURE"
  local function value(name)
    local text = os.getenv(name)
    return text ~= "" and text or nil
  end
  local choices = { ["true"] = true, ["false"] = false, starttls = "starttls" }
  if value "IMAP_SECURE" and choices[secure] == nil then give_up "IMAP_SECURE is true, starttls or false" end
  local conn, reason = imapconn.connect {
    host = value "IMAP_HOST", port = tonumber(value "IMAP_PORT"), secure = choices[secure],
    username = value "IMAP_USERNAME", password = value "IMAP_PASSWORD",
    access_token = value "IMAP_ACCESS_TOKEN", ca_file = value "IMAP_CA_FILE",
  }
  return conn or give_up(reason)
end

local function main(which)
  local conn = connect()
  print(show.safe(describe(conn:info())))
  if which == "all" then
    local filled, reason = mail.fill(conn)
    if not filled then give_up(reason) end
  end
  local failed = 0
  for _, step in ipairs(which == "all" and all or own) do
    if not perform(conn, step[1], step[2], step[3], step[4]) then failed = failed + 1 end
  end
  conn:close()
  print(which == "all" and "\nThose were all twelve actions." or "\nNothing was changed.")
  if failed > 0 then give_up(failed, "of the calls did not end as they should") end
end

main(arg[1])
