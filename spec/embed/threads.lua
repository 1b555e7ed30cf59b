--- What each thread of threads.c does: it logs in several times over TLS, and
--- acts in a mailbox of its own.
local number, folder, host, port, ca_file, username, password = ...
package.path = folder .. "/lua/?.lua;" .. folder .. "/lua/?/init.lua"
local imapconn = require "imapconn"

local mailbox = "Thread " .. number
local content = "Subject: =?utf-8?q?J=C3=BCrg?=\r\n\r\n" .. ("text\r\n"):rep(1000)

local function session(round)
  local conn = assert(imapconn.connect {
    host = host, port = tonumber(port), ca_file = ca_file, username = username, password = password,
  })
  assert(conn:create_mailbox { path = mailbox })
  assert(conn:append_message { path = mailbox, content = content })
  local found = assert(conn:search_messages { mailbox = mailbox })
  assert(#found == round and found[1].envelope.subject == "Jürg")
  assert(conn:add_flags { mailbox = mailbox, range = "1:*", flags = { "\\Seen" } })
  assert(assert(conn:download_message { mailbox = mailbox, index = "*" }).content == content)
  -- Every second one is left to the collector.
  if round % 2 == 0 then conn:close() end
end

for round = 1, 4 do
  session(round)
  collectgarbage()
end
