--- imapconn: an IMAP client (RFC 9051, RFC 3501). See types.lua for all that it
--- offers.
local core = require "imapconn.core"
local connection = require "imapconn.connection"
local errors = require "imapconn.errors"
local options = require "imapconn.options"

local imapconn = { _VERSION = core._VERSION }

--- Connects and logs in: a Connection, or nil, message, err.
function imapconn.connect(given)
  local settings, err = options.read(given)
  if err then return errors.give(err) end
  return connection.open(settings)
end

return imapconn
