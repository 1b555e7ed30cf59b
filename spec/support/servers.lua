-- Private mail servers for the specs: started at the first wish, kept for the
-- whole run, ended with it. tools/servers/README.md says what they offer.
--
--   local servers = require "spec.support.servers"
--   local dovecot = servers.dovecot()
--   local conn = assert(imapconn.connect(dovecot:account("tls")))
--
-- A server that cannot be had is an error, never a spec that did not run.

local servers = {}
local unpack = table.unpack or unpack

local source = debug.getinfo(1, "S").source:sub(2)
local root = source:match("^(.*)/spec/support/[^/]*$") or "."

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function command(...)
  local words = { ... }
  for i = 1, #words do words[i] = quote(words[i]) end
  return table.concat(words, " ")
end

-- Everything that a command prints, and whether it succeeded.
local function run(line)
  local pipe = assert(io.popen(line .. "; echo $?"))
  local output, status = pipe:read("*a"):match("^(.-)(%d+)\n$")
  pipe:close()
  return output, status == "0"
end

local function process_id()
  local file = assert(io.open("/proc/self/stat"), "the test servers need Linux")
  local id = file:read("*a"):match("^%d+")
  file:close()
  return id
end

-- What was started must outlive this module, which busted loads anew for each
-- file; and it ends with the Lua state, or a second later with the process.
local key = "imapconn.spec.servers"
local state = debug.getregistry()[key]

local function end_with_state(action)
  if newproxy then                                    -- Lua 5.1
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = action
    return proxy
  end
  return setmetatable({}, { __gc = action })
end

if not state then
  state = { started = {}, folders = {}, accounts = 0, owner = process_id() }
  state.guard = end_with_state(function()
    if process_id() == state.owner then servers.stop() end
  end)
  debug.getregistry()[key] = state
end

--- Ends every server that this process started.
function servers.stop()
  for i = #state.folders, 1, -1 do
    local name, folder = state.folders[i][1], state.folders[i][2]
    os.execute(command("sh", root .. "/tools/servers/" .. name, "stop", folder))
    state.folders[i] = nil
  end
  state.started = {}
end

-- Starts a server in a new folder; answers the folder and what ports.env says.
local function start(name, ...)
  local folder = run("mktemp -d -t imapconn.XXXXXX"):match("^[^\n]+")
  assert(folder, "no temporary folder can be made")
  state.folders[#state.folders + 1] = { name, folder }
  local output = run("OWNER_PID=" .. state.owner .. " " ..
    command("sh", root .. "/tools/servers/" .. name, "start", folder, ...) .. " 2>&1")
  local settings, file = {}, io.open(folder .. "/ports.env")
  if not file then
    state.folders[#state.folders] = nil
    error(name .. " cannot be had:\n" .. output, 0)
  end
  for line in file:lines() do
    local variable, value = line:match("^([%w_]+)=(.*)$")
    settings[variable] = tonumber(value) or value
  end
  file:close()
  return folder, settings
end

-- Accounts ---------------------------------------------------------------------

local Server = {}
Server.__index = Server

-- The address at which Dovecot shows each certificate, as tools/servers/certs
-- names them.
local with_certificate = {
  ["self-signed"] = 4, ["unknown-ca"] = 5, expired = 6,
  ["not-yet-valid"] = 7, ["wrong-host"] = 8, address = 9,
}

-- Where each listener of a server is; a missing port is one that it lacks.
local function place(server, at)
  local s = server.settings
  if at == "sasl" then return s.HOST, s.SASL_IMAP_PORT, s.SASL_IMAPS_PORT end
  if at == "tls_required" then return s.TLS_REQUIRED_HOST, s.TLS_REQUIRED_PORT end
  if at == "bare" then return s.BARE_HOST, s.BARE_PORT end
  if at == "tickets" then return s.TICKETS_HOST, nil, s.TICKETS_PORT end
  local number = with_certificate[at]
  if number then return "127.0.0." .. number, s.IMAP_PORT, s.IMAPS_PORT end
  assert(at == nil or at == "main", "no such listener")
  return s.HOST, s.IMAP_PORT, s.IMAPS_PORT
end

--- A new empty account, as options for `imapconn.connect`.
-- `security` is "tls" (the default), "starttls" or "plain". `with` may have
-- `at` (Dovecot only): "sasl", where every mechanism is offered; "bare", where no
-- extension is; "tls_required"; "tickets", which hangs up on whoever resumes a TLS
-- session; the name of a certificate that it shows there; `small` (Dovecot only):
-- a quota of 64 KiB; `username`: an account that exists already.
function Server:account(security, with)
  with = with or {}
  local host, port, tls_port = place(self, with.at)
  local username = with.username
  if not username then
    state.accounts = state.accounts + 1
    username = (with.small and "small-" or "user-") .. state.accounts
  end
  local account = { host = host, port = port, username = username,
    password = self.settings.PASSWORD, ca_file = self.settings.CA_FILE }
  if with.at == "tickets" then account.server_name = "localhost" end
  if security == nil or security == "tls" or security == "compressed" then
    account.secure, account.port = true, tls_port
    account.compress = security == "compressed" or nil
  elseif security == "starttls" then
    account.secure = "starttls"
  else
    assert(security == "plain", "no such security")
    account.secure, account.ca_file = false, nil
    account.auth = with.at ~= "sasl" and self.plain_auth or nil
  end
  assert(account.port, "this listener does not have that security")
  return account
end

--- The text of the server's logs, for a failing spec to show.
function Server:log()
  return (run("cat " .. quote(self.folder) .. "/log/*"))
end

-- The servers --------------------------------------------------------------------

local function set(names)
  local result = {}
  for name in names:gmatch("%S+") do result[name] = true end
  return result
end

-- `prefix` and `separator`: how mailboxes are named. `lacks`: what clients may
-- wish for that is not there. `plain_auth`: what logs in where there is no TLS.
local kinds = {
  dovecot = {
    prefix = "", separator = "/", plain_auth = "PLAIN",
    lacks = set "ACL APPENDLIMIT METADATA OBJECTID PARTIAL UTF8=ACCEPT",
  },
  cyrus = {
    prefix = "", separator = "/",
    lacks = set "NOTIFY PARTIAL SEARCHRES UTF8=ACCEPT",
  },
  courier = {
    prefix = "INBOX.", separator = ".", plain_auth = "LOGIN",
    lacks = set [[APPENDLIMIT BINARY COMPRESS=DEFLATE CONDSTORE ESEARCH ID
      LIST-EXTENDED LIST-STATUS LITERAL+ METADATA MOVE MULTIAPPEND NOTIFY OBJECTID
      PARTIAL PREVIEW QRESYNC SASL-IR SAVEDATE SEARCHRES SPECIAL-USE STATUS=SIZE
      UNSELECT WITHIN]],
  },
}

for name, kind in pairs(kinds) do
  servers[name] = function()
    if not state.started[name] then
      local folder, settings = start(name)
      state.started[name] = { folder = folder, settings = settings }
    end
    local started = state.started[name]
    return setmetatable({
      name = name, folder = started.folder, settings = started.settings,
      prefix = kind.prefix, separator = kind.separator,
      lacks = kind.lacks, plain_auth = kind.plain_auth,
    }, Server)
  end
end

--- True if the server is there, or can be fetched; else nil and the reason.
function servers.has(name)
  if not kinds[name] then return nil, "there is no server " .. tostring(name) end
  local _, unpacked = run(command("test", "-d", root .. "/build/servers/" .. name))
  local _, debian = run("command -v apt-get >/dev/null")
  if unpacked or debian then return true end
  return nil, name .. " comes from Debian's packages, and there is no apt-get here"
end

--- An nginx with Lua, for the text of an nginx.conf in which each @NAME@ stands
-- for what `values` has under NAME, and @PORT@ for nginx's own; `url` is where it
-- is. `:get(path)` answers the body of a page; `:log()` what nginx said.
function servers.nginx(conf, values)
  local name, words = os.tmpname(), {}
  for field, value in pairs(values or {}) do words[#words + 1] = field .. "=" .. tostring(value) end
  local file = assert(io.open(name, "w"))
  file:write(conf)
  file:close()
  local folder, settings = start("nginx", name, unpack(words))
  os.remove(name)
  local url = ("http://127.0.0.1:%d"):format(settings.PORT)
  local function get(_, path)
    return (run(command("curl", "--silent", "--show-error", "--max-time", "120", url .. path) .. " 2>&1"))
  end
  return { folder = folder, port = settings.PORT, url = url, get = get, log = Server.log }
end

-- On the way to them ---------------------------------------------------------------

local Proxied = {}
Proxied.__index = Proxied

--- How many turns of waiting the clients behind this proxy had so far, all
-- connections together.
function Proxied:turns()
  local count = 0
  for _ in io.lines(getmetatable(self).folder .. "/turns") do count = count + 1 end
  return count
end

local function copy(account)
  local result = {}
  for name, value in pairs(account) do result[name] = value end
  return result
end

--- The same account through a proxy of its own; `options` are those of
-- spec/support/proxy.c: { "delay=20", "cut-server=1000" }.
function servers.proxied(account, options)
  local folder, settings = start("proxy", account.host, account.port, unpack(options))
  local result = copy(account)
  result.host, result.port = "localhost", settings.PORT
  return setmetatable(result, { __index = Proxied, folder = folder })
end

--- The same account over a line that takes `milliseconds` in either direction.
-- `:turns()` of the result counts the client's round trips (without TLS).
function servers.delayed(account, milliseconds)
  local name = ("%s:%d+%d"):format(account.host, account.port, milliseconds)
  local known = state.started[name]
  if not known then
    local proxied = servers.proxied(account, { "delay=" .. milliseconds })
    known = { port = proxied.port, folder = getmetatable(proxied).folder }
    state.started[name] = known
  end
  local result = copy(account)
  result.host, result.port = "localhost", known.port
  return setmetatable(result, { __index = Proxied, folder = known.folder })
end

--- An account behind a server that offers nothing but finite-field
-- Diffie-Hellman, good for one connection: "tls12" (TLS 1.2, 1024 bits) or
-- "tls13" (TLS 1.3, ffdhe2048).
function servers.finite_field(kind)
  local account = servers.dovecot():account("tls")
  local _, settings = start("finite-field", kind, account.port)
  account.port = settings.PORT
  return account
end

--- A certificate and its key, as tools/servers/certs names them.
function servers.certificate(name)
  local stem = root .. "/build/servers/certs/" .. name
  return stem .. ".pem", stem .. ".key"
end

--- A bearer token for Dovecot's "sasl" listener: valid for `seconds` (an hour),
-- expired if less than zero; signed with another `key`, forged.
function servers.token(username, seconds, other_key)
  local token = run(command("sh", root .. "/tools/servers/token", username,
    seconds or 3600, other_key or "secret"))
  return token:match("^%S+")
end

return servers
