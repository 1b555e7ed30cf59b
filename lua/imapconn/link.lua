--- The loop that drives the core: bytes out, waiting, bytes in, until every
--- action of a call has ended. Keeps the deadlines and the rule that one call
--- at a time holds the connection. Knows no action.
local core = require "imapconn.core"
local callback = require "imapconn.callback"
local errors = require "imapconn.errors"

local MOST_RUNNING = 64 -- actions in the core at a time
local LONGEST_WAIT = 600 -- seconds; a wait may always end early
local SLICE = 0.05 -- seconds of sending, and of reading, where both pipes are full
local LAST_WORDS = 2 -- seconds that a server has to close after BYE
local CHUNK = 65536 -- octets read at a time

local min, huge = math.min, math.huge

local Link = {}
Link.__index = Link

local link = {}

--- Holds a connection of the core. `given`: { core, stream, wait }; `stream` only
--- where the core has no socket of its own; `wait` unless the core may block. Its
--- field `trace` may be set to the caller's function.
function link.new(given)
  local self = setmetatable(given, Link)
  -- False where there is none: to look for what is absent goes by way of the class.
  self.stream, self.wait, self.trace = self.stream or false, self.wait or false, false
  self.busy, self.over, self.fault = false, false, false
  -- What the call that runs keeps; there is never but one. `running`: its tasks, by
  -- their ids in the core; `worked`: something was done since the last wait; `till`:
  -- until when the core may wait by itself, false where it may not.
  self.call = {
    link = self, core = self.core, running = {}, count = 0,
    moved = 0, quiet_since = 0, deadline = 0, late = "", timeout = 0, worked = true, till = 0,
  }
  return self
end

-- --- Who holds it --------------------------------------------------------------

local function is_dead(thread)
  return type(thread) == "thread" and coroutine.status(thread) == "dead"
end

local function is_open(self)
  return not self.over and self.core:is_alive()
end
Link.is_open = is_open

-- Whatever runs ends as `closed`.
local function break_off(self, why)
  self.fault = self.fault or why
  self.core:kill("closed", why)
end

-- A coroutine that ended in the middle of a call leaves no state to go on from.
local function bury_abandoned(self)
  if is_dead(self.owner) then
    break_off(self, "the coroutine of " .. self.busy .. " ended in the middle of it")
    self:leave()
  end
end

-- Takes the connection for a call, or says why it cannot.
local function enter(self, name)
  if self.busy then bury_abandoned(self) end
  if not is_open(self) then
    return errors.failed(name, {
      code = "closed", outcome = "not_sent",
      reason = "the connection is closed" .. (self.over and " (" .. self.over .. ")" or ""),
    })
  elseif self.busy then
    return errors.new("busy", name .. ": the connection is busy with " .. self.busy,
      { outcome = "not_sent", retryable = true })
  end
  self.busy, self.owner = name, (coroutine.running())
end

local function close_stream(self)
  if self.stream then callback.protect(self.stream.close, self.stream) end
end

--- Ends it without a word.
function Link:shut(why)
  self.over = self.over or why
  self.core:close()
  close_stream(self)
end

--- Gives the connection back; closes it where it is dead.
function Link:leave()
  local open = is_open(self)
  self.busy, self.owner = false, nil
  if not open then self:shut(self.fault or "it has ended") end
end

--- Calls `work` while holding the connection, and answers its two values; nil
--- and an error where the connection is not to be had.
function Link:hold(name, work, ...)
  local err = enter(self, name)
  if err then return nil, err end
  local ok, value, reason = callback.protect(work, ...)
  if not ok then -- out of memory, or (on PUC Lua 5.1) raised by wait
    break_off(self, "an error was raised in the middle of " .. name)
    self:leave()
    error(value, 0)
  end
  self:leave()
  return value, reason
end

--- Ends the call that holds the connection; it answers `closed`.
function Link:interrupt(why)
  if self.busy then bury_abandoned(self) end
  if not self.busy then return false end
  break_off(self, why)
  self.core:arm(0) -- its wait ends at once
  close_stream(self)
  return true
end

-- --- Deadlines -------------------------------------------------------------------

-- Seconds that may be waited; nil where a deadline has passed, and the
-- connection is dead. Of the last seconds, `waited` saw nothing move.
local function left(call, waited)
  local c, now = call.core, core.now()
  local moved, bye = c:moved()
  if moved ~= call.moved or call.worked then
    call.moved, call.worked, call.quiet_since = moved, false, now - (waited or 0)
  end
  if bye and not call.bye then call.bye = now + LAST_WORDS end
  local quiet_till = call.quiet_since + call.timeout
  local till = min(call.deadline, quiet_till, call.bye or huge)
  call.till = call.till and till
  if now < till then return min(till - now, LONGEST_WAIT) end
  if till == call.bye then
    c:ended() -- as good as
  elseif till == call.deadline then
    c:kill("timeout", call.late)
  else
    c:kill("timeout", ("no answer within %g seconds (option timeout)"):format(call.timeout))
  end
end

-- A server that never lets us wait does not escape the deadline.
local function keep_deadline(call)
  if core.now() >= call.deadline then call.core:kill("timeout", call.late) end
end

-- --- The caller's functions ---------------------------------------------------------

local function fail(call, name, cause)
  call.failed = callback.failure(name, cause)
  call.core:kill("callback", call.failed.text)
end

-- Calls the stream's method; where it raises, the connection is dead.
local function ask_stream(call, name, ...)
  local stream = call.link.stream
  local ok, value, reason = callback.protect(stream[name], stream, ...)
  if ok then return value, reason end
  fail(call, "the transport", value)
  return nil, "failed"
end

local function tell_trace(call, trace)
  for _, line in ipairs(call.core:trace()) do
    if not call.trace_failed then
      call.trace_failed = callback.tell("trace", trace, line[1], line[2])
    end
  end
end

-- --- What the core may ask for --------------------------------------------------------

local steps = {}

function steps.done(call, id, raw, failure, done)
  local task = call.running[id]
  call.running[id], call.count = nil, call.count - 1
  if failure and not call.core:is_alive() then
    call.link.fault = call.link.fault or failure.reason
  end
  task:settle(raw, failure, done, call)
  call.worked = true
end

function steps.piece(call, id, chunk, total)
  local c = call.core
  call.running[id]:piece(chunk, total, c, id)
  call.worked = true
end

function steps.content(call, id, index, offset, max)
  local failed = call.running[id]:content(call.core, index, offset, max)
  if failed then call.core:kill("callback", failed.text) end
  call.worked = true
end

-- Much has moved, and nothing is for us: only the deadline is looked at.
function steps.again(call)
  call.worked = true
end

function steps.wait(call, waited, failed)
  if failed then return fail(call, "wait", failed) end
  local seconds, wait = left(call, waited), call.link.wait
  if not seconds or not wait then return end -- the core waits next time
  call.core:arm(seconds)
  local ok, value, reason = callback.wait(wait, call.core:fd(), seconds)
  if ok and (value or reason == "timeout" or value == nil and reason == nil) then return end
  if reason == nil then reason = value end
  fail(call, "wait", reason)
end

local function receive(call, seconds)
  local bytes, reason = ask_stream(call, "receive", CHUNK, seconds)
  if call.failed or bytes == "" or reason == "timeout" then return end
  if type(bytes) == "string" then
    call.core:feed(bytes)
  elseif reason == "closed" or reason == nil then
    call.core:ended()
  else
    call.core:kill("closed", errors.show(reason))
  end
end

function steps.receive(call)
  local seconds = left(call)
  if seconds then receive(call, seconds) end
end

-- What cannot be sent at once waits while we read: the server may be writing
-- to us, and read nothing until we have read that. So may its last words.
function steps.send(call, bytes)
  local seconds = left(call)
  if not seconds then return end
  local slice = min(seconds, SLICE)
  local count, reason = ask_stream(call, "send", bytes, slice)
  if call.failed then return end
  if type(count) == "number" and count >= 1 and count <= #bytes then
    call.core:sent(count)
  elseif count or reason == "timeout" or reason == "closed" then
    receive(call, slice)
  else
    call.core:kill("closed", errors.show(reason))
  end
end

function steps.upgrade(call)
  local seconds = left(call)
  if not seconds then return end
  local done, reason = ask_stream(call, "starttls", seconds)
  if done then
    call.core:upgraded()
  elseif not call.failed then
    call.core:kill(reason == "timeout" and "timeout" or "tls", "STARTTLS: " .. errors.show(reason))
  end
  call.worked = true
end

-- The core has forgotten what ran; answer for it.
function steps.dead(call)
  for id, task in pairs(call.running) do
    call.running[id], call.count = nil, call.count - 1
    task:settle(nil, {
      code = "closed", outcome = "unknown", reason = call.link.fault or "the connection has ended",
    }, nil, call)
  end
end

-- --- The loop -------------------------------------------------------------------------

local function start(call, task)
  local id = call.core:start(task.kind, task)
  if id then
    call.running[id] = task
    call.count = call.count + 1
  else
    task:settle(nil, {
      code = "closed", outcome = "not_sent",
      reason = "the connection ended before it was sent",
    }, nil, call)
  end
end

local function start_more(call, following)
  while call.count < MOST_RUNNING do
    local task = following()
    if not task then return end
    start(call, task)
  end
end

--- Runs a task, and those that following() answers until it answers nil, until
--- all have been settled. `seconds` for all of them, `late` says that they are
--- over, `timeout` is for the time between two bytes. A task has kind, what the core
--- reads for it, settle(raw, failure, done, call), and where it needs them
--- piece(chunk, total, core, id) and content(core, index, offset, max).
function Link:run(task, following, seconds, late, timeout)
  local call, now = self.call, core.now()
  call.deadline, call.late, call.timeout = now + seconds, late, timeout
  call.quiet_since, call.worked, call.bye = now, false, nil
  call.till = not (self.wait or self.stream) and now + min(seconds, timeout)
  call.failed, call.trace_failed = nil, nil
  start(call, task)
  if following then start_more(call, following) end
  while call.count > 0 do
    if call.worked then keep_deadline(call) end
    local what, id, a, b, c = self.core:advance(call.till)
    if self.trace then tell_trace(call, self.trace) end
    steps[what](call, id, a, b, c)
    if following then start_more(call, following) end
  end
  call.failed = nil -- nor what it holds
end

-- --- The end ----------------------------------------------------------------------------

local farewell = { kind = "logout" }
function farewell.settle() end

--- Says LOGOUT, and gives the server `seconds` to answer.
function Link:log_out(seconds)
  self:hold("close", self.run, self, farewell, nil, seconds, "no answer to LOGOUT", huge)
end

--- Says LOGOUT as far as that does not block.
function Link:wave()
  self:hold("close", function()
    self.core:start(farewell.kind, farewell)
    local what, bytes = self.core:advance()
    if what == "send" then callback.protect(self.stream.send, self.stream, bytes, 0) end
  end)
end

return link
