--- Compares what imapconn reads with what net-imap reads (*.expected.json).
--
-- net_imap.compare(expected, response, same): `same(name, theirs, ours)` is
-- called for each thing that both tell. What only one of them tells, or tells
-- in another way (undecoded words, unparsed data), is left out.

local null = require "dkjson".null

local net_imap = {}
local by_type = {}

local function given(value)
  return value ~= nil and value ~= null
end

local function lower(value)
  return given(value) and value:lower() or nil
end

local function plain(value)
  return given(value) and value or nil
end

--- A set of flags; theirs are symbols without the backslash, in any case.
local function flag_set(list)
  local set = {}
  for _, flag in ipairs(list) do
    set[(type(flag) == "table" and "\\" .. flag._symbol or flag):lower()] = true
  end
  return set
end

local function lower_set(set)
  local result = {}
  for name in pairs(set) do result[name:lower()] = true end
  return result
end

-- Their ":*" is a symbol that JSON does not know as one.
local function same_flags(same, name, theirs, ours)
  local set = flag_set(theirs)
  if set[":*"] then set[":*"], set["\\*"] = nil, true end
  same(name, set, lower_set(ours))
end

local function name_set(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

-- Envelopes and bodies ----------------------------------------------------------

local ADDRESS_LISTS = { "from", "sender", "reply_to", "to", "cc", "bcc" }

local function encoded(text)
  return given(text) and text:find("=?", 1, true) ~= nil
end

local function envelope(theirs, ours, same)
  same("date_text", plain(theirs.date), ours.date_text)
  if not encoded(theirs.subject) then same("subject", plain(theirs.subject), ours.subject) end
  same("message_id", plain(theirs.message_id), ours.message_id)
  same("in_reply_to", plain(theirs.in_reply_to), ours.in_reply_to)
  for _, list in ipairs(ADDRESS_LISTS) do
    local addresses = given(theirs[list]) and theirs[list] or {}
    same("number of " .. list, #addresses, #ours[list])
    for i, address in ipairs(addresses) do
      if not encoded(address.name) then same("name", plain(address.name), ours[list][i].name) end
      same("mailbox", plain(address.mailbox), ours[list][i].mailbox)
      same("host", plain(address.host), ours[list][i].host)
    end
  end
end

local function params(theirs, ours, same)
  for name, value in pairs(given(theirs) and theirs or {}) do
    if not name:find "%*" and not encoded(value) then
      same("parameter " .. name, value, ours[name:lower()])
    end
  end
end

local function body(theirs, ours, same)
  same("type", (theirs.media_type .. "/" .. theirs.subtype):lower(), ours.type)
  same("encoding", lower(theirs.encoding), ours.encoding)
  for _, field in ipairs { "size", "lines", "md5", "location", "description" } do
    if not encoded(tostring(theirs[field])) then same(field, plain(theirs[field]), ours[field]) end
  end
  same("id", plain(theirs.content_id), ours.id)
  params(theirs.param, ours.params, same)
  if given(theirs.disposition) then
    same("disposition", lower(theirs.disposition.dsp_type), ours.disposition)
    params(theirs.disposition.param, ours.disposition_params, same)
  end
  if theirs._type ~= "BodyTypeMultipart" then return end
  local parts = given(theirs.parts) and theirs.parts or {}
  same("number of parts", #parts, #ours.parts)
  for i, part in ipairs(parts) do body(part, ours.parts[i], same) end
end

-- FETCH -------------------------------------------------------------------------

local FIELDS = { UID = "uid", ["RFC822.SIZE"] = "size", MODSEQ = "modseq", EMAILID = "email_id",
  THREADID = "thread_id", ENVELOPE = "envelope", BODY = "body_structure",
  BODYSTRUCTURE = "body_structure", FLAGS = "flags" }

-- They leave out the quotes round a field's name.
local function section(message, wanted)
  for name, text in pairs(message.sections) do
    if name:gsub('"', "") == wanted then return text end
  end
end

function by_type.FetchData(theirs, response, same)
  local message = response.message
  same("number", theirs.seqno, response.number)
  for name, value in pairs(theirs.attr) do
    local ours = message[FIELDS[name]]
    if name == "FLAGS" then
      same_flags(same, name, value, ours)
    elseif name == "ENVELOPE" then
      envelope(value, ours, same)
    elseif FIELDS[name] == "body_structure" then
      body(value, ours, same)
    elseif FIELDS[name] then
      same(name, plain(value), ours)
    elseif name:match "^BODY%[" then
      same(name, plain(value), section(message, name))
    end
  end
end

-- Status responses --------------------------------------------------------------

local by_code = {}

function by_code.PERMANENTFLAGS(theirs, ours, same)
  same_flags(same, "PERMANENTFLAGS", theirs, ours)
end

function by_code.CAPABILITY(theirs, ours, same)
  same("CAPABILITY", name_set(theirs), ours)
end

function by_code.APPENDUID(theirs, ours, same)
  same("uid_validity", theirs.uidvalidity, ours.uid_validity)
  same("uids", theirs.assigned_uids.string, ours.uids)
end

function by_code.COPYUID(theirs, ours, same)
  if theirs._type == "InvalidParseData" then return same("argument", nil, ours) end
  same("uid_validity", theirs.uidvalidity, ours.uid_validity)
  same("from", theirs.source_uids.string, ours.from)
  same("to", theirs.assigned_uids.string, ours.to)
end

function by_type.ResponseText(theirs, response, same)
  local code = given(theirs.code) and theirs.code or {}
  same("code", code.name, response.code and response.code:upper())
  same("text", theirs.text, response.text)
  if by_code[code.name] then
    by_code[code.name](code.data, response.argument, same)
  elseif type(code.data) == "number" or code.name == "MAILBOXID" then
    same("argument", code.data, response.argument)
  end
end

-- Other data --------------------------------------------------------------------

function by_type.SearchResult(theirs, response, same)
  same("numbers", theirs.internal, response.numbers)
  same("modseq", plain(theirs.ivars["@modseq"]), response.modseq)
end

function by_type.ESearchResult(theirs, response, same)
  local search = response.search
  same("tag", plain(theirs.tag), search.tag)
  same("uid", theirs.uid, search.uid)
  for _, pair in ipairs(theirs.data) do
    local name, value = pair[1], pair[2]
    if type(value) == "table" then value = value.string or plain(value.results) and value.results.string end
    same(name, value, search[name:lower()])
  end
end

function by_type.VanishedData(theirs, response, same)
  same("earlier", theirs.earlier, response.vanished.earlier)
  same("uids", theirs.uids.string, response.vanished.uids)
end

function by_type.MailboxList(theirs, response, same)
  same_flags(same, "flags", theirs.attr, response.mailbox.flags)
  same("delimiter", plain(theirs.delim), response.mailbox.delimiter)
  same("raw_path", theirs.name, response.mailbox.raw_path)
end

local STATUS = { MESSAGES = "messages", RECENT = "recent", UNSEEN = "unseen", UIDNEXT = "uid_next",
  UIDVALIDITY = "uid_validity", HIGHESTMODSEQ = "highest_modseq", SIZE = "size", MAILBOXID = "mailbox_id" }

function by_type.StatusData(theirs, response, same)
  same("raw_path", theirs.mailbox, response.raw_path)
  for name, value in pairs(theirs.attr) do
    if STATUS[name] then same(name, value, response.status[STATUS[name]]) end
  end
end

local by_name = {}

function by_name.CAPABILITY(theirs, response, same)
  same("capabilities", name_set(theirs), response.capabilities)
end

function by_name.FLAGS(theirs, response, same)
  same_flags(same, "flags", theirs, response.flags)
end

function by_name.SEARCH(theirs, response, same)
  same("numbers", theirs, response.numbers)
end

--- One response.
function net_imap.compare(theirs, response, same)
  local data = theirs.data
  if theirs._type == "ContinuationRequest" then
    same("kind", "continuation", response.kind)
  else
    same("name", theirs.name, response.name)
    same("tag", theirs.tag, response.tag)
  end
  if type(data) == "number" then return same("number", data, response.number) end
  if not given(data) then return end
  local compare = by_type[data._type] or not data._type and by_name[theirs.name]
  if compare then compare(data, response, same) end
end

return net_imap
