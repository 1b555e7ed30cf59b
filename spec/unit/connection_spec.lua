-- The loop and the Connection: callbacks, deadlines, coroutines, the end.
local imapconn = require "imapconn"
local only = require "spec.support.only"
local transcript = require "spec.support.transcript"

local it_since_54 = only.since_54(it)
local unpack = table.unpack or unpack -- luacheck: ignore

-- A message of 12 octets, and what asks for it.
local DOWNLOAD = [[
  C: T1 EXAMINE INBOX
  C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
  S: * 1 EXISTS
  S: T1 OK [READ-ONLY] open
  S: * 1 FETCH (UID 7 RFC822.SIZE 12 BODY[] {12}
  S: Hello
  S: World)
  S: T2 OK done
]]
local APPEND = [[
  C: T1 APPEND Work {5+}
  C: Hello
  S: T1 OK [APPENDUID 9 5] stored
]]
local AFTERWARDS = [[
  C: T9 STATUS Work (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
  S: * STATUS Work (MESSAGES 3)
  S: T9 OK done
]]
-- From here on the server says nothing.
local SILENCE = [[
  C: T1 STATUS Work (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
  ! silence
]]

local function download(conn, inputs)
  inputs.mailbox, inputs.uid = "INBOX", 7
  return conn:download_message(inputs)
end

local function status(conn)
  return conn:get_mailbox_status { mailbox = "Work" }
end

local function append(conn, content, more)
  local inputs = { mailbox = "Work", content = content }
  for name, value in pairs(more or {}) do inputs[name] = value end
  return conn:append_message(inputs)
end

local function fails(code, value, message, err)
  assert.is_nil(value)
  assert.are.equal(code, err.code, message)
  assert.are.equal(message, err.message)
  return err
end

-- A conversation with another call behind it: the connection goes on.
local function goes_on(conn, play)
  assert.are.equal(3, assert(status(conn)).messages)
  assert.is_true(conn:close())
  play:finish()
end

local function is_over(conn)
  assert.is_false(conn:is_open())
  local err = fails("closed", status(conn))
  assert.are.equal("not_sent", err.outcome)
  assert.is_true(conn:close())
end

for _, delivery in ipairs(transcript.deliveries) do
  local options = { delivery = delivery }

  describe("a sink, with " .. delivery .. ",", function()
    it("takes the content as it comes", function()
      local conn, play = transcript.open(DOWNLOAD .. AFTERWARDS, options)
      local chunks, last = {}, nil
      local result = assert(download(conn, {
        sink = function(chunk) chunks[#chunks + 1] = chunk end,
        progress = function(done, total) last = { done, total } end,
      }))
      assert.are.equal("Hello\r\nWorld", table.concat(chunks))
      assert.are.same({ 12, 12 }, last)
      assert.are.same({ seq = 1, uid = 7, size = 12 }, result)
      goes_on(conn, play)
    end)

    it("that is a file is written to", function()
      local conn, play = transcript.open(DOWNLOAD .. AFTERWARDS, options)
      local file = io.tmpfile()
      assert(download(conn, { sink = file }))
      file:seek("set")
      assert.are.equal("Hello\r\nWorld", file:read("*a"))
      file:close()
      goes_on(conn, play)
    end)

    it("that fails drops the rest, and the connection goes on", function()
      local cause = {}
      for _, sink in ipairs {
        function() error(cause, 0) end, function() return false, cause end, function() return nil, cause end,
      } do
        local conn, play = transcript.open(DOWNLOAD .. AFTERWARDS, options)
        local err = fails("callback", download(conn, { sink = sink }))
        assert.is_true(rawequal(cause, err.cause))
        goes_on(conn, play)
      end
    end)

    it("may fail with false or nil", function()
      local conn = transcript.open(DOWNLOAD, options)
      assert.is_false(fails("callback", download(conn, { sink = function() return false end })).cause)
      conn = transcript.open(DOWNLOAD, options)
      assert.is_nil(fails("callback", download(conn, { progress = function() error() end })).cause)
      conn = transcript.open(DOWNLOAD, options)
      assert.is_table(download(conn, { progress = function() return nil end }))
    end)

    it("meets a connection that is busy", function()
      local conn, play = transcript.open(DOWNLOAD .. AFTERWARDS, options)
      local inner
      assert(download(conn, { sink = function() inner = { status(conn) } end }))
      local err = fails("busy", unpack(inner, 1, 3))
      assert.is_true(err.retryable)
      assert.are.equal("not_sent", err.outcome)
      assert.are.equal("get_mailbox_status: the connection is busy with download_message", err.message)
      goes_on(conn, play)
    end)

    it("may close the connection", function()
      local conn = transcript.open(DOWNLOAD, options)
      local closed
      local err = fails("closed", download(conn, { sink = function() closed = conn:close() end }))
      assert.is_true(closed)
      assert.are.equal('download_message from "INBOX": close was called', err.message)
      is_over(conn)
    end)
  end)

  describe("content, with " .. delivery .. ",", function()
    it("comes from a source that is asked until it ends", function()
      local conn, play = transcript.open(APPEND .. AFTERWARDS, options)
      local text, calls = "Hello", 0
      local function read(max)
        calls = calls + 1
        local piece = text:sub(1, math.min(max, 2))
        text = text:sub(#piece + 1)
        return piece
      end
      assert.are.same({ path = "Work", uid = 5, uid_validity = 9 }, append(conn, { size = 5, read = read }))
      assert.are.equal(4, calls)
      goes_on(conn, play)
    end)

    it("comes from a file, from where it is, with CRLF", function()
      local conn, play = transcript.open([[
        C: T1 APPEND Work {10+}
        C: Hello
        C: you
        S: T1 OK done
      ]] .. AFTERWARDS, options)
      local file = io.tmpfile()
      file:write("xxxHello\nyou")
      file:seek("set", 3)
      local seen = {}
      local result = append(conn, file, { progress = function(done, total) seen = { done, total } end })
      assert.are.same({ path = "Work" }, result)
      assert.are.same({ 10, 10 }, seen)
      assert.are.equal("file", io.type(file))
      goes_on(conn, play)
    end)

    it("other than announced is never finished (C8)", function()
      local cause = {}
      for reason, pieces in pairs {
        less = { "Hel", "" }, more = { "Hell", "o", "!" }, ["octets announced"] = { "Hello you" },
        string = { 7 }, ["content.read failed: t"] = { false, cause }, NUL = { "Hel\0o" },
      } do
        local conn, play = transcript.open("C: T1 APPEND Work {5+}\nC: Hello\nC:", options)
        local at = 0
        local err = fails("callback", append(conn, {
          size = 5, read = function()
            at = at + 1
            if pieces[at] == false then return nil, cause end
            return pieces[at]
          end,
        }))
        assert.is_truthy(err.message:find(reason, 1, true), err.message)
        assert.are.equal("not_sent", err.outcome)
        if pieces[2] == cause then assert.are.equal(cause, err.cause) end
        if reason == "string" then assert.are.equal(7, err.cause) end
        assert.is_nil(play.sent:find("{5+}\r\nHello", 1, true))
        is_over(conn)
      end
    end)

    it("is stored although progress fails, and the error says so", function()
      local conn, play = transcript.open(APPEND .. AFTERWARDS, options)
      local err = fails("callback", append(conn, "Hello", { progress = function() error("tired", 0) end }))
      assert.are.equal("tired", err.cause)
      assert.are.equal("partial", err.outcome)
      assert.are.same({ path = "Work", uid = 5, uid_validity = 9 }, err.done)
      assert.is_false(err.retryable)
      goes_on(conn, play)
    end)

    it("goes out although the server writes until it is read (F8)", function()
      local conn, play = transcript.open([[
        ! full
        S: * OK [ALERT] a long story
        S: * 7 EXISTS
      ]] .. APPEND .. AFTERWARDS, options)
      assert(append(conn, "Hello"))
      goes_on(conn, play)
    end)
  end)

  describe("a part, with " .. delivery .. ",", function()
    local PARTS = [[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
      C: T3 UID FETCH 7 (UID BODY.PEEK[%s])
      S: * 1 EXISTS
      S: T1 OK [READ-ONLY] open
      S- * 1 FETCH (UID 7 BODYSTRUCTURE (
      S- ("TEXT" "PLAIN" ("CHARSET" "iso-8859-1") NIL NIL "QUOTED-PRINTABLE" 8 1)
      S- ("IMAGE" "PNG" NIL NIL NIL "BASE64" 4 NIL ("ATTACHMENT" ("FILENAME" "a.png")) NIL)
      S:  "MIXED"))
      S: T2 OK done
      S: * 1 FETCH (UID 7 BODY[%s] %s)
      S: T3 OK done
    ]]

    local function open(section, literal)
      return transcript.open(PARTS:format(section, section, literal) .. AFTERWARDS, options)
    end

    it("is decoded", function()
      local conn, play = open("1", '"Gr=FC=DFe"')
      assert.are.same({
        seq = 1, uid = 7, size = 7, content = "Grüße", converted = true, content_type = "text/plain",
        charset = "iso-8859-1", encoding = "quoted-printable",
      }, download(conn, { part = "1", decode = true }))
      goes_on(conn, play)
    end)

    it("is decoded into a sink", function()
      local conn, play = open("2", "{4}\n      S: YWJj")
      local content = ""
      assert.are.same({
        seq = 1, uid = 7, size = 3, converted = false, content_type = "image/png", encoding = "base64",
        disposition = "attachment", filename = "a.png",
      }, download(conn, { part = "2", decode = true, sink = function(chunk) content = content .. chunk end }))
      assert.are.equal("abc", content)
      goes_on(conn, play)
    end)

    it("that does not exist is not_found", function()
      for section, literal in pairs { ["3"] = '""', ["1.1"] = "NIL", ["2.HEADER"] = '""' } do
        for _, sink in ipairs { false, function() error("nothing to take") end } do
          local conn, play = open(section, literal)
          fails("not_found", download(conn, { part = section, sink = sink or nil }))
          goes_on(conn, play)
        end
      end
    end)
  end)

  describe("a batch, with " .. delivery .. ",", function()
    local MULTI = { delivery = delivery, capabilities = transcript.capabilities .. " MULTIAPPEND" }

    it("answers in order, and puts appends together", function()
      local conn, play = transcript.open([[
        C: T1 APPEND Work {1+}
        C: a {1+}
        C: b
        C: T2 APPEND Other {1+}
        C: c
        C: T3 STATUS Nope (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
        S: T1 OK [APPENDUID 9 5:6] done
        S: T2 OK done
        S: T3 NO [NONEXISTENT] there is none
      ]] .. AFTERWARDS, MULTI)
      local indexes = {}
      local results = assert(conn:batch(function(b)
        indexes = {
          (b:append_message { mailbox = "Work", content = "a" }),
          (b:append_message { mailbox = "Work", content = "b" }),
          (b:append_message { mailbox = "Other", content = "c" }), (b:add_flags { mailbox = "Work" }),
          (b:get_mailbox_status { mailbox = "Nope" }), (b:search_messages { mailbox = "Work", uids = {} }),
        }
      end))
      assert.are.same({ 1, 2, 3, 4, 5, 6 }, indexes)
      assert.are.equal(6, #results)
      assert.are.same({ value = { path = "Work", uid = 5, uid_validity = 9 } }, results[1])
      assert.are.same({ value = { path = "Work", uid = 6, uid_validity = 9 } }, results[2])
      assert.are.same({ value = { path = "Other" } }, results[3])
      assert.are.equal("invalid_argument", results[4].err.code)
      assert.are.equal("not_found", results[5].err.code)
      assert.are.equal(results[5].message, tostring(results[5].err))
      assert.are.same({ value = {} }, results[6])
      goes_on(conn, play)
    end)

    it("says what is unknown, and what was not sent", function()
      local conn = transcript.open([[
        C: T1 APPEND Work {1+}
        C: a
        C: T2 APPEND Work {5000}
        S: T1 OK done
        ! close
      ]], { delivery = delivery, capabilities = "IMAP4rev1 LITERAL-" })
      local results = assert(conn:batch(function(b)
        b:append_message { mailbox = "Work", content = "a" }
        b:append_message { mailbox = "Work", content = ("b"):rep(5000) }
        b:append_message { mailbox = "Work", content = "c" }
      end))
      assert.is_table(results[1].value)
      for i = 2, 3 do
        assert.are.equal("closed", results[i].err.code)
        assert.are.equal("not_sent", results[i].err.outcome)
      end
      is_over(conn)
    end)

    it("that fails to record sends nothing", function()
      local conn, play = transcript.open(AFTERWARDS, MULTI)
      local cause, kept = {}, nil
      local err = fails("callback", conn:batch(function(b)
        kept = b
        b:list_mailboxes()
        error(cause)
      end))
      assert.are.equal(cause, err.cause)
      assert.are.equal("not_sent", err.outcome)
      fails("invalid_argument", kept:list_mailboxes())
      assert.are.same({}, conn:batch(function() end))
      assert.are.equal("", play.sent)
      goes_on(conn, play)
    end)

    it("holds the connection while it records", function()
      local conn, play = transcript.open(AFTERWARDS, MULTI)
      assert(conn:batch(function() fails("busy", status(conn)) end))
      goes_on(conn, play)
    end)
  end)
end

describe("trace", function()
  it("is told each line", function()
    local lines = {}
    local conn = transcript.open(AFTERWARDS, { connect = {
      trace = function(direction, line) lines[#lines + 1] = direction .. " " .. line:gsub("%w+ STATUS", "T STATUS") end,
    } })
    status(conn)
    assert.is_truthy(lines[1]:find("^S %* PREAUTH"))
    assert.is_truthy(lines[2]:find("^C T STATUS Work"))
    assert.are.equal("S * STATUS Work (MESSAGES 3)", lines[3])
    conn:close()
  end)

  it("that fails is callback, and the connection goes on", function()
    local calls = 0
    local conn, play = transcript.open(APPEND .. AFTERWARDS, { connect = { trace = function(_, line)
      calls = calls + 1
      if line:find("APPEND Work") then error("full", 0) end
    end } })
    local err = fails("callback", append(conn, "Hello"))
    assert.are.equal("full", err.cause)
    assert.are.equal("partial", err.outcome)
    assert.are.equal(5, err.done.uid)
    calls = 0
    goes_on(conn, play)
    assert.is_true(calls > 0)
  end)
end)

describe("a deadline", function()
  it("ends a call without an answer", function()
    local conn = transcript.open(SILENCE, { connect = { timeout = 0.05 } })
    local err = fails("timeout", status(conn))
    assert.are.equal('get_mailbox_status of "Work": no answer within 0.05 seconds (option timeout)', err.message)
    assert.is_true(err.retryable)
    is_over(conn)
  end)

  it("ends a call as a whole", function()
    local conn = transcript.open(SILENCE, { connect = { timeout = math.huge, call_timeout = 0.05 } })
    local err = fails("timeout", status(conn))
    assert.are.equal(
      'get_mailbox_status of "Work": not finished within 0.05 seconds (option call_timeout)', err.message)
    is_over(conn)
  end)

  it("ends connecting", function()
    local play = transcript.play("! silence")
    local err = fails("timeout", imapconn.connect {
      host = "h", username = "u", password = "p", transport = play, connect_timeout = 0.05,
    })
    assert.are.equal("connect to h:993: not logged in within 0.05 seconds (option connect_timeout)", err.message)
    assert.is_true(play.closed)
  end)

  it("of a change that was sent leaves it unknown", function()
    local conn = transcript.open("C: T1 APPEND Work {5+}\nC: Hello\n! silence", { connect = { timeout = 0.05 } })
    local err = fails("timeout", append(conn, "Hello"))
    assert.are.equal("unknown", err.outcome)
    assert.is_false(err.retryable)
  end)
end)

describe("a coroutine", function()
  local function open(script)
    local conn, play = transcript.open(script)
    play.yields = true
    return conn, play
  end

  it("may wait while others find the connection busy", function()
    local conn, play = open(AFTERWARDS)
    local result
    local thread = coroutine.wrap(function() result = assert(status(conn)) end)
    thread()
    fails("busy", status(conn))
    while not result do thread() end
    assert.are.equal(3, result.messages)
    play.yields = false
    conn:close()
    play:finish()
  end)

  it("is told when another one closes the connection (F13)", function()
    local conn, play = open(AFTERWARDS)
    local answer
    local thread = coroutine.wrap(function() answer = { status(conn) } end)
    thread()
    play.yields = false
    assert.is_true(conn:close())
    assert.is_false(conn:is_open())
    thread()
    fails("closed", unpack(answer, 1, 3))
    is_over(conn)
  end)

  it("that is given up leaves the connection busy (H6)", function()
    local conn, play = open(AFTERWARDS)
    coroutine.wrap(function() status(conn) end)()
    collectgarbage()
    play.yields = false
    fails("busy", status(conn))
    assert.is_true(conn:close())
    fails("closed", status(conn))
  end)

  it_since_54("that ended in the middle leaves it closed", function()
    local conn, play = open(AFTERWARDS)
    local thread = coroutine.create(function() status(conn) end)
    coroutine.resume(thread)
    coroutine.close(thread)
    play.yields = false
    local err = fails("closed", status(conn))
    assert.is_truthy(err.message:find("ended in the middle", 1, true))
    is_over(conn)
  end)
end)

describe("the end", function()
  it("is said, and answered once", function()
    local conn, play = transcript.open("C: T1 LOGOUT\nS: * BYE bye\nS: T1 OK done")
    assert.is_true(conn:close())
    play:finish()
    assert.is_true(play.closed)
    assert.is_true(conn:close())
    assert.is_false(conn:is_open())
    assert.are.equal("play", conn:info().host)
    assert.are.equal("imapconn.Connection (play:143, closed)", tostring(conn))
  end)

  it("does not wait for ever", function()
    local conn = transcript.open("C: T1 LOGOUT\n! silence")
    local now = require("imapconn.core").now
    local start = now()
    assert.is_true(conn:close())
    assert.is_true(now() - start < 3)
  end)

  it("by the server is closed, with its words (F10)", function()
    local conn = transcript.open([[
      C: T1 STATUS Work (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
      S: * BYE [UNAVAILABLE] reboot
      ! close
    ]])
    local err = fails("closed", status(conn))
    assert.are.equal("UNAVAILABLE", err.response_code)
    assert.are.equal("reboot", err.response_text)
    is_over(conn)
  end)

  it("by a server that says BYE and lingers comes within two seconds", function()
    local conn = transcript.open([[
      C: T1 STATUS Work (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)
      S: * BYE too many
      ! silence
    ]])
    local err = fails("closed", status(conn))
    assert.are.equal("too many", err.response_text)
    is_over(conn)
  end)

  it_since_54("by <close> does not wait", function()
    local conn, play = transcript.open("C: T1 LOGOUT\n! silence")
    local leave = assert(load("local conn <close> = ... ; return conn:is_open()"))
    assert.is_true(leave(conn))
    assert.is_false(conn:is_open())
    assert.is_truthy(play.sent:find("LOGOUT\r\n$"))
    assert.is_true(play.closed)
  end)
end)

describe("the core", function()
  it("sends no SELECT whose mailbox has a line end, nor anything that relies on it", function()
    local core = require("imapconn.core").attach {}
    core:feed "* PREAUTH [CAPABILITY IMAP4rev2 LITERAL+] ready\r\n"
    assert.are.equal(1, core:start("connect", {}))
    assert.are.equal("done", (core:advance()))
    for _ = 1, 2 do
      local id = core:start("search", { mailbox = "a\r\nb", fields = { "flags" }, terms = {} })
      local what, ended, _, failure = core:advance()
      assert.are.same({ "done", id }, { what, ended })
      assert.are.same({ "invalid_argument", "not_sent" }, { failure.code, failure.outcome })
    end
    assert.are.equal("receive", (core:advance()))
  end)
end)
