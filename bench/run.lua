--- The bench: runs every client of every workload in turn, against a private
--- Dovecot. usage: lua bench/run.lua   (by `make bench`)
---
--- A client learns by its environment what to do: BENCH_WORKLOAD, _HOST, _PORT,
--- _TLS (0 or 1), _CA, _USER, _PASSWORD, _MAILBOX, _COUNT. bench/measure.c says
--- what it must print, and when.
local imapconn = require "imapconn"
local servers = require "spec.support.servers"
local clients = require "bench.clients"
local workloads = require "bench.workloads"

local only = os.getenv "ONLY"
local runs = tonumber(os.getenv "RUNS") or 5
local build = assert(os.getenv "IMAPCONN_BUILD") .. "/bench/"

local server = servers.dovecot()

local function quote(word) return "'" .. tostring(word):gsub("'", "'\\''") .. "'" end

local function environment(workload)
  local settings = server.settings
  local variables = {
    WORKLOAD = workload.name, HOST = settings.HOST, PORT = workload.tls and settings.IMAPS_PORT or settings.IMAP_PORT,
    TLS = workload.tls and 1 or 0, CA = settings.CA_FILE, USER = workload.user or "bench",
    PASSWORD = settings.PASSWORD, MAILBOX = workload.mailbox, COUNT = workload.count,
  }
  local words = { "env" }
  for name, value in pairs(variables) do words[#words + 1] = quote("BENCH_" .. name .. "=" .. value) end
  return table.concat(words, " ")
end

-- One run of one client: what measure.c prints, as a table.
local function measure(workload, name)
  local delivered = build .. "delivered"
  local pipe = assert(io.popen(("%s %smeasure %s %s"):format(environment(workload), build, delivered,
    clients.command(name))))
  local said = pipe:read "a"
  local wall, cpu, peak, turns, hash = said:match "^(%S+) (%S+) (%d+) (%d+) (%x+)\n$"
  assert(pipe:close() and wall, ("%s failed at %s"):format(name, workload.name))
  return { wall = tonumber(wall), cpu = tonumber(cpu), peak = tonumber(peak) / 1024, turns = tonumber(turns),
    hash = hash }
end

local function administrator(workload)
  local account = server:account("plain", { username = workload.user or "bench" })
  return assert(imapconn.connect(account))
end

local function median(samples, field)
  local values = {}
  for i, sample in ipairs(samples) do values[i] = sample[field] end
  table.sort(values)
  return values[(#values + 1) // 2]
end

local function run(workload)
  local admin, samples = administrator(workload), {}
  if workload.fill then workload.fill(admin) end
  for _ = 1, runs do
    for _, name in ipairs(workload.clients) do
      if clients.command(name) then
        samples[name] = samples[name] or {}
        table.insert(samples[name], measure(workload, name))
      end
    end
  end
  admin:close()
  return samples
end

for _, workload in ipairs(workloads) do
  if not only or only == workload.name then
    print(workload.title)
    local samples = run(workload)
    for _, name in ipairs(workload.clients) do
      if samples[name] then
        print(("%-20s %8.3f s %8.3f s CPU %8.1f MB %s"):format(name, median(samples[name], "wall"),
          median(samples[name], "cpu"), median(samples[name], "peak"), samples[name][1].hash))
      end
    end
  end
end
