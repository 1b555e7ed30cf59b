-- A transport of the caller's: what it is given, and what it may do wrong.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local STATUS = [[
  C: T1 STATUS Work (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
  S: * STATUS Work (MESSAGES 3)
  S: T1 OK done
]]

local function status(conn)
  return conn:get_mailbox_status { mailbox = "Work" }
end

local function fails(code, value, message, err)
  assert.is_nil(value)
  assert.are.equal(code, err.code, message)
  assert.are.equal(message, err.message)
  return err
end

local function is_over(conn)
  assert.is_false(conn:is_open())
  fails("closed", status(conn))
  assert.is_true(conn:close())
end

describe("a transport", function()
  local function connect(transport, more)
    local options = { host = "h", username = "ann", password = "pa$$w%rd", transport = transport }
    for name, value in pairs(more or {}) do options[name] = value end
    return imapconn.connect(options)
  end

  it("gets the options, with their defaults", function()
    local given
    fails("resolve", connect { connect = function(options)
      given = options
      return nil, "no such host", "resolve"
    end })
    assert.are.equal("h", given.host)
    assert.are.equal(993, given.port)
    assert.is_true(given.secure)
    assert.are.equal("ann", given.username)
    assert.are.equal("TLSv1.3", given.max_tls_version)
    assert.are.equal(30, given.connect_timeout)
    assert.is_nil(given.transport)
  end)

  it("may fail, raise, or give no stream", function()
    local err = fails("connect", connect { connect = function() return nil, "refused" end })
    assert.are.equal("not_sent", err.outcome)
    err = fails("connect", connect { connect = function() end })
    assert.is_nil(err.message:find("nil"))
    fails("connect", connect { connect = function() return nil, "refused", "nonsense" end })
    local cause = {}
    assert.are.equal(cause, fails("callback", connect { connect = function() error(cause) end }).cause)
    fails("callback", connect { connect = function() return {} end })
    assert.are.equal(7, fails("callback", connect { connect = function() return 7 end }).cause)
  end)

  it("that raises later is callback, and closed", function()
    local conn, play = transcript.open(STATUS)
    local cause = {}
    play.send = function() error(cause) end
    assert.are.equal(cause, fails("callback", status(conn)).cause)
    is_over(conn)
  end)

  it("that breaks is closed, with its words", function()
    local conn = transcript.open("C~ T1 STATUS .*\n! reset")
    local err = fails("closed", status(conn))
    assert.is_truthy(err.message:find("connection reset by peer", 1, true))
    is_over(conn)
  end)

  it("starts TLS where it is told to", function()
    local play = transcript.play [[
      S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi
      C: T1 STARTTLS
      S: T1 OK go
      ! tls
      C: T2 CAPABILITY
      S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN
      S: T2 OK done
      C~ T3 AUTHENTICATE PLAIN %S+
      S: T3 OK [CAPABILITY IMAP4rev1] in
    ]]
    local conn = assert(connect(play, { secure = "starttls" }))
    assert.are.equal("transcript", conn:info().tls.backend)
    assert.are.equal("starttls", conn:info().secure)
    conn:close()
    play:finish()
  end)

  it("whose TLS fails is tls", function()
    local play = transcript.play [[
      S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi
      C: T1 STARTTLS
      S: T1 OK go
      ! tls refused
    ]]
    fails("tls", connect(play, { secure = "starttls" }))
    assert.is_true(play.closed)
  end)

  it("never makes an error tell the password (B10)", function()
    local play = transcript.play [[
      S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi
      C~ T1 AUTHENTICATE PLAIN %S+
      S: T1 NO [AUTHENTICATIONFAILED] ann with pa$$w%rd is wrong
    ]]
    local err = fails("auth", connect(play))
    assert.are.equal("AUTHENTICATIONFAILED", err.response_code)
    assert.is_nil(err.message:find("pa$$w%rd", 1, true))
    assert.is_nil(err.response_text:find("pa$$w%rd", 1, true))
    assert.is_truthy(err.message:find("app password", 1, true))
  end)
end)
