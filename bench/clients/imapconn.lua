--- imapconn as a client of the bench: does the workload that the environment
--- names (see bench/run.lua). usage: lua imapconn.lua [batch|full]
local imapconn = require "imapconn"
local delivered = require "bench.clients.delivered"

local env = os.getenv
local mailbox = env "BENCH_MAILBOX"

local function options()
  local tls = env "BENCH_TLS" == "1"
  return {
    host = env "BENCH_HOST", port = tonumber(env "BENCH_PORT"), username = env "BENCH_USER",
    password = env "BENCH_PASSWORD", secure = tls, ca_file = tls and env "BENCH_CA" or nil,
    auth = not tls and "PLAIN" or nil,
  }
end

local conn

local work, tell = {}, {}
local results

function work.listing()
  results = assert(conn:search_messages { mailbox = mailbox,
    fields = { "uid", "flags", "internal_date", "size", "envelope", "body_structure" } })
end
function tell.listing()
  for _, message in ipairs(results) do io.write(delivered.line(message)) end
end

local workload = env "BENCH_WORKLOAD"
conn = assert(imapconn.connect(options()))
delivered.measured(work[workload], tell[workload])
conn:close()
