--- imapconn in nginx and OpenResty: the same connect over cosockets, so that no
--- call blocks the worker. docs/nginx.md says what nginx.conf has to have.
local ngx = require "ngx"
local lru = require "resty.lrucache"
local semaphore = require "ngx.semaphore"
local ssl = require "ngx.ssl"
local imapconn = require "imapconn"
local errors = require "imapconn.errors"

local LONGEST = 2147483 -- seconds: nginx counts milliseconds in 31 bits
local POOLS = 10000 -- of which a worker remembers how their connections logged in

local function milliseconds(seconds)
  return math.max(1, math.floor(math.min(seconds, LONGEST) * 1000))
end

-- A send goes on beside us until all is written: its time is the caller's affair.
local function set_timeout(sock, seconds)
  sock:settimeouts(milliseconds(seconds), milliseconds(LONGEST), milliseconds(seconds))
end

-- --- Our certificate --------------------------------------------------------------------

local function read_pem(path, parse)
  local file, reason = io.open(path, "rb")
  if not file then return nil, reason end
  local text = file:read("*a") or ""
  file:close()
  local parsed
  parsed, reason = parse(text)
  return parsed, parsed and text or path .. ": " .. reason
end

-- { certificate, key, text }, or nil and why not.
local function read_certificate(options)
  local path = options.client_cert
  if not path then return { text = "" } end
  local certificate, text = read_pem(path, ssl.parse_pem_cert)
  if not certificate then return nil, "client_cert: " .. text end
  local key, key_text = read_pem(options.client_key or path, ssl.parse_pem_priv_key)
  if not key then return nil, "client_key: " .. key_text end
  return { certificate = certificate, key = key, text = text .. key_text }
end

-- --- The pool ------------------------------------------------------------------------

-- Whatever tells one login from another, the secrets included: a wrong password
-- never meets a connection that the right one logged in.
local IDENTITY = { "host", "port", "secure", "verify", "server_name", "username", "auth", "password",
  "access_token" }

local pool_key -- of this worker; drawn once

local function pool_name(options, certificate)
  if not pool_key then
    local random = assert(io.open("/dev/urandom", "rb"))
    pool_key = assert(random:read(32))
    random:close()
  end
  local parts = {}
  for i, name in ipairs(IDENTITY) do
    local value = tostring(options[name])
    parts[i] = ("%s %d:%s"):format(type(options[name]), #value, value)
  end
  return "imapconn:" .. ngx.encode_base64(ngx.hmac_sha1(pool_key, table.concat(parts) .. certificate.text))
end

-- Of a pool's name: the mechanism that logged in what it holds.
local mechanisms = assert(lru.new(POOLS))

-- Connects, or takes from the pool what is known to have logged in: true and the
-- mechanism where it did.
local function dial(sock, options, pool)
  local ok, reason = sock:connect(options.host, options.port, { pool = pool })
  if not ok then return nil, reason end
  if sock:getreusedtimes() == 0 then return true end
  local mechanism = mechanisms:get(pool)
  if mechanism then return true, mechanism end
  sock:close()
  return dial(sock, options, pool)
end

-- --- The stream ------------------------------------------------------------------------

local Stream = {}
Stream.__index = Stream

-- Without a name nginx would check none. Where no wait was needed, a certificate
-- that does not verify is answered as success if no session is asked for, and
-- otherwise raised (lua-resty-core 0.1.25): so one is asked for.
local function start_tls(stream, seconds)
  local sock, options, ours = stream.sock, stream.options, stream.certificate
  if ours.certificate then
    local ok, reason = sock:setclientcert(ours.certificate, ours.key)
    if not ok then return nil, reason end
  end
  set_timeout(sock, seconds)
  local unraised, session, reason = pcall(sock.sslhandshake, sock, nil, options.server_name or options.host,
    options.verify)
  if not unraised then return nil, "the certificate does not verify" end
  return session, reason
end

function Stream:receive(max, seconds)
  set_timeout(self.sock, seconds)
  return self.sock:receiveany(max)
end

-- A cosocket sends all or nothing, and nothing after a timeout: so it sends in a
-- thread of its own, and what has not ended is what the next call waits for.
function Stream:send(bytes, seconds)
  local writing = self.writing
  if not writing then
    writing = { ended = semaphore.new() }
    self.writing = writing
    writing.thread = ngx.thread.spawn(function()
      writing.count, writing.reason = self.sock:send(bytes)
      writing.ended:post()
    end)
  end
  if not writing.ended:wait(seconds) then return nil, "timeout" end
  self.writing = nil
  return writing.count, writing.reason
end

function Stream:starttls(seconds)
  local early, reason = self:receive(1, 0)
  if early then return nil, "the server sent data behind its answer to STARTTLS" end
  if reason ~= "timeout" then return nil, reason end
  return start_tls(self, seconds)
end

function Stream.tls()
  return { backend = "nginx" } -- version and cipher suite a cosocket does not tell
end

function Stream:keepalive(seconds, size, mechanism)
  mechanisms:set(self.pool, mechanism)
  return self.sock:setkeepalive(seconds and milliseconds(seconds), size)
end

function Stream:close()
  if self.writing then ngx.thread.kill(self.writing.thread) end
  self.sock:close()
end

-- --- Connecting ------------------------------------------------------------------------

local function stage_of(reason)
  if reason == "timeout" then return "timeout" end
  return reason:find("resolve", 1, true) and "resolve" or "connect"
end

-- A stream; one from the pool is `resumed`, with TLS and login behind it.
local function connect(options)
  local allowed, sock = pcall(ngx.socket.tcp)
  if not allowed then return nil, "nginx has no cosockets in this phase: " .. sock, "unsupported" end
  local certificate, problem = read_certificate(options)
  if not certificate then return nil, problem, "invalid_argument" end
  local till = ngx.now() + options.connect_timeout
  local pool = pool_name(options, certificate)
  set_timeout(sock, options.connect_timeout)
  local ok, resumed = dial(sock, options, pool)
  if not ok then return nil, resumed, stage_of(resumed) end
  local stream = setmetatable({ sock = sock, options = options, certificate = certificate, pool = pool,
    resumed = resumed }, Stream)
  if options.secure ~= true or resumed then return stream end
  ngx.update_time()
  local secured, reason = start_tls(stream, till - ngx.now())
  if secured then return stream end
  sock:close()
  return nil, reason, reason == "timeout" and "timeout" or "tls"
end

-- nginx.conf decides about these, or a cosocket cannot do them.
local UNSUPPORTED = { "ca_file", "ca_path", "min_tls_version", "max_tls_version", "min_dh_size",
  "pinned_public_key", "proxy", "wait", "transport", "client_key_password", "compress" }

local nginx = { _VERSION = imapconn._VERSION }

--- Connects and logs in over a cosocket: a Connection, or nil, message, err.
function nginx.connect(given)
  if type(given) ~= "table" then return imapconn.connect(given) end
  for _, name in ipairs(UNSUPPORTED) do
    if rawget(given, name) then
      return errors.give(errors.unsupported("connect", name, name .. " is not for cosockets; see docs/nginx.md"))
    end
  end
  local all = { transport = { connect = connect } }
  for name, value in next, given do all[name] = value end
  return imapconn.connect(all)
end

return nginx
