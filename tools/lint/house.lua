--- The rules of this house that no other tool knows: which file may include
--- which, how long files and functions are, how a file begins.
--- usage: lua house.lua   (in the top folder; prints each breach, exits with 1)

-- The floors of csrc, lowest first: a file includes from its own or a lower one.
-- What protocol/ has beside those named here is the engine, on floor 3.
local FLOORS = {
  ["protocol/status"] = 0, ["protocol/buffer"] = 0, ["protocol/chars"] = 0, ["protocol/eight"] = 0,
  ["protocol/limits"] = 0,
  ["protocol/base64"] = 1, ["protocol/utf7"] = 1, ["protocol/seqset"] = 1, ["protocol/date"] = 1,
  ["protocol/random"] = 1,
  ["protocol/framer"] = 2, ["protocol/tape"] = 2, ["protocol/parse"] = 2, ["protocol/response"] = 2,
  ["protocol/encode"] = 2, ["mime"] = 2,
  ["protocol"] = 3, ["actions"] = 3,
  ["transport"] = 4,
  ["binding"] = 5,
}
-- Headers from outside that one folder alone may see.
local RESERVED = { ["lua%.h"] = "binding", ["lauxlib%.h"] = "binding", ["lualib%.h"] = "binding",
  ["curl/.*"] = "transport" }
local FILE_LINES, FUNCTION_LINES = 600, 60

local breaches = 0
local function breach(text, ...)
  breaches = breaches + 1
  print(text:format(...))
end

local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

local function files(patterns)
  local list = io.popen("git ls-files --cached --others --exclude-standard -- " .. patterns)
  local paths = {}
  for path in list:lines() do
    local file = io.open(path)
    if file then
      file:close()
      paths[#paths + 1] = path
    end
  end
  list:close()
  return paths
end

-- Includes --------------------------------------------------------------------

local function floor_of(name)
  return FLOORS[(name:gsub("%.[ch]$", ""))] or FLOORS[name:match "^[^/]+"]
end

local function check_own(name, included)
  local mine, theirs = floor_of(name) or math.huge, floor_of(included)
  if theirs > mine then
    breach("csrc/%s: on floor %d, includes %s from floor %d", name, mine, included, theirs)
  elseif name:match "^mime/" and included:match "^protocol/" and theirs > 1 then
    breach("csrc/%s: mime knows no IMAP, but includes %s", name, included)
  end
end

local function check_foreign(name, header)
  for pattern, folder in pairs(RESERVED) do
    if header:match("^" .. pattern .. "$") and name:match "^[^/]+" ~= folder then
      breach("csrc/%s: only csrc/%s includes %s", name, folder, header)
    end
  end
end

local function read_includes(name)
  local includes = {}
  if not floor_of(name) then breach("csrc/%s: on no floor that tools/lint/house.lua knows", name) end
  for line in io.lines("csrc/" .. name) do
    local mark, header = line:match '^%s*#%s*include%s*([<"])([^>"]+)[>"]'
    check_foreign(name, header or "")
    if mark == '"' and floor_of(header) then
      check_own(name, header)
      includes[#includes + 1] = header
    end
  end
  return includes
end

local function check_cycles(graph)
  local state = {}
  local function visit(name, trail)
    if state[name] == "open" then breach("csrc/%s: included in a circle:%s", name, trail) end
    if state[name] then return end
    state[name] = "open"
    for _, included in ipairs(graph[name] or {}) do visit(included, trail .. " " .. included) end
    state[name] = "done"
  end
  for name in pairs(graph) do visit(name, "") end
end

-- Lengths and first lines -----------------------------------------------------

--- C functions, and Lua's outermost: from a head in the first column to the
--- closing brace or `end` there. A `switch` with a comment above may be longer,
--- and what a spec gives to `describe` is a chapter, no function.
local function check_functions(path, lines)
  local head
  if path:match "_spec%.lua$" or path:match "_web%.lua$" then return end
  for number, line in ipairs(lines) do
    if path:match "%.lua$" and line:match "^[%w ]*function%f[%W]" then head = number end
    if path:match "%.[ch]$" and line:match "^[%a_].*%(" and not line:match ";%s*$" then head = number end
    if head and (line:match "^}" or line:match "^end") then
      local body = table.concat(lines, "\n", head, number)
      local excused = body:match "switch %(" and (lines[head - 1] or ""):match "%*/%s*$"
      if number - head + 1 > FUNCTION_LINES and not excused then
        breach("%s:%d: a function of %d lines", path, head, number - head + 1)
      end
      head = nil
    end
  end
end

local function check_shape(path)
  local lines = read_lines(path)
  if #lines > FILE_LINES then breach("%s: %d lines", path, #lines) end
  local first = (lines[1] or ""):match "^#!" and lines[2] or lines[1] or ""
  if not (first:match "^/%*" or first:match "^%-%-" or first:match "^# ") then
    breach("%s: does not begin by saying what it is for", path)
  end
  for number, line in ipairs(lines) do
    if line:match "[ \t\r]$" then breach("%s:%d: blanks at the end of the line", path, number) end
  end
  check_functions(path, lines)
end

local graph = {}
for _, path in ipairs(files "'csrc/*.c' 'csrc/*.h'") do
  local name = path:match "^csrc/(.*)"
  graph[name] = read_includes(name)
end
check_cycles(graph)
for _, path in ipairs(files "'*.c' '*.h' '*.lua' '*.sh' Makefile .ci/run ':(glob)tools/**' ':!*.pem' ':!*.cnf'") do
  check_shape(path)
end
os.exit(breaches == 0 and 0 or 1)
