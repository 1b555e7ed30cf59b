-- Rows H1 to H12: what a Lua program may do to a connection.
local core = require "imapconn.core"
local imapconn = require "imapconn"
local hostile = require "spec.support.hostile"
local only = require "spec.support.only"
local shell = require "spec.support.shell"
local transcript = require "spec.support.transcript"

local host_it = only.with_hosts(it)

local function rename(conn) return conn:rename_mailbox { path = "A", new_path = "B" } end

local DOWNLOAD = [[
  C: T1 EXAMINE A
  C: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
  S: * 1 EXISTS
  S: T1 OK
  S: * 1 FETCH (UID 1 BODY[] {5}
  S: hello)
  S: T2 OK
]]

local function download(conn, more)
  local inputs = { mailbox = "A", uid = 1 }
  for name, value in pairs(more) do inputs[name] = value end
  return conn:download_message(inputs)
end

describe("a callback", function()
  it("H1: may raise any value", function()
    for _, cause in ipairs { "text", {}, 7, false } do
      for _, name in ipairs { "sink", "progress" } do
        local conn, play = transcript.open(DOWNLOAD .. "C: T3 UNSELECT\nC: T4 RENAME A B\nS: T3 OK\nS: T4 OK\n")
        local value, message, err = download(conn, { [name] = function() error(cause, 0) end })
        assert.is_nil(value)
        assert.are.equal("callback", err.code, message)
        assert.is_true(rawequal(cause, err.cause), name)
        assert(rename(conn))
        conn:close()
        play:finish()
      end
    end
  end)

  it("H1: may raise any value where it gives what is sent", function()
    for _, cause in ipairs { "text", {}, 7, false } do
      local conn, play = transcript.open("C: T1 APPEND A {5+}\nC: never to its end\n! close\n")
      local value, _, err = conn:append_message { mailbox = "A", content = {
        size = 5, read = function() error(cause, 0) end } }
      assert.is_nil(value)
      assert.are.equal("callback", err.code)
      assert.is_true(rawequal(cause, err.cause))
      assert.is_false(conn:is_open())
      assert.is_nil(play.sent:find("}\r\n.", 1))
    end
  end)

  it("H3: may yield, or fails clearly", function()
    local conn, play = transcript.open(DOWNLOAD)
    local thread = coroutine.create(function()
      return download(conn, { sink = function() coroutine.yield("here") end })
    end)
    local ok, what = coroutine.resume(thread)
    assert.is_true(ok)
    if what == "here" then
      repeat ok, what = coroutine.resume(thread) until coroutine.status(thread) == "dead"
      assert.is_true(ok)
      assert.are.equal(1, what.uid)
    end
    conn:close()
    play:finish()
  end)

  it("H7: finds the connection busy", function()
    local inner
    local conn, play = transcript.open(DOWNLOAD)
    assert(download(conn, { sink = function() inner = select(3, rename(conn)) end }))
    assert.are.equal("busy", inner.code)
    assert.are.equal("not_sent", inner.outcome)
    conn:close()
    play:finish()
  end)
end)

describe("a connection", function()
  it("H4: outlives the coroutine that made it", function()
    local conn, play
    local thread = coroutine.create(function()
      conn, play = transcript.open("C: T1 RENAME A B\nS: T1 OK\n")
    end)
    assert(coroutine.resume(thread))
    thread = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert(rename(conn))
    conn:close()
    play:finish()
  end)

  it("H5: may be collected at any moment", function()
    local server = hostile.play(hostile.login() .. "C: FETCH\nS: * 1 EXISTS\n"
      .. "S- * 1 FETCH (UID 1 BODY[] {100}\\r\\nab\n")
    local before = core.now()
    do
      local conn = assert(imapconn.connect(server:options { timeout = 0.1 }))
      assert.is_nil(download(conn, {}))
    end
    collectgarbage()
    collectgarbage()
    assert.matches("END\n$", server:stop())
    server = hostile.play(hostile.login())
    assert(imapconn.connect(server:options()))
    collectgarbage()
    collectgarbage()
    local heard = server:stop() -- ends only when the socket was closed
    assert.is_nil(heard:find("LOGOUT", 1, true))
    assert(core.now() - before < 2)
  end)

  it("H5: may be collected twice, and is of no use then", function()
    local held = core.attach {}
    assert.are.equal("imapconn.core", getmetatable(held))
    local collect = debug.getmetatable(held).__gc
    collect(held)
    collect(held)
    assert.has_error(function() held:advance() end)
    assert.has_error(function() held:start("logout", {}) end)
  end)

  it("H2: is in doubt where an error struck amid a call, and ends", function()
    local conn, play = transcript.open("C: T1 RENAME A B\nS: T1 OK\n")
    local receive = play.receive
    local hook, mask = debug.gethook() -- which counts lines, for `make coverage`
    local function strike()
      if not debug.getinfo(2, "S").source:find("imapconn/link.lua", 1, true) then return end
      debug.sethook(hook, mask)
      error("struck", 0)
    end
    if jit then -- whose compiled code asks for no hook
      finally(jit.on)
      jit.off()
      jit.flush()
    end
    -- Strikes at the loop's next line. (LuaJIT asks at the end of this one, too.)
    function play:receive(...) return receive(self, ...), debug.sethook(strike, "l") end
    local ok, reason = pcall(rename, conn)
    debug.sethook(hook, mask)
    assert.are.same({ false, "struck" }, { ok, reason })
    assert.is_false(conn:is_open())
    assert.are.equal("closed", select(3, rename(conn)).code)
  end)

  it("H6: that was left amid a call is never half usable", function()
    local conn = transcript.open("C: T1 RENAME A B\nS: T1 OK\n", { yields = false })
    local yields = transcript.open("C: T1 RENAME A B\nS: T1 OK\n")
    conn:close()
    assert.are.equal("closed", select(3, rename(conn)).code)
    yields:close()
    local held, play = transcript.open("C: T1 RENAME A B\nS: T1 OK\n")
    play.yields = true
    local thread = coroutine.create(function() return rename(held) end)
    coroutine.resume(thread)
    assert.are.equal("suspended", coroutine.status(thread))
    assert.are.equal("busy", select(3, rename(held)).code)
    play.yields = nil
    held:close()
  end)

  it("H10: answers strange arguments with an error", function()
    local conn, play = transcript.open("# nothing\n")
    local evil = setmetatable({}, { __index = function() error "asked" end, __tostring = function() error "asked" end,
      __len = function() error "asked" end })
    local gap = setmetatable({ [2] = "x" }, getmetatable(evil))
    local cyclic = {}
    cyclic.cyclic, cyclic[1] = cyclic, cyclic
    for _, value in ipairs { 0 / 0, math.huge, -1, 1e300, ("x"):rep(100000), "", "a\0b", "\255", cyclic, evil, gap,
      true, io.stdout, print } do
      for _, field in ipairs { "path", "new_path" } do
        local inputs = { path = "A", new_path = "B" }
        inputs[field] = value
        local result, _, err = conn:rename_mailbox(inputs)
        assert.is_nil(result)
        assert.are.equal("invalid_argument", err.code)
        assert.are.equal(field, err.field)
      end
      assert.are.equal("invalid_argument", select(3, conn:add_flags { mailbox = "A", uids = 1, flags = value }).code)
    end
    assert.are.equal("", play.sent)
    for _, self in ipairs { {}, "x", io.stdout } do pcall(conn.rename_mailbox, self, {}) end
    conn:close()
  end)

  it("H11: pushes any number of things", function()
    local many = "* X" .. (" 1"):rep(300000) .. "\r\n"
    assert.are.equal(300000, #assert(core.parse(many))[1].data)
    local deep = "* X " .. ("("):rep(90) .. (")"):rep(90) .. "\r\n"
    assert.is_table(core.parse(deep)[1].data)
    for _ = 1, 20 do -- a new coroutine's stack is the smallest there is
      assert.is_table(coroutine.wrap(function() return core.parse(deep) end)()[1].data)
    end
  end)

  it("H12: keeps numbers of 64 bits exact", function()
    for _, number in ipairs { "9007199254740993", "9223372036854775807" } do
      local row = assert(core.parse("* 1 FETCH (MODSEQ (" .. number .. "))\r\n"))[1].message
      assert.are.equal(number, tostring(row.modseq))
      local conn, play = transcript.open("C: T1 SELECT A\nC: T2 UID STORE 1 (UNCHANGEDSINCE " .. number
        .. ") +FLAGS.SILENT (x)\nS: T1 OK\nS: T2 OK\n")
      assert(conn:add_flags { mailbox = "A", uids = 1, flags = { "x" }, silent = true, unchanged_since = row.modseq })
      conn:close()
      play:finish()
    end
  end)
end)

describe("fork", function()
  it("H9: leaves the parent its connection", function()
    local source = assert(io.open("spec/c/transport_test.c")):read("*a")
    assert.matches("test_fork();", source, 1, true)
    local pipe = io.popen("'" .. os.getenv "IMAPCONN_BUILD" .. "/c/transport_test' 2>&1")
    local said = pipe:read("*a")
    pipe:close()
    assert.matches("%d+ checks, 0 failed", said)
  end)

  host_it("H9: lets the child neither speak under the parent's TLS nor end it", function()
    local server = hostile.play("! tls\n" .. hostile.login() .. "C: RENAME\nS: \\T OK\nC: LOGOUT\nS: * BYE\n"
      .. "S: \\T OK\n")
    local said = shell.run(("'%s/forks' . %d '%s'"):format(
      only.hosts, server.port, server:options { secure = true }.ca_file))
    assert.are.equal(1, select(2, server:stop():gsub("RENAME", "")))
    assert.are.equal("through\n", said)
  end)
end)
