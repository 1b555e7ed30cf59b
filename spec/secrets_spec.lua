-- No secret shows (B10): not in the trace, errors, tostring or info, whatever
-- the mechanism, and though the server repeats what it was told.
local imapconn = require "imapconn"

local PASSWORD, TOKEN = "hun+ter%2 [x]", "ya29.to-ken/abc="

-- Base64 (RFC 4648 4), for the secrets that hide within it.
local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(text)
  local out = {}
  for at = 1, #text, 3 do
    local a, b, c = text:byte(at, at + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for i = 3, 0, -1 do
      local digit = math.floor(bits / 64 ^ i) % 64
      out[#out + 1] = LETTERS:sub(digit + 1, digit + 1)
    end
    if not b then out[#out - 1] = "=" end
    if not c then out[#out] = "=" end
  end
  return table.concat(out)
end

-- What base64 makes of `text` wherever it stands: without its borders.
local function hidden_forms(text)
  local forms = { text }
  for lead = 0, 2 do
    local coded = base64(("x"):rep(lead) .. text)
    forms[#forms + 1] = coded:sub(lead == 0 and 1 or lead == 1 and 3 or 4, -6)
  end
  return forms
end

local function all_text(value, into, seen)
  if type(value) == "table" then
    if seen[value] then return end
    seen[value] = true
    for k, v in next, value do
      all_text(k, into, seen)
      all_text(v, into, seen)
    end
  end
  into[#into + 1] = tostring(value)
end

local function check_hidden(artefacts, secret)
  local into = {}
  all_text(artefacts, into, {})
  local text = table.concat(into, "\n")
  for _, form in ipairs(hidden_forms(secret)) do
    local at = text:find(form, 1, true)
    if at then error("a secret shows: " .. text:sub(math.max(1, at - 60), at + 60), 2) end
  end
end

-- A server that repeats all that it is told: in continuations, which are none,
-- in untagged lines, and in its refusal.
local function echoing(mechanism, capabilities)
  local server = { ready = "* OK [CAPABILITY IMAP4rev1 " .. capabilities .. "] hi\r\n", heard = "", rounds = 0 }
  function server:send(bytes)
    self.heard = self.heard .. bytes
    local line = self.heard:match("([^\r\n]*)\r\n$")
    if not line then return #bytes end
    self.tag = self.tag or line:match("^%w+")
    self.rounds = self.rounds + 1
    local words = line:gsub("^%w+ ", "")
    if line:find("CAPABILITY$") then
      self.ready = "* CAPABILITY IMAP4rev1 " .. capabilities .. "\r\n" .. line:match("^%w+") .. " OK\r\n"
    elseif self.rounds < 3 and mechanism:find("SCRAM") == nil and not line:find(" LOGIN ")
      and not line:find("AUTHENTICATE %S+ %S") then
      self.ready = "+ " .. (mechanism == "CRAM-MD5" and base64("<1@x>") or "") .. "\r\n"
    else
      self.ready = "* OK " .. words .. "\r\n" .. self.tag .. " NO [ALERT] " .. words .. " for " .. PASSWORD
        .. " or " .. TOKEN .. "\r\n"
      self.told = true
    end
    return #bytes
  end
  function server:receive()
    local bytes = self.ready
    self.ready = ""
    if bytes == "" then return nil, "closed" end
    return bytes
  end
  function server.close() return true end
  return server
end

local MECHANISMS = { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER" }

describe("A secret", function()
  for _, mechanism in ipairs(MECHANISMS) do
    for _, initial in ipairs { "", "SASL-IR " } do
      it("of " .. mechanism .. (initial ~= "" and ", sent at once," or "") .. " is not shown", function()
        local server = echoing(mechanism, initial .. "AUTH=" .. mechanism)
        local bearer = mechanism:find("OAUTH") ~= nil
        local lines = {}
        local conn, message, err = imapconn.connect {
          host = "play", username = "ann", auth = mechanism,
          password = not bearer and PASSWORD or nil, access_token = bearer and TOKEN or nil,
          transport = { connect = function() return server end },
          trace = function(direction, line) lines[#lines + 1] = direction .. line end,
        }
        assert.is_nil(conn)
        assert.are.equal("auth", err.code)
        assert.is_true(server.told)
        assert.is_true(#lines > 1)
        check_hidden({ lines, message, err, tostring(err) }, bearer and TOKEN or PASSWORD)
        if bearer or mechanism == "PLAIN" or mechanism == "LOGIN" then -- it was there to be hidden
          assert.is_false(pcall(check_hidden, { server.heard }, bearer and TOKEN or PASSWORD))
        end
      end)
    end
  end

  it("of the LOGIN command is not shown, be it quoted or a literal", function()
    for _, password in ipairs { PASSWORD, "pa\"ss\\wörd", ("long"):rep(300) } do
      local server = echoing("LOGIN", "")
      local lines = {}
      local _, message, err = imapconn.connect {
        host = "play", username = "ann", password = password,
        transport = { connect = function() return server end },
        trace = function(direction, line) lines[#lines + 1] = direction .. line end,
      }
      assert.are.equal("auth", err.code, message)
      check_hidden({ lines, message, err }, password)
    end
  end)

  it("of options that are refused is not shown", function()
    for _, name in ipairs { "password", "access_token", "client_key_password", "proxy" } do
      local given = { host = "a b", username = "ann", password = "x" }
      given[name] = PASSWORD .. "\0"
      local _, message, err = imapconn.connect(given)
      assert.are.equal("invalid_argument", err.code)
      check_hidden({ message, err }, PASSWORD)
      given.host = "a"
      _, message, err = imapconn.connect(given)
      assert.are.equal(name, err.field)
      check_hidden({ message, err }, PASSWORD)
    end
  end)

  it("of a connection that is open is not in info, tostring or errors", function()
    local tag
    local ready = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\n"
    local stream = { close = function() return true end }
    function stream.send(_, bytes)
      tag = bytes:match("^%w+")
      ready = tag .. " OK [CAPABILITY IMAP4rev1] in\r\n"
      return #bytes
    end
    function stream.receive()
      local bytes = ready
      ready = ""
      if bytes == "" then return nil, "closed" end
      return bytes
    end
    local conn = assert(imapconn.connect { host = "play", username = "ann", password = PASSWORD,
      transport = { connect = function() return stream end } })
    local _, message, err = conn:get_mailbox_status { mailbox = "A" }
    check_hidden({ conn:info(), tostring(conn), message, err }, PASSWORD)
  end)
end)
