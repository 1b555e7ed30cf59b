--- What runs before the specs (busted --helper). With IMAPCONN_VARIANT=cov it
--- counts the lines of lua/ that they reach, here and in nginx, and writes
--- luacov.txt for tools/coverage: a line `path covered total` for each file with
--- code in it, loaded or not.
if os.getenv("IMAPCONN_VARIANT") ~= "cov" then return end

local busted = require "busted"
local lines = require "spec.support.lines"

local build = assert(os.getenv("IMAPCONN_BUILD"))
local record = build .. "/luacov.lines" -- tools/servers/nginx knows it too

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  assert(pipe:close(), command)
  return text:gmatch("[^\n]+")
end

-- The lines that hold instructions, by the compiler's listing. Not counted are
-- a function's first, which no hook sees, and its last, the return at its end
-- that is only reached where nothing returned before.
local function executable(path)
  local found, last = {}, nil
  for text in lines_of(("luac%s -l -p '%s'"):format(_VERSION:match("[%d.]+"), path)) do
    local number, instruction = text:match("^%s+%d+%s+%[(%d+)%]%s+(%u+)")
    if not number then
      last = nil
    elseif instruction ~= "VARARGPREP" then
      if last then found[last] = true end
      last = tonumber(number)
    end
  end
  return found
end

-- Files of annotations alone hold nothing that runs.
local function is_meta(path)
  local file = assert(io.open(path))
  local first = file:read("*l")
  file:close()
  return first:find("^%-%-%-@meta") ~= nil
end

local function reached_lines()
  local reached = {}
  for line in io.lines(record) do reached[line] = true end
  return reached
end

local function report()
  debug.sethook()
  local reached = reached_lines()
  local folder = assert(package.path:match("([^;]*/lua)/%?%.lua"))
  local out = assert(io.open(build .. "/luacov.txt", "w"))
  for path in lines_of(("find '%s' -name '*.lua'"):format(folder)) do
    local name, covered, total = path:sub(#folder + 2), 0, 0
    if not is_meta(path) then
      for line in pairs(executable(path)) do
        total = total + 1
        if reached[name .. ":" .. line] then covered = covered + 1 end
      end
      out:write(("lua/%s %d %d\n"):format(name, covered, total))
    end
  end
  assert(out:close())
  return nil, true
end

busted.subscribe({ "suite", "end" }, report)
os.remove(record)
lines.record(record)
