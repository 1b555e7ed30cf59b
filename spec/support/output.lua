--- How busted reports: a line per file, each failure as it happens, and at the
--- very end `N passed, N failed`. Errors and pending specs count as failed, and
--- so does a run in which no spec ran.

local busted = require "busted"

local SLOWEST = 5           -- how many of the slowest specs are named
local WORTH_NAMING = 0.5    -- seconds; a faster spec is not slow

local passed, failed = 0, 0
local file_passed, file_failed = 0, 0
local failures, durations = {}, {}

local function say(text, ...)
  io.stdout:write(text:format(...), "\n")
  io.stdout:flush()
end

local function full_name(element)
  local words, here = {}, element
  while here and here.descriptor ~= "file" and here.descriptor ~= "suite" do
    table.insert(words, 1, here.name or here.descriptor)
    here = busted.parent(here)
  end
  return #words > 0 and table.concat(words, " ") or tostring(element.name)
end

--- The lines of a traceback that belong to the specs or to imapconn.
local function own_lines(traceback)
  local lines = {}
  for line in traceback:gmatch "[^\n]+" do
    if line:match "^%s+%S+:%d+:" and not line:match "/busted/" and not line:match "/luassert/" then
      lines[#lines + 1] = line
    end
  end
  return lines
end

local function show_failure(element, message, trace)
  local place = element.trace
  local title = full_name(element)
  if place then title = ("%s:%d: %s"):format(place.short_src, place.currentline, title) end
  failures[#failures + 1] = title
  say("FAILED %s", title)
  say("  %s", (tostring(message or "no message"):gsub("\n", "\n  ")))
  for _, line in ipairs(own_lines(trace and trace.traceback or "")) do say("%s", line) end
end

local function count(status)
  if status == "success" then
    passed, file_passed = passed + 1, file_passed + 1
  else
    failed, file_failed = failed + 1, file_failed + 1
  end
end

--- A spec's failure is shown here and counted at its end; one outside of any
--- spec (a file that does not load, a setup) has no end, and is counted here.
local function on_failure(element, _, message, trace)
  show_failure(element, message, trace)
  if element.descriptor ~= "it" then count "failure" end
  return nil, true
end

local function on_pending(element, _, message)
  show_failure(element, message or "pending: nothing may be left pending", element.trace)
  return nil, true
end

local function on_spec_end(element, _, status)
  if status == "pending" and element.descriptor == "pending" then on_pending(element) end
  count(status)
  durations[#durations + 1] = { seconds = element.duration, name = full_name(element) }
  return nil, true
end

local function on_file_start()
  file_passed, file_failed = 0, 0
  return nil, true
end

local function on_file_end(file)
  say("%-48s %5d passed%s %8.2f s", file.name:gsub("^%./", ""), file_passed,
    file_failed > 0 and (", %d failed"):format(file_failed) or "", file.duration)
  return nil, true
end

local function name_slowest()
  table.sort(durations, function(a, b) return a.seconds > b.seconds end)
  for rank = 1, math.min(SLOWEST, #durations) do
    local spec = durations[rank]
    if spec.seconds < WORTH_NAMING then break end
    if rank == 1 then say "\nSlowest:" end
    say("%8.2f s  %s", spec.seconds, spec.name)
  end
end

local function on_suite_end()
  name_slowest()
  if #failures > 0 then say "\nFailed:" end
  for _, title in ipairs(failures) do say("  %s", title) end
  if passed + failed == 0 then say "\nNo spec ran." end
  return nil, true
end

--- Exits itself: busted's own status is the number of failures, of which the
--- system keeps eight bits.
local function on_exit()
  say("\n%d passed, %d failed", passed, failed)
  os.exit((failed == 0 and passed > 0) and 0 or 1, true)
end

--- Comes after whatever the specs' helpers do at the exit.
local function on_suite_start()
  busted.subscribe({ "exit" }, on_exit)
  return nil, true
end

return function()
  return {
    subscribe = function()
      busted.subscribe({ "suite", "start" }, on_suite_start)
      busted.subscribe({ "suite", "end" }, on_suite_end)
      busted.subscribe({ "file", "start" }, on_file_start)
      busted.subscribe({ "file", "end" }, on_file_end)
      busted.subscribe({ "test", "end" }, on_spec_end)
      busted.subscribe({ "failure" }, on_failure)
      busted.subscribe({ "error" }, on_failure)
      busted.subscribe({ "pending" }, on_pending)
    end,
  }
end
