--- What each state of reload.c runs: requires the module twice over, and leaves
--- connections open in every stage that there is.
-- luacheck: globals use_all connections threads
local _, host, port, ca_file, username, password = ...

local function forget_module()
  for name in pairs(package.loaded) do
    if name:find "^imapconn" then package.loaded[name] = nil end
  end
end

local function connect(wait, name)
  return assert(require "imapconn".connect {
    host = name or host, port = tonumber(port), ca_file = ca_file, username = username, password = password,
    wait = wait,
  })
end

local function status(conn)
  return assert(conn:get_mailbox_status { mailbox = "INBOX" })
end

-- Does the work, and again, until it waits for the n-th time, and leaves it there.
local function nth_wait(n, work)
  local wait = require "imapconn.core".wait
  local thread = coroutine.create(function() while true do work() end end)
  local _, fd, seconds = assert(coroutine.resume(thread))
  for _ = 2, n do _, fd, seconds = assert(coroutine.resume(thread, wait(fd, seconds))) end
  return thread
end

connections = { connect() }
forget_module()
connections[2] = connect()
assert(getmetatable(connections[1]) ~= getmetatable(connections[2]))

--- Those from before and after the module was loaded anew work side by side.
function use_all()
  for _, conn in ipairs(connections) do status(conn) end
end
use_all()

connect() -- forgotten, and perhaps collected
local yields = false
local busy = connect(function(...)
  return (yields and coroutine.yield or require "imapconn.core".wait)(...)
end)
yields = true
threads = {
  nth_wait(1, function() connect(coroutine.yield, "slow.example") end), -- for its address
  nth_wait(2, function() connect(coroutine.yield) end), -- for the server's TLS
  nth_wait(1, function() status(busy) end),
}
