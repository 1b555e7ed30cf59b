--- What was delivered, written as every client of the bench writes it, so that
--- it can be compared: a message's listing as one line.
local delivered = {}

local function flags(set)
  local list = {}
  for flag in pairs(set) do
    if flag ~= "\\Recent" then list[#list + 1] = flag end
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function addresses(list)
  local texts = {}
  for i, address in ipairs(list) do
    texts[i] = ("%s <%s@%s>"):format(address.name or "", address.mailbox, address.host)
  end
  return table.concat(texts, ", ")
end

local function params(set)
  local list = {}
  for name, value in pairs(set or {}) do list[#list + 1] = name .. "=" .. value end
  table.sort(list)
  return table.concat(list, ",")
end

local function structure(node)
  local inner = {}
  for i, part in ipairs(node.parts or {}) do inner[i] = structure(part) end
  if inner[1] then return ("(%s)%s;%s"):format(table.concat(inner), node.type, params(node.params)) end
  return ("(%s;%s;%s;%d;%s;%s;%s)"):format(node.type, params(node.params), node.encoding, node.size,
    node.lines or "", node.disposition or "", params(node.disposition_params))
end

--- The listing of one message.
function delivered.line(message)
  local mail = message.envelope
  return table.concat({
    message.uid, flags(message.flags), message.internal_date, message.size, mail.date, mail.subject,
    addresses(mail.from), addresses(mail.sender), addresses(mail.reply_to), addresses(mail.to),
    addresses(mail.cc), addresses(mail.bcc), mail.in_reply_to or "", mail.message_id,
    structure(message.body_structure),
  }, "\t") .. "\n"
end

--- A few octets of what came in chunks, wherever these end: proof that all came.
function delivered.sampler()
  local total, nextpos, taken = 0, 0, {}
  local sampler = {}
  function sampler.take(chunk)
    local length = #chunk
    while nextpos < total + length do
      taken[#taken + 1] = chunk:sub(nextpos - total + 1, nextpos - total + 1)
      nextpos = nextpos + 65521
    end
    total = total + length
    return true
  end
  function sampler.text() return ("%d %s\n"):format(total, table.concat(taken)) end
  return sampler
end

--- Of a small message: its size, and sixteen octets of its middle. To keep all
--- of it would measure the memory that it lies in.
function delivered.sample(content)
  local middle = #content // 2
  return ("%d %s\n"):format(#content, content:sub(middle + 1, middle + 16))
end

--- The messages to append: see bench/fill.lua.
function delivered.messages(path, count)
  local file, messages = assert(io.open(path, "rb")), {}
  for i = 1, count do
    local size = file:read("n", "l")
    messages[i] = file:read(size)
  end
  file:close()
  return messages
end

--- Runs `work` between the clock's start and its end, then what it answers,
--- which tells what was delivered.
function delivered.measured(work)
  io.stdout:setvbuf("full")
  io.write("ready\n")
  io.flush()
  io.read()
  local tell = work()
  io.write("done\n")
  io.flush()
  io.read()
  if tell then tell() end
end

return delivered
