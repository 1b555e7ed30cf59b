--- How a connection waits in libuv's loop: the option `wait = require "imapconn.wait.luv"`.
--- Every call must then stand in a coroutine, which only the loop resumes.
local callback = require "imapconn.callback"
local uv = require "luv"

local function continue(thread)
  local ok, reason = coroutine.resume(thread)
  if not ok then error(debug.traceback(thread, tostring(reason)), 0) end
end

--- Yields until `fd` is readable. It needs no timer: `fd` becomes readable when
--- the time is over, too.
---@type imapconn.Wait
return function(fd)
  if callback.in_main_thread() then return nil, "imapconn.wait.luv cannot wait outside of a coroutine" end
  local thread, handle = coroutine.running(), assert(uv.new_poll(fd))
  handle:start("r", function()
    handle:close()
    continue(thread)
  end)
  coroutine.yield()
  return true
end
