--- What the bench measures: each workload with its mail, its clients and how
--- much there is to do. `far` is what there is less of over a slow line, where a
--- client that waits for each answer would take minutes. `targets`: what `of` the
--- client (imapconn, unless it is named) is at most, times that of the one `beside`.
local fill = require "bench.fill"

local PEERS = { "libetpan", "go-imap", "imaplib", "imapflow" }

local function beside_peers(...)
  local clients = { ... }
  for _, peer in ipairs(PEERS) do clients[#clients + 1] = peer end
  return clients
end

-- What a loop of single calls may cost, and what a batch may take.
local function loop_and_batch(most, beside)
  return {
    { of = "cpu", most = 1.6, beside = "floor" }, { of = "wall", most = 1.1, beside = "libetpan" },
    { of = "wall", client = "imapconn: batch", most = most, beside = beside },
  }
end

local LOOP_AND_BATCH = beside_peers("floor", "floor: together", "imapconn", "imapconn: batch")

return {
  {
    name = "listing", title = "Listing 20,000 messages: flags, dates, size, envelope, body structure",
    mailbox = "Mail", count = 20000, fill = fill.mail,
    clients = beside_peers("floor", "floor: tables", "imapconn", "imapconn: compressed"),
    targets = {
      { of = "cpu", most = 1.2, beside = "floor: tables" }, { of = "peak", most = 1.1, beside = "floor: tables" },
      { of = "cpu", most = 1 / 3, beside = "libetpan" }, { of = "cpu", most = 0.1, beside = "imapflow" },
    },
  },
  {
    name = "download", title = "Downloading 20 messages of 25 MB to a sink",
    mailbox = "Big", count = 20, far = { count = 4 }, fill = fill.big, clients = beside_peers("floor", "imapconn"),
    targets = { { of = "cpu", most = 1.3, beside = "floor" }, { of = "peak", most = 8 } },
  },
  {
    name = "download-tls", does = "download", title = "Downloading 20 messages of 25 MB to a sink, over TLS",
    mailbox = "Big", count = 20, far = { count = 4 }, fill = fill.big, tls = true,
    clients = beside_peers("floor: libcurl", "imapconn"),
    targets = { { of = "cpu", most = 1.1, beside = "floor: libcurl" }, { of = "peak", most = 8 } },
  },
  {
    name = "small", title = "Downloading 3,000 small messages",
    mailbox = "Mail", count = 3000, far = { count = 20 }, fill = fill.mail, clients = LOOP_AND_BATCH,
    targets = loop_and_batch(0.4, "floor"),
  },
  {
    name = "append", title = "Appending 2,000 messages of 4 KB",
    mailbox = "Appended", count = 2000, far = { count = 20 }, clients = LOOP_AND_BATCH,
    prepare = fill.new_box, verify = fill.count_appended,
    targets = loop_and_batch(1.3, "floor: together"),
  },
  {
    name = "append-file", title = "Appending 10 messages of 25 MB from a file",
    mailbox = "File", count = 10, far = { count = 2 }, clients = beside_peers("floor", "imapconn"),
    prepare = fill.new_box, verify = fill.count_big,
    targets = { { of = "cpu", most = 1.3, beside = "floor" }, { of = "peak", most = 8 } },
  },
  {
    name = "append-file-tls", does = "append-file", title = "Appending 10 messages of 25 MB from a file, over TLS",
    mailbox = "FileTLS", count = 10, far = { count = 2 }, tls = true,
    clients = beside_peers("floor: libcurl", "imapconn"), prepare = fill.new_box, verify = fill.count_big,
    targets = { { of = "cpu", most = 1.1, beside = "floor: libcurl" }, { of = "peak", most = 8 } },
  },
  {
    name = "search", title = "50 searches by sender in 20,000 messages",
    mailbox = "Mail", count = 50, far = { count = 20 }, fill = fill.mail, clients = LOOP_AND_BATCH,
    targets = { { of = "cpu", most = 0.35, beside = "libetpan" } },
  },
  {
    name = "flags", title = "Flagging 2,000 messages one by one, then all at once as seen",
    mailbox = "Flags", count = 2000, far = { count = 20 }, fill = fill.flags, clients = LOOP_AND_BATCH,
    prepare = fill.clear_flags, verify = fill.count_flags,
    targets = loop_and_batch(0.6, "floor"),
  },
  {
    name = "connect", title = "200 times: connect over TLS, log in, log out",
    count = 200, far = { count = 10 }, tls = true,
    clients = beside_peers("floor: Mbed TLS", "imapconn", "imapconn: nothing resumed"),
    targets = {
      { of = "cpu", most = 1.1, beside = "floor: Mbed TLS" },
      { of = "cpu", client = "imapconn: nothing resumed", most = 1.1, beside = "floor: Mbed TLS" },
      { of = "turns", most = 1, beside = "floor: Mbed TLS" },
    },
  },
  {
    name = "mailboxes", title = "Listing 2,000 mailboxes with their status",
    user = "boxes", count = 2000, far = { user = "few-boxes", count = 20, fill = fill.few_boxes }, fill = fill.boxes,
    clients = beside_peers("floor", "imapconn"),
    targets = { { of = "turns", most = 1 } },
  },
}
