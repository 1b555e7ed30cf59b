-- Connecting, and what surrounds a connection: proxies, deadlines, limits, the
-- trace, the caller's own waiting, and transports, against Dovecot.

local imapconn = require "imapconn"
local core = require "imapconn.core"
local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails
local with = mail.with

local function account(security, at)
  return servers.dovecot():account(security, at and { at = at })
end

local function works(options)
  local conn = assert(imapconn.connect(options))
  assert(conn:get_mailbox_status { mailbox = "INBOX" })
  assert.is_true(conn:close())
end

describe("The host", function()
  it("may be a name or an address", function()
    for _, host in ipairs { "localhost", "127.0.0.1" } do
      local conn = assert(imapconn.connect(with(account("tls"), { host = host })))
      same(host, conn:info().host)
      conn:close()
    end
  end)

  it("that has no address is `resolve`", function()
    local err = fails("resolve", imapconn.connect(with(account("tls"), { host = "no-such-host.invalid" })))
    same("not_sent", err.outcome)
    assert.truthy(err.message:find("no-such-host.invalid", 1, true))
  end)

  it("where nobody listens is `connect`", function()
    local err = fails("connect", imapconn.connect(with(account("tls"), { port = 1 })))
    same("not_sent", err.outcome)
    assert.is_true(err.retryable)
  end)

  it("is told in info, with the port", function()
    local options = account("tls")
    local conn = assert(imapconn.connect(options))
    local info = conn:info()
    same({ "localhost", options.port, true, "PLAIN" }, { info.host, info.port, info.secure, info.auth })
    assert.truthy(info.greeting:find("Dovecot", 1, true))
    assert.is_true(info.capabilities.IMAP4REV1 or info.capabilities.IMAP4rev1)
    assert.is_true(info.capabilities.IDLE)
    assert.truthy(tostring(conn):find("open", 1, true))
    assert.is_true(conn:close())
    assert.is_true(conn:close())
    assert.is_false(conn:is_open())
    assert.truthy(tostring(conn):find("closed", 1, true))
  end)
end)

describe("A proxy", function()
  local stdin, file, port

  local function start(...)
    file = os.tmpname()
    local program = assert(os.getenv("IMAPCONN_BUILD")) .. "/tools/gateway"
    stdin = assert(io.popen(("exec '%s' '%s' %s"):format(program, file, table.concat({ ... }, " ")), "w"))
    repeat
      port = io.open(file):read("*n")
    until port
  end

  -- What was asked of it.
  local function asked()
    local requests = {}
    for line in io.lines(file) do requests[#requests + 1] = line end
    table.remove(requests, 1)
    return requests
  end

  after_each(function()
    stdin:close()
    os.remove(file)
  end)

  it("of SOCKS5 resolves the name (socks5h), or gets an address (socks5)", function()
    start()
    for _, security in ipairs(mail.securities) do
      works(with(account(security), { proxy = "socks5h://127.0.0.1:" .. port }))
    end
    local options = account("tls")
    works(with(options, { host = "127.0.0.1", proxy = "socks5://127.0.0.1:" .. port }))
    local requests = asked()
    same(4, #requests)
    same("socks5 localhost " .. options.port, requests[1])
    same("socks5 127.0.0.1 " .. options.port, requests[4])
  end)

  it("of HTTP is asked to CONNECT, with TLS through it", function()
    start()
    for _, security in ipairs(mail.securities) do
      works(with(account(security), { proxy = "http://127.0.0.1:" .. port }))
    end
    same("http localhost " .. account("tls").port, asked()[1])
    same(3, #asked())
  end)

  it("may want a name and a password, which stay out of trace and error", function()
    start("dXNlcjpvcGVuc2VzYW1l")                        -- user:opensesame
    local told = {}
    local function trace(_, line) told[#told + 1] = line end
    works(with(account("tls"), { proxy = "http://user:opensesame@127.0.0.1:" .. port, trace = trace }))
    same(1, #asked())
    local err = fails("connect", imapconn.connect(with(account("tls"),
      { proxy = "http://user:opensesami@127.0.0.1:" .. port, trace = trace })))
    same(1, #asked())
    told[#told + 1] = err.message
    local text = table.concat(told, "\n")
    for _, secret in ipairs { "opensesame", "opensesami", "dXNlcjpv" } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
  end)

  it("that does not reach the server is `connect`", function()
    start()
    for _, kind in ipairs { "http", "socks5h" } do
      fails("connect", imapconn.connect(with(account("tls"), { port = 1, proxy = kind .. "://127.0.0.1:" .. port })))
    end
  end)

  it("that is not there is `connect`, and no name is `resolve`", function()
    start()
    fails("connect", imapconn.connect(with(account("tls"), { proxy = "socks5h://127.0.0.1:1" })))
    fails("resolve", imapconn.connect(with(account("tls"), { proxy = "http://no-such-host.invalid:8080" })))
  end)
end)

describe("A deadline", function()
  it("ends connecting to a server that is silent", function()
    for _, security in ipairs { "tls", "plain" } do
      local slow = servers.delayed(account(security), 3000)
      local began = core.now()
      local err = fails("timeout", imapconn.connect(with(slow, { connect_timeout = 0.2 })))
      same("not_sent", err.outcome)
      assert.is_true(core.now() - began < 1, "it took " .. core.now() - began)
    end
  end)

  it("ends a call that gets no byte for `timeout` seconds", function()
    local options = servers.delayed(account("plain"), 150)
    local conn = assert(imapconn.connect(with(options, { timeout = 0.2 })))
    local began = core.now()
    local err = fails("timeout", conn:append_message { mailbox = "INBOX", content = mail.short("late") })
    same("unknown", err.outcome)
    assert.is_true(core.now() - began < 1)
    same("closed", fails("closed", conn:get_mailbox_status { mailbox = "INBOX" }).code)
    assert.is_false(conn:is_open())
  end)

  it("is not met by `timeout` while bytes drip, but by `call_timeout`", function()
    local plain = account("plain")
    local direct = assert(imapconn.connect(plain))
    mail.box(direct, "dripping", "one", "two")
    local options = servers.proxied(plain, { "drip=1" })
    local conn = assert(imapconn.connect(with(options, { timeout = 0.3, call_timeout = math.huge })))
    local began = core.now()
    same({ "one", "two" }, mail.subjects(conn, "dripping"))
    assert.is_true(core.now() - began > 0.3)
    conn:close()
    conn = assert(imapconn.connect(with(options, { timeout = 10, call_timeout = 0.2 })))
    began = core.now()
    fails("timeout", conn:search_messages { mailbox = "dripping" })
    assert.is_true(core.now() - began < 1)
    direct:close()
  end)

  it("can be switched off", function()
    works(with(account("tls"), { connect_timeout = math.huge, timeout = math.huge, call_timeout = math.huge }))
  end)
end)

describe("A connection that is cut", function()
  it("is `closed` in the middle of a call", function()
    local plain = account("plain")
    local direct = assert(imapconn.connect(plain))
    local path = mail.box(direct, "cut", "one", "two", "three")
    for _, how in ipairs { "reset=0", "reset=1" } do
      local options = servers.proxied(plain, { "cut-server=1500", how })
      local conn = assert(imapconn.connect(options))
      local err
      for _ = 1, 10 do
        err = err or select(3, conn:search_messages { mailbox = path })
      end
      same("closed", err and err.code)
      assert.is_false(conn:is_open())
    end
    direct:close()
  end)

  it("leaves it unknown whether the message was stored, or not sent before its end", function()
    local plain = account("plain")
    local direct = assert(imapconn.connect(plain))
    same(0, assert(direct:get_mailbox_status { mailbox = "INBOX" }).messages) -- Dovecot makes it now
    local text = mail.short("cut") .. ("x"):rep(5000) .. "\r\n"
    local conn = assert(imapconn.connect(servers.proxied(plain, { "cut-client=2000" })))
    local err = fails("closed", conn:append_message { mailbox = "INBOX", content = text })
    assert.is_true(err.outcome == "unknown" or err.outcome == "not_sent")
    same(0, assert(direct:get_mailbox_status { mailbox = "INBOX" }).messages)
    direct:close()
  end)
end)

describe("A limit", function()
  local plain, path
  setup(function()
    plain = account("plain")
    local conn = assert(imapconn.connect(plain))
    path = mail.box(conn, "limits", "one", "two", "three")
    assert(conn:append_message { mailbox = path, content = mail.short("big") .. ("0123456789\r\n"):rep(20000) })
    conn:close()
  end)

  local function limited(limits)
    return assert(imapconn.connect(with(plain, { limits = limits })))
  end

  it("of literals ends the connection, but not where a sink takes them", function()
    local conn = limited { literal = 100000 }
    local size = 0
    assert(conn:download_message { mailbox = path, index = 4, sink = function(chunk) size = size + #chunk end })
    assert.is_true(size > 200000)
    fails("limit", conn:download_message { mailbox = path, index = 4 })
    assert.is_false(conn:is_open())
    assert(limited { literal = 300000 }:download_message { mailbox = path, index = 4 })
  end)

  it("of rows ends it", function()
    assert(limited { messages = 4 }:search_messages { mailbox = path })
    fails("limit", limited { messages = 3 }:search_messages { mailbox = path })
  end)

  it("of a line ends it, also before the login", function()
    fails("limit", imapconn.connect(with(plain, { limits = { line = 40 } })))
  end)

  it("that is none is refused", function()
    same("limits", fails("invalid_argument", imapconn.connect(with(plain, { limits = { lines = 7 } }))).field)
  end)
end)

describe("The trace", function()
  it("shows each line, but no content and no secret", function()
    for _, security in ipairs(mail.securities) do
      local lines = {}
      local conn = assert(imapconn.connect(with(account(security), {
        trace = function(direction, line)
          assert.truthy(direction == "C" or direction == "S")
          assert.is_nil(line:find("[\r\n]"))
          lines[#lines + 1] = direction .. ": " .. line
        end,
      })))
      local text = mail.short("private matter")
      assert(conn:append_message { mailbox = "INBOX", content = text })
      assert(conn:download_message { mailbox = "INBOX", index = 1 })
      conn:close()
      local all = table.concat(lines, "\n")
      assert.truthy(lines[1]:find("^S: %* OK"))
      assert.truthy(all:find("C: %w+ APPEND INBOX {" .. #text .. "%+}"))
      assert.truthy(all:find("S: [^\n]*BODY%[%] {" .. #text .. "}"))
      assert.truthy(all:find("C: %w+ LOGOUT"))
      assert.is_nil(all:find("private matter", 1, true))
      assert.is_nil(all:find("secret", 1, true))
      assert.is_nil(all:find("AHVzZXI", 1, true))                 -- "\0user" in base64
    end
  end)

  it("that fails is `callback`, and the connection goes on", function()
    local armed
    local conn = assert(imapconn.connect(with(account("tls"), {
      trace = function() if armed then armed = false; error("no disk") end end,
    })))
    armed = true
    local err = fails("callback", conn:get_mailbox_status { mailbox = "INBOX" })
    assert.truthy(err.message:find("no disk", 1, true))
    assert(conn:get_mailbox_status { mailbox = "INBOX" })
    conn:close()
  end)
end)

describe("Capabilities", function()
  it("are asked for where the greeting has none; by libcurl once, and under STARTTLS once more", function()
    for security, most in pairs { tls = 0, plain = 1, starttls = 2 } do
      local asked = 0
      local conn = assert(imapconn.connect(with(account(security), {
        trace = function(direction, line)
          if direction == "C" and line:find(" CAPABILITY", 1, true) then asked = asked + 1 end
        end,
      })))
      conn:close()
      same({ security, most }, { security, asked })
    end
  end)
end)

describe("Waiting", function()
  -- A server that cannot have answered before anybody waits.
  local function far() return servers.delayed(account("plain"), 10) end

  it("is asked of the caller's function, with one descriptor for life", function()
    for _, security in ipairs(mail.securities) do
      local fds, count, longest = {}, 0, 0
      works(with(account(security), {
        wait = function(fd, seconds)
          fds[fd], count, longest = true, count + 1, math.max(longest, seconds)
          return core.wait(fd, seconds)
        end,
      }))
      same("number", type(next(fds)))
      assert.is_nil(next(fds, (next(fds))))
      assert.is_true(count > 0 and longest > 0)
    end
  end)

  it("may end early, as often as it likes", function()
    local count = 0
    works(with(account("tls"), {
      wait = function(fd)
        count = count + 1
        return core.wait(fd, 0.0005)
      end,
    }))
    assert.is_true(count > 1)
  end)

  it("that fails ends the connection as `callback`", function()
    local broken
    local conn = assert(imapconn.connect(with(far(), {
      wait = function(fd, seconds)
        if broken then return nil, "the loop is gone" end
        return core.wait(fd, seconds)
      end,
    })))
    broken = true
    local err = fails("callback", conn:get_mailbox_status { mailbox = "INBOX" })
    assert.truthy(err.message:find("the loop is gone", 1, true))
    assert.is_false(conn:is_open())
  end)

  it("that yields lets two connections work side by side in one thread", function()
    local order = {}
    local function worker(name, options)
      return coroutine.create(function()
        options = with(options, { wait = function(fd, seconds)
          local ready
          repeat
            coroutine.yield()
            ready = core.wait(fd, 0)
            seconds = seconds - 0.001
          until ready or seconds <= 0
          return true
        end })
        local conn = assert(imapconn.connect(options))
        for i = 1, 5 do
          assert(conn:append_message { mailbox = "INBOX", content = mail.short(name .. " " .. i) })
          order[#order + 1] = name
        end
        same({ name .. " 1", name .. " 2", name .. " 3", name .. " 4", name .. " 5" }, mail.subjects(conn, "INBOX"))
        conn:close()
        order[#order + 1] = name .. " done"
      end)
    end
    local slow = servers.delayed(account("plain"), 10)
    local workers = { worker("one", slow), worker("two", with(slow, { username = slow.username .. "b" })) }
    local alive = #workers
    local deadline = core.now() + 20
    while alive > 0 and core.now() < deadline do
      alive = 0
      for _, thread in ipairs(workers) do
        if coroutine.status(thread) ~= "dead" then
          assert(coroutine.resume(thread))
          alive = alive + 1
        end
      end
    end
    same(12, #order)
    local text = table.concat(order, ",")
    assert.truthy(text:find("one,two", 1, true) and text:find("two,one", 1, true), text)
  end)

  it("keeps other calls out meanwhile, and close comes through", function()
    local conn, other
    conn = assert(imapconn.connect(with(far(), {
      wait = function(fd, seconds)
        if conn and not other then
          other = { conn:get_mailbox_status { mailbox = "INBOX" } }
          same("busy", other[3].code)
          assert.is_true(other[3].retryable)
          assert.is_true(conn:close())
        end
        return core.wait(fd, seconds)
      end,
    })))
    fails("closed", conn:get_mailbox_status { mailbox = "INBOX" })
    assert.truthy(other)
    assert.is_false(conn:is_open())
  end)
end)

-- What goes through one is shown by the transcripts.
describe("A transport", function()
  it("is given the options, and its failure is told", function()
    local given
    local err = fails("connect", imapconn.connect {
      host = "elsewhere.example", port = 4711, secure = false, username = "ann", password = "secret", auth = "PLAIN",
      transport = { connect = function(options)
        given = options
        return nil, "no route"
      end },
    })
    same({ "elsewhere.example", 4711, false }, { given.host, given.port, given.secure })
    assert.truthy(err.message:find("no route", 1, true))
  end)
end)
