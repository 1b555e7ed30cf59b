--- Lists made-up mail from memory, without a network: what bench/instructions
--- counts.
--- usage: lua listing.lua make FILE COUNT    (writes the rows)
---        lua listing.lua check FILE COUNT   (lists them, and looks at each field)
---        lua listing.lua run FILE COUNT     (lists the first COUNT of them: 0 or all)
local what, path, count = arg[1], arg[2], tonumber(arg[3])

local function make()
  local rows = require "bench.rows"
  local file = assert(io.open(path, "wb"))
  for i = 1, count do assert(file:write(rows.line(i))) end
  assert(file:close())
end

-- What the file holds, in pieces that one read of a socket may give: made here,
-- so that they cost the same whether they are listed or not.
local function pieces()
  local file = assert(io.open(path, "rb"))
  local list = {}
  for piece in file:lines(16384) do list[#list + 1] = piece end
  file:close()
  return list
end

-- A server that says what the file holds in answer to the first UID FETCH.
local function server()
  local stream, said = {}, { "* PREAUTH [CAPABILITY IMAP4rev1 UNSELECT] ready\r\n" }
  local rows = pieces()
  function stream.send(_, bytes)
    for tag, command in bytes:gmatch("(%w+) ([^\r]*)\r\n") do
      if command:find("^UID FETCH") then
        if count > 0 then table.move(rows, 1, #rows, #said + 1, said) end
        said[#said + 1] = tag .. " OK done\r\n"
      else
        said[#said + 1] = ("* %d EXISTS\r\n%s OK done\r\n"):format(count, tag)
      end
    end
    return #bytes
  end
  function stream.receive()
    if said[1] then return table.remove(said, 1) end
    return nil, "closed"
  end
  function stream.close() return true end
  return stream
end

local function list()
  local conn = assert(require "imapconn".connect {
    host = "play", username = "ann", secure = false, transport = { connect = server },
  })
  local messages = assert(conn:search_messages {
    mailbox = "INBOX", fields = { "uid", "flags", "size", "internal_date", "envelope", "body_structure" },
  })
  assert(#messages == count, ("%d messages, not %d"):format(#messages, count))
  return messages
end

if what == "make" then
  make()
elseif what == "check" then
  local rows = require "bench.rows"
  for i, message in ipairs(list()) do rows.check(i, message) end
else
  list()
end
