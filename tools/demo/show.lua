--- How the demo shows results: short, aligned, and safe for a terminal,
--- whatever a server sends.

local show = {}

local MOST_ROWS = 30
local MARGIN = "      "

--- Text in one line, without anything that a terminal would obey.
function show.safe(text)
  return (tostring(text):gsub("[%c\127]", " "):gsub("\194[\128-\159]", " "))
end

-- The columns that a code point takes: East Asian ones and pictures take two.
local function columns(lead, second)
  if lead >= 0x80 and lead < 0xC0 then return 0 end
  if lead == 0xCC or lead == 0xCD and second < 0xB0 then return 0 end -- accents that combine
  if lead >= 0xE3 and lead <= 0xED or lead == 0xEF and second >= 0xBC or lead >= 0xF0 then return 2 end
  return 1
end

local function width(text)
  local sum = 0
  for at = 1, #text do
    local lead, second = text:byte(at, at + 1)
    sum = sum + columns(lead, second or 0)
  end
  return sum
end

-- What fits into so many columns.
local function clip(text, most)
  text = show.safe(text)
  if width(text) <= most then return text end
  repeat text = text:gsub("[^\128-\191][\128-\191]*$", "") until width(text) < most or text == ""
  return text .. "…"
end

--- Rows of cells, one below the other; a number stands to the right.
function show.rows(rows)
  local widths, shown = {}, math.min(#rows, MOST_ROWS)
  for i = 1, shown do
    for column, cell in ipairs(rows[i]) do
      widths[column] = math.max(widths[column] or 0, width(show.safe(cell)))
    end
  end
  for i = 1, shown do
    local line = MARGIN
    for column, cell in ipairs(rows[i]) do
      local text = show.safe(cell)
      local space = (" "):rep(widths[column] - width(text))
      line = line .. (type(cell) == "number" and space .. text or text .. space) .. "  "
    end
    print((line:gsub("%s+$", "")))
  end
  if #rows > shown then print(("%s... and %d more"):format(MARGIN, #rows - shown)) end
end

local function count(number)
  return number and math.floor(number) or "-"
end

-- \Recent, which clients cannot set and RFC 9051 took out, is not shown.
function show.flags(flags)
  local names = {}
  for name in pairs(flags) do
    if name ~= "\\Recent" then names[#names + 1] = name end
  end
  table.sort(names)
  return #names > 0 and table.concat(names, " ") or "-"
end

-- --- Results ---------------------------------------------------------------------

function show.mailboxes(rows)
  table.sort(rows, function(a, b) return a.path < b.path end)
  local cells = { { "", "messages", "unseen", "" } }
  for i, row in ipairs(rows) do
    local status = row.status or {}
    cells[i + 1] = { row.path, count(status.messages), count(status.unseen), row.special_use or "" }
  end
  show.rows(cells)
end

function show.messages(messages)
  local cells = { { "uid", "date", "size", "from", "subject", "flags" } }
  for i, message in ipairs(messages) do
    local from = message.envelope.from[1] or {}
    cells[i + 1] = { count(message.uid), os.date("!%Y-%m-%d", message.internal_date), count(message.size),
      clip(from.name or from.address or "", 24), clip(message.envelope.subject or "", 48), show.flags(message.flags) }
  end
  show.rows(#messages > 0 and cells or { { "(none)" } })
end

--- A message's text, or the first lines of it.
function show.text(result)
  local cells = {}
  for line in (result.content .. "\n"):gmatch("(.-)\r?\n") do cells[#cells + 1] = { clip(line, 90) } end
  while cells[1] and cells[#cells][1] == "" do cells[#cells] = nil end
  show.rows(cells)
end

function show.flagged(result)
  local cells = {}
  for i, message in ipairs(result.messages) do
    cells[i] = { "uid", count(message.uid), show.flags(message.flags) }
  end
  show.rows(cells)
end

--- The named fields of a result, in this order.
function show.fields(...)
  local names = { ... }
  return function(result)
    local cells = {}
    for _, name in ipairs(names) do
      local value = result[name]
      if type(value) == "number" then value = ("%.0f"):format(value) end
      if type(value) == "table" then value = "{ " .. table.concat(value, ", ") .. " }" end
      cells[#cells + 1] = { name, "=", value == nil and "nil" or value == "" and '""' or tostring(value) }
    end
    show.rows(cells)
  end
end

function show.copies(result)
  local cells = {}
  for i, pair in ipairs(result.messages) do
    cells[i] = { "uid", count(pair.uid), "in " .. result.path, "is", count(pair.new_uid), "in " .. result.new_path }
  end
  show.rows(cells)
end

return show
