--- The options of connect: read, checked, and sorted by who needs them.
local core = require "imapconn.core"
local check = require "imapconn.check"

local options = {}

local LITERAL_LIMIT = 268435456 -- octets held in memory, by default
local LONGEST_TEXT = 4096 -- octets of a path, a URL, the password of a key
local LONGEST_SECRET = 32768 -- octets of what logs in; some tokens are long

-- Reads one option each, as Input's methods do.
local read = {}

-- Text that ends up in a C string.
local function fits_c(value)
  return type(value) == "string" and value ~= "" and #value <= LONGEST_TEXT and not value:find("%z")
end

function read.text(input, name, what)
  local value = input.given[name]
  if value == nil or fits_c(value) then return value end
  return input:expected(name, what, value)
end

-- The same, and never shown.
function read.hidden(input, name)
  local value = input.given[name]
  if value == nil or fits_c(value) then return value end
  return input:refuse(name, ("%s must be text without NUL, of at most %d octets"):format(name, LONGEST_TEXT))
end

-- What logs in is never shown, either. A line's end in it is what came along
-- from a file.
function read.secret(input, name, may_be_empty)
  local value = input.given[name]
  if value == nil then return nil end
  if type(value) == "string" and #value <= LONGEST_SECRET and not value:find("[%z\r\n]")
    and (may_be_empty or value ~= "") then
    return value
  end
  return input:refuse(name, ("%s must be text without NUL, CR and LF, of at most %d octets")
    :format(name, LONGEST_SECRET))
end

-- A host's name or address: nothing that would mean more within a URL.
function read.host(input, name, required)
  local value = input.given[name]
  if value == nil and not required then return nil end
  if type(value) ~= "string" or value == "" or #value > 255 or value:find("[%c%s/@?#\\<>]") then
    return input:expected(name, "a host name or an address", value)
  elseif value:find("^[^:]*:%d*$") then
    return input:refuse(name, name .. " must be a host name or an address; the port is an option of its own")
  end
  return value
end

function read.seconds(input, name, default)
  local value = input.given[name]
  if value == nil then return default end
  if type(value) == "number" and value > 0 then return value end
  return input:expected(name, "a number of seconds above 0, or math.huge", value)
end

function read.secure(input)
  local value = input.given.secure
  if value == nil then return true end
  if value == "starttls" or type(value) == "boolean" then return value end
  return input:expected("secure", 'true, "starttls" or false', value)
end

local TLS = { ["TLSv1.0"] = 0, ["TLSv1.1"] = 1, ["TLSv1.2"] = 2, ["TLSv1.3"] = 3 }

function read.tls_version(input, name, default)
  local value = input.given[name]
  if value == nil then return default end
  if TLS[value] then return value end
  return input:expected(name, '"TLSv1.0", "TLSv1.1", "TLSv1.2" or "TLSv1.3"', value)
end

function read.pin(input)
  local what = "sha256//BASE64 of the server's public key"
  local value = read.text(input, "pinned_public_key", what)
  if value == nil or value:find("^sha256//[A-Za-z0-9+/]+=*$") then return value end
  return input:expected("pinned_public_key", what, value)
end

-- It may hold a password of its own.
function read.proxy(input)
  local value = read.hidden(input, "proxy")
  if not value or not value:find("[%c%s]") then return value end
  return input:refuse("proxy", "proxy must be a URL without blanks")
end

-- Upper limits of the limits: sizes that a Lua number holds exactly; `nesting`
-- is the depth of recursion, the others count 32 bits.
local LIMITS = {
  line = 2 ^ 40, literal = 2 ^ 40, response = 2 ^ 40,
  nesting = 1000, nodes = 4294967295, messages = 4294967295,
}

function read.limits(input)
  local given = input.given.limits
  if given == nil then return {} end
  if type(given) ~= "table" then return input:expected("limits", "a table", given) end
  local limits = {}
  for name, value in next, given do
    local most = LIMITS[name]
    if not most then
      return input:refuse("limits", "limits has no " .. check.kind(name)
        .. "; there are line, literal, response, nesting, nodes, messages")
    end
    limits[name] = check.integer(value, 1, most)
    if not limits[name] then
      return input:refuse("limits", ("limits.%s must be a whole number from 1 to %.0f, not %s")
        :format(name, most, check.kind(value)))
    end
  end
  return limits
end

function read.transport(input)
  local value = input.given.transport
  if value == nil then return nil end
  local connect = type(value) == "table" and rawget(value, "connect")
  if type(connect) == "function" then return connect end
  return input:expected("transport", "a table { connect = function(options) }", value)
end

-- --- Who one is ------------------------------------------------------------------

-- Mechanisms, with what each needs.
local MECHANISMS = {
  PLAIN = "password", LOGIN = "password", ["CRAM-MD5"] = "password",
  ["SCRAM-SHA-1"] = "password", ["SCRAM-SHA-256"] = "password",
  XOAUTH2 = "access_token", OAUTHBEARER = "access_token",
  EXTERNAL = "", ANONYMOUS = "",
}

function read.mechanism(input)
  local value = input.given.auth
  if value == nil then return nil end
  local name = type(value) == "string" and core.upper(value)
  if name and MECHANISMS[name] then return name end
  local names = {}
  for known in pairs(MECHANISMS) do names[#names + 1] = known end
  table.sort(names)
  return input:expected("auth", "one of " .. table.concat(names, ", "), value)
end

-- What identifies the user; the password may be empty, the others not.
local function read_login(input, secure)
  local username = read.secret(input, "username", true)
  local password = read.secret(input, "password", true)
  local token = read.secret(input, "access_token")
  local mechanism = read.mechanism(input)
  local needs = MECHANISMS[mechanism]
  if username == nil and needs ~= "" then
    input:refuse("username", "username is missing; only the mechanisms EXTERNAL and ANONYMOUS need none")
  elseif needs == "password" and password == nil then
    input:refuse("password", "password is missing; " .. mechanism .. " needs it")
  elseif needs == "access_token" and token == nil then
    input:refuse("access_token", "access_token is missing; " .. mechanism .. " needs it")
  elseif secure and needs == nil and password == nil and token == nil and input.given.client_cert == nil then
    input:refuse("password", "password is missing; so are access_token and client_cert, which would do as well")
  end
  return { username = username, password = password, token = token, mechanism = mechanism }
end

-- --- All of them -------------------------------------------------------------------

local SECURITY = { [true] = "tls", starttls = "starttls", [false] = "plain" }

-- What libcurl and Mbed TLS are told.
local function read_open(input, secure)
  local open = {
    security = SECURITY[secure],
    min_tls_version = read.tls_version(input, "min_tls_version", "TLSv1.1"),
    max_tls_version = read.tls_version(input, "max_tls_version", "TLSv1.3"),
    min_dh_size = input:integer("min_dh_size", 1, 65536) or 1024,
    verify = input:boolean("verify", true),
    server_name = read.host(input, "server_name"),
    ca_file = read.text(input, "ca_file", "the path of a file"),
    ca_path = read.text(input, "ca_path", "the path of a folder"),
    client_cert = read.text(input, "client_cert", "the path of a file"),
    client_key = read.text(input, "client_key", "the path of a file"),
    client_key_password = read.hidden(input, "client_key_password"),
    pinned_public_key = read.pin(input),
    proxy = read.proxy(input),
    limits = read.limits(input),
  }
  local min, max = TLS[open.min_tls_version], TLS[open.max_tls_version]
  if min and max and min > max then
    input:refuse("min_tls_version", "min_tls_version is above max_tls_version")
  end
  if open.client_key and not open.client_cert then
    input:refuse("client_cert", "client_cert is missing; client_key is its key")
  end
  return open
end

local function read_all(input)
  local host = read.host(input, "host", true)
  local secure = read.secure(input)
  local port = input:integer("port", 1, 65535) or (secure == true and 993 or 143)
  local login = read_login(input, secure)
  local open = read_open(input, secure)
  local settings = {
    secure = secure, login = login, open = open,
    connect_timeout = read.seconds(input, "connect_timeout", 30),
    timeout = read.seconds(input, "timeout", 300),
    call_timeout = read.seconds(input, "call_timeout", 3600),
    trace = input:callback("trace"),
    wait = input:callback("wait"),
    transport = read.transport(input),
  }
  login.compress = input:boolean("compress")
  local err = input:failed()
  if err then return nil, err end

  login.host, login.port = host, port
  -- libcurl does STARTTLS by itself; over a transport it is for us to do.
  login.starttls = secure == "starttls" and settings.transport ~= nil
  login.protected = secure ~= false
  open.host, open.port, open.trace = host, port, settings.trace ~= nil
  settings.literal_limit = open.limits.literal or LITERAL_LIMIT
  settings.attach = { limits = open.limits, trace = open.trace, security = open.security }
  settings.options = options.for_transport(input, settings)
  return settings
end

local form = check.form("connect", read_all)

--- Reads the options: settings for connection.open, or nil and an error.
function options.read(given)
  return read_all(check.inputs(form, given))
end

-- A transport of the caller's gets the options as given, with their defaults.
function options.for_transport(input, settings)
  local all = {}
  for name, value in next, input.given do all[name] = value end
  for name, value in pairs(settings.open) do all[name] = value end
  all.security, all.secure = nil, settings.secure
  all.connect_timeout, all.timeout = settings.connect_timeout, settings.timeout
  all.call_timeout = settings.call_timeout
  all.transport, all.trace, all.wait = nil, nil, nil
  return all
end

return options
