--- The twelve actions. Each reads its inputs and answers a job: what to ask of
--- the core, and how the answer becomes the result. See types.lua for what they
--- take and return.
local check = require "imapconn.check"
local content = require "imapconn.content"
local download = require "imapconn.download"
local errors = require "imapconn.errors"
local job = require "imapconn.job"
local part = require "imapconn.part"
local search = require "imapconn.search"

local actions = {}

local quote = errors.quote

-- The raw result, with more fields.
local function with(fields)
  return function(raw)
    for name, value in pairs(fields) do raw[name] = value end
    return raw
  end
end

-- --- Flags ---------------------------------------------------------------------

local function flags_action(name, mode)
  actions[name] = function(input)
    local mailbox = input:mailbox("mailbox")
    local set = input:messages()
    local uid_validity = input:uid_validity()
    local flags = input:flags("flags", mode == "set" and "any" or "some")
    local silent = input:boolean("silent")
    local unchanged_since = input:modseq("unchanged_since")
    local err = input:failed()
    if err then return nil, err end

    local path = mailbox.path
    if set.empty then
      return job.new { value = { path = path, messages = {}, missing = not silent and {} or nil, modified = {} } }
    end
    local inputs = check.place(mailbox, set, uid_validity)
    inputs.mode, inputs.flags = mode, flags
    inputs.silent, inputs.unchanged_since = silent, unchanged_since
    return job.new {
      what = name .. " in " .. quote(path), kind = "store", inputs = inputs,
      changes = true, harmless = not unchanged_since, shape = with { path = path },
    }
  end
end

flags_action("add_flags", "add")
flags_action("remove_flags", "remove")
flags_action("set_flags", "set")

-- --- Messages into and out of mailboxes ------------------------------------------

function actions.append_message(input)
  local mailbox = input:mailbox("mailbox", true)
  local target = input:mailbox("path", mailbox ~= nil) or mailbox
  local flags = input:flags("flags", "optional")
  local date = input:time("internal_date")
  local progress = input:callback("progress")
  local source = content.read(input)
  local err = input:failed()
  if err then return nil, err end

  local path = target.path
  return job.new {
    what = "append_message to " .. quote(path), kind = "append",
    inputs = {
      mailbox = target.wire,
      messages = { { size = source.size, flags = flags, date = date, binary = source.binary } },
    },
    sources = { source }, progress = progress, changes = true,
    shape = function(raw)
      local entry = raw[1] or {}
      if entry.failure then return nil, entry.failure end
      return { path = path, uid = entry.uid, uid_validity = entry.uid_validity }
    end,
  }
end

function actions.copy_message(input)
  local mailbox = input:mailbox("mailbox")
  local set = input:messages()
  local uid_validity = input:uid_validity()
  local target = input:mailbox("new_path")
  local err = input:failed()
  if err then return nil, err end

  local names = { path = mailbox.path, new_path = target.path }
  if set.empty then
    names.messages, names.missing = {}, {}
    return job.new { value = names }
  end
  local inputs = check.place(mailbox, set, uid_validity)
  inputs.target = target.wire
  return job.new {
    what = ("copy_message from %s to %s"):format(quote(mailbox.path), quote(target.path)),
    kind = "copy", inputs = inputs, changes = true, shape = with(names),
  }
end

function actions.delete_message(input)
  local mailbox = input:mailbox("mailbox")
  local set = input:doomed()
  local uid_validity = input:uid_validity()
  local allow_expunge = input:boolean("allow_expunge")
  if not allow_expunge and not input.server:has("UIDPLUS") then
    input:unsupported("allow_expunge", "the server lacks UIDPLUS, so messages cannot be removed one by one; "
      .. "allow_expunge = true does it with EXPUNGE, and care")
  end
  local err = input:failed()
  if err then return nil, err end

  local path = mailbox.path
  if set.empty then return job.new { value = { path = path, uids = {}, missing = {} } } end
  local inputs = check.place(mailbox, set, uid_validity)
  inputs.allow_expunge = allow_expunge
  return job.new {
    what = "delete_message in " .. quote(path), kind = "delete", inputs = inputs,
    changes = true, harmless = true, shape = with { path = path },
  }
end

local function read_part(input)
  local name = input:raw("part")
  local decode = input:boolean("decode")
  if name == nil then
    if decode then input:refuse("decode", "decode is for a part; the whole message comes as it is stored") end
    return nil, decode
  end
  local wanted = part.parse(name)
  if wanted then return wanted, decode end
  input:expected("part", 'like "1.2", "1.2.MIME", "HEADER" or "TEXT"', name)
end

-- Nothing came, though there is something: the part or message is gone.
local function has_nothing(flow, raw)
  if flow.absent then return true end
  if raw.content and raw.content ~= "" or flow.done > 0 then return false end
  local wanted, size = flow.wanted.part, raw.size
  if wanted then size = flow.node and flow.node.size end
  if raw.content and wanted and wanted.suffix ~= "" then return false end -- a text may be empty
  return size ~= 0
end

-- What came as a whole goes the way of what came in pieces.
local function finish_download(flow)
  return function(raw, this)
    flow:look(raw.body_structure)
    if has_nothing(flow, raw) then
      local what = flow.wanted.part and "the message has no such part" or "the message is gone"
      return nil, { code = "not_found", reason = what, outcome = "refused" }
    end
    if raw.content and not this.failed then
      local too_large
      this.failed, too_large = flow:take(raw.content, #raw.content)
      if too_large then return nil, { code = "limit", reason = download.TOO_LARGE, outcome = "refused" } end
    end
    if not this.failed then this.failed = flow:finish() end
    local result = { seq = raw.seq, uid = raw.uid }
    flow:describe(result)
    return result
  end
end

function actions.download_message(input)
  local mailbox = input:mailbox("mailbox")
  local set = input:message()
  local uid_validity = input:uid_validity()
  local wanted, decode = read_part(input)
  local sink = download.sink(input)
  local progress = input:callback("progress")
  local mark_read = input:boolean("mark_read")
  local err = input:failed()
  if err then return nil, err end

  local flow = download.flow {
    part = wanted, decode = decode, sink = sink, progress = progress,
    most = input.literal_limit,
  }
  local inputs = check.place(mailbox, set, uid_validity)
  inputs.section, inputs.whole = wanted and wanted.section or "", not wanted
  inputs.flows = sink ~= nil or progress ~= nil
  inputs.decode, inputs.mark_read = decode, mark_read
  return job.new {
    what = "download_message from " .. quote(mailbox.path), kind = "download", inputs = inputs,
    changes = mark_read, harmless = true, flow = flow, shape = finish_download(flow),
  }
end

-- --- Mailboxes ---------------------------------------------------------------------

function actions.create_mailbox(input)
  local mailbox = input:mailbox("path")
  local err = input:failed()
  if err then return nil, err end

  return job.new {
    what = "create_mailbox " .. quote(mailbox.path), kind = "create",
    inputs = { mailbox = mailbox.wire }, changes = true, harmless = true,
    shape = with { path = mailbox.path },
  }
end

function actions.rename_mailbox(input)
  local mailbox = input:mailbox("path")
  local target = input:mailbox("new_path")
  local err = input:failed()
  if err then return nil, err end

  return job.new {
    what = ("rename_mailbox %s to %s"):format(quote(mailbox.path), quote(target.path)),
    kind = "rename", inputs = { mailbox = mailbox.wire, target = target.wire }, changes = true,
    shape = with { path = mailbox.path, new_path = target.path },
  }
end

local STATUS = {
  "messages", "recent", "unseen", "uid_next", "uid_validity", "highest_modseq", "size", "mailbox_id",
}

function actions.get_mailbox_status(input)
  local mailbox = input:mailbox("mailbox")
  local err = input:failed()
  if err then return nil, err end

  return job.new {
    what = "get_mailbox_status of " .. quote(mailbox.path), kind = "status",
    inputs = { mailbox = mailbox.wire, items = STATUS }, shape = with { path = mailbox.path },
  }
end

-- The items of STATUS asked for: an array of names, or true for all.
local function read_status(input)
  local value = input:raw("status")
  if value == nil or value == false then return nil end
  if value == true then return STATUS end
  local items = check.array(value)
  if not items or items.n == 0 then
    return input:expected("status", "true, or an array of fields of get_mailbox_status", value)
  end
  for i = 1, items.n do
    local known = false
    for _, name in ipairs(STATUS) do known = known or name == items[i] end
    if not known then
      return input:refuse("status", "status holds " .. check.kind(items[i])
        .. "; there are " .. table.concat(STATUS, ", "))
    end
  end
  return items
end

local function read_pattern(input, name, default)
  local value = input:raw(name)
  return input:wire(name, value == nil and default or value)
end

function actions.list_mailboxes(input)
  local pattern = read_pattern(input, "pattern", "*")
  local reference = read_pattern(input, "reference", "")
  local subscribed_only = input:boolean("subscribed_only")
  local items = read_status(input)
  local err = input:failed()
  if err then return nil, err end

  return job.new {
    what = "list_mailboxes", kind = "list", shape = with {},
    inputs = { pattern = pattern, reference = reference, subscribed_only = subscribed_only, items = items },
  }
end

-- --- Searching ---------------------------------------------------------------------

function actions.search_messages(input)
  local mailbox = input:mailbox("mailbox")
  local query = search.read(input)
  local uid_validity = input:uid_validity()
  local fields = search.fields(input)
  local limit = input:integer("limit", 1, 4294967295)
  local newest_first = input:boolean("newest_first")
  local err = input:failed()
  if err then return nil, err end

  if query.empty then return job.new { value = {} } end
  local uids = query.uids or {}
  return job.new {
    what = "search_messages in " .. quote(mailbox.path), kind = "search", shape = with {},
    inputs = {
      mailbox = mailbox.wire, terms = query.terms, charset = query.charset or nil,
      set = uids.text, named = uids.named, by_uid = uids.by_uid, uid_validity = uid_validity,
      fields = fields, limit = limit, newest_first = newest_first,
    },
  }
end

return actions
