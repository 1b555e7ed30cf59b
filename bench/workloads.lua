--- What the bench measures: each workload with its mail, its clients and how
--- much there is to do.
local fill = require "bench.fill"

local workloads = {}

-- The peers that do every workload, each as the command of its client.
local PEERS = { "libetpan", "go-imap", "imaplib", "imapflow" }

local function beside_peers(...)
  local clients = { ... }
  for _, peer in ipairs(PEERS) do clients[#clients + 1] = peer end
  return clients
end

workloads[1] = {
  name = "listing", title = "Listing 20,000 messages: flags, date, size, envelope and body structure",
  mailbox = "Mail", count = 20000, fill = fill.mail,
  clients = beside_peers("floor", "floor: tables", "imapconn"),
}

return workloads
