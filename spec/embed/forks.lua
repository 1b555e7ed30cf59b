--- What forks.c runs: a child that has its parent's connection, under TLS, may
--- neither speak on it nor end it. Its words are the folder, the server's port and
--- its authority.
local folder, port, authority = ...
package.path = folder .. "/lua/?.lua;" .. folder .. "/lua/?/init.lua"
local imapconn = require "imapconn"
local fork = _G.fork

local function sockets()
  local pipe = assert(io.popen("ls -l /proc/$PPID/fd | grep -c socket:"))
  local count = pipe:read("*n")
  pipe:close()
  return count
end

local conn = assert(imapconn.connect { host = "127.0.0.1", port = tonumber(port), secure = true,
  username = "ann", password = "hunter2", ca_file = authority })
local is_child, ended_well = fork()
if is_child then
  local held = sockets()
  local value, _, err = conn:rename_mailbox { path = "A", new_path = "B" }
  assert(value == nil and err.code == "closed")
  conn = nil -- luacheck: ignore 311
  collectgarbage()
  collectgarbage()
  assert(sockets() == held - 1)
  return
end
assert(ended_well, "the child")
assert(conn:rename_mailbox { path = "A", new_path = "B" })
assert(conn:close())
