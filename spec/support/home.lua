--- What holds in every event loop: connections work side by side, and nothing
--- blocks. A home is { name, wait, run, sleep, page }: `run(functions)` runs them
--- side by side until all have ended, `sleep(seconds)` lets the others go on, and
--- `page`, if it has one, is that of docs/.
---
---   describe("in luv", home { name = "luv", wait = ..., run = ..., sleep = ... })
local assert = require "luassert"
local core = require "imapconn.core"
local imapconn = require "imapconn"
local page = require "spec.support.page"
local servers = require "spec.support.servers"
local socket = require "socket"
local it = require "busted".it

local FIFTY = 50
local DELAY = 40 -- milliseconds that a byte takes in either direction
local TICK = 0.002 -- seconds
local TRIES = 5 -- at being in time: the machine may be late itself

-- Seconds that the 99th percentile of ticks stays below; where sanitizers or
-- counters of lines are at work, what they take is allowed for.
local LATE = os.getenv("IMAPCONN_VARIANT") == "" and 0.02 or 0.1

local Home = {}
Home.__index = Home

-- --- Connections -------------------------------------------------------------------

function Home:connect(account, more)
  local options = { wait = self.wait }
  for name, value in pairs(account) do options[name] = value end
  for name, value in pairs(more or {}) do options[name] = value end
  return imapconn.connect(options)
end

local function slow_account()
  return servers.delayed(servers.dovecot():account("tls"), DELAY)
end

-- A socket that listens, and its port. Nobody accepts: where its queue is
-- `full`, connecting to it has no end; else the server is silent.
local function silent_listener(full)
  local listener = assert(socket.bind("127.0.0.1", 0, 0))
  local port = select(2, listener:getsockname())
  local held = { listener }
  for i = 2, full and 6 or 1 do
    held[i] = socket.tcp()
    held[i]:settimeout(0)
    held[i]:connect("127.0.0.1", port)
  end
  return tonumber(port), function()
    for _, one in ipairs(held) do one:close() end
  end
end

-- --- Side by side --------------------------------------------------------------------

-- Runs fn(i) for each of `count`, and `beside`.
function Home:each(count, fn, beside)
  local functions = { beside }
  for i = 1, count do
    functions[#functions + 1] = function() fn(i) end
  end
  self.run(functions)
end

-- A function that ticks until over(), and notes in `delays` how late each tick was.
function Home:ticking(delays, over)
  return function()
    repeat
      local due = core.now() + TICK
      self.sleep(TICK)
      delays[#delays + 1] = core.now() - due
    until over()
  end
end

-- Runs `fn` while ticking: what it answers, and the delays.
function Home:while_ticking(fn)
  local answer, delays = nil, {}
  self.run {
    function() answer = { fn() } end,
    self:ticking(delays, function() return answer end),
  }
  return answer, delays
end

-- --- How long it takes -----------------------------------------------------------------

-- Connects, works and closes, `count` times side by side: the seconds that it
-- took, and those of the slowest one.
function Home:work(count)
  local accounts, slowest, found = {}, 0, 0
  for i = 1, count do accounts[i] = slow_account() end
  local started = core.now()
  self:each(count, function(i)
    local began = core.now()
    local conn = assert(self:connect(accounts[i]))
    assert(conn:append_message { mailbox = "INBOX", content = "Subject: x\n\nx" })
    local messages = assert(conn:search_messages { mailbox = "INBOX" })
    found = found + #messages
    assert(conn:close())
    slowest = math.max(slowest, core.now() - began)
  end)
  assert.equal(count, found)
  return core.now() - started, slowest
end

-- Ticks while fifty connections, made before, are asked: the delays.
function Home:delays_while_asking()
  local conns, ended, delays = {}, 0, {}
  self:each(FIFTY, function(i) conns[i] = assert(self:connect(slow_account())) end)
  self:each(FIFTY, function(i)
    for _ = 1, 5 do assert(conns[i]:search_messages { mailbox = "INBOX" }) end
    ended = ended + 1
  end, self:ticking(delays, function() return ended == FIFTY end))
  self:each(FIFTY, function(i) conns[i]:close() end)
  return delays
end

local function percentile(values, percent)
  table.sort(values)
  return values[math.max(1, math.ceil(#values * percent / 100))]
end

local function punctuality(home)
  it("fifty connections work in the time of the slowest #timing", function()
    local alone = home:work(1)
    local together, slowest = home:work(FIFTY)
    print(("%s: %d connections side by side took %.2f s, the slowest of them %.2f s, one alone %.2f s"):format(
      home.name, FIFTY, together, slowest, alone))
    assert.is_true(together < 2 * slowest)
    assert.is_true(together < FIFTY / 5 * alone)
  end)

  it("a timer ticks on while fifty connections work #timing", function()
    local best = math.huge
    for _ = 1, TRIES do
      local delays = home:delays_while_asking()
      assert.is_true(#delays > 20, "it hardly ticked")
      best = math.min(best, percentile(delays, 99))
      if best < LATE then break end
    end
    print(("%s: 99 of 100 ticks were less than %.1f ms late"):format(home.name, best * 1000))
    assert.is_true(best < LATE)
  end)
end

-- --- Servers that do not answer -------------------------------------------------------------

local function patience(home)
  for _, full in ipairs { true, false } do
    it("connecting to what does not " .. (full and "accept" or "greet") .. " blocks nothing", function()
      local port, close = silent_listener(full)
      local answer, delays = home:while_ticking(function()
        return home:connect({ host = "127.0.0.1", port = port, secure = "starttls", username = "ann", password = "x" },
          { connect_timeout = 0.3 })
      end)
      close()
      assert.equal("timeout", answer[3].code)
      assert.is_true(#delays >= 20, #delays .. " ticks")
    end)
  end

  it("a call ends when its time is over", function()
    local answer = home:while_ticking(function()
      return assert(home:connect(slow_account(), { call_timeout = 0.01 })):list_mailboxes()
    end)
    assert.equal("timeout", answer[3].code)
  end)
end

-- --- Calls that are disturbed -----------------------------------------------------------------

-- Runs a call in a coroutine of the loop, and meddle(conn) while it waits: what
-- the call answered.
function Home:meddle_with(conn, meddle)
  local answer
  self.run {
    function() answer = { conn:list_mailboxes() } end,
    function()
      self.sleep(DELAY / 4000)
      assert.is_nil(answer, "the call did not wait")
      meddle(conn)
    end,
  }
  return answer
end

-- Fresh connections, made in the loop.
function Home:connected(...)
  local conns, accounts = {}, { ... }
  self:each(#accounts, function(i) conns[i] = assert(self:connect(accounts[i])) end)
  return (table.unpack or unpack)(conns)
end

local function disturbances(home)
  it("a second call at once is refused as busy", function()
    local conn, err = home:connected(slow_account()), nil
    local answer = home:meddle_with(conn, function() err = select(3, conn:get_mailbox_status { mailbox = "INBOX" }) end)
    assert.equal("busy", err.code)
    assert.equal("INBOX", answer[1][1].path)
    home.run { function() conn:close() end }
  end)

  it("a call whose connection another coroutine closes answers closed", function()
    local conn = home:connected(slow_account())
    local answer = home:meddle_with(conn, function() assert.is_true(conn:close()) end)
    assert.equal("closed", answer[3].code)
    assert.is_false(conn:is_open())
  end)

  it("a connection that is cut ends alone", function()
    local account, codes = slow_account(), {}
    local cut = servers.proxied(servers.dovecot():account("tls"), { "delay=" .. DELAY, "cut-server=2500" })
    local lost, kept = home:connected(cut, account)
    home.run {
      function()
        local err
        repeat err = select(3, lost:list_mailboxes()) until err
        codes.lost = err.code
      end,
      function() codes.kept = assert(kept:list_mailboxes())[1].path end,
    }
    assert.same({ lost = "closed", kept = "INBOX" }, codes)
    home.run { function() kept:close() end }
  end)
end

-- --- What stays behind -----------------------------------------------------------------------------

-- Descriptors that are open. (A pipe to count them would be one, now and then two.)
local function open_descriptors()
  local name, count = os.tmpname(), 0
  os.execute("ls /proc/$PPID/fd >" .. name)
  for _ in io.lines(name) do count = count + 1 end
  os.remove(name)
  return count
end

-- Those, and the kilobytes that Lua holds; LuaJIT's traces, which come when it likes,
-- are no one's.
local function held()
  if jit then jit.flush() end
  collectgarbage()
  collectgarbage()
  return open_descriptors(), collectgarbage("count")
end

-- Ten rounds of connections, of which half are closed and half forgotten.
function Home:come_and_go()
  local account = servers.dovecot():account("tls")
  for round = 1, 10 do
    self:each(4, function()
      local conn = assert(self:connect(account))
      assert(conn:list_mailboxes())
      if round % 2 == 0 then conn:close() end
    end)
  end
end

-- A call in a coroutine that only the wait of the home knows, and forgets.
local function leave_a_call(home)
  home.run { function()
    local conn = assert(home:connect(slow_account()))
    local thread = coroutine.create(function() return conn:list_mailboxes() end)
    assert(coroutine.resume(thread))
    assert.equal("busy", select(3, conn:list_mailboxes()).code)
    assert.is_true(conn:close())
    assert.equal("closed", select(3, conn:list_mailboxes()).code)
  end }
end

local function remains(home)
  it("connections that come and go leave nothing behind", function()
    home:come_and_go()
    local descriptors, kilobytes = held()
    home:come_and_go()
    local later, grown = held()
    assert.equal(descriptors, later)
    assert.is_true(grown < kilobytes + 16, ("%.1f KB more"):format(grown - kilobytes))
  end)

  it("a coroutine that nobody resumes leaves nothing behind", function()
    leave_a_call(home)
    local descriptors = held()
    leave_a_call(home)
    assert.equal(descriptors, (held()))
  end)
end

-- --- What people read -------------------------------------------------------------------------------

-- Each program of the page counts two mailboxes, in either order.
local function paper(home)
  it("the page's Lua works as it stands there", function()
    local outputs = page(home.page)
    assert.is_true(#outputs > 0, "the page has no Lua")
    for _, output in ipairs(outputs) do
      assert.truthy(output == "INBOX\t7\nDrafts\t0\n" or output == "Drafts\t0\nINBOX\t7\n", output)
    end
  end)
end

return function(home)
  setmetatable(home, Home)
  return function()
    if home.page then paper(home) end
    punctuality(home)
    patience(home)
    disturbances(home)
    remains(home)
  end
end
