--- Why a call failed: a line for people, and a table that programs branch on.
local errors = {}

local Error = { __name = "imapconn.Error" }

function Error.__tostring(err)
  return err.message
end

--- A fresh error. `fields` are those beside code and message; it is taken over.
function errors.new(code, message, fields)
  local err = fields or {}
  err.code, err.message = code, message
  err.retryable = err.retryable or false
  return setmetatable(err, Error)
end

--- What every failing function returns.
function errors.give(err)
  return nil, err.message, err
end

--- An input of `call` is wrong: `why` is a sentence about it.
function errors.argument(call, field, why)
  return errors.new("invalid_argument", call .. ": " .. why,
    { field = field, outcome = "not_sent" })
end

--- The server lacks what the input `field` needs.
function errors.unsupported(call, field, why)
  return errors.new("unsupported", call .. ": " .. why,
    { field = field, outcome = "not_sent" })
end

--- A name as it stands in a message: quoted, short, and in one line.
function errors.quote(name)
  name = name:gsub("%c", "?")
  if #name > 80 then name = name:sub(1, 77):gsub("[\192-\255]?[\128-\191]*$", "") .. "..." end
  return '"' .. name .. '"'
end

--- Any value in one line, even one whose __tostring raises.
function errors.show(value)
  local ok, text = pcall(tostring, value)
  if not ok or type(text) ~= "string" then text = "a " .. type(value) end
  return (text:gsub("%c+", " "))
end

-- What to do about it, by the server's response code or by ours.
local ADVICE = {
  AUTHENTICATIONFAILED = "check the user name and the password; many providers want an app password or a token",
  PRIVACYREQUIRED = "the server wants TLS: leave secure as it is, or set it to \"starttls\"",
  TRYCREATE = "create_mailbox makes the mailbox",
  UNAVAILABLE = "try again later",
  INUSE = "try again later",
  resolve = "check the host name and the name servers",
}

-- NO with one of these may be OK another time.
local PASSING = { UNAVAILABLE = true, INUSE = true, SERVERBUG = true, EXPUNGEISSUED = true }

-- Failures of the way to the server, not of the call.
local WAY = { timeout = true, closed = true, connect = true, resolve = true }

local function is_retryable(failure, harmless)
  local outcome = failure.outcome
  if outcome == "partial" and not harmless then return false end
  if PASSING[failure.response_code] then return true end
  if not WAY[failure.code] then return false end
  return outcome == "not_sent" or harmless or not failure.changes
end

local function words_of_server(failure)
  local words = {}
  if failure.response_code and failure.response_code ~= "" then
    words[1] = "[" .. failure.response_code .. "]"
  end
  if failure.response_text and failure.response_text ~= "" then
    words[#words + 1] = failure.response_text
  end
  return words[1] and ": " .. table.concat(words, " ") or ""
end

local function present(text)
  return text ~= "" and text or nil
end

--- The error for a failure that the core reports (see csrc/binding).
--- `what` says what was attempted, on what; `harmless`: the action may be
--- repeated though its outcome is unknown; `done`: what was carried out.
function errors.failed(what, failure, harmless, done)
  local advice = ADVICE[failure.response_code] or ADVICE[failure.code]
  local message = what .. ": " .. (failure.reason or "it failed")
    .. words_of_server(failure) .. (advice and " (" .. advice .. ")" or "")
  return errors.new(failure.code, message, {
    field = failure.field,
    command = failure.command,
    response_code = present(failure.response_code),
    response_text = present(failure.response_text),
    outcome = failure.outcome,
    done = done,
    cause = failure.cause,
    retryable = is_retryable(failure, harmless),
  })
end

return errors
