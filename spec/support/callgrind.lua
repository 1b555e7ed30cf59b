--- Counts instructions with Callgrind: the same on a busy machine as on an idle one.
local callgrind = {}

--- A sanitizer's program does not run in valgrind, and what LuaJIT compiles is
--- another program each time.
callgrind.works = os.getenv("IMAPCONN_VARIANT") ~= "asan" and rawget(_G, "jit") == nil

--- How many `command` takes with `input` at its standard input.
function callgrind.count(command, input)
  local given, count = os.tmpname(), os.tmpname()
  local file = assert(io.open(given, "wb"))
  file:write(input)
  file:close()
  local pipe = assert(io.popen(("valgrind --tool=callgrind --callgrind-out-file='%s' %s <'%s' 2>&1"):format(
    count, command, given)))
  local output = pipe:read("*a")
  pipe:close()
  os.remove(given)
  os.remove(count)
  return tonumber(output:match("Collected : (%d+)")) or error(output)
end

local PARSE = (os.getenv("LUA") or "lua5.4")
  .. [[ -e 'collectgarbage("stop") require("imapconn.core").parse(io.read("*a"))']]

--- How many core.parse takes in Lua, less what is the same for every reply.
function callgrind.parse(reply)
  callgrind.idle = callgrind.idle or callgrind.count(PARSE, "")
  return callgrind.count(PARSE, reply) - callgrind.idle
end

return callgrind
