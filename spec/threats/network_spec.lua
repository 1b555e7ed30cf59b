-- Rows F1 to F13: what a network does, on real sockets.
local hostile = require "spec.support.hostile"
local imapconn = require "imapconn"
local core = require "imapconn.core"
local only = require "spec.support.only"
local transcript = require "spec.support.transcript"

local host_it = only.with_hosts(it)

local function open(script, more, capabilities)
  local server = hostile.play(hostile.login(capabilities) .. script)
  return assert(imapconn.connect(server:options(more))), server
end

local function fails(code, value, message, err)
  assert.is_nil(value)
  assert.are.equal(code, err.code, message)
  return err
end

-- `work` takes more than `least` and less than `most` seconds.
local function takes(least, most, work)
  local began = core.now()
  work()
  local took = core.now() - began
  assert.is_true(took > least and took < most, "it took " .. took)
end

local function rename(conn) return conn:rename_mailbox { path = "A", new_path = "B" } end

describe("a network", function()
  it("F1: that leads nowhere is said so", function()
    local options = { host = "name.invalid", username = "ann", password = "x", connect_timeout = 5 }
    assert.matches("name.invalid", fails("resolve", imapconn.connect(options)).message, 1, true)
    options.host, options.port = "127.0.0.1", 1
    assert.matches("127.0.0.1", fails("connect", imapconn.connect(options)).message, 1, true)
  end)

  it("F2: that says nothing is a timeout", function()
    local server = hostile.play("! wait 400\n")
    fails("timeout", imapconn.connect(server:options { connect_timeout = 0.2 }))
    server:stop()
  end)

  it("F2: that stops in the middle is a timeout, counted from its last octet", function()
    local conn, server = open("C: RENAME\n! wait 300\nS- * OK half\n! wait 1500\n", { timeout = 0.6 })
    takes(0.85, 1.6, function() fails("timeout", rename(conn)) end) -- and neither 0.6 nor 1.8
    server:stop()
  end)

  -- A second and more is waited for in the reading itself, the rest by poll().
  it("F2: that stops is a timeout, also where that is seconds", function()
    local conn, server = open("C: RENAME\n! wait 2400\n", { timeout = 1.4 })
    takes(1.35, 2.2, function() fails("timeout", rename(conn)) end)
    server:stop()
  end)

  it("F2: keeps nobody waiting two seconds after BYE", function()
    local conn, server = open("C: RENAME\nS- \\T OK done\\r\\n* BYE too many\\r\\n\n! wait 3500\n", { timeout = 60 })
    takes(0, 3, function()
      local results = assert(conn:batch(function(b)
        for _ = 1, 2 do rename(b) end
      end))
      assert.is_truthy(results[1].value)
      assert.are.equal("closed", results[2].err.code)
    end)
    server:stop()
  end)

  it("F2: that is slow lets the trace tell at once what was sent", function()
    local told = {}
    local conn, server = open("C: RENAME\n! wait 400\nS: \\T OK done\nC: LOGOUT\nS: * BYE\nS: \\T OK\n", {
      trace = function(direction) told[direction] = core.now() end,
    })
    assert(rename(conn))
    local apart = told.S - told.C
    assert.is_true(apart > 0.3, "told " .. apart .. " seconds apart")
    conn:close()
    server:stop()
  end)

  it("F3: that drips does not move the deadline of a call", function()
    local conn, server = open("C: RENAME\nD: 50 * OK this takes its time, and more of it, and more\n",
      { timeout = 5, call_timeout = 0.4 })
    fails("timeout", rename(conn))
    server:stop()
  end)

  it("F3: that leaves nothing to wait for does not move it either", function()
    local conn, play = transcript.open([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
      S: * 1 EXISTS
      S: T1 OK
      S: * 1 FETCH (UID 1 RFC822.SIZE 5 BODY[] {5}
      S- hello)
      S:
      S: T2 OK
    ]], { connect = { call_timeout = 0.05 } })
    fails("timeout", conn:download_message { mailbox = "A", uid = 1, sink = function()
      local till = core.now() + 0.06
      repeat until core.now() >= till
    end })
    assert.is_false(conn:is_open())
    play:close()
  end)

  it("F6: that resets amid a literal shows no half of it", function()
    for _, ending in ipairs { "! reset", "! close" } do
      local conn, server = open("C: FETCH\nS: * 1 EXISTS\nS- * 1 FETCH (UID 1 BODY[] {100}\\r\\n"
        .. ("x"):rep(40) .. "\n" .. ending .. "\n")
      fails("closed", conn:download_message { mailbox = "A", uid = 1 })
      server:stop()
    end
  end)

  it("F7: whose pipe is full takes the rest later", function()
    local size = 8 * 2 ^ 20
    local conn, server = open(("C: APPEND\n! wait 100\n! read %d\nS: \\T OK\nC: LOGOUT\nS: * BYE\nS: \\T OK\n")
      :format(size + 2))
    assert(conn:append_message { mailbox = "A", content = ("x"):rep(size) })
    conn:close()
    server:stop()
  end)

  host_it("F7: is not given up for a signal", function()
    local size = 50 * 2 ^ 20
    local server = hostile.play((hostile.login()
      .. "C: APPEND\n! wait 100\n! read %d\n! wait 200\nS: \\T OK\nC: RENAME\n! wait 200\nS: \\T OK\nC: LOGOUT\n"
      .. "S: * BYE\nS: \\T OK\n"):format(size + 2))
    local pipe = assert(io.popen(("'%s/signals' . %d %d 2>&1"):format(only.hosts, server.port, size)))
    local said = pipe:read("*a")
    pipe:close()
    server:stop()
    assert.are.equal("through\n", said)
  end)

  it("F8: whose pipes are both full is read while it is written to", function()
    local size = 8 * 2 ^ 20
    local conn, server = open(("C: APPEND\nR: 200000 * OK still here, and telling you so\n! read %d\nS: \\T OK\n")
      :format(size + 2), { call_timeout = 20 })
    assert(conn:append_message { mailbox = "A", content = ("x"):rep(size) })
    conn:close()
    server:stop()
  end)

  it("F9: that is gone is closed, and the process lives", function()
    local conn, server = open("! reset\n")
    server:stop()
    for _ = 1, 3 do fails("closed", rename(conn)) end
  end)

  -- While we look at the progress it ends its side, then resets: so the kernel finds
  -- the pipe broken, and raises SIGPIPE where it may.
  it("F9: that is gone amid a long file is closed, and the process lives", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w+b"))
    assert(file:write(("x"):rep(8 * 2 ^ 20)))
    file:seek("set", 0)
    local conn, server = open("C: APPEND\n! read 300000\n! fin\n! wait 50\n! reset\n")
    fails("closed", conn:append_message { mailbox = "A", content = file, progress = function(done)
      if done < 400000 then return end
      local till = core.now() + 0.3
      repeat until core.now() >= till
    end })
    server:stop()
    file:close()
    os.remove(path)
  end)

  it("F10: that ends with last words tells them", function()
    local server = hostile.play("S: * BYE too many\n! fin\n")
    assert.matches("too many", fails("closed", imapconn.connect(server:options())).message, 1, true)
    server:stop()
  end)

  it("F11: that throttles is told as it is, and not asked again", function()
    local conn, server = open("C: RENAME\nS: \\T BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds\n"
      .. "C: LOGOUT\nS: * BYE\nS: \\T OK\n")
    assert.matches("92415", fails("bad", rename(conn)).response_text, 1, true)
    conn:close()
    assert.are.equal(1, select(2, server:stop():gsub("RENAME", "")))
  end)

  it("F13: that is waited for may be left by close", function()
    local yields = false
    local conn, server = open("C: RENAME\n", { wait = function(fd, seconds)
      if yields then return coroutine.yield(fd) end
      return core.wait(fd, seconds)
    end })
    yields = true
    local thread = coroutine.create(rename)
    local _, fd = coroutine.resume(thread, conn)
    yields = false
    assert.is_falsy(core.wait(fd, 0))
    conn:close()
    assert.is_true(core.wait(fd, 5)) -- so whoever waits for it wakes up
    assert.are.equal("closed", select(3, rename(conn)).code)
    fails("closed", select(2, coroutine.resume(thread, true)))
    server:stop()
  end)
end)
