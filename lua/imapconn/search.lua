--- Search keys by name, turned into the terms that the core sends
--- (RFC 9051 6.4.4). A term begins with its kind: "a" is sent bare, "s" is a
--- string, "n" a set, and "(" and ")" stand for themselves.
local core = require "imapconn.core"
local check = require "imapconn.check"

local search = {}

local DEEPEST = 40 -- of `not` and `or` within each other
local LONGEST_TEXTS = 65536 -- octets of all texts; Dovecot hangs up on a longer one
local LONGEST_SETS = 6000 -- octets of all sets of a line but the top-level `uids`

-- Adds the terms of one key.
local function add(query, terms)
  query.keys = query.keys + 1
  for i = 1, #terms do query.terms[#query.terms + 1] = terms[i] end
end

-- Several lists of terms as one.
local function join(...)
  local all = {}
  for i = 1, select("#", ...) do
    local terms = select(i, ...)
    for j = 1, #terms do all[#all + 1] = terms[j] end
  end
  return all
end

-- --- Kinds of keys: each is a function(query, key, value) that adds the key, as
-- --- { its own terms, …, value }, or answers what the value must be

local kinds = {}

local function is_too_long(query, value)
  query.octets = query.octets + #value
  return query.octets > LONGEST_TEXTS
end

local SHORTER = ("shorter: all texts of a search have %d octets at most"):format(LONGEST_TEXTS)

function kinds.text(query, key, value)
  if type(value) ~= "string" or not core.is_line(value) then return "UTF-8 text without NUL, CR and LF" end
  if is_too_long(query, value) then return SHORTER end
  if value:find("[\128-\255]") then query.charset = "UTF-8" end
  add(query, join(key, { "s" .. value }))
end

function kinds.keyword(query, key, value)
  if type(value) ~= "string" or not core.is_atom(value) then return "a flag without \"\\\"" end
  if is_too_long(query, value) then return SHORTER end
  add(query, join(key, { "a" .. value }))
end

function kinds.date(query, key, value)
  local seconds = type(value) == "string" and core.parse_day(value) or check.seconds(value)
  local day = seconds and core.day(seconds)
  if not day then return "a date \"YYYY-MM-DD\", or seconds since 1970" end
  add(query, join(key, { "a" .. day }))
end

function kinds.size(query, key, value)
  local digits = (type(value) == "number" or type(value) == "string") and core.number(value)
  if not digits or digits:find("^%-") then return "a whole number from 0 on" end
  add(query, join(key, { "a" .. digits }))
end

function kinds.seconds(query, key, value)
  local seconds = check.integer(value, 1, 4294967295)
  if not seconds then return "a whole number of seconds from 1 on" end
  add(query, join(key, { ("a%.0f"):format(seconds) }))
end

function kinds.id(query, key, value)
  if type(value) ~= "string" or #value > 255 or not value:find("^[A-Za-z0-9_-]+$") then
    return "an id as the server gave it"
  end
  add(query, join(key, { "a" .. value }))
end

-- --- The keys, in the order in which they are sent ---------------------------

-- { name, kind, word }; a flag has a word for true and one for false.
local KEYS = {
  { "all", "flag", "ALL", "NOT ALL" },
  { "answered", "flag", "ANSWERED", "UNANSWERED" },
  { "deleted", "flag", "DELETED", "UNDELETED" },
  { "draft", "flag", "DRAFT", "UNDRAFT" },
  { "flagged", "flag", "FLAGGED", "UNFLAGGED" },
  { "seen", "flag", "SEEN", "UNSEEN" },
  { "unanswered", "flag", "UNANSWERED", "ANSWERED" },
  { "undeleted", "flag", "UNDELETED", "DELETED" },
  { "undraft", "flag", "UNDRAFT", "DRAFT" },
  { "unflagged", "flag", "UNFLAGGED", "FLAGGED" },
  { "unseen", "flag", "UNSEEN", "SEEN" },
  { "new", "flag", "NEW", "NOT NEW", needs = "IMAP4REV1" },
  { "old", "flag", "OLD", "RECENT", needs = "IMAP4REV1" },
  { "recent", "flag", "RECENT", "OLD", needs = "IMAP4REV1" },
  { "keyword", "keyword", "KEYWORD" },
  { "unkeyword", "keyword", "UNKEYWORD" },
  { "since", "date", "SINCE" },
  { "on", "date", "ON" },
  { "before", "date", "BEFORE" },
  { "sent_since", "date", "SENTSINCE" },
  { "sent_on", "date", "SENTON" },
  { "sent_before", "date", "SENTBEFORE" },
  { "saved_since", "date", "SAVEDSINCE", needs = "SAVEDATE" },
  { "saved_on", "date", "SAVEDON", needs = "SAVEDATE" },
  { "saved_before", "date", "SAVEDBEFORE", needs = "SAVEDATE" },
  { "younger", "seconds", "YOUNGER", needs = "WITHIN" },
  { "older", "seconds", "OLDER", needs = "WITHIN" },
  { "larger", "size", "LARGER" },
  { "smaller", "size", "SMALLER" },
  { "modseq", "size", "MODSEQ", needs = "CONDSTORE" },
  { "email_id", "id", "EMAILID", needs = "OBJECTID" },
  { "thread_id", "id", "THREADID", needs = "OBJECTID" },
  { "from", "text", "FROM" },
  { "to", "text", "TO" },
  { "cc", "text", "CC" },
  { "bcc", "text", "BCC" },
  { "subject", "text", "SUBJECT" },
  { "body", "text", "BODY" },
  { "text", "text", "TEXT" },
}

-- Reads a key's value, or an array of values: the key repeated, all must hold.
local function add_each(query, input, name, kind, key, value)
  local values = check.array(value) or { value, n = 1 }
  if values.n == 0 then return input:refuse(name, name .. " is empty, and says nothing") end
  for i = 1, values.n do
    local wanted = kinds[kind](query, key, values[i])
    if wanted then return input:expected(name, wanted, values[i]) end
  end
end

local function add_flag(query, input, name, words, value)
  if type(value) ~= "boolean" then return input:expected(name, "true or false", value) end
  local terms = {}
  for word in (value and words[1] or words[2]):gmatch("%u+") do terms[#terms + 1] = "a" .. word end
  add(query, terms)
end

local function plain_keys(query, input)
  for i = 1, #KEYS do
    local name, kind, word, opposite = KEYS[i][1], KEYS[i][2], KEYS[i][3], KEYS[i][4]
    local value = input.given[name]
    if value ~= nil then
      if kind == "flag" then
        add_flag(query, input, name, { word, opposite }, value)
      else
        add_each(query, input, name, kind, { "a" .. word }, value)
      end
      if KEYS[i].needs then input:needs(name, KEYS[i].needs) end
    end
  end
end

local function header_key(query, input)
  local headers = input.given.header
  if headers == nil then return end
  if type(headers) ~= "table" or next(headers) == nil then
    return input:expected("header", "a table like { [\"List-Id\"] = \"x\" }", headers)
  end
  local names = {}
  for name in next, headers do
    if type(name) ~= "string" or not name:find("^[!-9;-~]+$") then
      return input:refuse("header", "header names " .. check.kind(name) .. ", which no header is called")
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    add_each(query, input, "header", "text", { "aHEADER", "s" .. name }, rawget(headers, name))
  end
end

-- A set within the line; an empty one matches nothing.
local function add_set(query, input, name, set)
  if not set then return end
  if set == check.NO_MESSAGE then return add(query, { "aNOT", "aALL" }) end
  local text = type(set) == "number" and ("%d"):format(set) or set.text
  query.set_octets = query.set_octets + #text
  if query.set_octets > LONGEST_SETS then
    return input:refuse(name, "the sets of the search are too long; the top-level uids may be of any length")
  end
  add(query, name == "uids" and { "aUID", "n" .. text } or { "n" .. text })
end

-- The keys of one level.
local function read_level(query, input)
  add_set(query, input, "range", input:set("range"))
  add_set(query, input, "uids", input:set("uids"))
  search.add_keys(query, input)
end

local nested -- what is common to the tables of keys within others

-- The keys of a nested table, as the terms of one key.
local function group(query, input, name, keys)
  if type(keys) ~= "table" or next(keys) == nil then
    input:expected(name, "a table of search keys", keys)
    return {}
  elseif query.depth >= DEEPEST then
    input:refuse(name, ("the search nests deeper than %d levels"):format(DEEPEST))
    return {}
  end
  local inner = setmetatable({ terms = {}, keys = 0, depth = query.depth + 1 }, { __index = query })
  local given = check.inputs(nested, keys, input.server)
  read_level(inner, given)
  input.err = input.err or given:failed()
  query.charset, query.octets, query.set_octets = inner.charset, inner.octets, inner.set_octets
  if inner.keys == 0 then return { "aALL" } end -- read_filter = "all"
  return inner.keys == 1 and inner.terms or join({ "(" }, inner.terms, { ")" })
end

-- The alternatives as a balanced tree of OR, which has but two sides.
local function either(query, input, groups, first, last)
  if first == last then return group(query, input, "or", groups[first]) end
  local middle = math.floor((first + last) / 2)
  return join({ "aOR" }, either(query, input, groups, first, middle),
    either(query, input, groups, middle + 1, last))
end

local function logic_keys(query, input)
  local negated, alternatives = input.given["not"], input.given["or"]
  if negated ~= nil then
    local groups = check.array(negated)
    if not groups or groups.n == 0 then groups = { negated, n = 1 } end
    for i = 1, groups.n do
      local terms = group(query, input, "not", groups[i])
      -- Courier 5.0 answers NO to NOT NOT.
      if terms[1] == "aNOT" then terms = join({ "(" }, terms, { ")" }) end
      add(query, join({ "aNOT" }, terms))
    end
  end
  if alternatives ~= nil then
    local groups = check.array(alternatives)
    if not groups or groups.n == 0 then
      return input:expected("or", "an array of tables of search keys", alternatives)
    end
    add(query, either(query, input, groups, 1, groups.n))
  end
end

local FILTERS = { all = {}, read = { "aSEEN" }, unread = { "aUNSEEN" } }

--- Adds the keys that may stand at any level, but for the sets.
function search.add_keys(query, input)
  local filter = input.given.read_filter
  if filter ~= nil and not FILTERS[filter] then
    input:expected("read_filter", '"all", "read" or "unread"', filter)
  elseif filter ~= nil and filter ~= "all" then
    add(query, FILTERS[filter])
  end
  plain_keys(query, input)
  header_key(query, input)
  logic_keys(query, input)
end

nested = check.form("search_messages", function(input) read_level({}, input) end)

--- Reads all search keys of an input: { terms, charset, uids, empty }. `uids`
--- is the top-level set of UIDs; `empty`: a top-level set names no message.
function search.read(input)
  local query = { terms = {}, keys = 0, depth = 0, octets = 0, set_octets = 0, charset = false }
  local uids, range = input:set("uids"), input:set("range")
  query.uids = uids
  query.empty = uids == check.NO_MESSAGE or range == check.NO_MESSAGE
  if not query.empty then add_set(query, input, "range", range) end
  search.add_keys(query, input)
  if input.server:utf8_names() then query.charset = false end
  return query
end

-- --- Fields ------------------------------------------------------------------

local FIELDS = { -- name = the capability that it needs, or ""
  seq = "", uid = "", flags = "", size = "", internal_date = "", envelope = "",
  body_structure = "", headers = "", modseq = "CONDSTORE", email_id = "OBJECTID",
  thread_id = "OBJECTID", preview = "PREVIEW", save_date = "SAVEDATE",
}

local USUAL = { "seq", "uid", "flags", "size", "internal_date", "envelope" }

--- The fields asked for, each once.
function search.fields(input)
  local given = input.given.fields
  if given == nil then return USUAL end
  local items = check.array(given)
  if not items or items.n == 0 then
    return input:expected("fields", "an array of names of fields", given)
  end
  local fields, seen = {}, {}
  for i = 1, items.n do
    local name = items[i]
    local capability = FIELDS[name]
    if not capability then
      return input:refuse("fields", "fields holds " .. check.kind(name) .. ", which is no field")
    end
    if capability ~= "" and not input.server:has(capability) then
      input:unsupported("fields", ("the field %s needs %s, which the server does not offer")
        :format(name, capability))
    end
    if not seen[name] then
      seen[name] = true
      fields[#fields + 1] = name
    end
  end
  return fields
end

return search
