-- The option `wait`, on a real socket: it may yield, fail and raise.
local core = require "imapconn.core"
local imapconn = require "imapconn"
local servers = require "spec.support.servers"

-- PUC Lua 5.1 cannot yield across pcall: there what wait raises is raised.
local RAISES = not require("imapconn.callback").pcall_yields

-- Each answer comes some milliseconds late, so that it must be waited for.
local function connect(wait)
  local options = servers.delayed(servers.dovecot():account("tls"), 30)
  options.wait = wait
  return imapconn.connect(options)
end

-- A wait that fails with what `trouble` answers, once it answers something.
local function troubled(trouble)
  return function(fd, seconds)
    local how, value = trouble()
    if how == "raise" then error(value, 0) end
    if how == "fail" then return nil, value end
    if how == "false" then return false end
    return core.wait(fd, seconds)
  end
end

local function yielding(fd, seconds)
  return coroutine.yield(fd, seconds)
end

-- Runs functions side by side in coroutines, until all have ended.
local function side_by_side(functions)
  local threads, descriptors = {}, {}
  for i, fn in ipairs(functions) do threads[i] = coroutine.create(fn) end
  local left = #threads
  while left > 0 do
    for i, thread in ipairs(threads) do
      if coroutine.status(thread) ~= "dead" and (not descriptors[i] or core.wait(descriptors[i], 0)) then
        local ok, fd = coroutine.resume(thread, true)
        assert(ok, fd)
        assert(not descriptors[i] or coroutine.status(thread) == "dead" or fd == descriptors[i], "another descriptor")
        descriptors[i] = fd
        if coroutine.status(thread) == "dead" then left = left - 1 end
      end
    end
  end
end

describe("wait", function()
  it("may yield in every call, connecting included", function()
    local found, work = 0, {}
    for i = 1, 10 do
      work[i] = function()
        local conn = assert(connect(yielding))
        assert(conn:append_message { mailbox = "INBOX", content = "Subject: x\n\nx" })
        local messages = assert(conn:search_messages { mailbox = "INBOX" })
        found = found + #messages
        assert(conn:close())
      end
    end
    side_by_side(work)
    assert.are.equal(10, found)
  end)

  it("that fails is callback, and closes the connection", function()
    local cause, how = {}
    for _, trouble in ipairs { "fail", "false", not RAISES and "raise" or nil } do
      how = nil
      local conn = assert(connect(troubled(function() return how, cause end)))
      how = trouble
      local value, message, err = conn:list_mailboxes()
      assert.is_nil(value)
      assert.are.equal("callback", err.code, message)
      assert.are.equal(trouble ~= "false" and cause or false, err.cause)
      assert.is_false(conn:is_open())
      how = nil
      assert.are.equal("closed", select(3, conn:list_mailboxes()).code)
      assert.is_true(conn:close())
    end
  end)

  it("that raises raises from the call on PUC Lua 5.1, with the connection closed", function()
    if not RAISES then return end
    local cause, how = {}, nil
    local function check(run)
      how = nil
      local conn = assert(connect(troubled(function() return how, cause end)))
      how = "raise"
      local ok, value = run(conn.list_mailboxes, conn)
      assert.is_false(ok)
      assert.are.equal(cause, value)
      how = nil
      assert.are.equal("closed", select(3, conn:list_mailboxes()).code)
    end
    check(pcall)
    check(function(...) return coroutine.resume(coroutine.create((...)), select(2, ...)) end)
  end)

  it("that fails while connecting leaves nothing open", function()
    local _, message, err = connect(troubled(function() return "fail", "gone" end))
    assert.are.equal("callback", err.code, message)
    assert.are.equal("gone", err.cause)
  end)

  it("ends at once where another coroutine closes the connection", function()
    local in_coroutine = false
    local conn = assert(connect(function(fd, seconds)
      if in_coroutine then return yielding(fd, seconds) end
      return core.wait(fd, seconds)
    end))
    local thread, fd
    repeat -- until the answer was not there at once
      thread = coroutine.create(function() return conn:list_mailboxes() end)
      in_coroutine = true
      fd = select(2, coroutine.resume(thread))
      in_coroutine = false
    until coroutine.status(thread) == "suspended"
    assert.is_true(conn:close())
    assert.is_true(core.wait(fd, 1))
    local _, value, _, err = coroutine.resume(thread, true)
    assert.is_nil(value)
    assert.are.equal("closed", err.code)
    assert.is_false(conn:is_open())
  end)

  it("is told how long it may take", function()
    local shortest, longest = math.huge, 0
    local options = servers.dovecot():account("tls")
    options.wait = function(fd, seconds)
      shortest, longest = math.min(shortest, seconds), math.max(longest, seconds)
      return core.wait(fd, seconds)
    end
    options.connect_timeout, options.timeout = 20, math.huge
    local conn = assert(imapconn.connect(options))
    assert.is_true(shortest > 0 and longest <= 20)
    repeat assert(conn:list_mailboxes()) until longest > 20 -- some answer must be waited for
    assert.are.equal(600, longest)
    conn:close()
  end)
end)
