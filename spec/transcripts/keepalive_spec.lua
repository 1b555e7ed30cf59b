-- conn:keepalive over a transport with a pool: what is said before a connection is
-- given back, which one is closed instead, and how one comes out of the pool.
local compressed = require "spec.support.compressed"
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local WITHOUT_UNSELECT = "IMAP4rev1 LITERAL+ UIDPLUS ESEARCH"
local OPEN = [[
  C: T1 EXAMINE INBOX
  C: T2 UID SEARCH RETURN (ALL) ALL
  S: * 0 EXISTS
  S: T1 OK [READ-ONLY] open
  S: * ESEARCH (TAG "T2") UID
  S: T2 OK nothing
]]

local function open_inbox(conn)
  assert(conn:search_messages { mailbox = "INBOX", fields = { "uid" } })
end

-- Plays `script` in each delivery to act(conn, pool). The pool notes what it is
-- given, and answers as pool.answer() does.
local function play(script, options, act)
  for _, delivery in ipairs(options.deliveries or transcript.deliveries) do
    local conn, stream = transcript.open(script, { delivery = delivery, capabilities = options.capabilities })
    local pool = { answer = function() return true end }
    function stream.keepalive(_, ...)
      pool.given = { ... }
      return pool.answer()
    end
    local ok, reason = xpcall(function() act(conn, pool) end, debug.traceback)
    if stream.failure then error(delivery .. ": " .. stream.failure, 2) end
    if not ok then error(delivery .. ": " .. tostring(reason), 2) end
    stream:finish()
  end
end

local function kept(conn, pool, seconds, size)
  assert.is_true(conn:keepalive(seconds, size))
  assert.are.same({ seconds, size, "PREAUTH" }, pool.given)
  assert.is_false(conn:is_open())
  local _, message, err = conn:list_mailboxes {}
  assert.are.equal("closed", err.code)
  assert.matches("given back to its pool", message, 1, true)
end

local function closed(code, conn, pool, words)
  local value, message, err = conn:keepalive()
  assert.is_nil(value)
  assert.are.equal(code, err.code)
  assert.matches(words, message, 1, true)
  assert.is_nil(pool.given)
  assert.is_false(conn:is_open())
end

describe("keepalive", function()
  it("leaves the mailbox by UNSELECT", function()
    play(OPEN .. [[
      C: T3 UNSELECT
      S: T3 OK left
    ]], {}, function(conn, pool)
      open_inbox(conn)
      kept(conn, pool, 60, 10)
    end)
  end)

  it("leaves it by EXAMINE and CLOSE where UNSELECT is not known", function()
    play(OPEN .. [[
      C: T3 EXAMINE INBOX
      S: * 0 EXISTS
      S: T3 OK [READ-ONLY] open
      C: T4 CLOSE
      S: T4 OK left
    ]], { capabilities = WITHOUT_UNSELECT }, function(conn, pool)
      open_inbox(conn)
      kept(conn, pool, 60, 10)
    end)
  end)

  it("asks once whether the server is there, where no mailbox is open", function()
    play([[
      C: T1 NOOP
      S: T1 OK here
    ]], {}, kept)
  end)

  it("closes what does not leave its mailbox", function()
    for _, answer in ipairs { "NO not now", "BAD what" } do
      play(OPEN .. [[
        C: T3 UNSELECT
        S: T3 ]] .. answer .. "\n", {}, function(conn, pool)
        open_inbox(conn)
        closed("closed", conn, pool, "not quiet")
      end)
    end
  end)

  it("closes what has said half a line", function()
    play([[
      C: T1 NOOP
      S: T1 OK here
      S- * 1 EXI
    ]], { deliveries = { "whole" } }, function(conn, pool)
      closed("closed", conn, pool, "not quiet")
    end)
  end)

  it("closes what the server said BYE on", function()
    play([[
      C: T1 NOOP
      S: * BYE shutting down
      S: T1 OK here
    ]], {}, function(conn, pool) closed("closed", conn, pool, "keepalive: ") end)
  end)

  it("says why the pool did not take it, and closes it", function()
    local answers = { full = function() return nil, "full" end, broken = function() error("broken", 0) end }
    for word, answer in pairs(answers) do
      play([[
        C: T1 NOOP
        S: T1 OK here
      ]], {}, function(conn, pool)
        pool.answer = answer
        local _, message, err = conn:keepalive()
        assert.are.equal("closed", err.code)
        assert.matches("closed instead: " .. word, message, 1, true)
        assert.is_false(conn:is_open())
      end)
    end
  end)

  it("answers closed behind a failure that ended the connection, and busy within a call", function()
    play([[
      C: T1 RENAME a b
      S: x9 OK never asked for
    ]], {}, function(conn, pool)
      local _, _, err = conn:rename_mailbox { path = "a", new_path = "b" }
      assert.are.equal("protocol", err.code)
      closed("closed", conn, pool, "the connection is closed")
    end)
    play([[
      C: T1 NOOP
      S: T1 OK here
    ]], {}, function(conn, pool)
      local _, refused
      conn:batch(function() _, _, refused = conn:keepalive() end)
      assert.are.equal("busy", refused.code)
      assert.is_nil(pool.given)
      kept(conn, pool)
    end)
  end)

  it("refuses arguments that mean nothing, and goes on", function()
    play("", {}, function(conn, pool)
      for _, bad in ipairs { { 0 }, { "60" }, { 0 / 0 }, { 60, 0 }, { 60, 1.5 }, { 60, "4" } } do
        local _, message, err = conn:keepalive(bad[1], bad[2])
        assert.are.equal("invalid_argument", err.code)
        assert.are.equal(bad[2] and "size" or "seconds", err.field, message)
      end
      assert.is_nil(pool.given)
      assert.is_true(conn:is_open())
      conn:close()
    end)
  end)

  it("is unsupported where there is no pool", function()
    local conn, stream = transcript.open("")
    local _, _, err = conn:keepalive()
    assert.are.equal("unsupported", err.code)
    assert.is_true(conn:is_open())
    conn:close()
    stream:finish()
  end)

  it("never gives back what is compressed", function()
    local function ok(number) return function(prefix) return compressed.pack(prefix .. number .. " OK here\r\n") end end
    local conn, message, _, server = compressed.connect { replies = { ok(2) } }
    assert(conn, message)
    local given
    function server.keepalive() given = true end
    local _, words, err = conn:keepalive()
    assert.are.equal("closed", err.code)
    assert.matches("not quiet", words, 1, true)
    assert.is_nil(given)
  end)
end)

describe("a connection from the pool", function()
  local function connect(script, secure)
    local stream = transcript.play(script)
    stream.resumed = "SCRAM-SHA-256"
    local conn = assert(imapconn.connect { host = "play", username = "ann", password = "x", secure = secure,
      transport = stream })
    return conn, stream
  end

  it("asks for capabilities, has no greeting, and says what logged it in", function()
    for _, secure in ipairs { true, "starttls", false } do
      local conn, stream = connect([[
        C: T1 CAPABILITY
        S: * CAPABILITY IMAP4rev1 UNSELECT
        S: T1 OK
      ]], secure)
      local info = conn:info()
      assert.are.equal("SCRAM-SHA-256", info.auth)
      assert.is_nil(info.greeting)
      assert.are.same({ IMAP4rev1 = true, UNSELECT = true }, info.capabilities)
      conn:close()
      stream:finish()
    end
  end)
end)
