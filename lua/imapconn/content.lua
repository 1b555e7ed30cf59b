--- What append_message sends: a string, a file, or a source of the caller's.
--- Each becomes { size, binary, text, supply }: source:supply(server, offset, max)
--- gives the core up to `max` octets from `offset` on, at least one, and answers how
--- many; or nil and why it failed. `text` is the whole, where it is at hand.
local core = require "imapconn.core"
local callback = require "imapconn.callback"
local check = require "imapconn.check"

local content = {}

local PIECE = 65536 -- octets read at a time

-- --- A string ------------------------------------------------------------------

local function supply_text(source, server, offset, max)
  return server:supply(source.text, offset, max)
end

local function from_string(given)
  local text, _, binary = core.crlf(given, false)
  return { size = #text, binary = binary, text = text, supply = supply_text }
end

-- --- Sources that are read from start to end -----------------------------------

local function wrong_size(name, size, word)
  return callback.failure(name, ("it gave %s than the %.0f octets announced"):format(word, size))
end

-- Octets from read(max), in order, no more and no fewer than `size`. Looks for
-- the end before it gives the last octets away: the command is not finished
-- while it does.
local function in_order(name, size, read, rewind)
  local position, held = 0, ""
  local function more(max)
    local piece, failure = read(max)
    if not piece then return nil, failure end
    held = held .. piece
    return piece
  end
  return function(_, server, offset, max)
    if offset ~= position or offset == 0 then
      local failure = rewind()
      if failure then return nil, failure end
      position, held = 0, ""
    end
    if held == "" then
      local piece, failure = more(math.min(max, PIECE))
      if not piece then return nil, failure end
      if piece == "" then return nil, wrong_size(name, size, "less") end
    end
    if position + #held >= size then
      local piece, failure = more(1)
      if not piece then return nil, failure end
      if position + #held > size then return nil, wrong_size(name, size, "more") end
    end
    local count = server:supply(held, 0, max)
    held = held:sub(count + 1)
    position = position + count
    return count
  end
end

-- --- A file --------------------------------------------------------------------

local READING = "reading the file"

-- A file of io's, which the core reads by itself; nil where it cannot.
local function from_io(input, file)
  local reader, size, binary = core.reader(file)
  if not reader then
    return size and input:refuse("content", "content: " .. callback.failure(READING, size).text)
  end
  return {
    size = size, binary = binary,
    supply = function(_, server, offset, max)
      local count, why = reader:supply(server, offset, max)
      if count then return count end
      if why == "less" or why == "more" then return nil, wrong_size(READING, size, why) end
      return nil, callback.failure(READING, why)
    end,
  }
end

-- Counts what is left of a file, as it will be sent.
local function count(read)
  local size, last_cr, binary = 0, false, false
  while true do
    local piece, failure = read(PIECE)
    if not piece then return nil, failure end
    if piece == "" then return size, binary end
    local octets, has_nul
    octets, last_cr, has_nul = core.lines(piece, last_cr)
    size, binary = size + octets, binary or has_nul
  end
end

-- What is like a file.
local function from_object(input, file)
  local function seek(...)
    local ok, position = pcall(file.seek, file, ...)
    return ok and position or nil
  end
  local start = seek("cur", 0)
  if not start or not seek("set", start) then
    return input:refuse("content", "the file in content must be seekable")
  end
  local function read(max)
    return callback.ask(READING, file.read, file, max)
  end
  local size, binary = count(read)
  if not size then
    return input:refuse("content", "content: " .. binary.text)
  end
  local last_cr = false
  local function read_crlf(max)
    local piece, failure = read(max)
    if not piece or piece == "" then return piece, failure end
    piece, last_cr = core.crlf(piece, last_cr)
    return piece
  end
  local function rewind()
    last_cr = false
    if not seek("set", start) then return callback.failure(READING, "it cannot be read again") end
  end
  local rewound = rewind()
  if rewound then return input:refuse("content", "content: " .. rewound.text) end
  return { size = size, binary = binary, supply = in_order(READING, size, read_crlf, rewind) }
end

local function from_file(input, file)
  local source = from_io(input, file)
  if source or input.err then return source end
  return from_object(input, file)
end

-- --- The caller's own: { size, read } --------------------------------------------

local function from_source(input, given)
  local size = check.integer(rawget(given, "size"), 0, 2 ^ 53)
  local read = rawget(given, "read")
  if not size or type(read) ~= "function" then
    return input:refuse("content", "content must be a string, an open file, or { size = octets, read = function }")
  end
  local name, begun = "content.read", false
  local function read_plain(max)
    local piece, failure = callback.ask(name, read, max)
    if piece and piece:find("%z") then
      return nil, callback.failure(name, "it gave a NUL, which only content given whole may hold")
    end
    return piece, failure
  end
  return {
    size = size, binary = false,
    supply = in_order(name, size, read_plain, function()
      if begun then return callback.failure(name, "the server wants the content once more") end
      begun = true
    end),
  }
end

-- --- All of them -------------------------------------------------------------------

local function acceptable(input, source)
  local limit = tonumber(input.server:append_limit() or math.huge) -- a string, where it is large
  if source.binary and not input.server:has("BINARY") then
    return input:refuse("content", "content holds a NUL, and the server does not offer BINARY")
  elseif source.size > limit then
    return input:unsupported("content", ("content has %.0f octets; the server takes %.0f at most (APPENDLIMIT)")
      :format(source.size, limit))
  end
  return source
end

--- Reads the input `content`.
function content.read(input)
  local given = input.given.content
  local source
  if type(given) == "string" then
    source = from_string(given)
  elseif type(given) == "table" and rawget(given, "read") ~= nil and rawget(given, "size") ~= nil then
    source = from_source(input, given)
  elseif check.has_method(given, "read") and check.has_method(given, "seek") then
    source = from_file(input, given)
  else
    return input:expected("content", "a string, an open file, or { size = octets, read = function }", given)
  end
  return source and acceptable(input, source)
end

return content
