--- One action on its way: what it says to the core, and what became of it.
--- Afterwards either `value` or `err` is there.
local callback = require "imapconn.callback"
local download = require "imapconn.download"
local errors = require "imapconn.errors"

local Job = {}
Job.__index = Job

local job = {}

--- `given`: { what, kind, inputs, shape, changes, harmless, flow, sources,
--- progress, hide }, or { value } where nothing is to be sent. shape(raw) turns
--- what the core answers into the result, or answers nil and a failure;
--- hide(text) leaves secrets out of the server's words.
function job.new(given)
  return setmetatable(given, Job)
end

-- Where the caller's function failed the action may have been carried out.
local function callback_failure(self, failed, failure, value)
  local outcome = failure and failure.outcome
  if not failure and self.changes then outcome = "partial" end
  return errors.failed(self.what, {
    code = "callback", reason = failed.text, cause = failed.cause,
    outcome = outcome, command = failure and failure.command,
  }, false, outcome == "partial" and value or nil)
end

--- The core is done with it.
function Job:settle(raw, failure, done, call)
  local value
  self.failed = self.failed or call.failed
  if not self.failed then self.failed, call.trace_failed = call.trace_failed, nil end
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
    failure.response_text = self.hide(failure.response_text)
  end
  if failure and done then value = self.shape(done, self) end
  if self.failed then
    self.err = callback_failure(self, self.failed, failure, value)
  elseif failure then
    self.err = errors.failed(self.what, failure, self.harmless, value)
  else
    self.value = value
  end
end

--- A piece of a literal that flows.
function Job:piece(chunk, total, core, id)
  if self.failed then return end
  self.flow:look(self.flow.wanted.part and core:structure(id))
  local failed, too_much = self.flow:take(chunk, total)
  self.failed = failed
  if too_much then core:kill("limit", download.TOO_LARGE) end
end

--- Octets of the content `index`: nil and why, where they fail.
function Job:content(index, offset, max)
  local source = self.sources[index]
  local bytes, failed = source.take(offset, max)
  if not bytes then
    self.failed = self.failed or failed
    return nil, failed
  end
  if self.progress and not self.failed then
    self.failed = callback.tell("progress", self.progress, offset + #bytes, source.size)
  end
  return bytes
end

return job
