--- Functions of the caller's, called so that nothing they do harms the call.
local errors = require "imapconn.errors"

local callback = {}

--- Whether a function that may yield can be called inside pcall: PUC Lua 5.1
--- alone cannot. (To try it out would yield to nginx, where it drives coroutines.)
callback.pcall_yields = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

--- Why a callback failed: { text, cause }.
function callback.failure(name, cause)
  local why = cause == false and " answered false" or " failed: " .. errors.show(cause)
  return { cause = cause, text = name .. why }
end

local function judge(name, ok, value, message)
  if not ok then return callback.failure(name, value) end
  if value == false and message == nil then return callback.failure(name, false) end
  if not value and message ~= nil then return callback.failure(name, message) end
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
  return nil, { cause = value, text = name .. " failed: it gave a " .. type(value) .. ", not a string" }
end

--- Whether there is nothing to yield to.
function callback.in_main_thread()
  local running, is_main = coroutine.running()
  return running == nil or is_main == true
end

local function unprotected(fn, ...) return true, fn(...) end

--- Runs what may yield: as pcall, where a yield can pass; elsewhere, in a
--- coroutine of PUC Lua 5.1, unprotected.
callback.protect = callback.pcall_yields and pcall or function(...)
  return (callback.in_main_thread() and pcall or unprotected)(...)
end

--- Calls wait: as pcall, but on PUC Lua 5.1 its errors are raised.
callback.wait = callback.pcall_yields and pcall or unprotected

return callback
