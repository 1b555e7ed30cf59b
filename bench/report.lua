--- What the bench found: shown as it goes, and written to bench/RESULTS.md with a
--- plot of each workload.
local machine = require "bench.machine"
local plot = require "bench.plot"

local report = {}

--- The value in the middle of the samples' `field`.
function report.median(samples, field)
  local values = {}
  for i, sample in ipairs(samples) do values[i] = sample[field] end
  table.sort(values)
  return values[(#values + 1) // 2]
end

local median = report.median

--- Shows the medians of one workload.
function report.print(title, workload, samples)
  print("\n" .. title)
  print(("%-26s %9s %9s %9s %7s %9s"):format("", "wall s", "CPU s", "MB", "turns", "wire KB"))
  for _, name in ipairs(workload.clients) do
    local of = samples[name]
    print(of and ("%-26s %9.3f %9.3f %9.1f %7d %9.0f"):format(name, median(of, "wall"), median(of, "cpu"),
      median(of, "peak"), median(of, "turns"), median(of, "wire")) or ("%-26s is missing"):format(name))
  end
end

local WHAT = { wall = "wall time", cpu = "CPU", peak = "peak memory", turns = "turns at 50 ms" }

--- Each target of a workload with what was measured, as `{ text, value, most }`;
--- `value` is nil where a client is missing.
function report.targets(result)
  local found = {}
  for i, target in ipairs(result.workload.targets) do
    local field, ours, theirs = target.of, target.client or "imapconn", target.beside
    local samples = field == "turns" and result.far or result.near
    local known = samples and samples[ours] and (not theirs or samples[theirs])
    found[i] = {
      text = ("%s of %s%s"):format(WHAT[field], ours, theirs and " / " .. theirs or field == "peak" and ", MB" or ""),
      value = known and median(samples[ours], field) / (theirs and median(samples[theirs], field) or 1) or nil,
      most = target.most,
    }
  end
  return found
end

local function verdict(target)
  if not target.value then return "not measured" end
  return target.value <= target.most and "met" or "missed"
end

--- Shows which targets a workload meets.
function report.print_targets(result)
  for _, target in ipairs(report.targets(result)) do
    print(("%-60s %8.2f of %.2f: %s"):format(target.text, target.value or 0, target.most, verdict(target)))
  end
end

--- Shows the turns of each action.
function report.print_turns(turns)
  print(("\n%-26s"):format("Turns of each action") .. (" %9s"):rep(#turns.clients):format(table.unpack(turns.clients)))
  for _, row in ipairs(turns) do
    local line = ("%-26s"):format(row.action)
    for _, name in ipairs(turns.clients) do line = line .. (" %9s"):format(row[name] or "missing") end
    print(line)
  end
end

local function target_rows(result, add)
  if not result.workload.targets[1] then return end
  add "\n| target | at most | measured | |\n| --- | --- | --- | --- |"
  for _, target in ipairs(report.targets(result)) do
    add(("| %s | %.4g | %s | %s |"):format(target.text, target.most,
      target.value and ("%.2f"):format(target.value) or "–", verdict(target)))
  end
end

-- The cells of one client: medians, each with its ratio to that of the first of ours.
local function cells(samples, name, fields)
  local list = {}
  for i, field in ipairs(fields) do
    local value = samples[name] and median(samples[name], field)
    local ours = median(samples.imapconn, field)
    local ratio = value and ours > 0 and (" (%.2f)"):format(value / ours) or ""
    list[i] = value and (field == "turns" or field == "wire") and ("%.0f"):format(value)
      or value and ("%.3g%s"):format(value, ratio) or "–"
  end
  return table.concat(list, " | ")
end

local function section(result, add)
  local workload = result.workload
  add("\n## " .. workload.title .. "\n\n![" .. workload.title .. "](plots/" .. workload.name .. ".svg)\n")
  local far = result.far and (" wall, s, at 50 ms (%d) | CPU, s | turns | KB |"):format(result.far_count) or ""
  add("| | wall, s | CPU, s | peak, MB |" .. far)
  add("| --- | ---: | ---: | ---: |" .. far:gsub("[^|]+", " ---: "))
  for _, name in ipairs(workload.clients) do
    local row = ("| %s | %s |"):format(name, cells(result.near, name, { "wall", "cpu", "peak" }))
    if result.far then row = row .. (" %s |"):format(cells(result.far, name, { "wall", "cpu", "turns", "wire" })) end
    add(result.near[name] and row or ("| %s: is missing |"):format(name))
  end
  target_rows(result, add)
end

local function turns_section(turns, add)
  add "\n## Round trips of each action\n"
  add "The turns of waiting of the first call after the login, counted by a proxy.\n"
  add("| action | " .. table.concat(turns.clients, " | ") .. " |")
  add("| --- |" .. (" ---: |"):rep(#turns.clients))
  for _, row in ipairs(turns) do
    local list = {}
    for i, name in ipairs(turns.clients) do list[i] = row[name] or "–" end
    add(("| `%s` | %s |"):format(row.action, table.concat(list, " | ")))
  end
end

local function save(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

local HEAD = [[
# Results of the bench

Written by `make bench` on %s; `make bench ONLY=%s` prints one workload again.

%s

Each client ran near the server (%d runs) and over a line that takes 25 ms in either direction (%d), in turn with the
others. Shown are medians; in brackets, how many times imapconn's value that is. CPU is user plus system time of the
client alone, from logged in to done; memory is the most that was resident. What was delivered is hashed (of a message
that was downloaded, its size and some of its octets), and was the same for all. A floor sends the best bytes and drops
the replies. "Turns" are turns of waiting, and "KB" what went over the line both ways (with login and logout), each
counted by the proxy there; behind TLS, both are those of TLS, handshake included.]]

--- Writes bench/RESULTS.md and the plots.
function report.write(results, turns, runs, far_runs)
  local lines = {}
  local function add(line) lines[#lines + 1] = line end
  add(HEAD:format(os.date "!%Y-%m-%d", results[1].workload.name, machine.describe(), runs, far_runs))
  for _, result in ipairs(results) do
    section(result, add)
    save("bench/plots/" .. result.workload.name .. ".svg", plot.draw(result, median))
  end
  turns_section(turns, add)
  save("bench/RESULTS.md", table.concat(lines, "\n") .. "\n")
end

return report
