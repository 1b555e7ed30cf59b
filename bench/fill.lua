--- Fills the private server with the mail that the workloads are about.
local mail = require "bench.mail"

local fill = {}

local TOGETHER = 1000 -- messages that are made and sent at once

-- Appends the messages `first` to `last` as `inputs` makes them.
local function append(conn, first, last, inputs)
  for start = first, last, TOGETHER do
    local results = assert(conn:batch(function(b)
      for i = start, math.min(start + TOGETHER - 1, last) do b:append_message(inputs(i)) end
    end))
    for _, result in ipairs(results) do assert(result.value, result.message) end
  end
end

-- A mailbox with `count` messages, unless it is there.
local function box(conn, path, count, content)
  if not assert(conn:create_mailbox { path = path }).created then return end
  append(conn, 1, count, function(i)
    return { path = path, content = content(i), flags = mail.flags(i), internal_date = mail.internal_date(i) }
  end)
end

--- 20,000 messages; listed once, so that the server knows them by heart.
function fill.mail(conn)
  box(conn, "Mail", 20000, mail.message)
  assert(conn:search_messages { mailbox = "Mail", fields = { "uid", "envelope", "body_structure", "size" } })
end

return fill
