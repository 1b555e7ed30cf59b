--- Fills the private server with the mail that the workloads are about, and puts
--- it back as it was before each client's turn.
local mail = require "bench.mail"

local fill = {}

local BIG = 25000000 -- octets of a big message
local TOGETHER = 1000 -- calls that are made and sent at once

-- The calls that `make` adds to a batch for `first` to `last`.
local function all(conn, first, last, make)
  for start = first, last, TOGETHER do
    local results = assert(conn:batch(function(b)
      for i = start, math.min(start + TOGETHER - 1, last) do make(b, i) end
    end))
    for _, result in ipairs(results) do assert(result.value, result.message) end
  end
end

-- A mailbox with `count` messages, unless it is there.
local function box(conn, path, count, content)
  if not assert(conn:create_mailbox { path = path }).created then return end
  all(conn, 1, count, function(b, i)
    b:append_message { path = path, content = content(i), flags = mail.flags(i), internal_date = mail.internal_date(i) }
  end)
end

--- 20,000 messages; listed and searched once, so that the server knows them by heart.
function fill.mail(conn)
  box(conn, "Mail", 20000, mail.message)
  assert(conn:search_messages { mailbox = "Mail", fields = { "uid", "envelope", "body_structure", "size" } })
  assert(conn:search_messages { mailbox = "Mail", fields = { "uid" }, from = "nobody" })
end

--- 20 messages of 25 MB.
function fill.big(conn)
  if not assert(conn:create_mailbox { path = "Big" }).created then return end
  for i = 1, 20 do assert(conn:append_message { path = "Big", content = mail.sized(i, BIG) }) end
end

--- 2,000 messages whose flags change.
function fill.flags(conn) box(conn, "Flags", 2000, mail.message) end

local function boxes(count)
  return function(conn)
    all(conn, 1, count, function(b, i) b:create_mailbox { path = ("Box%04d"):format(i) } end)
  end
end
fill.boxes, fill.few_boxes = boxes(2000), boxes(20)

--- Nobody has flagged or seen anything. As all that prepares a turn, it answers
--- the mailbox to work in.
function fill.clear_flags(conn, mailbox)
  assert(conn:remove_flags { mailbox = mailbox, uids = "1:*", flags = { "\\Flagged", "\\Seen" }, silent = true })
  return mailbox
end

--- What became of the flags.
function fill.count_flags(conn, count, mailbox)
  local function found(keys)
    keys.mailbox, keys.fields = mailbox, { "uid" }
    return #assert(conn:search_messages(keys))
  end
  local flagged, seen = found { flagged = true }, found { seen = true }
  assert(flagged == count and seen == 2000, ("%d flagged and %d seen"):format(flagged, seen))
end

local made = 0

--- A new mailbox to append to. (The library has no deleting of mailboxes.)
function fill.new_box(conn, mailbox)
  made = made + 1
  return assert(conn:create_mailbox { path = mailbox .. made }).path
end

local function check_appended(conn, mailbox, count, size)
  local status = assert(conn:get_mailbox_status { mailbox = mailbox })
  assert(status.messages == count and status.size == size,
    ("%d messages of %d octets were appended"):format(status.messages, status.size))
end

--- What was appended.
function fill.count_appended(conn, count, mailbox)
  local size = 0
  for i = 1, count do size = size + #mail.sized(i, 4096) end
  check_appended(conn, mailbox, count, size)
end

--- What was appended from the file of a big message; it is removed.
function fill.count_big(conn, count, mailbox)
  check_appended(conn, mailbox, count, count * #mail.sized(1, BIG))
  assert(conn:delete_message { mailbox = mailbox, uids = "1:" .. count })
end

--- What clients append: for each message its size, a line feed, its octets.
function fill.write_messages(path)
  local file = assert(io.open(path, "wb"))
  for i = 1, 2000 do
    local content = mail.sized(i, 4096)
    assert(file:write(#content, "\n", content))
  end
  assert(file:close())
end

--- The big message that clients append from its file.
function fill.write_big(path)
  local file = assert(io.open(path, "wb"))
  assert(file:write(mail.sized(1, BIG)))
  assert(file:close())
end

return fill
