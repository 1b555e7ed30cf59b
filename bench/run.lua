--- The bench: runs every client of every workload in turn, against a private
--- Dovecot, near and over a slow line. usage: lua bench/run.lua   (by `make bench`)
---
--- A client learns by its environment what to do: BENCH_WORKLOAD, _HOST, _PORT,
--- _TLS (0 or 1), _CA, _PIN, _USER, _PASSWORD, _MAILBOX, _COUNT, _MESSAGES, _BIG.
--- bench/measure.c says what it must print, and when.
local imapconn = require "imapconn"
local servers = require "spec.support.servers"
local clients = require "bench.clients"
local fill = require "bench.fill"
local report = require "bench.report"
local turns = require "bench.turns"
local workloads = require "bench.workloads"

local env = os.getenv
local only, runs, far_runs = env "ONLY", tonumber(env "RUNS") or 5, tonumber(env "FAR_RUNS") or 3
local DELAY = 25 -- ms in either direction: a turn takes 50
local build = assert(env "IMAPCONN_BUILD") .. "/bench/"

local server = servers.dovecot()

local function quote(word) return "'" .. tostring(word):gsub("'", "'\\''") .. "'" end

local function output(command)
  local pipe = assert(io.popen(command))
  local said = pipe:read "a"
  assert(pipe:close(), command .. " failed")
  return said
end

local function account(workload, far)
  local result = server:account(workload.tls and "tls" or "plain", { username = workload.user or "bench" })
  return far and servers.delayed(result, DELAY) or result
end

-- The public key by which the client that resumes nothing is told not to.
local pin = output("openssl x509 -pubkey -noout -in " .. servers.certificate "server"
  .. " | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"):gsub("\n", "")

-- Where the proxy of a far target counts.
local function turns_file(target)
  local proxied = getmetatable(target)
  return proxied and proxied.folder .. "/turns"
end

-- The octets that went over the proxy so far, both ways: each connection's last
-- line says how many.
local function passed(target)
  local total, of = 0, {}
  if not turns_file(target) then return 0 end
  for line in io.lines(turns_file(target)) do
    local number, up, down = line:match "^(%d+) %d+ (%d+) (%d+)$"
    of[number] = up + down
  end
  for _, octets in pairs(of) do total = total + octets end
  return total
end

local function environment(workload, target)
  local variables = {
    WORKLOAD = workload.does or workload.name, HOST = target.host, PORT = target.port, TLS = workload.tls and 1 or 0,
    CA = server.settings.CA_FILE, PIN = "sha256//" .. pin, USER = target.username, PASSWORD = target.password,
    MAILBOX = workload.mailbox or "INBOX", COUNT = workload.count, MESSAGES = build .. "messages", BIG = build .. "big",
    TURNS = turns_file(target) or "",
  }
  local words = { "env" }
  for name, value in pairs(variables) do words[#words + 1] = quote("BENCH_" .. name .. "=" .. value) end
  return table.concat(words, " ")
end

-- One run of one client: what measure.c prints, as a table.
local function measure(workload, target, name)
  local before = passed(target)
  local said = output(("%s %smeasure '%sdelivered %s' %s"):format(environment(workload, target), build, build, name,
    clients.command(name)))
  local wall, cpu, peak, waits, hash = said:match "^(%S+) (%S+) (%d+) (%d+) (%x+)\n$"
  return { wall = tonumber(wall), cpu = tonumber(cpu), peak = tonumber(peak) / 1024, turns = tonumber(waits),
    hash = hash, wire = (passed(target) - before) / 1024 }
end

-- One client's turn, with the server as it was before the one ahead of it.
local function take_turn(workload, target, admin, name)
  if workload.prepare then
    workload = setmetatable({ mailbox = workload.prepare(admin, workload.mailbox) }, { __index = workload })
  end
  local sample = measure(workload, target, name)
  if workload.verify then workload.verify(admin, workload.count, workload.mailbox) end
  return sample
end

-- Floors deliver nothing, but for the one that makes tables; all others must
-- deliver the same.
local function check(workload, samples)
  local wanted
  for _, name in ipairs(workload.clients) do
    for _, sample in ipairs(samples[name] or {}) do
      if name == "floor: tables" or not name:find "^floor" then
        wanted = wanted or sample.hash
        assert(sample.hash == wanted, ("%s: %s delivered something else (see build/bench)"):format(workload.name, name))
      end
    end
  end
end

-- All clients, one behind the other, `times` over.
local function run(workload, times, far)
  local plain = server:account("plain", { username = workload.user or "bench" })
  local admin, target, samples = assert(imapconn.connect(plain)), account(workload, far), {}
  if workload.fill then workload.fill(admin) end
  for i = 1, times do
    for _, name in ipairs(workload.clients) do
      if clients.command(name) then
        samples[name] = samples[name] or {}
        samples[name][i] = take_turn(workload, target, admin, name)
      end
    end
  end
  admin:close()
  check(workload, samples)
  return samples
end

-- The turns of each action; without TLS, so that they can be told apart.
local function count_turns()
  local workload = { user = "turns" }
  local admin = assert(imapconn.connect(account(workload)))
  local rows = turns.count(measure, admin, account(workload, true))
  admin:close()
  report.print_turns(rows)
  return rows
end

local function run_near_and_far(workload)
  local result = { workload = workload, near = run(workload, runs) }
  report.print(workload.title, workload, result.near)
  if far_runs > 0 then
    local far = setmetatable(workload.far or {}, { __index = workload })
    result.far = run(far, far_runs, true)
    result.far_count = far.count
    report.print(("The same at 50 ms, %d of them"):format(far.count), workload, result.far)
  end
  report.print_targets(result)
  return result
end

fill.write_messages(build .. "messages")
fill.write_big(build .. "big")
local results = {}
for _, workload in ipairs(workloads) do
  if not only or only == workload.name then results[#results + 1] = run_near_and_far(workload) end
end
local rows = (not only or only == "turns") and count_turns()
if not only then report.write(results, rows, runs, far_runs) end
