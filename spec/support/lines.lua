--- Counts which lines of lua/ are reached, for `make coverage`: each goes to a
--- file as it is reached for the first time, as `imapconn/link.lua:12`, so that
--- several processes can write to one. Runs in the specs and in nginx.
-- luacheck: globals coroutine.create coroutine.wrap
local lines = {}

local reached = {} -- of a source: a set of lines, or false where it is none of ours
local out

local function on_line(_, line)
  local source = debug.getinfo(2, "S").source
  local seen = reached[source]
  if seen == nil then
    seen = source:find "/lua/imapconn/[^/]" and {}
    reached[source] = seen
  end
  if not seen or seen[line] then return end
  seen[line] = true
  out:write(source:match "/lua/(imapconn/.*)$", ":", line, "\n")
end

-- In PUC Lua a hook belongs to one coroutine, so each new one gets it.
local function follow_coroutines()
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
end

--- Adds to the file `path` from now on. (In LuaJIT the hook is everybody's, but
--- compiled code does not call it.)
function lines.record(path)
  out = assert(io.open(path, "a"))
  out:setvbuf "no"
  if jit then jit.off() else follow_coroutines() end
  debug.sethook(on_line, "l")
end

return lines
