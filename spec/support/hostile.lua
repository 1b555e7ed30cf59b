--- A server on loopback that plays a script of bytes and faults, over TCP, TLS
--- and STARTTLS: spec/support/hostile.c says what a script may hold.
--
--     local server = hostile.play [[
--       S: * OK hello
--       C: CAPABILITY
--       ! reset
--     ]]
--     … imapconn.connect { host = "127.0.0.1", port = server.port, … }
--     local heard = server:stop() -- all that the client said
--
-- A server ends when its client has closed; stop() waits for that.
local servers = require "spec.support.servers"

local hostile = {}

-- The certificates are made by whoever comes first.
local function certificate(name)
  local ca, key = servers.certificate(name)
  local file = io.open(ca)
  if file then file:close() else
    local folder = ca:match("^(.*)/")
    os.execute(("mkdir -p '%s' && sh '%s/../../../tools/servers/certs' '%s'"):format(folder, folder, folder))
  end
  return ca, key
end

local Server = {}
Server.__index = Server

--- Plays `script`; `name` is the certificate of tools/servers/certs that "! tls"
--- shows (default: "server", which is good for 127.0.0.1).
function hostile.play(script, name)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(script)
  file:close()
  local pem, key = certificate(name or "server")
  local pipe = assert(io.popen(("'%s/tools/hostile' '%s' '%s' '%s' 2>&1"):format(
    os.getenv "IMAPCONN_BUILD", path, pem, key)))
  local line = pipe:read("*l")
  local port = assert(tonumber(line), line)
  return setmetatable({ port = port, pipe = pipe, path = path }, Server)
end

--- What the client said and did, a line each: "ACCEPT", "C: a line", "END".
function Server:stop()
  local heard = self.pipe:read("*a")
  self.pipe:close()
  os.remove(self.path)
  return heard
end

--- Options that connect to it in the clear; `more` comes on top.
function Server:options(more)
  local options = { host = "127.0.0.1", port = self.port, secure = false, username = "ann",
    password = "hunter2", auth = "PLAIN", connect_timeout = 10 }
  for name, value in pairs(more or {}) do options[name] = value end
  if options.secure then
    options.auth = nil
    options.ca_file = options.ca_file or certificate("ca")
  end
  return options
end

--- The steps from the greeting to a session, as libcurl and imapconn take them
--- in the clear; `capabilities` come on top.
function hostile.login(capabilities)
  local all = "IMAP4rev1 LITERAL+ UNSELECT AUTH=PLAIN SASL-IR " .. (capabilities or "")
  return ([[
    S: * OK ready
    C: CAPABILITY
    S: * CAPABILITY %s
    S: \T OK
    C: AUTHENTICATE
    S: \T OK [CAPABILITY %s] in
  ]]):format(all, all)
end

return hostile
