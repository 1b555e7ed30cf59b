--- The mail reader of examples/openresty, in front of a private Dovecot.
---
---     local app = reader.start()                     -- with an empty account
---     local visitor = app:visitor()
---     visitor:log_in()
---     visitor:get("/box", { box = "INBOX" }).body
local imapconn = require "imapconn"
local servers = require "spec.support.servers"

local reader = {}

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function run(...)
  local words = { ... }
  for i = 1, #words do words[i] = quote(words[i]) end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

local App = {}
App.__index = App

--- Starts it for a new account. `more`, if given, is Lua that its nginx runs first.
function reader.start(more)
  local account = servers.dovecot():account("tls")
  local folder = run("mktemp", "-d"):match("^[^\n]+")
  run("cp", "-R", "examples/openresty/lua", "examples/openresty/style.css", folder)
  run("chmod", "-R", "a+rX", folder)
  local conf = read_file("examples/openresty/nginx.conf")
  if more then conf = conf:gsub('    require "mail"', "    " .. more:gsub("%%", "%%%%") .. "\n%0", 1) end
  local nginx = servers.nginx(conf, { APP = folder, IMAP_HOST = "localhost", IMAP_PORT = account.port })
  return setmetatable({ account = account, folder = folder, nginx = nginx, url = nginx.url }, App)
end

function App:stop()
  run("rm", "-r", self.folder)
end

--- A connection of imapconn to the account.
function App:connect()
  return assert(imapconn.connect(self.account))
end

--- Puts a message of these header lines and this body into a mailbox (INBOX): the
--- arguments that name it in an address.
function App:store(header, body, box)
  local conn = self:connect()
  local content = table.concat(header, "\n") .. "\nMIME-Version: 1.0\n\n" .. body
  local added = assert(conn:append_message { mailbox = box or "INBOX", content = content })
  conn:close()
  return { box = box or "INBOX", uid = added.uid, validity = added.uid_validity }
end

-- --- Who asks it, without a browser ----------------------------------------------------

local Visitor = {}
Visitor.__index = Visitor

--- Somebody with cookies of their own.
function App:visitor()
  return setmetatable({ app = self, jar = self.folder .. "/" .. tostring({}):match("%x+$") }, Visitor)
end

-- { status, headers by lower-case name, body }
local function read_answer(text)
  local head, body = text:match("^(.-)\r\n\r\n(.*)$")
  assert(head, text)
  local answer = { status = tonumber(head:match("^HTTP/%S+ (%d+)")), headers = {}, body = body }
  for name, value in head:gmatch("\r\n([%w-]+): ([^\r]*)") do answer.headers[name:lower()] = value end
  return answer
end

local function ask(visitor, path, fields, ...)
  local words = { "curl", "--silent", "--show-error", "--include", "--max-time", "60", "--cookie", visitor.jar,
    "--cookie-jar", visitor.jar, ... }
  for name, value in pairs(fields or {}) do
    words[#words + 1] = "--data-urlencode"
    words[#words + 1] = name .. "=" .. tostring(value)
  end
  words[#words + 1] = visitor.app.url .. path
  return read_answer(run((table.unpack or unpack)(words)))
end

function Visitor:get(path, args)
  return ask(self, path, args, "--get")
end

--- Sends a form; `header` is one more line of the request.
function Visitor:post(path, form, header)
  return ask(self, path, form, "--request", "POST", "--header", header or "Accept: */*")
end

--- Logs in, and answers what the form was answered.
function Visitor:log_in(password)
  return self:post("/login", { username = self.app.account.username, password = password or self.app.account.password })
end

--- The token that this session's forms carry.
function Visitor:token()
  return assert(self:get("/").body:match('name="token" value="(%x+)"'))
end

return reader
