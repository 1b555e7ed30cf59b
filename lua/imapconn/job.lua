--- One action on its way: what it says to the core, and what became of it.
--- Afterwards either `value` or `err` is there.
local callback = require "imapconn.callback"
local download = require "imapconn.download"
local errors = require "imapconn.errors"

local Job = {}

local job = {}

--- Makes what makes the jobs of one action, each from a table of its own, which
--- holds what the core reads for this kind (csrc/binding/inputs.c) and, here or
--- there, { what, path, new_path, kind, shape, changes, harmless, flow, sources,
--- progress, hide }. `what`, `path` and `new_path` say what is attempted, on what;
--- shape(raw, this) turns what the core answers into the result, or answers nil and
--- a failure; hide(text, this) leaves secrets out of the server's words. `value = nil`
--- leaves room for the result, where the table would have to grow for it.
function job.class(class)
  for name, method in pairs(Job) do class[name] = method end
  class.__index = class
  return function(given) return setmetatable(given, class) end
end

--- Where nothing is to be sent.
function job.settled(value)
  return { value = value }
end

local function attempt(self)
  local text = self.what
  if self.path then text = text .. " " .. errors.quote(self.path) end
  if self.new_path then text = text .. " to " .. errors.quote(self.new_path) end
  return text
end

-- Where the caller's function failed the action may have been carried out.
local function callback_failure(self, failed, failure, value)
  local outcome = failure and failure.outcome
  if not failure and self.changes then outcome = "partial" end
  return errors.failed(attempt(self), {
    code = "callback", reason = failed.text, cause = failed.cause,
    outcome = outcome, command = failure and failure.command,
  }, false, outcome == "partial" and value or nil)
end

-- A function of the caller's failed during the call.
local function take_failed(self, call)
  self.failed = self.failed or call.failed
  if not self.failed then self.failed, call.trace_failed = call.trace_failed, nil end
end

--- The core is done with it.
function Job:settle(raw, failure, done, call)
  local value
  if call.failed or call.trace_failed then take_failed(self, call) end
  if not failure then
    value, failure = self.shape(raw, self)
    if failure and failure.code == "limit" then call.core:kill("limit", failure.reason) end
  else
    failure.changes = self.changes
    if failure.code == "callback" and not self.failed then
      failure.code = "closed" -- the function that failed was another action's
    end
  end
  if failure and failure.response_text and self.hide then
    failure.response_text = self.hide(failure.response_text, self)
  end
  if failure and done then value = self.shape(done, self) end
  if self.failed then
    self.err = callback_failure(self, self.failed, failure, value)
  elseif failure then
    self.err = errors.failed(attempt(self), failure, self.harmless, value)
  else
    self.value = value
  end
end

--- A piece of a literal that flows.
function Job:piece(chunk, total, core, id)
  if self.failed then return end
  self.flow:look(self.flow.part and core:structure(id))
  local failed, too_much = self.flow:take(chunk, total)
  self.failed = failed
  if too_much then core:kill("limit", download.TOO_LARGE) end
end

--- Gives the core octets of the content `index`: nil, or why that failed.
function Job:content(core, index, offset, max)
  local source = self.sources[index]
  local count, failed = source:supply(core, offset, max)
  if not count then
    self.failed = self.failed or failed
    return failed
  end
  if self.progress and not self.failed then
    self.failed = callback.tell("progress", self.progress, offset + count, source.size)
  end
end

return job
