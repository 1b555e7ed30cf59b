--- What torture.c runs while allocations fail: each action over a server that
--- says yes. Answers { name, … }, { [name] = function }; a function connects,
--- acts and closes, and answers what imapconn answered.
-- luacheck: globals TORTURE_FOLDER
package.path = TORTURE_FOLDER .. "/lua/?.lua;" .. TORTURE_FOLDER .. "/lua/?/init.lua"
local imapconn = require "imapconn"

-- --- The server ---------------------------------------------------------------

local OPENED = "* 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 20] x\r\n"
local ROWS = "* 7 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (12) RFC822.SIZE 3"
  .. ' INTERNALDATE "17-Jul-1996 02:44:25 -0700"'
  .. ' ENVELOPE (NIL "=?utf-8?q?=C3=BC?=" (("A" NIL "a" "b.example")) NIL NIL NIL NIL NIL NIL "<1@b>")'
  .. ' BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "koi8-r") NIL NIL "QUOTED-PRINTABLE" 5 1)'
  .. " BODY[] {3}\r\nabc BODY[1] {5}\r\nd=C1f)\r\n"
local ANSWERS = {
  { "^SELECT", OPENED, "[READ-WRITE]" }, { "^EXAMINE", OPENED, "[READ-ONLY]" },
  { "^UID FETCH", ROWS }, { "^FETCH", ROWS }, { "^UID EXPUNGE", "* 7 EXPUNGE\r\n" },
  { "^EXPUNGE", "* 7 EXPUNGE\r\n" }, { "^UID COPY", "", "[COPYUID 7 7 1]" },
  { "^UID SEARCH RETURN", '* ESEARCH (TAG "%s") UID ALL 7\r\n' }, { "^UID SEARCH", "* SEARCH 7\r\n" },
  { "^LIST", '* LIST (\\HasNoChildren \\Sent) "/" "Entw&APw-rfe"\r\n* LIST () "/" INBOX\r\n' },
  { "^LSUB", '* LSUB () "/" INBOX\r\n' }, { "^STATUS", "* STATUS INBOX (MESSAGES 1 UIDNEXT 4)\r\n" },
  { "^APPEND", "", "[APPENDUID 7 1]" }, { "^CREATE", "", "[MAILBOXID (F1)]" },
  { "^LOGOUT", "* BYE bye\r\n" },
}

local Server = {}
Server.__index = Server

local function answer(server, tag, command)
  for _, case in ipairs(ANSWERS) do
    if command:find(case[1]) then
      server.said = server.said .. case[2]:format(tag) .. tag .. " OK " .. (case[3] or "") .. " done\r\n"
      return
    end
  end
  server.said = server.said .. tag .. " OK done\r\n"
end

function Server:send(bytes)
  self.heard = self.heard .. bytes
  while true do
    local line, rest = self.heard:match("^(.-)\r\n(.*)$")
    if not line then return #bytes end
    local size, plus = line:match("{(%d+)(%+?)}$")
    if size then
      if plus == "" and #rest == 0 then self.said = self.said .. "+ go\r\n" end
      if #rest < tonumber(size) + 2 then return #bytes end
      rest = rest:sub(tonumber(size) + 1):gsub("^.-\r\n", "", 1)
    end
    self.heard = rest
    local tag, command = line:match("^(%w+) (.*)$")
    if self.challenged then
      tag, command, self.challenged = self.challenged, "", nil
    elseif command and command:find("^AUTHENTICATE") and not command:find("PLAIN .") then
      self.challenged, self.said = tag, self.said .. "+ \r\n"
    end
    if not self.challenged then answer(self, tag, command) end
  end
end

function Server:receive(max)
  if self.said == "" then return nil, "closed" end
  local bytes = self.said:sub(1, max)
  self.said = self.said:sub(max + 1)
  return bytes
end

function Server.close() return true end

-- --- The actions ----------------------------------------------------------------

local MANY = "LITERAL+ UIDPLUS ESEARCH SEARCHRES LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT CONDSTORE"

local function connect(greeting, more)
  local options = {
    host = "play", username = "ann", secure = false,
    transport = { connect = function()
      return setmetatable({ said = greeting, heard = "" }, Server)
    end },
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return imapconn.connect(options)
end

local names, runs = {}, {}
local function run(name, work)
  names[#names + 1], runs[name] = name, work
end

local function action(name, method, inputs, capabilities)
  run(name, function()
    local conn, message, err = connect("* PREAUTH [CAPABILITY IMAP4rev1 " .. capabilities .. "] x\r\n")
    if not conn then return nil, message, err end
    local value
    value, message, err = conn[method](conn, inputs)
    conn:close()
    return value, message, err
  end)
end

run("connect", function()
  local conn, message, err = connect("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n",
    { auth = "PLAIN", password = "secret", trace = function() end })
  if conn then conn:close() end
  return conn and true, message, err
end)

for _, case in ipairs {
  { "add_flags", { mailbox = "INBOX", uids = 7, flags = { "\\Seen" } } },
  { "remove_flags", { mailbox = "INBOX", range = "1:3", flags = { "\\Seen" } } },
  { "set_flags", { mailbox = "INBOX", uids = { 7, 8 }, flags = { "$Junk" }, silent = true } },
  { "append_message", { path = "Entwürfe", content = "a\nb", flags = { "\\Seen" }, internal_date = 0 } },
  { "copy_message", { mailbox = "INBOX", uids = 7, new_path = "Entwürfe" } },
  { "create_mailbox", { path = "Entwürfe" } },
  { "delete_message", { mailbox = "INBOX", uid = 7, allow_expunge = true } },
  { "download_message", { mailbox = "INBOX", uid = 7 } },
  { "get_mailbox_status", { mailbox = "INBOX" } },
  { "list_mailboxes", { status = { "messages" } } },
  { "rename_mailbox", { path = "INBOX", new_path = "Work" } },
  { "search_messages",
    { mailbox = "INBOX", from = "Jürg", fields = { "uid", "flags", "envelope", "body_structure" } } },
} do
  action(case[1], case[1], case[2], MANY)
  action(case[1] .. ", few capabilities", case[1], case[2], "")
end
action("download_message of a part to a sink", "download_message",
  { mailbox = "INBOX", uid = 7, part = "1", decode = true, sink = function() end }, MANY)

return names, runs
