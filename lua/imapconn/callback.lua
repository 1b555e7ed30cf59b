--- Functions of the caller's, called so that nothing they do harms the call.
local errors = require "imapconn.errors"

local callback = {}

-- PUC Lua 5.1 cannot yield across pcall; all others can.
local _, stopped = coroutine.resume(coroutine.create(function()
  return pcall(coroutine.yield)
end))

--- Whether a function that may yield can be called inside pcall.
callback.pcall_yields = stopped == nil

--- Why a callback failed: { text, cause }.
function callback.failure(name, cause)
  return { cause = cause, text = name .. " failed: " .. errors.show(cause) }
end

local function judge(name, ok, value, message)
  if not ok then return callback.failure(name, value) end
  if value == false and message == nil then
    return { cause = false, text = name .. " answered false" }
  elseif not value and message ~= nil then
    return callback.failure(name, message)
  end
end

--- Calls a sink, progress or trace: nil, or why it failed.
function callback.tell(name, fn, ...)
  return judge(name, pcall(fn, ...))
end

--- Calls a function that gives a string, or nothing at its end: the string
--- ("" at the end), or nil and why it failed.
function callback.ask(name, fn, ...)
  local ok, value, message = pcall(fn, ...)
  local failure = judge(name, ok, value, message)
  if failure then return nil, failure end
  if value == nil or type(value) == "string" then return value or "" end
  return nil, callback.failure(name, "it gave a " .. type(value) .. ", not a string")
end

--- Whether the call runs in the main thread, where nothing can yield.
function callback.in_main_thread()
  local running, is_main = coroutine.running()
  return running == nil or is_main == true
end

--- Runs what may yield and must not end in the middle: as pcall, where a yield
--- can pass; elsewhere, in a coroutine of PUC Lua 5.1, unprotected.
function callback.protect(fn, ...)
  if callback.pcall_yields or callback.in_main_thread() then return pcall(fn, ...) end
  return true, fn(...)
end

--- Calls a wait or a stream, which may yield: as pcall, but on PUC Lua 5.1
--- their errors are raised.
function callback.outside(fn, ...)
  if callback.pcall_yields then return pcall(fn, ...) end
  return true, fn(...)
end

return callback
