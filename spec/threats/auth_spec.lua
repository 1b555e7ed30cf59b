-- Rows B1 to B12: authentication. spec/c/sasl_test.c and scram_test.c try the
-- mechanisms themselves, value by value.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local PLAIN = "AGFubgBodW50ZXIy" -- "\0ann\0hunter2"

-- Connects to a server with these capabilities; what it answered, and the play.
local function connect(capabilities, script, more)
  local play = transcript.play("S: * OK [CAPABILITY IMAP4rev1 " .. capabilities .. "] ready\n" .. script,
    { values = { plain = PLAIN } })
  local options = { host = "play", username = "ann", password = "hunter2", transport = play, connect_timeout = 5 }
  for name, value in pairs(more or {}) do options[name] = value end
  if options.access_token then options.password = nil end
  local conn, message, err = imapconn.connect(options)
  if play.failure then error(play.failure, 2) end
  return conn, err, play, message
end

local function refused(...)
  local conn, err, play, message = connect(...)
  assert.is_nil(conn)
  assert.are.equal("auth", err.code, message)
  for _, secret in ipairs { "hunter2", PLAIN, "aHVudGVyMg" } do
    assert.is_nil(message:find(secret, 1, true))
  end
  play:finish()
  return err, play
end

local WELCOME = "S: T1 OK [CAPABILITY IMAP4rev1] in\n"

describe("authentication", function()
  it("B1: sends no LOGIN where the server disabled it", function()
    for _, auth in ipairs { "LOGIN", false } do
      local _, play = refused("LOGINDISABLED", "", { auth = auth or nil })
      assert.are.equal("", play.sent)
    end
  end)

  it("B2: shows no secret in the clear unasked", function()
    for _, words in ipairs { "AUTH=PLAIN SASL-IR", "AUTH=LOGIN", "" } do
      local _, play = refused(words, "", { secure = false })
      assert.are.equal("", play.sent)
    end
    local _, play = refused("AUTH=XOAUTH2 SASL-IR", "", { secure = false, access_token = "hunter2" })
    assert.are.equal("", play.sent)
  end)

  it("B3: takes OK only from a server that has proved itself", function()
    for _, answer in ipairs { "T1 OK [CAPABILITY IMAP4rev1] in", "+ dj1BQUFB", "+ cj1ldmlsLHM9QUFBQSxpPTQwOTY=" } do
      local conn, err = connect("AUTH=SCRAM-SHA-256", [[
        C: T1 AUTHENTICATE SCRAM-SHA-256
        S: +
        C~ (%S+)
        S: ]] .. answer .. (answer:find("^%+") and "\nC: *\nS: T1 BAD cancelled\n" or "\n"))
      assert.is_nil(conn)
      assert.are.equal("auth", err.code)
    end
  end)

  -- A first message of the server with this count; our nonce is in what we sent.
  local function scram(iterations)
    local mime = { from = {}, to = {} }
    local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for i = 1, 64 do mime.to[i - 1], mime.from[alphabet:sub(i, i)] = alphabet:sub(i, i), i - 1 end
    local function decode(text)
      local bits, count, out = 0, 0, {}
      for c in text:gmatch("[%w+/]") do
        bits, count = bits * 64 + mime.from[c], count + 6
        if count >= 8 then
          count = count - 8
          out[#out + 1] = string.char(math.floor(bits / 2 ^ count))
          bits = bits % 2 ^ count
        end
      end
      return table.concat(out)
    end
    local function encode(text)
      return (text:gsub("..?.?", function(three)
        local a, b, c = three:byte(1, 3)
        local bits = a * 65536 + (b or 0) * 256 + (c or 0)
        local four = {}
        for i = 3, 0, -1 do four[#four + 1] = mime.to[math.floor(bits / 64 ^ i) % 64] end
        if not b then four[3] = "=" end
        if not c then four[4] = "=" end
        return table.concat(four)
      end))
    end
    return function(play)
      local nonce = decode(play.captures[1]):match("r=(.*)$")
      return encode(("r=%sxyz,s=c2FsdA==,i=%s"):format(nonce, iterations))
    end
  end

  it("B3: believes no signature but the right one, and no OK in its place", function()
    local wrong = "dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBPQ==" -- "v=", and 32 octets of zero
    for _, ending in ipairs { "S: + " .. wrong .. "\nC: *\nS: T1 BAD cancelled\n", "S: + " .. wrong .. "\nC: *\n"
      .. WELCOME, WELCOME } do
      local play = transcript.play([[
        S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] ready
        C: T1 AUTHENTICATE SCRAM-SHA-256
        S: +
        C~ (%S+)
        S: + ${first}
        C~ (%S%S+)
      ]] .. ending, { values = { first = scram("4096") } })
      local conn, _, err = imapconn.connect { host = "play", username = "ann", password = "hunter2",
        transport = play }
      assert.is_nil(conn)
      assert.are.equal("auth", err.code)
      play:finish()
    end
  end)

  it("B4: does not compute what a server makes too dear or too cheap", function()
    local before = os.clock()
    for _, count in ipairs { "2147483647", "1", "4095", "100001" } do
      local play = transcript.play([[
        S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] ready
        C: T1 AUTHENTICATE SCRAM-SHA-256
        S: +
        C~ (%S+)
        S: + ${first}
        C: *
        S: T1 BAD cancelled
      ]], { values = { first = scram(count) } })
      local conn, _, err = imapconn.connect { host = "play", username = "ann", password = "hunter2",
        transport = play }
      assert.is_nil(conn)
      assert.are.equal("auth", err.code)
      play:finish()
    end
    assert(os.clock() - before < 5, "that took as long as the dear one") -- which takes 13 minutes
    local play = transcript.play([[
      S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] ready
      C: T1 AUTHENTICATE SCRAM-SHA-256
      S: +
      C~ (%S+)
      S: + ${first}
      C~ (%S%S+)
      S: T1 NO wrong
    ]], { values = { first = scram("4096") } })
    assert.is_nil(imapconn.connect { host = "play", username = "ann", password = "hunter2", transport = play })
    play:finish()
  end)

  it("B5: gives up with * on what is no base64", function()
    for _, challenge in ipairs { "====", "!", "!UFB", "QU!B", "QQ", "QR==", ("QUFB"):rep(250000) } do
      local play = select(2, refused("AUTH=CRAM-MD5", "C: T1 AUTHENTICATE CRAM-MD5\nS: + " .. challenge
        .. "\nC: *\nS: T1 BAD cancelled\n",
        { secure = false }))
      assert.matches("\r\n%*\r\n$", play.sent)
    end
  end)

  it("B5: gives up with * on a challenge that is too long", function()
    local err = refused("AUTH=CRAM-MD5", "C: T1 AUTHENTICATE CRAM-MD5\nS: + " .. ("QUFB"):rep(30000)
      .. "\nC: *\nS: T1 BAD cancelled\n", { secure = false })
    assert.matches("too long", err.message, 1, true)
  end)

  it("B6: knows neither DIGEST-MD5 nor NTLM", function()
    local err, play = refused("LOGINDISABLED AUTH=DIGEST-MD5 AUTH=NTLM", "")
    assert.matches("mechanism", err.message)
    assert.are.equal("", play.sent)
  end)

  it("B7: hashes a key of 80 octets, whose own hash has a 00 within, as it is", function()
    local conn, err = connect("AUTH=CRAM-MD5", [[
      C: T1 AUTHENTICATE CRAM-MD5
      S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
      C: YW5uIDIwNWEyOTU2M2Q1MmQ5NjNhMmQ4MGYwMmM1ZGU5ZjNh
    ]] .. WELCOME, { password = "00104" .. ("b"):rep(75), secure = false })
    assert.is_table(conn, tostring(err))
    conn:close()
  end)

  it("B8: reads why a token was refused, and does not hang", function()
    local err = refused("SASL-IR AUTH=XOAUTH2", [[
      C~ T1 AUTHENTICATE XOAUTH2 (%S+)
      S: + eyJzdGF0dXMiOiI0MDAifQ==
      C:
      S: T1 NO no
    ]], { access_token = "hunter2" })
    assert.matches('"status":"400"', err.message, 1, true)
    refused("SASL-IR AUTH=OAUTHBEARER", [[
      C~ T1 AUTHENTICATE OAUTHBEARER (%S+)
      S: + eyJzdGF0dXMiOiI0MDAifQ==
      C: AQ==
      S: T1 NO no
    ]], { access_token = "hunter2" })
  end)

  it("B9: ends challenges without end", function()
    local rounds = ("S: +\nC~ (%S*)\n"):rep(20)
    local play = transcript.play("S: * OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] ready\n"
      .. "C: T1 AUTHENTICATE LOGIN\n" .. rounds)
    local conn, _, err = imapconn.connect { host = "play", username = "ann", password = "hunter2",
      transport = play }
    assert.is_nil(conn)
    assert.are.equal("auth", err.code)
    assert.matches("\r\n%*\r\n$", play.sent)
    assert(select(2, play.sent:gsub("\r\n", "")) <= 10)
    assert.are.equal(1, select(2, play.sent:gsub("aHVudGVyMg==", "")))
  end)

  it("B10: puts no secret into a trace or an error", function()
    for words, case in pairs {
      ["AUTH=PLAIN SASL-IR"] = { "C: T1 AUTHENTICATE PLAIN ${plain}\n", PLAIN },
      ["AUTH=PLAIN"] = { "C: T1 AUTHENTICATE PLAIN\nS: +\nC: ${plain}\n", PLAIN },
      ["AUTH=LOGIN"] = { "C: T1 AUTHENTICATE LOGIN\nS: +\nC: YW5u\nS: +\nC: aHVudGVyMg==\n", "aHVudGVyMg==" },
      [""] = { 'C: T1 LOGIN "ann" "hunter2"\n', "hunter2" },
    } do
      local lines = {}
      local err = refused(words, case[1] .. "S: T1 NO hunter2 or " .. case[2] .. " is wrong\n", {
        trace = function(direction, line) lines[#lines + 1] = direction .. line end })
      local text = table.concat(lines, "\n") .. tostring(err) .. tostring(err.response_text)
      for _, secret in ipairs { "hunter2", PLAIN, "aHVudGVyMg" } do
        assert.is_nil(text:find(secret, 1, true), text)
      end
      assert.matches("is wrong", text, 1, true)
    end
  end)

  it("B11: asks for capabilities again, unless OK has told them", function()
    local conn, _, play = connect("AUTH=PLAIN SASL-IR X-OLD", [[
      C: T1 AUTHENTICATE PLAIN ${plain}
      S: T1 OK in
      C: T2 CAPABILITY
      S: * CAPABILITY IMAP4rev1 UIDPLUS
      S: T2 OK
    ]])
    assert.is_true(conn:info().capabilities.UIDPLUS)
    assert.is_nil(conn:info().capabilities["X-OLD"])
    conn:close()
    play:finish()
  end)

  it("B12: tells odd user names as they are", function()
    local conn, _, play = connect("", 'C: T1 LOGIN {5}\nS: + go\nC: a"\\ü "b\\\\c"\n' .. WELCOME,
      { username = 'a"\\ü', password = "b\\c" })
    assert.is_table(conn)
    conn:close()
    play:finish()
  end)
end)
