--- What a server tells of made-up mail: the FETCH rows of a listing, the same
--- on every machine, and what a client has to make of them.

local PEOPLE = {
  { "Ann Example", '"Ann Example"', "ann" }, { "Jürg Müller", '"=?utf-8?Q?J=C3=BCrg_M=C3=BCller?="', "juerg" },
  { "Bob O'Neil", '"Bob O\'Neil"', "bob" }, { "Zoë", '"=?iso-8859-1?Q?Zo=EB?="', "zoe" },
  { nil, "NIL", "list-request" },
}
local SUBJECTS = {
  { "Minutes of the meeting on Tuesday", '"Minutes of the meeting on Tuesday"' },
  { "Re: Entwürfe für März", '"=?utf-8?Q?Re:_Entw=C3=BCrfe_f=C3=BCr_M=C3=A4rz?="' },
  { "отчёт за год", '"=?utf-8?B?0L7RgtGH0ZHRgiDQt9CwINCz0L7QtA==?="' },
  { 'She said "yes"', '{14}\r\nShe said "yes"' },
}
local FLAGS = { "\\Seen", "", "\\Seen \\Answered", "\\Flagged $Label1" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

local TEXT = '("text" "plain" ("charset" "utf-8" "format" "flowed") NIL NIL "quoted-printable" %d %d NIL NIL NIL NIL)'
local HTML = '("text" "html" ("charset" "utf-8") NIL NIL "quoted-printable" %d %d NIL NIL NIL NIL)'
local FILE = '("application" "pdf" ("name" "report-%d.pdf") NIL NIL "base64" %d NIL '
  .. '("attachment" ("filename" "report-%d.pdf")) NIL NIL)'
local ALTERNATIVE = "(%s%s \"alternative\" (\"boundary\" \"=_alt_%d\") NIL NIL NIL)"
local MIXED = "(%s%s \"mixed\" (\"boundary\" \"=_mix_%d\") NIL NIL NIL)"

local function pick(list, i) return list[i % #list + 1] end

local function address(i)
  local person = pick(PEOPLE, i)
  return ('(%s NIL "%s" "host%d.example.org")'):format(person[2], person[3], i % 50)
end

local function addresses(from, count)
  local list = {}
  for i = 1, count do list[i] = address(from + i) end
  return count > 0 and "(" .. table.concat(list) .. ")" or "NIL"
end

local function envelope(i)
  local from = addresses(i, 1)
  local reply = i % 4 == 1 and ('"<%d.parent@mail.example.org>"'):format(i) or "NIL"
  return ('("Wed, %d %s 2024 %02d:%02d:%02d +0100" %s %s %s %s %s %s NIL %s "<%d.msg@mail.example.org>")'):format(
    i % 28 + 1, pick(MONTHS, i), i % 24, i % 60, i * 7 % 60, pick(SUBJECTS, i)[2],
    from, from, from, addresses(i * 3, i % 3 + 1), addresses(i * 5, i % 4), reply, i)
end

-- A text, a text with its HTML, and these with a file: in turn.
local function structure(i)
  local text = TEXT:format(i % 3000 + 100, i % 90 + 4)
  if i % 3 == 0 then return text, 0 end
  local both = ALTERNATIVE:format(text, HTML:format(i % 9000 + 300, i % 200 + 9), i)
  if i % 3 == 1 then return both, 2 end
  return MIXED:format(both, FILE:format(i, i * 31 % 90000 + 5000, i), i), 2
end

local rows = {}

--- The row of message `i`, as on the wire.
function rows.line(i)
  return ('* %d FETCH (UID %d FLAGS (%s) INTERNALDATE "%02d-%s-2024 %02d:%02d:%02d +0100" RFC822.SIZE %d '
    .. "ENVELOPE %s BODYSTRUCTURE %s)\r\n"):format(i, i * 2, pick(FLAGS, i), i % 28 + 1, pick(MONTHS, i),
    i % 24, i % 60, i * 7 % 60, i * 37 % 100000 + 900, envelope(i), (structure(i)))
end

local function same(what, i, found, wanted)
  assert(found == wanted, ("message %d: %s is %s, not %s"):format(i, what, tostring(found), tostring(wanted)))
end

--- Fails where the message table is not what the row `i` says.
function rows.check(i, message)
  local mail = message.envelope
  same("uid", i, message.uid, i * 2)
  same("size", i, message.size, i * 37 % 100000 + 900)
  for flag in pick(FLAGS, i):gmatch("%S+") do same(flag, i, message.flags[flag], true) end
  same("internal_date", i, message.internal_date, mail.date)
  same("subject", i, mail.subject, pick(SUBJECTS, i)[1])
  same("from", i, mail.from[1].name, pick(PEOPLE, i + 1)[1])
  same("the number of to", i, #mail.to, i % 3 + 1)
  for n, to in ipairs(mail.to) do same("to", i, to.name, pick(PEOPLE, i * 3 + n)[1]) end
  same("the number of cc", i, #mail.cc, i % 4)
  same("message_id", i, mail.message_id, ("<%d.msg@mail.example.org>"):format(i))
  local parts = message.body_structure.parts
  same("the number of parts", i, parts and #parts or 0, select(2, structure(i)))
end

return rows
