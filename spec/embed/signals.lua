--- What signals.c runs: a long way there and back, on a server that takes its
--- time. Its words are the folder, the server's port and a size in octets.
local folder, port, size = ...
package.path = folder .. "/lua/?.lua;" .. folder .. "/lua/?/init.lua"
local imapconn = require "imapconn"

local conn = assert(imapconn.connect { host = "127.0.0.1", port = tonumber(port), secure = false,
  username = "ann", password = "hunter2", auth = "PLAIN" })
assert(conn:append_message { mailbox = "A", content = ("x"):rep(tonumber(size)) })
assert(conn:rename_mailbox { path = "A", new_path = "B" })
assert(conn:close())
