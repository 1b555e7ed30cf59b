-- Logging in: every mechanism where a real server offers it, right and wrong.

local imapconn = require "imapconn"
local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails
local with = mail.with

-- imapconn.connect, with a trace that must be free of secrets: what follows
-- AUTHENTICATE, and its first response, are "***". The password "secret" is a
-- word of ours, too, so in errors only others are looked for.
local function connect(options)
  local secret = options.password or options.access_token
  local talking = false
  local function trace(direction, line)
    assert(not line:find(secret, 1, true), "the trace tells a secret")
    if direction == "C" then
      assert(not talking or line == "***", line)
      local initial = line:match("AUTHENTICATE %S+ (.*)")
      assert(initial == nil or initial == "***", line)
      talking = talking or line:find("AUTHENTICATE", 1, true) ~= nil
    elseif not line:find("^%+") then
      talking = false
    end
  end
  local conn, message, err = imapconn.connect(with(options, { trace = trace }))
  if err and secret ~= "secret" then
    assert(not message:find(secret, 1, true) and not (err.response_text or ""):find(secret, 1, true), message)
  end
  return conn, message, err
end

-- Logs in, and shows that it is this account.
local function logs_in(options, auth)
  local conn = assert(connect(options))
  same(auth, conn:info().auth)
  assert(conn:append_message { mailbox = "INBOX", content = mail.short("who am I") })
  assert.is_true(conn:close())
  return conn
end

local function dovecot(security, more)
  return with(servers.dovecot():account(security, { at = "sasl" }), more)
end

describe("Dovecot", function()
  for _, security in ipairs(mail.securities) do
    for _, mechanism in ipairs { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256" } do
      it(("takes %s over %s, and no wrong password"):format(mechanism, security), function()
        local account = dovecot(security, { auth = mechanism })
        logs_in(account, mechanism)
        account.password = "wrong-password"
        local err = fails("auth", connect(account))
        same("refused", err.outcome)
        same("AUTHENTICATE", err.command)
        same("AUTHENTICATIONFAILED", err.response_code)
      end)
    end

    it(("takes OAUTHBEARER and XOAUTH2 over %s, and no bad token"):format(security), function()
      local account = dovecot(security)
      account.password = nil
      local expired = servers.token(account.username, -60)
      local forged = servers.token(account.username, 60, "forged")
      for mechanism, bad in pairs { OAUTHBEARER = expired, XOAUTH2 = forged } do
        local good = servers.token(account.username)
        logs_in(with(account, { auth = mechanism, access_token = good }), mechanism)
        local err = fails("auth", connect(with(account, { auth = mechanism, access_token = bad })))
        same("refused", err.outcome)
      end
    end)

    it(("takes ANONYMOUS over %s"):format(security), function()
      local account = dovecot(security, { auth = "ANONYMOUS" })
      account.username, account.password = nil, nil
      local conn = assert(imapconn.connect(account))
      same("ANONYMOUS", conn:info().auth)
      assert(conn:get_mailbox_status { mailbox = "INBOX" })
      conn:close()
    end)
  end

  for _, security in ipairs { "tls", "starttls" } do
    it("takes a client certificate as EXTERNAL over " .. security, function()
      local certificate, key = servers.certificate("ann")
      local account = dovecot(security, { auth = "EXTERNAL", client_cert = certificate, client_key = key })
      account.username, account.password = nil, nil
      local conn = assert(imapconn.connect(account))
      same("EXTERNAL", conn:info().auth)
      local subject = "for ann over " .. security
      assert(conn:append_message { mailbox = "INBOX", content = mail.short(subject) })
      conn:close()
      -- It is the account of the certificate's name.
      local ann = assert(imapconn.connect(dovecot("tls", { username = "ann" })))
      local found = assert(ann:search_messages { mailbox = "INBOX", subject = subject })
      same(subject, found[1].envelope.subject)
      ann:close()
    end)

    it("takes an encrypted key with its password, and not without, over " .. security, function()
      local certificate = servers.certificate("ann")
      local _, key = servers.certificate("ann-encrypted")
      local account = dovecot(security, { auth = "EXTERNAL", client_cert = certificate, client_key = key,
        client_key_password = "secret" })
      account.username, account.password = nil, nil
      assert(imapconn.connect(account)):close()
      account.client_key_password = "wrong"
      local err = select(3, imapconn.connect(account))
      assert.is_true(err.code == "invalid_argument" or err.code == "tls", err.code)
      account.client_key_password = nil
      err = select(3, imapconn.connect(account))
      assert.is_true(err.code == "invalid_argument" or err.code == "tls", err.code)
    end)

    it("refuses EXTERNAL without a certificate, and with a stranger's, over " .. security, function()
      local account = dovecot(security, { auth = "EXTERNAL" })
      account.password = nil
      same("refused", fails("auth", imapconn.connect(account)).outcome)
      account.client_cert, account.client_key = servers.certificate("ann-unknown-ca")
      local err = select(3, imapconn.connect(account))
      assert.is_true(err.code == "tls" or err.code == "auth" or err.code == "closed", err.message)
    end)
  end

  it("is asked for the strongest: SCRAM-SHA-256, also in the clear", function()
    for _, security in ipairs(mail.securities) do
      local account = dovecot(security)
      account.auth = nil
      logs_in(account, "SCRAM-SHA-256")
      fails("auth", connect(with(account, { password = "wrong-password" })))
    end
  end)

  it("is given a token by the best mechanism that it offers", function()
    local account = dovecot("tls")
    account.password, account.access_token = nil, servers.token(account.username)
    logs_in(account, "OAUTHBEARER")
  end)

  it("gets no secret in the clear, unless auth names the mechanism", function()
    local account = servers.dovecot():account("plain")
    account.auth = nil
    local err = fails("auth", connect(account))
    same("not_sent", err.outcome)
    local token = dovecot("plain")
    token.password, token.access_token = nil, servers.token(token.username)
    fails("auth", connect(token))
  end)

  it("gets no secret where it forbids to log in before STARTTLS", function()
    local account = servers.dovecot():account("plain", { at = "tls_required" })
    local lines = {}
    account.trace = function(direction, line)
      if direction == "C" then lines[#lines + 1] = line end
    end
    for _, auth in ipairs { "PLAIN", "LOGIN" } do
      account.auth = auth
      fails("auth", imapconn.connect(account))
    end
    for _, line in ipairs(lines) do
      assert.is_nil(line:find("LOGIN", 1, true) or line:find("AUTHENTICATE", 1, true), line)
    end
    logs_in(servers.dovecot():account("starttls", { at = "tls_required" }), "PLAIN")
  end)

  it("is not asked by a mechanism that it does not offer", function()
    local account = servers.dovecot():account("tls")
    for _, auth in ipairs { "SCRAM-SHA-256", "CRAM-MD5" } do
      same("not_sent", fails("auth", connect(with(account, { auth = auth }))).outcome)
    end
  end)

  it("tries one mechanism, and after a refusal no weaker one", function()
    local account, tried = dovecot("tls", { password = "wrong-password" }), 0
    account.trace = function(direction, line)
      if direction == "C" and (line:find("AUTHENTICATE", 1, true) or line:find("LOGIN", 1, true)) then
        tried = tried + 1
      end
    end
    fails("auth", imapconn.connect(account))
    same(1, tried)
  end)

  it("takes odd names and passwords as they are", function()
    local account = servers.dovecot():account("tls")
    for auth, password in pairs { PLAIN = 'q"b\\', LOGIN = "ümläut {5} " .. ("x"):rep(2000) } do
      local err = fails("auth", connect(with(account, { auth = auth, password = password })))
      same("AUTHENTICATIONFAILED", err.response_code)
    end
  end)
end)

describe("#cyrus", function()
  for _, security in ipairs(mail.securities) do
    for _, mechanism in ipairs { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256" } do
      it(("takes %s over %s, and no wrong password"):format(mechanism, security), function()
        local account = servers.cyrus():account(security)
        account.auth = mechanism
        logs_in(account, mechanism)
        account.password = "wrong-password"
        fails("auth", connect(account))
      end)
    end
  end

  it("offers neither tokens nor ANONYMOUS nor EXTERNAL", function()
    local account = servers.cyrus():account("tls")
    for _, auth in ipairs { "OAUTHBEARER", "XOAUTH2", "ANONYMOUS", "EXTERNAL" } do
      local err = fails("auth", imapconn.connect(with(account, { auth = auth, access_token = "token" })))
      same("not_sent", err.outcome)
    end
  end)
end)

describe("#courier", function()
  it("takes PLAIN under TLS, and the command LOGIN", function()
    for _, security in ipairs { "tls", "starttls" } do
      logs_in(servers.courier():account(security), "PLAIN")
      logs_in(with(servers.courier():account(security), { auth = "LOGIN" }), "LOGIN")
    end
    logs_in(servers.courier():account("plain"), "LOGIN")
  end)

  it("offers nothing in the clear but LOGIN, which must be asked for", function()
    local account = servers.courier():account("plain")
    account.auth = nil
    same("not_sent", fails("auth", connect(account)).outcome)
  end)

  -- It waits five seconds before it says so.
  it("refuses a wrong password", function()
    local account = servers.courier():account("plain")
    account.password = "wrong-password"
    same("LOGIN", fails("auth", connect(account)).command)
  end)
end)
