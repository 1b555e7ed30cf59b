--- What runs before the specs (busted --helper). With IMAPCONN_VARIANT=cov it
--- counts the lines of lua/ that they reach, and writes luacov.txt for
--- tools/coverage: a line `path covered total` for each file, loaded or not.
-- luacheck: globals coroutine.create coroutine.wrap
if os.getenv("IMAPCONN_VARIANT") ~= "cov" then return end

local busted = require "busted"

local build = assert(os.getenv("IMAPCONN_BUILD"))
local reached = {} -- of a file, as Lua names its source: a set of lines

local function on_line(_, line)
  local source = debug.getinfo(2, "S").source
  local lines = reached[source]
  if not lines then
    lines = {}
    reached[source] = lines
  end
  lines[line] = true
end

-- A hook belongs to one coroutine, so each new one gets it.
local create = coroutine.create
function coroutine.create(f)
  local thread = create(f)
  debug.sethook(thread, on_line, "l")
  return thread
end

function coroutine.wrap(f)
  local thread = coroutine.create(f)
  local function continue(ok, ...)
    if ok then return ... end
    error((...), 0)
  end
  return function(...) return continue(coroutine.resume(thread, ...)) end
end

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
  local lines, last = {}, nil
  for text in lines_of(("luac%s -l -p '%s'"):format(_VERSION:match("[%d.]+"), path)) do
    local number, instruction = text:match("^%s+%d+%s+%[(%d+)%]%s+(%u+)")
    if not number then
      last = nil
    elseif instruction ~= "VARARGPREP" then
      if last then lines[last] = true end
      last = tonumber(number)
    end
  end
  return lines
end

local function report()
  debug.sethook()
  local folder = assert(package.path:match("([^;]*/lua)/%?%.lua"))
  local out = assert(io.open(build .. "/luacov.txt", "w"))
  for path in lines_of(("find '%s' -name '*.lua'"):format(folder)) do
    local covered, total = 0, 0
    for line in pairs(executable(path)) do
      total = total + 1
      if (reached["@" .. path] or {})[line] then covered = covered + 1 end
    end
    out:write(("lua%s %d %d\n"):format(path:sub(#folder + 1), covered, total))
  end
  assert(out:close())
  return nil, true
end

busted.subscribe({ "suite", "end" }, report)
debug.sethook(on_line, "l")
