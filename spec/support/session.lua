--- A session of all twelve actions, connecting included, and a server that
--- plays it again from memory, fast, and ends it after any octet.
--
--     local session = require "spec.support.session"
--     local recorded = session.record()
--     local stream = recorded:stream { server = 100 }  -- ends after 100 octets
--     local run = session.run(stream)
--
-- recorded.sent, recorded.said: octets in either direction. recorded.steps: one
-- for connecting and one for each action: { name, sent, said (octets at its
-- end), value, commands = { { word, from, till, answered } } }.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local session = {}

local SCRIPT = [[
  S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
  C: T1 AUTHENTICATE PLAIN AGFubgBodW50ZXIy
  S: T1 OK [CAPABILITY IMAP4rev1 UIDPLUS ESEARCH UNSELECT CONDSTORE LIST-EXTENDED LIST-STATUS SPECIAL-USE] in
  C: T2 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
  S: * LIST (\Subscribed \HasNoChildren) "/" INBOX
  S: * LIST (\HasNoChildren \Sent) "/" {4}
  S: Sent
  S: T2 OK listed
  C: T3 STATUS Work (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
  S: * STATUS Work (MESSAGES 3 RECENT 0 UNSEEN 1 UIDNEXT 9 UIDVALIDITY 5 HIGHESTMODSEQ 44)
  S: T3 OK done
  C: T4 CREATE New
  S: T4 OK [MAILBOXID (F1)] created
  C: T5 SUBSCRIBE New
  S: T5 OK subscribed
  C: T6 RENAME New Newer
  S: T6 OK renamed
  C: T7 APPEND Work (\Seen) {15}
  S: + go on
  C: Subject: a
  C:
  C: b
  S: T7 OK [APPENDUID 5 9] stored
  C: T8 EXAMINE Work
  C: T9 UID FETCH 1:* (UID FLAGS ENVELOPE)
  S: * 2 EXISTS
  S: * OK [UIDVALIDITY 5] valid
  S: T8 OK [READ-ONLY] open
  S- * 1 FETCH (UID 7 FLAGS (\Seen) ENVELOPE (NIL "one" (("Bo" NIL "bo" "x.org")) NIL NIL NIL NIL NIL NIL
  S:  "<1@x>"))
  S: * 2 FETCH (UID 9 FLAGS () ENVELOPE (NIL {3}
  S: two NIL NIL NIL NIL NIL NIL NIL NIL))
  S: T9 OK done
  C: T10 UID FETCH 9 (UID RFC822.SIZE BODY.PEEK[])
  S: * 2 FETCH (UID 9 RFC822.SIZE 15 BODY[] {15}
  S: Subject: a
  S:
  S: b)
  S: T10 OK done
  C: T11 SELECT Work
  C: T12 UID STORE 7,9 +FLAGS.SILENT (\Flagged)
  C: T13 UID FETCH 7,9 (UID FLAGS MODSEQ)
  S: * 2 EXISTS
  S: * OK [UIDVALIDITY 5] valid
  S: T11 OK [READ-WRITE] open
  S: T12 OK stored
  S: * 1 FETCH (UID 7 FLAGS (\Flagged) MODSEQ (51))
  S: * 2 FETCH (UID 9 FLAGS (\Flagged) MODSEQ (52))
  S: T13 OK done
  C: T14 UID STORE 7 -FLAGS.SILENT (\Flagged)
  C: T15 UID FETCH 7 (UID FLAGS MODSEQ)
  S: T14 OK stored
  S: * 1 FETCH (UID 7 FLAGS () MODSEQ (53))
  S: T15 OK done
  C: T16 UID STORE 9 FLAGS.SILENT (work)
  C: T17 UID FETCH 9 (UID FLAGS MODSEQ)
  S: T16 OK stored
  S: * 2 FETCH (UID 9 FLAGS (work) MODSEQ (54))
  S: T17 OK done
  C: T18 UID FETCH 7,9 (UID)
  C: T19 UID COPY 7,9 Newer
  S: * 1 FETCH (UID 7)
  S: * 2 FETCH (UID 9)
  S: T18 OK done
  S: T19 OK [COPYUID 6 7,9 1:2] copied
  C: T20 UID FETCH 7,9 (UID FLAGS)
  C: T21 UID STORE 7,9 +FLAGS.SILENT (\Deleted)
  C: T22 UID EXPUNGE 7,9
  S: * 1 FETCH (UID 7 FLAGS ())
  S: * 2 FETCH (UID 9 FLAGS (work))
  S: T20 OK done
  S: T21 OK stored
  S: * 1 EXPUNGE
  S: * 1 EXPUNGE
  S: T22 OK gone
]]

local CONTENT = "Subject: a\r\n\r\nb"

session.actions = {
  { "list_mailboxes", {} },
  { "get_mailbox_status", { mailbox = "Work" } },
  { "create_mailbox", { path = "New" } },
  { "rename_mailbox", { path = "New", new_path = "Newer" } },
  { "append_message", { mailbox = "Work", content = CONTENT, flags = { "\\Seen" } } },
  { "search_messages", { mailbox = "Work", fields = { "uid", "flags", "envelope" } } },
  { "download_message", { mailbox = "Work", uid = 9 } },
  { "add_flags", { mailbox = "Work", uids = { 7, 9 }, flags = { "\\Flagged" } } },
  { "remove_flags", { mailbox = "Work", uids = { 7 }, flags = { "\\Flagged" } } },
  { "set_flags", { mailbox = "Work", uids = { 9 }, flags = { "work" } } },
  { "copy_message", { mailbox = "Work", uids = { 7, 9 }, new_path = "Newer" } },
  { "delete_message", { mailbox = "Work", uids = { 7, 9 } } },
}

--- Connects over `stream` and calls the actions, one by one; nothing is raised.
--- Calls each(step, value, message, err) after each; the answer is the
--- Connection, or nil.
function session.run(stream, each)
  local conn, message, err = imapconn.connect {
    host = "play", username = "ann", password = "hunter2",
    transport = { connect = function() return stream end },
  }
  each(1, conn, message, err)
  if not conn then return nil end
  for i, action in ipairs(session.actions) do
    each(i + 1, conn[action[1]](conn, action[2]))
  end
  return conn
end

local Recorded = {}
Recorded.__index = Recorded

-- Where the commands stand among the client's octets, and their answers among
-- the server's.
local function find_commands(step, sent, said, from, said_from)
  step.commands = {}
  local at = from + 1
  while at <= #sent do
    local tag, words = sent:match("^(%w+) ([^\r]*)\r\n", at)
    local line_end = select(2, sent:find("\r\n", at, true))
    local literal = tonumber(words:match("{(%d+)}$"))
    local till = literal and line_end + literal + 2 or line_end
    local answer = said:find(tag .. " OK", said_from + 1, true)
    step.commands[#step.commands + 1] = {
      word = words:match("^UID %S+") or words:match("^%S+"), from = at, till = till,
      answered = select(2, said:find("\r\n", answer, true)),
    }
    at = till + 1
  end
end

--- Plays the script once, and notes what was said in either direction.
function session.record()
  local play = transcript.play(SCRIPT)
  local recorded = setmetatable({ pieces = {}, steps = {} }, Recorded)
  local sent, said = 0, {}
  local stream = { close = function() return true end }
  function stream.send(_, bytes, seconds)
    local count, reason = play:send(bytes, seconds)
    sent = sent + (count or 0)
    return count, reason
  end
  function stream.receive(_, max, seconds)
    local bytes, reason = play:receive(max, seconds)
    if bytes then
      said[#said + 1] = bytes
      recorded.pieces[#said] = { after = sent, text = bytes }
    end
    return bytes, reason
  end
  local conn = session.run(stream, function(i, value, message)
    if play.failure then error(play.failure, 0) end
    assert(value, message)
    local name = i == 1 and "connect" or session.actions[i - 1][1]
    local before = recorded.steps[i - 1] or { sent = 0, said = 0 }
    local all = table.concat(said)
    local step = { name = name, sent = sent, said = #all, value = i > 1 and value or nil }
    find_commands(step, play.sent, all, before.sent, before.said)
    recorded.steps[i] = step
  end)
  recorded.sent, recorded.said = #play.sent, #table.concat(said)
  recorded.prefix = play.tags.T1:match("^%a+")
  conn:close()
  play:finish()
  return recorded
end

local Stream = {}
Stream.__index = Stream

--- The server again. `cut`: { server = octets, client = octets } after which
--- the direction ends; nil: never. `cut.slow`: one octet at a time, both ways.
function Recorded:stream(cut)
  return setmetatable({
    recorded = self, cut = cut, sent = 0, said = 0, next = 1, offset = 0, after_cut = 0, heard = {},
  }, Stream)
end

function Stream:send(bytes)
  local room = (self.cut.client or math.huge) - self.sent
  if room <= 0 or self.ended then
    self.after_cut = self.after_cut + 1
    return nil, "closed"
  end
  if not self.prefix then self.prefix = bytes:match("^%a+") end
  local count = math.min(#bytes, room, self.cut.slow and 1 or room)
  self.sent = self.sent + count
  self.heard[#self.heard + 1] = bytes:sub(1, count)
  return count
end

function Stream:receive(max)
  local piece = self.recorded.pieces[self.next]
  local room = (self.cut.server or math.huge) - self.said
  if room <= 0 or not piece or piece.after > self.sent then
    self.ended = true
    self.after_cut = self.after_cut + 1
    return nil, "closed"
  end
  local text = piece.text
  if self.prefix then text = text:gsub("%f[%w]" .. self.recorded.prefix .. "(%d+ )", self.prefix .. "%1") end
  local count = math.min(#text - self.offset, room, self.cut.slow and 1 or max)
  text = text:sub(self.offset + 1, self.offset + count)
  self.offset, self.said = self.offset + count, self.said + count
  if self.offset == #piece.text then self.next, self.offset = self.next + 1, 0 end
  return text
end

function Stream:close()
  self.closed = true
  return true
end

return session
