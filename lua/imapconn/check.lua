--- The inputs of a call, read by name and checked: nothing that is wrong goes
--- further. An action reads all its inputs; the first mistake waits in failed().
--- Tables are read raw, so no metamethod of the caller's ever runs.
local core = require "imapconn.core"
local errors = require "imapconn.errors"

local check = {}

local MOST = 4294967295 -- of message numbers, UIDs and UIDVALIDITY
local LONGEST_NAME = 4000 -- octets of a mailbox name on the wire
local LONGEST_FLAGS = 4000 -- octets of all flags of a command

local Input = {}
Input.__index = Input

-- A server that offers all there is.
local ANY_SERVER = {
  has = function() return true end,
  utf8_names = function() return false end,
}

--- What the inputs of every `call` have in common: the names of those that there
--- are, which is what `read` asks of an Input where none is given. So an action has
--- to read all of them, whatever it finds.
function check.form(call, read)
  local known = {}
  local nothing = setmetatable({}, { __index = function(_, name) known[name] = true end })
  read(setmetatable({ call = call, known = known, given = nothing, server = ANY_SERVER }, Input))
  return { call = call, known = known }
end

local NOTHING = {} -- is given

-- A table without metamethods: the caller's own, or a copy.
local function bare(given)
  if getmetatable(given) == nil then return given end
  local copy = {}
  for name, value in next, given do copy[name] = value end
  return copy
end

--- Begins to read `given`, which becomes a field of that name. `server` is the
--- core's connection, which knows what the server can do; `literal_limit`: octets
--- that may be held.
function check.inputs(form, given, server, literal_limit)
  local is_table = type(given) == "table"
  local input = setmetatable({
    call = form.call, known = form.known, given = is_table and bare(given) or NOTHING,
    server = server, literal_limit = literal_limit,
  }, Input)
  if not is_table and given ~= nil then
    input:refuse("inputs", input.call .. " takes one table of named inputs, not " .. check.kind(given))
  end
  return input
end

--- What a value is, for people.
function check.kind(value)
  if value == nil then return "nil" end
  if type(value) == "string" then return "the string " .. errors.quote(value) end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

--- Notes a mistake; answers nil.
function Input:refuse(field, why)
  self.err = self.err or errors.argument(self.call, field, why)
end

--- Notes that the server lacks what an input needs.
function Input:unsupported(field, why)
  self.err = self.err or errors.unsupported(self.call, field, why)
end

--- `name` needs a capability of the server.
function Input:needs(name, capability)
  if not self.server:has(capability) then
    self:unsupported(name, name .. " needs " .. capability .. ", which the server does not offer")
  end
end

function Input:expected(name, what, value)
  if value == nil then
    return self:refuse(name, name .. " is missing; it is " .. what)
  end
  return self:refuse(name, name .. " must be " .. what .. ", not " .. check.kind(value))
end

-- The input that nobody has asked for; of several, the first by name.
local function unknown_input(input)
  local found
  for name in next, input.given do
    if not input.known[name] then
      local text = type(name) == "string" and name or check.kind(name)
      if not found or text < found then found = text end
    end
  end
  return found
end

-- How many letters to change, add or leave out to make one word of the other.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + same)
    end
  end
  return row[#b]
end

local function sorted_names(input)
  local names = {}
  for name in next, input.known do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- The one that was probably meant.
local function nearest(word, names)
  local best, least = nil, math.min(#word, 3)
  for _, name in ipairs(names) do
    local changes = #word < 40 and distance(word, name) or least
    if changes < least then best, least = name, changes end
  end
  return best
end

--- After all inputs were read: the error, if there is one.
function Input:failed()
  if core.has_all(self.known, self.given) then return self.err end
  local unknown, names = unknown_input(self), sorted_names(self)
  local meant = nearest(unknown, names)
  return errors.argument(self.call, unknown, "there is no input " .. errors.quote(unknown) .. "; "
    .. (meant and "did you mean " .. meant .. "?" or "there are " .. table.concat(names, ", ")))
end

--- Is it an integral number from `low` to `high`? Then the number, as an
--- integer where Lua has those.
check.integer = core.integer

--- The elements of an array, or nil where it is none: { n = count, … }.
function check.array(value)
  local count = core.count(value)
  if not count then return nil end
  local items = { n = count }
  for i = 1, count do items[i] = rawget(value, i) end
  return items
end

--- An open file, a stream, or what behaves like one: it has this method.
function check.has_method(object, name)
  local kind = type(object)
  if kind ~= "userdata" and kind ~= "table" then return false end
  local ok, method = pcall(function() return object[name] end)
  return ok and type(method) == "function"
end

function Input:boolean(name, default)
  local value = self.given[name]
  if value == nil then return default or false end
  if type(value) == "boolean" then return value end
  return self:expected(name, "true or false", value)
end

function Input:integer(name, low, high, required)
  local value = self.given[name]
  if value == nil and not required then return nil end
  local number = check.integer(value, low, high)
  if number then return number end
  return self:expected(name, ("a whole number from %.0f to %.0f"):format(low, high), value)
end

function Input:uid_validity()
  return self:integer("uid_validity", 1, MOST)
end

--- A function, or nil.
function Input:callback(name)
  local value = self.given[name]
  if value == nil or type(value) == "function" then return value end
  return self:expected(name, "a function", value)
end

--- A mod-sequence, as its decimal digits.
function Input:modseq(name)
  local value = self.given[name]
  if value == nil then return nil end
  local kind = type(value)
  local digits = (kind == "number" or kind == "string") and core.number(value)
  if not digits or digits:find("^%-") then
    return self:expected(name, "a modseq: a whole number, or its digits", value)
  end
  self:needs(name, "CONDSTORE")
  return digits
end

-- --- Mailboxes -------------------------------------------------------------

--- A name or pattern as it goes on the wire, or nil.
function Input:wire(name, value)
  local wire = type(value) == "string" and #value <= LONGEST_NAME
    and core.to_wire(value, self.server:utf8_names())
  if wire and #wire <= LONGEST_NAME then return wire end
  if type(value) ~= "string" or not core.is_line(value) then
    return self:expected(name, "UTF-8 text without NUL, CR and LF", value)
  end
  return self:refuse(name, ("%s is longer than %d octets on the wire"):format(name, LONGEST_NAME))
end

-- A row of list_mailboxes: its raw_path is the name, whatever its encoding.
local function row_name(input, name, row)
  local wire = rawget(row, "raw_path")
  if type(wire) ~= "string" or wire == "" or wire:find("[%z\r\n]") or #wire > LONGEST_NAME then
    return input:expected(name, "a mailbox name, or a row of list_mailboxes with its raw_path", row)
  end
  local path = rawget(row, "path")
  return type(path) == "string" and path or wire, wire
end

--- A mailbox: its path, and its name on the wire.
function Input:mailbox(name, optional)
  local value = self.given[name]
  if value == nil and optional then return nil end
  if type(value) == "table" then return row_name(self, name, value) end
  if type(value) ~= "string" or value == "" then
    return self:expected(name, "a mailbox name, or a row of list_mailboxes", value)
  end
  if #value == 5 and core.upper(value) == "INBOX" then value = "INBOX" end
  return value, self:wire(name, value)
end

-- --- Messages --------------------------------------------------------------

local SET = "a number from 1 to 4294967295, an array of them, or a set like \"1:3,7\""

-- As IMAP writes it; or nil, and what in it is no number.
local function set_text(value)
  if type(value) == "string" then return value end
  local items = check.array(value) or { value }
  for i = 1, #items do
    if not check.integer(items[i], 1, MOST) then return nil, items[i] end
    items[i] = ("%.0f"):format(items[i])
  end
  return table.concat(items, ",")
end

--- The set that names no message.
check.NO_MESSAGE = {}

--- A set of messages: a number, check.NO_MESSAGE, or { text, named, star, fresh }.
--- `named`: what of it stands alone; `fresh`: it means the mailbox as it is now,
--- for it has a ":" or a "*".
function check.set(value)
  local number = check.integer(value, 1, MOST)
  if number then return number end
  if type(value) == "table" and next(value) == nil then return check.NO_MESSAGE end
  local text, wrong = set_text(value)
  if not text then return nil, wrong end
  local normal, named, star = core.set(text)
  if not normal then return nil, value end
  return { text = normal, named = named, star = star, fresh = text:find("[:*]") ~= nil }
end

function Input:set(name)
  local value = self.given[name]
  if value == nil then return nil end
  local set, wrong = check.set(value)
  if set then return set end
  if wrong == value then return self:expected(name, SET, value) end
  return self:refuse(name, name .. " holds " .. check.kind(wrong)
    .. "; its numbers are whole, from 1 to 4294967295")
end

-- A single number, or "*" where that is allowed, as a set.
local function single(input, name, star)
  local value = input.given[name]
  if value == nil then return nil end
  local number = check.integer(value, 1, MOST)
  if number then return number end
  if star and value == "*" then return check.set(value) end
  return input:expected(name, "a whole number from 1 to 4294967295" .. (star and ", or \"*\"" or ""), value)
end

-- Exactly one of two ways to name messages.
local function one_of(input, first, second)
  local a, b = input.given[first], input.given[second]
  if a ~= nil and b ~= nil then
    input:refuse(second, ("%s and %s are both given; one of them names the messages"):format(first, second))
  elseif a == nil and b == nil then
    input:refuse(second, ("which messages? %s or %s is missing"):format(first, second))
  end
end

--- The messages of an action, by `range` or `uids`: a set, and whether it is one
--- of UIDs.
function Input:messages()
  one_of(self, "range", "uids")
  local set = self:set("uids")
  if set then return set, true end
  return self:set("range"), false
end

--- One message, by `index` or `uid`: the same.
function Input:message()
  one_of(self, "index", "uid")
  local set = single(self, "uid")
  if set then return set, true end
  return single(self, "index", true), false
end

--- UIDs, by `uid` or `uids`, without "*".
function Input:doomed()
  one_of(self, "uid", "uids")
  local set = single(self, "uid") or self:set("uids")
  if not set then return nil end
  if type(set) == "table" and set.star then
    return self:refuse("uids", "uids must not have a \"*\": what arrives meanwhile was not meant")
  end
  return set
end

-- --- Flags and dates ---------------------------------------------------------

local FLAGS = "an array of flags like { \"\\\\Seen\", \"work\" }, or a set of them"

-- An array as it is, a set sorted; nil where it is neither.
local function flag_list(value)
  if core.count(value) then return value end
  if type(value) ~= "table" then return nil end
  local list = {}
  for flag, on in next, value do
    if type(flag) ~= "string" or type(on) ~= "boolean" then return nil end
    if on then list[#list + 1] = flag end
  end
  table.sort(list)
  return list
end

--- Flags, each once, without \Recent, as one text. `how`: "some" are needed, "any"
--- may be none, "optional" may be left out.
function Input:flags(name, how)
  local value = self.given[name]
  if value == nil and how == "optional" then return "" end
  local list = flag_list(value)
  if not list then return self:expected(name, FLAGS, value) end
  if how == "some" and next(list) == nil then return self:refuse(name, name .. " names no flag") end
  local flags, wrong = core.flags(list, LONGEST_FLAGS)
  if flags then return flags end
  if wrong == nil then return self:refuse(name, ("%s are longer than %d octets"):format(name, LONGEST_FLAGS)) end
  return self:refuse(name, name .. " holds " .. check.kind(wrong)
    .. "; a flag is a word, with \"\\\" before it where it is a system flag")
end

--- A time in epoch seconds, of the years 1 to 9999.
function Input:time(name)
  local value = self.given[name]
  if value == nil then return nil end
  local seconds = check.seconds(value)
  if seconds then return seconds end
  return self:expected(name, "a time in seconds since 1970", value)
end

--- Whole seconds since the epoch that IMAP can write, or nil.
function check.seconds(value)
  local whole = type(value) == "number" and value == value and math.abs(value) < 2 ^ 40
    and check.integer(math.floor(value), -2 ^ 40, 2 ^ 40)
  return whole and core.day(whole) and whole or nil
end

return check
