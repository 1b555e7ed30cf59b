--- A server that plays a conversation: a `transport` for imapconn.connect.
--
--     local transcript = require "spec.support.transcript"
--     local play = transcript.play [[
--       S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] ready
--       C: T1 EXAMINE INBOX
--       C: T2 UID FETCH 1:* (UID FLAGS)
--       S: * 1 EXISTS
--       S: T1 OK [READ-ONLY] open
--       S: * 1 FETCH (UID 7 FLAGS (\Seen))
--       S: T2 OK done
--     ]]
--     local conn = assert(imapconn.connect { host = "play", secure = false,
--       username = "ann", transport = play })
--     … ; conn:close(); play:finish()
--
-- transcript.open(script [, options]) does the first steps: it puts a PREAUTH
-- greeting with options.capabilities before the script, connects with
-- options.connect added, and answers conn, play.
--
-- The lines of a script, each of which may be indented:
--   S: text    the server says it, with CR LF
--   S- text    the same without CR LF
--   C: text    the client must say exactly this, with CR LF
--   C~ pattern the same, as a Lua pattern for the whole line; what it captures
--              is appended to play.captures
--   ! close    the server ends the stream
--   ! reset    the stream fails
--   ! silence  the server says nothing more: reading waits, in vain
--   ! full     the server takes nothing from here to the next C line before
--              what it says up to there has been read
--   ! tls      the client must start TLS here; `! tls refused` fails it
--   # remark   nothing; neither is an empty line
--
-- Tags are random. A command's line begins with T and a number (`C: T1 NOOP`):
-- the real tag is learnt there, and takes its place at the beginning of later S
-- lines and in `TAG "T1"`.
--
-- A literal is its octets, in lines: after `S: * 1 FETCH (BODY[] {12}` come
-- `S: Hello` and `S: World)`. `{$name}` and `{$name+}` stand for the whole
-- literal of options.values.name with its count, and `${name}` for the value
-- itself; a value may be a function(play) that gives it when its turn comes.
--
-- The order is strict: a command that the script shows behind a tagged line or
-- a "+" must not come before the client has read that, and commands of one
-- flight stand one behind the other. What is wrong comes back to the client as
-- the stream's failure, and play:finish() raises it, with both lines.
-- Behind the end of the script LOGOUT is answered, and need not come.
--
-- options.delivery (or one of transcript.deliveries, for a loop around `it`):
--   "whole"    as much at a time as there is (the default)
--   "bytes"    one octet at a time
--   "cuts N"   pieces of random length, the same ones for the same seed N; the
--              stream then takes pieces of what the client sends, too
-- options.yields: coroutine.yield("receive" or "send") before each of them.
--
-- play.turns counts the times that the client sent something and then waited.
-- play.sent: all octets from the client. play.closed: it closed the stream.

local transcript = {}

transcript.deliveries = { "whole", "bytes", "cuts 1", "cuts 2", "cuts 3" }

transcript.capabilities = "IMAP4rev1 LITERAL+ UIDPLUS ESEARCH SEARCHRES"
  .. " LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT CONDSTORE"

local Play = {}
Play.__index = Play

-- The script as steps: { kind, text, line = its number in the script }.
local function read_script(script)
  local steps, number = {}, 0
  for line in (script .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local kind, text = line:match("^%s*([SC][:~-]) ?(.*)$")
    if not kind then kind, text = line:match("^%s*(!)%s*(.-)%s*$") end
    if kind then
      steps[#steps + 1] = { kind = kind, text = text, line = number }
    elseif line:find("%S") and not line:find("^%s*#") then
      error("line " .. number .. " of the script is none: " .. line, 0)
    end
  end
  return steps
end

-- Numbers that are the same on every Lua: 1 … n.
local function random_from(seed)
  local state = seed * 7919 + 17
  return function(n)
    state = (state * 16807) % 2147483647
    return state % n + 1
  end
end

--- Reads a script; the answer is a transport, and the stream that it connects.
function transcript.play(script, options)
  options = options or {}
  local delivery = options.delivery or "whole"
  local seed = tonumber(delivery:match("^cuts (%d+)$"))
  assert(seed or delivery == "whole" or delivery == "bytes", "what delivery?")
  local random = seed and random_from(seed)
  local play = setmetatable({
    steps = read_script(script), at = 1, values = options.values or {},
    tags = {}, known = {}, captures = {}, log = {},
    ready = "", heard = "", sent = "", turns = 0,
    yields = options.yields,
    piece = random and function(n) return random(math.min(n, 97)) end
      or delivery == "bytes" and function() return 1 end
      or function(n) return n end,
    take = random and function(n) return random(math.min(n, 997)) end
      or function(n) return n end,
  }, Play)
  play.connect = function(connect_options)
    play.options = connect_options
    return play
  end
  return play
end

--- A connection to a script that begins behind the login: conn, play.
function transcript.open(script, options)
  options = options or {}
  local capabilities = options.capabilities or transcript.capabilities
  local play = transcript.play(
    "S: * PREAUTH [CAPABILITY " .. capabilities .. "] ready\n" .. script, options)
  local connect = { host = "play", username = "ann", secure = false, transport = play }
  for name, value in pairs(options.connect or {}) do connect[name] = value end
  return assert(require("imapconn").connect(connect)), play
end

-- The octets that a line of the script stands for.
local function expand(play, text)
  local function value(name)
    local v = play.values[name]
    assert(v ~= nil, "the script's values lack " .. name)
    if type(v) == "function" then v = v(play) end
    return v
  end
  text = text:gsub("{%$([%w_]+)(%+?)}", function(name, plus)
    local v = value(name)
    return "{" .. #v .. plus .. "}\r\n" .. v
  end)
  return (text:gsub("%${([%w_]+)}", value))
end

local function spoken(play, text)
  local tag, rest = text:match("^(T%d+)( .*)$")
  if tag and play.tags[tag] then text = play.tags[tag] .. rest end
  return (text:gsub('TAG "(T%d+)"', function(name)
    return 'TAG "' .. (play.tags[name] or name) .. '"'
  end))
end

-- Moves past all that needs nothing from the client; answers the step that does.
local function advance(play)
  while true do
    local step = play.steps[play.at]
    if not step then return nil end
    if step.kind == "S:" or step.kind == "S-" then
      local text = spoken(play, expand(play, step.text))
      play.log[#play.log + 1] = "S: " .. text
      play.ready = play.ready .. text .. (step.kind == "S:" and "\r\n" or "")
      if step.text:find("^T%d+ ") or step.text:find("^%+") then play.must_read = true end
    elseif step.text == "full" then
      play.full = true
    else
      return step
    end
    play.at = play.at + 1
  end
end

local function fail(play, text)
  if not play.failure then
    local recent = {}
    for i = math.max(1, #play.log - 11), #play.log do
      recent[#recent + 1] = "    " .. play.log[i]
    end
    play.failure = text .. "\n  before that:\n" .. table.concat(recent, "\n")
  end
  return nil, play.failure
end

local function visible(text)
  return (text:gsub("\r\n", "\\r\\n"):gsub("[%z\1-\8\10-\31]", function(c)
    return ("\\x%02x"):format(c:byte())
  end))
end

local function differs(play, step, expected, heard)
  expected, heard = visible(expected), visible(heard)
  local same = 0
  while same < #expected and expected:byte(same + 1) == heard:byte(same + 1) do
    same = same + 1
  end
  local from = math.max(0, same - 60)
  return fail(play, ("line %d of the script, at octet %d:\n  expected  %s\n  received  %s\n            %s^")
    :format(step.line, same, expected:sub(from + 1, from + 240), heard:sub(from + 1, from + 240),
      (" "):rep(same - from)))
end

-- The expected octets, with the tag that the client chose. nil: not yet known.
local function with_tag(play, text)
  local tag, rest = text:match("^(T%d+)( .*)$")
  if not tag then return text end
  if not play.tags[tag] then
    local real = play.heard:match("^([%w]+) ")
    if not real then return nil end
    if play.known[real] then return text end -- an old tag: the comparison shows it
    play.tags[tag], play.known[real] = real, true
  end
  return play.tags[tag] .. rest
end

local function answer_logout(play)
  local tag = play.heard:match("^(%w+) LOGOUT\r\n$")
  if not tag then return false end
  play.heard = ""
  play.ready = play.ready .. "* BYE\r\n" .. tag .. " OK bye\r\n"
  play.ended = true
  return true
end

-- Compares what was heard with the script, as far as lines are complete.
local function listen(play)
  while play.heard ~= "" do
    local step = advance(play)
    if not step then
      if answer_logout(play) or not play.heard:find("\r\n", 1, true) then return true end
      return fail(play, "the script is over, and the client says: " .. visible(play.heard))
    elseif step.kind == "!" then
      return fail(play, ("line %d of the script (! %s): the client says: %s")
        :format(step.line, step.text, visible(play.heard)))
    elseif play.must_read and play.ready ~= "" then
      return fail(play, ("line %d of the script: the client did not wait for: %s")
        :format(step.line, visible(play.ready)))
    end
    if not step.expected then step.expected = expand(play, step.text) end
    local expected = with_tag(play, step.expected)
    local line = play.heard:match("^(.-)\r\n")
    if step.kind == "C~" then
      if not line then return true end
      local captures = expected and { line:match("^" .. expected .. "$") } or {}
      if #captures == 0 then return differs(play, step, expected or step.text, line) end
      for _, capture in ipairs(captures) do
        play.captures[#play.captures + 1] = capture
      end
      expected = line
    end
    if expected then expected = expected .. "\r\n" end
    local heard = play.heard:sub(1, expected and #expected or 0)
    if not expected or heard ~= expected then
      local unfinished = not expected and not line
        or expected and expected:sub(1, #heard) == heard
      if unfinished or not line then return true end
      return differs(play, step, expected or step.expected, heard)
    end
    play.log[#play.log + 1] = "C: " .. expected:sub(1, -3)
    play.heard = play.heard:sub(#expected + 1)
    play.at, play.must_read, play.full = play.at + 1, nil, nil
  end
  return true
end

local function directive_of(step)
  return step and step.kind == "!" and step.text or nil
end

function Play:send(bytes)
  if self.yields then coroutine.yield("send") end
  if self.failure then return nil, self.failure end
  if self.closed or self.ended then return nil, "closed" end
  local directive = directive_of(advance(self))
  if self.full and self.ready ~= "" then return nil, "timeout" end
  if directive == "close" then return nil, "closed" end
  local count = self.take(#bytes)
  bytes = bytes:sub(1, count)
  self.sent, self.spoke = self.sent .. bytes, true
  if directive == "silence" then return count end
  self.heard = self.heard .. bytes
  local ok, reason = listen(self)
  if not ok then return nil, reason end
  return count
end

local function sleep(seconds)
  local now = require("imapconn.core").now
  local till = now() + seconds
  repeat until now() >= till
end

function Play:receive(max, seconds)
  if self.yields then coroutine.yield("receive") end
  if self.failure then return nil, self.failure end
  if self.closed then return nil, "closed" end
  local step = advance(self)
  local directive = directive_of(step)
  if self.spoke then self.turns, self.spoke = self.turns + 1, nil end
  if self.ready ~= "" then
    local bytes = self.ready:sub(1, math.min(max, self.piece(#self.ready)))
    self.ready = self.ready:sub(#bytes + 1)
    return bytes
  elseif not step then
    if self.ended then return nil, "closed" end
    return fail(self, "the script is over, and the client waits")
  elseif directive == "close" then
    return nil, "closed"
  elseif directive == "reset" then
    return nil, "connection reset by peer"
  elseif directive == "silence" then
    sleep(math.min(seconds, 10))
    return nil, "timeout"
  elseif seconds < 1 then -- a glance, or a deadline that is near
    sleep(seconds)
    return nil, "timeout"
  end
  return fail(self, ("line %d of the script: the client waits instead of saying: %s")
    :format(step.line, step.text))
end

function Play:starttls()
  local directive = directive_of(advance(self)) or ""
  if not directive:find("^tls") then
    return fail(self, "the client starts TLS here")
  elseif self.ready ~= "" then
    return nil, "the server spoke before TLS began"
  elseif directive ~= "tls" then
    return nil, "handshake " .. directive:match("%w+$")
  end
  self.at, self.secured = self.at + 1, true
  return true
end

function Play:tls()
  if not self.secured then return nil end
  return { version = "TLSv1.3", cipher = "none", backend = "transcript", resumed = false }
end

function Play:close()
  self.closed = true
  return true
end

--- Raises what went wrong, or what of the script was not played.
function Play:finish()
  if self.failure then error(self.failure, 2) end
  local step = advance(self)
  if step and step.kind ~= "!" then
    error(("line %d of the script was not reached: %s"):format(step.line, step.text), 2)
  elseif self.heard ~= "" then
    error("the client's last words: " .. visible(self.heard), 2)
  end
  return true
end

return transcript
