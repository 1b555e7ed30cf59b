--- Actions that are recorded first and then sent without waiting for each
--- other. Appends to one mailbox, one behind the other, go as one command where
--- the server has MULTIAPPEND (RFC 3502).
local actions = require "imapconn.actions"
local errors = require "imapconn.errors"

local MOST_TOGETHER = 64 -- messages of one APPEND
local OCTETS_TOGETHER = 1048576 -- and their octets

-- --- Recording -----------------------------------------------------------------

local Recorder = {}
Recorder.__index = Recorder

local records = setmetatable({}, { __mode = "k" }) -- of a recorder: its jobs

-- A recorded call answers its index; what is wrong with it shows in the results.
for name, prepare in pairs(actions) do
  Recorder[name] = function(self, inputs)
    local record = records[self]
    if not record then
      return errors.give(errors.argument(name, "self", "call it as b:" .. name
        .. "{ ... }, within the function given to batch"))
    end
    local job, err = prepare(inputs, record.core, record.literal_limit)
    record[#record + 1] = job or { err = err }
    return #record
  end
end

-- --- Appends together ------------------------------------------------------------

local Group = {}
Group.__index = Group

function Group:content(core, index, offset, max)
  return self.members[index]:content(core, 1, offset, max)
end

function Group:settle(raw, failure, done, call)
  local stored = raw or done or {}
  for i, member in ipairs(self.members) do
    local entry = stored[i]
    if entry then
      member:settle({ entry }, nil, nil, call)
    else
      member:settle(nil, failure, nil, call)
    end
  end
end

local function new_group(first)
  return setmetatable({
    kind = "append", members = { first }, octets = first.sources[1].size,
    mailbox = first.mailbox, messages = { first.messages[1] },
  }, Group)
end

local function joins(group, job)
  return job and job.kind == "append" and job.sources[1].text
    and job.mailbox == group.mailbox
    and #group.members < MOST_TOGETHER
    and group.octets + job.sources[1].size <= OCTETS_TOGETHER
end

local function join(group, job)
  group.members[#group.members + 1] = job
  group.messages[#group.members] = job.messages[1]
  group.octets = group.octets + job.sources[1].size
end

-- --- Sending ---------------------------------------------------------------------

-- What is to be sent, in order.
local function tasks_of(record)
  local together = record.core:has("MULTIAPPEND")
  local at = 0
  return function()
    repeat
      at = at + 1
      if not record[at] then return nil end
    until record[at].kind
    local job = record[at]
    if not together or job.kind ~= "append" or not job.sources[1].text then return job end
    local group = new_group(job)
    while joins(group, record[at + 1]) do
      at = at + 1
      join(group, record[at])
    end
    return #group.members > 1 and group or job
  end
end

local function result_of(job)
  if job.err then return { message = job.err.message, err = job.err } end
  return { value = job.value }
end

local batch = {}

--- Records what `work` asks for: the record, or nil and an error.
function batch.record(core, literal_limit, work)
  local recorder = setmetatable({}, Recorder)
  local record = { core = core, literal_limit = literal_limit }
  records[recorder] = record
  local ok, reason = pcall(work, recorder)
  records[recorder] = nil
  if ok then return record end
  return nil, errors.failed("batch", {
    code = "callback", cause = reason, outcome = "not_sent",
    reason = "the function failed: " .. errors.show(reason),
  })
end

--- Tasks of a record, for the loop.
batch.tasks = tasks_of

--- What became of a record: an array in the order of the calls.
function batch.results(record)
  local results = {}
  for i = 1, #record do results[i] = result_of(record[i]) end
  return results
end

return batch
