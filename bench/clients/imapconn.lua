--- imapconn as a client of the bench: does the workload that the environment
--- names (see bench/run.lua). usage: lua imapconn.lua [batch|full|compressed]
--- `batch`: the calls in one batch; `full`: no TLS session is resumed;
--- `compressed`: with COMPRESS=DEFLATE.
local imapconn = require "imapconn"
local actions = require "bench.clients.actions"
local delivered = require "bench.clients.delivered"
local mail = require "bench.mail"

local env = os.getenv
local mailbox, count, way = env "BENCH_MAILBOX", tonumber(env "BENCH_COUNT"), arg[1]

local function options()
  local tls = env "BENCH_TLS" == "1"
  return {
    host = env "BENCH_HOST", port = tonumber(env "BENCH_PORT"), username = env "BENCH_USER",
    password = env "BENCH_PASSWORD", secure = tls, ca_file = tls and env "BENCH_CA" or nil,
    auth = not tls and "PLAIN" or nil,
    compress = way == "compressed",
    pinned_public_key = way == "full" and env "BENCH_PIN" or nil,
  }
end

local conn

local function nothing() end
local function as_it_is(value) return value end

-- The action for 1 to `count`, in a loop or in a batch: what `take` keeps of each
-- result.
local function each(action, inputs, take)
  local taken = {}
  if way == "batch" then
    for i, result in ipairs(assert(conn:batch(function(b)
      for i = 1, count do b[action](b, inputs(i)) end
    end))) do taken[i] = take(assert(result.value, result.message)) end
  else
    for i = 1, count do taken[i] = take(assert(conn[action](conn, inputs(i)))) end
  end
  return taken
end

-- What each workload does; it answers what tells what was delivered.
local work = {}

for name, action in pairs(actions) do
  work[name] = function() assert(action(conn, mailbox)) end
end

local function lines(list, line)
  return function()
    for _, value in ipairs(list) do io.write(line(value)) end
  end
end

function work.listing()
  return lines(assert(conn:search_messages { mailbox = mailbox,
    fields = { "uid", "flags", "internal_date", "size", "envelope", "body_structure" } }), delivered.line)
end

function work.download()
  local samplers = {}
  for uid = 1, count do
    samplers[uid] = delivered.sampler()
    assert(conn:download_message { mailbox = mailbox, uid = uid, sink = samplers[uid].take })
  end
  return lines(samplers, function(sampler) return sampler.text() end)
end

function work.small()
  return lines(each("download_message", function(uid) return { mailbox = mailbox, uid = uid } end,
    function(result) return delivered.sample(result.content) end), as_it_is)
end

local messages
function work.append()
  each("append_message", function(i) return { mailbox = mailbox, content = messages[i] } end, nothing)
end

work["append-file"] = function()
  for _ = 1, count do
    local file = assert(io.open(env "BENCH_BIG", "rb"))
    assert(conn:append_message { mailbox = mailbox, content = file })
    file:close()
  end
end

function work.search()
  return lines(each("search_messages", function(n)
    return { mailbox = mailbox, from = mail.sender(n - 1), fields = { "uid" } }
  end, as_it_is), function(rows)
    local uids = {}
    for i, row in ipairs(rows) do uids[i] = row.uid end
    return table.concat(uids, " ") .. "\n"
  end)
end

function work.flags()
  each("add_flags", function(uid)
    return { mailbox = mailbox, uids = uid, flags = { "\\Flagged" }, silent = true }
  end, nothing)
  assert(conn:add_flags { mailbox = mailbox, uids = "1:*", flags = { "\\Seen" }, silent = true })
end

function work.connect()
  for _ = 1, count do assert(imapconn.connect(options())):close() end
end

function work.mailboxes()
  local rows = assert(conn:list_mailboxes { status = { "messages", "unseen", "uid_next", "uid_validity" } })
  table.sort(rows, function(a, b) return a.path < b.path end)
  return lines(rows, function(row)
    local status = row.status
    return ("%s\t%d\t%d\t%d\t%d\n"):format(row.path, status.messages, status.unseen, status.uid_next,
      status.uid_validity)
  end)
end

local workload = env "BENCH_WORKLOAD"
if workload == "append" then messages = delivered.messages(env "BENCH_MESSAGES", count) end
if workload ~= "connect" then conn = assert(imapconn.connect(options())) end
delivered.measured(work[workload])
if conn then conn:close() end
