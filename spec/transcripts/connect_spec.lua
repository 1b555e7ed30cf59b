-- From the greeting to a logged-in connection, over a transport. Rows of
-- THREATS are named by their numbers.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

-- "\0ann\0hunter2" in base64
local PLAIN = "AGFubgBodW50ZXIy"

-- Plays `script` in each delivery; expect(value, message, err, play) looks at it.
local function connect(script, options, expect)
  for _, delivery in ipairs(transcript.deliveries) do
    local play = transcript.play(script, { delivery = delivery, values = options.values })
    local given = { host = "play", username = "ann", password = "hunter2", transport = play, connect_timeout = 5 }
    for name, value in pairs(options) do
      if name ~= "values" then given[name] = value or nil end
      if name == "secure" then given[name] = value end
    end
    local value, message, err = imapconn.connect(given)
    if play.failure then error(delivery .. ": " .. play.failure, 2) end
    local ok, reason = xpcall(function() expect(value, message, err, play) end, debug.traceback)
    if not ok then error(delivery .. ": " .. tostring(message) .. "\n" .. reason, 2) end
    if value then value:close() end
    play:finish()
  end
end

local function fails(code, words)
  return function(value, message, err)
    assert.is_nil(value)
    assert.are.equal(code, err.code)
    assert.are.equal(message, err.message)
    assert.is_nil(message:find("hunter2", 1, true))
    assert.is_nil(message:find(PLAIN, 1, true))
    if words then assert.matches(words, message, 1, true) end
    assert.matches("connect to play:", message, 1, true)
  end
end

local function succeeds(auth)
  return function(conn, message)
    assert(conn, message)
    assert.are.equal(auth, conn:info().auth)
  end
end

describe("connecting", function()
  it("asks for capabilities where the greeting names none, and after the login", function()
    connect([[
      S: * OK ready
      C: T1 CAPABILITY
      S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN
      S: T1 OK
      C: T2 AUTHENTICATE PLAIN ${plain}
      S: T2 OK welcome
      C: T3 CAPABILITY
      S: * CAPABILITY IMAP4rev1 UIDPLUS
      S: T3 OK
    ]], { secure = true, values = { plain = PLAIN } }, function(conn, message)
      assert(conn, message)
      local info = conn:info()
      assert.is_true(info.capabilities.UIDPLUS)
      assert.is_nil(info.capabilities["AUTH=PLAIN"])
      assert.are.equal("PLAIN", info.auth)
      assert.are.equal("ready", info.greeting)
      assert.are.equal(993, info.port)
      assert.is_true(info.secure)
    end)
  end)

  it("believes the capabilities of the greeting and of the login (B11): one turn", function()
    connect([[
      S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
      C: T1 AUTHENTICATE PLAIN ${plain}
      S: T1 OK [CAPABILITY IMAP4REV1 uidplus] welcome
    ]], { secure = true, values = { plain = PLAIN } }, function(conn, message, _, play)
      assert(conn, message)
      assert.are.equal(1, play.turns)
      assert.are.same({ IMAP4rev1 = true, UIDPLUS = true }, conn:info().capabilities)
    end)
  end)

  it("believes a list that comes before the answer to the login", function()
    connect([[
      S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
      C: T1 AUTHENTICATE PLAIN ${plain}
      S: * CAPABILITY IMAP4rev1 UIDPLUS
      S: T1 OK welcome
    ]], { secure = true, values = { plain = PLAIN } }, succeeds "PLAIN")
  end)

  it("sends the response after +, where there is no SASL-IR", function()
    connect([[
      S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
      C: T1 AUTHENTICATE PLAIN
      S: +
      C: ${plain}
      S: T1 OK [CAPABILITY IMAP4rev1] welcome
    ]], { secure = true, values = { plain = PLAIN } }, succeeds "PLAIN")
  end)

  it("needs no login after PREAUTH", function()
    connect([[
      S: * PREAUTH [CAPABILITY IMAP4rev1] ann is known
    ]], { secure = true }, succeeds "PREAUTH")
    connect([[
      S: * PREAUTH ann is known
      C: T1 CAPABILITY
      S: * CAPABILITY IMAP4rev1
      S: T1 OK
    ]], { secure = false, password = false }, succeeds "PREAUTH")
  end)

  it("is closed by BYE, with its words (F10)", function()
    connect([[
      S: * BYE [UNAVAILABLE] too many connections
      ! close
    ]], { secure = true }, function(value, message, err)
      fails("closed", "too many connections")(value, message, err)
      assert.are.equal("UNAVAILABLE", err.response_code)
      assert.is_true(err.retryable)
    end)
  end)

  it("is closed by BYE amid the login", function()
    connect([[
      S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
      C: T1 AUTHENTICATE PLAIN ${plain}
      S: * BYE going down
      ! close
    ]], { secure = true, values = { plain = PLAIN } }, fails("closed", "going down"))
  end)

  for _, line in ipairs { "hello", "* FOO x", "* BAD x", "* NO x", "T1 OK x", "+ go", "* 3 EXISTS", "" } do
    it("is protocol where the greeting is none: " .. line .. " (A9)", function()
      connect("S: " .. line .. "\n! close\n", { secure = true }, function(value, message, err, play)
        fails("protocol")(value, message, err)
        assert.are.equal("", play.sent)
      end)
    end)
  end

  it("is protocol where answers come before their commands (A8)", function()
    connect([[
      S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
      S: A0001 OK logged in
      S: A0002 OK logged in
      ! close
    ]], { secure = true }, function(value, message, err, play)
      fails("protocol")(value, message, err)
      assert.is_nil(play.sent:find(PLAIN, 1, true))
    end)
  end)

  it("is auth where the password is wrong, with advice", function()
    connect([[
      S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
      C: T1 AUTHENTICATE PLAIN ${plain}
      S: T1 NO [AUTHENTICATIONFAILED] wrong
    ]], { secure = true, values = { plain = PLAIN } }, function(value, message, err)
      fails("auth", "wrong")(value, message, err)
      assert.are.equal("AUTHENTICATIONFAILED", err.response_code)
      assert.are.equal("wrong", err.response_text)
      assert.is_false(err.retryable)
      assert.matches("app password", message, 1, true)
    end)
  end)
end)

describe("the mechanism", function()
  local function greeting(words)
    return "S: * OK [CAPABILITY IMAP4rev1 " .. words .. "] ready\n"
  end
  local WELCOME = "S: T1 OK [CAPABILITY IMAP4rev1] welcome\n"

  it("is the strongest that is offered, and never a weaker one after a refusal", function()
    connect(greeting "AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256" .. [[
      C: T1 AUTHENTICATE SCRAM-SHA-256
      S: T1 NO not today
    ]], { secure = true }, fails("auth", "not today"))
  end)

  it("may be LOGIN, with a challenge each", function()
    connect(greeting "AUTH=LOGIN" .. [[
      C: T1 AUTHENTICATE LOGIN
      S: + VXNlcm5hbWU6
      C: YW5u
      S: + UGFzc3dvcmQ6
      C: aHVudGVyMg==
    ]] .. WELCOME, { secure = true }, succeeds "LOGIN")
  end)

  it("is the command LOGIN where nothing else is offered", function()
    connect(greeting "" .. [[
      C: T1 LOGIN "ann" "hunter2"
    ]] .. WELCOME, { secure = true }, succeeds "LOGIN")
  end)

  it("quotes what is odd in LOGIN, and sends 8-bit as a literal (B12)", function()
    connect(greeting "" .. [[
      C: T1 LOGIN {5}
      S: + go
      C: a"\ü "b\\c"
    ]] .. WELCOME, { secure = true, username = 'a"\\ü', password = "b\\c" }, succeeds "LOGIN")
  end)

  it("is none where the server says LOGINDISABLED (B1)", function()
    connect(greeting "LOGINDISABLED", { secure = true }, fails("auth"))
    connect(greeting "LOGINDISABLED", { secure = true, auth = "LOGIN" }, fails("auth"))
  end)

  for _, words in ipairs { "AUTH=PLAIN", "AUTH=LOGIN", "", "AUTH=PLAIN AUTH=LOGIN SASL-IR" } do
    it("never shows the secret in the clear unasked: " .. words .. " (B2)", function()
      connect(greeting(words), { secure = false }, function(value, message, err, play)
        fails("auth", "TLS")(value, message, err)
        assert.are.equal("", play.sent)
        assert.are.equal("not_sent", err.outcome)
      end)
    end)
  end

  it("in the clear may be CRAM-MD5", function()
    connect(greeting "AUTH=PLAIN AUTH=CRAM-MD5" .. [[
      C: T1 AUTHENTICATE CRAM-MD5
      S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
      C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
    ]] .. WELCOME, { secure = false, username = "tim", password = "tanstaaftanstaaf" }, succeeds "CRAM-MD5")
  end)

  it("in the clear is the named one", function()
    connect(greeting "AUTH=PLAIN SASL-IR" .. [[
      C: T1 AUTHENTICATE PLAIN ${plain}
    ]] .. WELCOME, { secure = false, auth = "plain", values = { plain = PLAIN } }, succeeds "PLAIN")
  end)

  it("is none of those that we do not know (B6)", function()
    connect(greeting "LOGINDISABLED AUTH=DIGEST-MD5 AUTH=NTLM", { secure = true }, fails("auth", "mechanism"))
  end)

  it("that is insisted on is the only one", function()
    connect(greeting "AUTH=PLAIN", { secure = true, auth = "SCRAM-SHA-256" }, fails("auth", "mechanism"))
  end)

  it("with a token is a bearer's", function()
    connect(greeting "SASL-IR AUTH=PLAIN AUTH=XOAUTH2" .. [[
      C: T1 AUTHENTICATE XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgdG9rZW4BAQ==
    ]] .. WELCOME, { secure = true, access_token = "token", password = false }, succeeds "XOAUTH2")
    connect(greeting "AUTH=PLAIN", { secure = true, access_token = "token", password = false }, fails("auth"))
    connect(greeting "AUTH=XOAUTH2", { secure = false, access_token = "token", password = false }, fails("auth"))
  end)

  it("with a token reads why it was refused (B8)", function()
    connect(greeting "SASL-IR AUTH=XOAUTH2" .. [[
      C: T1 AUTHENTICATE XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgdG9rZW4BAQ==
      S: + eyJzdGF0dXMiOiI0MDAifQ==
      C:
      S: T1 NO [AUTHENTICATIONFAILED] no
    ]], { secure = true, access_token = "token", password = false }, fails("auth", "400"))
  end)

  it("gives up with * on what is no base64 (B5)", function()
    for _, challenge in ipairs { "====", "!", "QQ", "[x] y" } do
      connect(greeting "AUTH=CRAM-MD5" .. "C: T1 AUTHENTICATE CRAM-MD5\nS: + " .. challenge .. [[

        C: *
        S: T1 BAD cancelled
      ]], { secure = false }, fails("auth"))
    end
  end)

  it("gives up with * where the server speaks before its turn (B5)", function()
    for _, challenge in ipairs { "====", "go ahead", "Z28=" } do
      connect(greeting "AUTH=PLAIN" .. "C: T1 AUTHENTICATE PLAIN\nS: + " .. challenge .. [[

        C: *
        S: T1 BAD cancelled
      ]], { secure = true }, fails("auth"))
    end
  end)

  it("gives up with * on endless challenges (B9)", function()
    local rounds = ""
    for _ = 1, 7 do rounds = rounds .. "S: +\nC~ (%S*)\n" end
    for _, name in ipairs { "LOGIN", "PLAIN" } do
      local play = transcript.play(greeting("AUTH=" .. name) .. "C: T1 AUTHENTICATE " .. name .. "\n"
        .. rounds .. rounds, {})
      local value, _, err = imapconn.connect { host = "play", username = "ann", password = "hunter2", transport = play }
      assert.is_nil(value)
      local _, lines = play.sent:gsub("\r\n", "")
      assert(lines <= 10, lines)
      assert.matches("\r\n%*\r\n$", play.sent)
      assert.are.equal("auth", err.code)
    end
  end)

  it("counts OK only after the server has proved itself (B3)", function()
    connect(greeting "AUTH=SCRAM-SHA-256" .. [[
      C: T1 AUTHENTICATE SCRAM-SHA-256
      S: +
      C~ (%S+)
      S: T1 OK [CAPABILITY IMAP4rev1] welcome
    ]], { secure = true }, fails("auth"))
  end)
end)

describe("STARTTLS", function()
  local function tls(script, expect, more)
    local options = { secure = "starttls", values = { plain = PLAIN } }
    for name, value in pairs(more or {}) do options[name] = value end
    connect(script, options, expect)
  end

  local GREETING = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] ready\n"
  local INSIDE = [[
    ! tls
    C: T2 CAPABILITY
    S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
    S: T2 OK
    C: T3 AUTHENTICATE PLAIN ${plain}
    S: T3 OK [CAPABILITY IMAP4rev1] welcome
  ]]

  it("comes before the login, and capabilities are asked for again", function()
    tls(GREETING .. "C: T1 STARTTLS\nS: T1 OK go\n" .. INSIDE, function(conn, message)
      assert(conn, message)
      assert.are.equal("starttls", conn:info().secure)
      assert.are.equal("transcript", conn:info().tls.backend)
      assert.is_nil(conn:info().greeting)
      assert.are.equal(143, conn:info().port)
    end)
  end)

  for _, injected in ipairs { "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nT2 OK x\r\n", "* CAPABILITY X", "\r\n" } do
    it("is tls where bytes stand behind its answer (A1, A2)", function()
      local play = transcript.play(GREETING .. "C: T1 STARTTLS\nS- ${ok}\n! tls\n", {
        values = { ok = function(play) return play.tags.T1 .. " OK go\r\n" .. injected end },
      })
      play.receive = function(self, max) -- all of it in one segment
        return getmetatable(self).__index.receive(self, max, 5)
      end
      play.starttls = function(self)
        self.secured = true
        return true
      end
      local value, message, err = imapconn.connect { host = "play", username = "ann", password = "hunter2",
        secure = "starttls", transport = play }
      fails("tls")(value, message, err)
      assert.is_nil(play.secured)
      assert.is_nil(play.sent:find("AUTHENTICATE", 1, true))
    end)
  end

  it("believes nothing that came before it (A3)", function()
    tls([[
      S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR UIDPLUS X-EVIL] ready
      S: * LIST () "/" evil
      S: * 9 EXISTS
      S: * OK [ALERT] call us
      C: T1 STARTTLS
      S: T1 OK go
    ]] .. INSIDE, function(conn, message)
      assert(conn, message)
      assert.is_nil(conn:info().capabilities["X-EVIL"])
    end)
  end)

  it("is tls where the server greets with PREAUTH (A4)", function()
    tls("S: * PREAUTH [CAPABILITY IMAP4rev1] hi\n", function(value, message, err, play)
      fails("tls", "PREAUTH")(value, message, err)
      assert.are.equal("", play.sent)
    end)
  end)

  it("is tls where it is not offered (A5)", function()
    tls("S: * OK [CAPABILITY IMAP4 AUTH=PLAIN] x\n", function(value, message, err, play)
      fails("tls", "STARTTLS")(value, message, err)
      assert.are.equal("", play.sent)
    end)
  end)

  for _, answer in ipairs { "NO x", "BAD x" } do
    it("is tls where it is refused: " .. answer .. " (A6)", function()
      tls(GREETING .. "C: T1 STARTTLS\nS: T1 " .. answer .. "\n", fails("tls", "x"))
    end)
  end

  it("is never taken for done after another answer (A6)", function()
    for _, answer in ipairs { "T1 FOO x", "* BYE x", "+ x", "A1 OK x" } do
      tls(GREETING .. "C: T1 STARTTLS\nS: " .. answer .. "\n! close\n", function(value, _, err, play)
        assert.is_nil(value)
        assert(err.code == "tls" or err.code == "protocol" or err.code == "closed", err.code)
        assert.is_nil(play.secured)
      end)
    end
  end)

  it("is tls where CAPABILITY fails, and nothing goes on in the clear (A7)", function()
    tls("S: * OK ready\nC: T1 CAPABILITY\nS: T1 BAD x\n", fails("tls"))
  end)

  it("whose handshake fails is tls", function()
    tls(GREETING .. "C: T1 STARTTLS\nS: T1 OK go\n! tls refused\n", fails("tls", "refused"))
  end)
end)

describe("trace", function()
  it("shows each line, and no secret of any mechanism (B10)", function()
    local cases = {
      { "AUTH=PLAIN SASL-IR", "C: T1 AUTHENTICATE PLAIN ${plain}\n", {} },
      { "AUTH=PLAIN", "C: T1 AUTHENTICATE PLAIN\nS: +\nC: ${plain}\n", {} },
      { "AUTH=LOGIN", "C: T1 AUTHENTICATE LOGIN\nS: + VXNlcm5hbWU6\nC: YW5u\nS: +\nC: aHVudGVyMg==\n", {} },
      { "", "C: T1 LOGIN \"ann\" \"hunter2\"\n", {} },
      { "", "C: T1 LOGIN \"ann\" {9}\nS: + go\nC: hunter2ü\n", { password = "hunter2ü" } },
      { "SASL-IR AUTH=XOAUTH2", "C~ T1 AUTHENTICATE XOAUTH2 (%S+)\n", { access_token = "hunter2", password = false } },
      { "SASL-IR AUTH=OAUTHBEARER", "C~ T1 AUTHENTICATE OAUTHBEARER (%S+)\n",
        { access_token = "hunter2", password = false } },
    }
    for _, case in ipairs(cases) do
      local lines = {}
      local options = { secure = true, values = { plain = PLAIN }, trace = function(direction, line)
        lines[#lines + 1] = direction .. ": " .. line
      end }
      for name, value in pairs(case[3]) do options[name] = value end
      connect("S: * OK [CAPABILITY IMAP4rev1 " .. case[1] .. "] ready\n" .. case[2]
        .. "S: T1 OK [CAPABILITY IMAP4rev1] welcome\n", options, function(conn, message, _, play)
        assert(conn, message)
        local text = table.concat(lines, "\n")
        for _, secret in ipairs { "hunter2", PLAIN, "aHVudGVyMg==", play.captures[1] or PLAIN } do
          assert.is_nil(text:find(secret, 1, true), text)
        end
        assert.matches("S: * OK [CAPABILITY", text, 1, true)
        assert.matches("T?%w+ [AL]", text)
        lines = {}
      end)
    end
  end)

  it("shows literals as their size, and nothing of what a message says", function()
    local lines = {}
    local conn, play = transcript.open([[
      C: T1 APPEND INBOX {6+}
      C: hidden
      S: T1 OK stored
      C: T2 EXAMINE INBOX
      C: T3 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      S: * 1 EXISTS
      S: T2 OK [READ-ONLY] open
      S: * 1 FETCH (UID 7 RFC822.SIZE 6 BODY[] {6}
      S: hidden)
      S: T3 OK done
      C: T4 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      S: * 1 FETCH (UID 7 RFC822.SIZE 6 PREVIEW "hidden" RFC822.HEADER "hidden")
      S: * 1 FETCH (UID 7 RFC822 "hidden" RFC822.TEXT "hidden" BODY[]<0> "hidden" BODY[] "hidden")
      S: T4 OK done
    ]], { connect = { trace = function(direction, line) lines[#lines + 1] = direction .. ": " .. line end } })
    assert(conn:append_message { mailbox = "INBOX", content = "hidden" })
    assert.are.equal("hidden", conn:download_message { mailbox = "INBOX", uid = 7 }.content)
    assert.are.equal("hidden", conn:download_message { mailbox = "INBOX", uid = 7 }.content)
    conn:close()
    play:finish()
    local text = table.concat(lines, "\n")
    assert.is_nil(text:find("hidden", 1, true))
    assert.matches("APPEND INBOX {6+}", text, 1, true)
    assert.matches("BODY[] {6}", text, 1, true)
    assert.matches("C: %w+ LOGOUT", text)
  end)
end)

