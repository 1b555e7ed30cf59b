--- The Connection: what imapconn.connect returns. Its methods check who calls,
--- hold the connection, run jobs through the loop, and answer as API says:
--- a value, or nil, message, err.
local core = require "imapconn.core"
local actions = require "imapconn.actions"
local batch = require "imapconn.batch"
local callback = require "imapconn.callback"
local check = require "imapconn.check"
local errors = require "imapconn.errors"
local job = require "imapconn.job"
local link = require "imapconn.link"

local FAREWELL = 2 -- seconds that close waits for the answer to LOGOUT
local LARGEST_POOL = 2147483647 -- connections: what a pool counts in 31 bits

local Connection = { __name = "imapconn.Connection" }
Connection.__index = Connection

-- Where a Connection has its link. (A weak table beside it would keep both for
-- ever on Lua 5.1 and LuaJIT: a coroutine in the middle of a call knows both.)
local LINK = {}

local function link_of(self)
  return getmetatable(self) == Connection and self[LINK]
end

local function not_mine(name)
  return errors.give(errors.argument(name, "self", "call it as conn:" .. name .. "( ... ), on a Connection"))
end

-- Runs a task, and those that following() answers, within the deadlines of a call.
local function run(held, task, following)
  held:run(task, following, held.call_timeout, held.late, held.timeout)
end

-- --- The actions -----------------------------------------------------------------

-- The job, carried out; or nil and an error.
local function act(held, prepare, inputs)
  local this, err = prepare(inputs, held.core, held.literal_limit)
  if this and this.kind then run(held, this) end
  return this, err
end

for name, prepare in pairs(actions) do
  Connection[name] = function(self, inputs)
    local held = link_of(self)
    if not held then return not_mine(name) end
    local this, err = held:hold(name, act, held, prepare, inputs)
    err = err or this.err
    if err then return errors.give(err) end
    return this.value
  end
end

-- What was recorded, carried out; or nil and an error.
local function act_together(held, work)
  local record, err = batch.record(held.core, held.literal_limit, work)
  if not record then return nil, err end
  local following = batch.tasks(record)
  local first = following()
  if first then run(held, first, following) end
  return record
end

function Connection:batch(work)
  local held = link_of(self)
  if not held then return not_mine("batch") end
  if type(work) ~= "function" then
    return errors.give(errors.argument("batch", "function",
      "batch takes a function(b) that records calls, not " .. check.kind(work)))
  end
  local record, err = held:hold("batch", act_together, held, work)
  if err then return errors.give(err) end
  return batch.results(record)
end

-- --- Its life ----------------------------------------------------------------------

function Connection:info()
  local held = link_of(self)
  if not held then return not_mine("info") end
  local info = held.core:info()
  info.host, info.port, info.secure = held.host, held.port, held.secure
  info.tls = info.tls or held.tls
  return info
end

function Connection:is_open()
  local held = link_of(self)
  if not held then return not_mine("is_open") end
  return held:is_open()
end

-- Ends it, with `farewell` where nothing is under way.
local function finish(held, farewell)
  if held:interrupt("close was called") then return true end
  if held:is_open() then farewell(held) end
  held:shut("close was called")
  return true
end

function Connection:close()
  local held = link_of(self)
  if not held then return not_mine("close") end
  return finish(held, function() held:log_out(FAREWELL) end)
end

-- To its pool, if nothing is under way: true, or nil and why not.
local function to_pool(held, seconds, size)
  if not held.core:is_quiet() then return nil, "it is not quiet" end
  local stream = held.stream
  local ok, kept, reason = callback.protect(stream.keepalive, stream, seconds, size, held.core:info().auth)
  if ok then return kept, reason end
  return nil, kept
end

local leave = job.class { what = "keepalive", kind = "leave", shape = function() return true end }

-- Leaves the mailbox and gives the stream back: true, or nil and why it was closed
-- instead.
local function give_back(held, seconds, size)
  local leaving = leave {}
  run(held, leaving)
  local kept, reason
  if not leaving.err then kept, reason = to_pool(held, seconds, size) end
  held.over = kept and "it was given back to its pool" or "it could not be given back to its pool"
  if kept then return true end
  return nil, leaving.err or errors.failed("keepalive", { code = "closed", outcome = "not_sent",
    reason = "the connection was closed instead: " .. errors.show(reason) })
end

-- What is wrong with the arguments of keepalive, or with who calls it.
local function refuse_keepalive(held, seconds, size)
  if not (held.stream and check.has_method(held.stream, "keepalive")) then
    return errors.new("unsupported", "keepalive: there is no pool for this connection", { outcome = "not_sent" })
  elseif seconds ~= nil and not (type(seconds) == "number" and seconds > 0) then
    return errors.argument("keepalive", "seconds", "seconds must be a number above 0, not " .. check.kind(seconds))
  elseif size ~= nil and not check.integer(size, 1, LARGEST_POOL) then
    return errors.argument("keepalive", "size", "size must be a whole number from 1 on, not " .. check.kind(size))
  end
end

function Connection:keepalive(seconds, size)
  local held = link_of(self)
  if not held then return not_mine("keepalive") end
  local err = refuse_keepalive(held, seconds, size)
  if err then return errors.give(err) end
  local given
  given, err = held:hold("keepalive", give_back, held, seconds, size)
  if err then return errors.give(err) end
  return given
end

function Connection:__close()
  local held = link_of(self)
  if held then finish(held, held.wave) end
end

function Connection:__tostring()
  local held = link_of(self)
  if not held then return Connection.__name end
  return ("%s (%s, %s)"):format(Connection.__name, held.name, held:is_open() and "open" or "closed")
end

-- --- Its beginning -------------------------------------------------------------------

-- Stages of connecting that a transport may name.
local STAGES = { resolve = true, connect = true, tls = true, timeout = true, closed = true,
  unsupported = true, invalid_argument = true }

-- The caller's transport: a link, or nil and a failure.
local function over_stream(settings)
  local ok, stream, reason, stage = callback.protect(settings.transport, settings.options)
  if not ok then
    local failed = callback.failure("transport.connect", stream)
    return nil, { code = "callback", reason = failed.text, cause = failed.cause, outcome = "not_sent" }
  elseif not stream then
    return nil, {
      code = STAGES[stage] and stage or "connect", outcome = "not_sent",
      reason = reason == nil and "the transport gave no stream" or errors.show(reason),
    }
  end
  for _, name in ipairs { "send", "receive", "close" } do
    if not check.has_method(stream, name) then
      return nil, {
        code = "callback", outcome = "not_sent", cause = stream,
        reason = "transport.connect gave no stream: it has no " .. name,
      }
    end
  end
  -- A pool's stream is logged in already, under TLS where it has to be.
  if stream.resumed then
    settings.attach.resumed, settings.login.starttls = errors.show(stream.resumed), false
  end
  return link.new { core = core.attach(settings.attach), stream = stream }
end

local function over_libcurl(settings)
  local c, failure = core.open(settings.open)
  if not c then return nil, failure end
  return link.new { core = c, wait = settings.wait }
end

-- A server may repeat what it was told.
local function hide(text, login)
  for _, secret in ipairs { login.password or "", login.token or "" } do
    if secret ~= "" then text = text:gsub(secret:gsub("%p", "%%%0"), "...") end
  end
  return text
end

local function look_at_tls(raw, login)
  local held = login.held
  if held.stream and login.protected and check.has_method(held.stream, "tls") then
    held.tls = held.stream:tls()
  end
  return raw
end

local connect = job.class { kind = "connect", hide = hide, shape = look_at_tls }

local function log_in(held, settings, what, deadline)
  local late = ("not logged in within %g seconds (option connect_timeout)"):format(settings.connect_timeout)
  local login = connect(settings.login)
  login.what, login.held = what, held
  local _, refused = held:hold("connect", held.run, held, login, nil,
    math.max(0, deadline - core.now()), late, math.huge)
  return refused or login.err
end

local connection = {}

--- Opens a connection and logs in, with what options.read answered: a
--- Connection, or nil, message, err.
function connection.open(settings)
  local deadline = core.now() + settings.connect_timeout
  local name = ("%s:%d"):format(settings.login.host, settings.login.port)
  local what = "connect to " .. name
  local held, failure = (settings.transport and over_stream or over_libcurl)(settings)
  if not held then return errors.give(errors.failed(what, failure, true)) end

  held.name, held.host, held.port = name, settings.login.host, settings.login.port
  held.secure, held.trace = settings.secure, settings.trace or false
  held.timeout, held.call_timeout = settings.timeout, settings.call_timeout
  held.late = ("not finished within %g seconds (option call_timeout)"):format(settings.call_timeout)
  held.literal_limit = settings.literal_limit
  local err = log_in(held, settings, what, deadline)
  if err then
    held:shut(err.message)
    return errors.give(err)
  end
  return setmetatable({ [LINK] = held }, Connection)
end

return connection
