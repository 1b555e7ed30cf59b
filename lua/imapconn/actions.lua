--- The twelve actions. Each reads its inputs and answers a job: what to ask of
--- the core, and how the answer becomes the result. See types.lua for what they
--- take and return.
local check = require "imapconn.check"
local content = require "imapconn.content"
local download = require "imapconn.download"
local job = require "imapconn.job"
local part = require "imapconn.part"
local search = require "imapconn.search"

local actions = {}

local NO_MESSAGE = check.NO_MESSAGE

local function as_it_is(raw) return raw end

-- With the mailboxes that the job is about.
local function with_paths(raw, this)
  raw.path, raw.new_path = this.path, this.new_path
  return raw
end

-- --- Flags ---------------------------------------------------------------------

local function flags_action(name, mode)
  local store = job.class { what = name .. " in", kind = "store", changes = true, shape = with_paths }
  actions[name] = function(input)
    local path, mailbox = input:mailbox("mailbox")
    local set, by_uid = input:messages()
    local uid_validity = input:uid_validity()
    local flags = input:flags("flags", mode == "set" and "any" or "some")
    local silent = input:boolean("silent")
    local unchanged_since = input:modseq("unchanged_since")
    local err = input:failed()
    if err then return nil, err end

    if set == NO_MESSAGE then
      return job.settled { path = path, messages = {}, missing = not silent and {} or nil, modified = {} }
    end
    return store {
      path = path, harmless = not unchanged_since,
      mailbox = mailbox, set = set, by_uid = by_uid, uid_validity = uid_validity,
      mode = mode, flags = flags, silent = silent, unchanged_since = unchanged_since,
    }
  end
end

flags_action("add_flags", "add")
flags_action("remove_flags", "remove")
flags_action("set_flags", "set")

-- --- Messages into and out of mailboxes ------------------------------------------

local append = job.class {
  what = "append_message to", kind = "append", changes = true,
  shape = function(raw, this)
    local entry = raw[1] or {}
    if entry.failure then return nil, entry.failure end
    return { path = this.path, uid = entry.uid, uid_validity = entry.uid_validity }
  end,
}

function actions.append_message(input)
  local path, mailbox = input:mailbox("mailbox", true)
  local target, target_wire = input:mailbox("path", path ~= nil)
  local flags = input:flags("flags", "optional")
  local date = input:time("internal_date")
  local progress = input:callback("progress")
  local source = content.read(input)
  local err = input:failed()
  if err then return nil, err end

  return append {
    path = target or path, sources = { source }, progress = progress,
    mailbox = target_wire or mailbox,
    messages = { {
      size = source.size, flags = flags, date = date, binary = source.binary,
      text = not progress and source.text or nil, -- which the core then sends by itself
    } },
  }
end

local copy = job.class { what = "copy_message from", kind = "copy", changes = true, shape = with_paths }

function actions.copy_message(input)
  local path, mailbox = input:mailbox("mailbox")
  local set, by_uid = input:messages()
  local uid_validity = input:uid_validity()
  local new_path, target = input:mailbox("new_path")
  local err = input:failed()
  if err then return nil, err end

  if set == NO_MESSAGE then return job.settled { path = path, new_path = new_path, messages = {}, missing = {} } end
  return copy {
    path = path, new_path = new_path,
    mailbox = mailbox, set = set, by_uid = by_uid, uid_validity = uid_validity, target = target,
  }
end

local delete = job.class {
  what = "delete_message in", kind = "delete", changes = true, harmless = true, shape = with_paths,
}

function actions.delete_message(input)
  local path, mailbox = input:mailbox("mailbox")
  local set = input:doomed()
  local uid_validity = input:uid_validity()
  local allow_expunge = input:boolean("allow_expunge")
  if not allow_expunge and not input.server:has("UIDPLUS") then
    input:unsupported("allow_expunge", "the server lacks UIDPLUS, so messages cannot be removed one by one; "
      .. "allow_expunge = true does it with EXPUNGE, and care")
  end
  local err = input:failed()
  if err then return nil, err end

  if set == NO_MESSAGE then return job.settled { path = path, uids = {}, missing = {} } end
  return delete {
    path = path,
    mailbox = mailbox, set = set, by_uid = true, uid_validity = uid_validity, allow_expunge = allow_expunge,
  }
end

local function read_part(input)
  local name = input.given.part
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
  local wanted, size = flow.part, raw.size
  if wanted then size = flow.node and flow.node.size end
  if raw.content and wanted and wanted.suffix ~= "" then return false end -- a text may be empty
  return size ~= 0
end

local function not_there(what)
  return nil, { code = "not_found", reason = what, outcome = "refused" }
end

local GONE = "the message is gone"

-- What came as a whole goes the way of what came in pieces.
local function finish_download(raw, this)
  local flow = this.flow
  flow:look(raw.body_structure)
  if has_nothing(flow, raw) then
    return not_there(flow.part and "the message has no such part" or GONE)
  end
  if raw.content and not this.failed then
    local too_large
    this.failed, too_large = flow:take(raw.content, #raw.content)
    if too_large then return nil, { code = "limit", reason = download.TOO_LARGE, outcome = "refused" } end
  end
  if not this.failed then this.failed = flow:finish() end
  return flow:result(raw)
end

local fetch = job.class {
  what = "download_message from", kind = "download", harmless = true, shape = finish_download,
}

-- The whole message as one string, on whose way there is nothing to be done.
local fetch_whole = job.class {
  what = "download_message from", kind = "download", harmless = true,
  shape = function(raw)
    local octets = raw.content or ""
    if octets == "" and raw.size ~= 0 then return not_there(GONE) end
    return { seq = raw.seq, uid = raw.uid, size = #octets, content = octets }
  end,
}

function actions.download_message(input)
  local path, mailbox = input:mailbox("mailbox")
  local set, by_uid = input:message()
  local uid_validity = input:uid_validity()
  local wanted, decode = read_part(input)
  local sink = download.sink(input)
  local progress = input:callback("progress")
  local mark_read = input:boolean("mark_read")
  local err = input:failed()
  if err then return nil, err end

  if not (wanted or sink or progress) then
    return fetch_whole {
      path = path, changes = mark_read,
      mailbox = mailbox, set = set, by_uid = by_uid, uid_validity = uid_validity,
      section = "", whole = true, mark_read = mark_read,
    }
  end
  local flow = download.flow {
    part = wanted, decode = decode, sink = sink, progress = progress,
    most = input.literal_limit,
  }
  return fetch {
    path = path, changes = mark_read, flow = flow,
    mailbox = mailbox, set = set, by_uid = by_uid, uid_validity = uid_validity,
    section = wanted and wanted.section or "", whole = not wanted,
    flows = sink ~= nil or progress ~= nil, decode = decode, mark_read = mark_read,
  }
end

-- --- Mailboxes ---------------------------------------------------------------------

local create = job.class {
  what = "create_mailbox", kind = "create", changes = true, harmless = true, shape = with_paths,
}

function actions.create_mailbox(input)
  local path, mailbox = input:mailbox("path")
  local err = input:failed()
  if err then return nil, err end

  return create { path = path, mailbox = mailbox, value = nil }
end

local rename = job.class { what = "rename_mailbox", kind = "rename", changes = true, shape = with_paths }

function actions.rename_mailbox(input)
  local path, mailbox = input:mailbox("path")
  local new_path, target = input:mailbox("new_path")
  local err = input:failed()
  if err then return nil, err end

  return rename { path = path, new_path = new_path, mailbox = mailbox, target = target, value = nil }
end

local STATUS = {
  "messages", "recent", "unseen", "uid_next", "uid_validity", "highest_modseq", "size", "mailbox_id",
}

local status = job.class { what = "get_mailbox_status of", kind = "status", shape = with_paths }

function actions.get_mailbox_status(input)
  local path, mailbox = input:mailbox("mailbox")
  local err = input:failed()
  if err then return nil, err end

  return status { path = path, mailbox = mailbox, items = STATUS }
end

-- The items of STATUS asked for: an array of names, or true for all.
local function read_status(input)
  local value = input.given.status
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
  local value = input.given[name]
  return input:wire(name, value == nil and default or value)
end

local list = job.class { what = "list_mailboxes", kind = "list", shape = as_it_is }

function actions.list_mailboxes(input)
  local pattern = read_pattern(input, "pattern", "*")
  local reference = read_pattern(input, "reference", "")
  local subscribed_only = input:boolean("subscribed_only")
  local items = read_status(input)
  local err = input:failed()
  if err then return nil, err end

  return list {
    pattern = pattern, reference = reference, subscribed_only = subscribed_only, items = items, value = nil,
  }
end

-- --- Searching ---------------------------------------------------------------------

local find = job.class { what = "search_messages in", kind = "search", shape = as_it_is }

function actions.search_messages(input)
  local path, mailbox = input:mailbox("mailbox")
  local query = search.read(input)
  local uid_validity = input:uid_validity()
  local fields = search.fields(input)
  local limit = input:integer("limit", 1, 4294967295)
  local newest_first = input:boolean("newest_first")
  local err = input:failed()
  if err then return nil, err end

  if query.empty then return job.settled {} end
  return find {
    path = path,
    mailbox = mailbox, set = query.uids, by_uid = true, uid_validity = uid_validity,
    terms = query.terms, charset = query.charset or nil,
    fields = fields, limit = limit, newest_first = newest_first,
  }
end

-- --- As they are called ------------------------------------------------------------

-- prepare[name](given, server, literal_limit): a job, or nil and an error; the
-- last two as check.inputs takes them.
local prepare = {}

for name, action in pairs(actions) do
  local form = check.form(name, action)
  prepare[name] = function(given, server, literal_limit)
    return action(check.inputs(form, given, server, literal_limit))
  end
end

return prepare
