--- Coroutines side by side in one thread, by poll(2) alone: for programs that
--- have no event loop. A connection waits with the option `wait = poll.wait`.
local core = require "imapconn.core"

local poll = {}

--- Lets the other functions of poll.run go on until `fd` is readable, for at
--- most `seconds`.
function poll.wait(fd, seconds)
  coroutine.yield(fd, seconds)
  return true
end

--- Lets the other functions of poll.run go on for `seconds`.
function poll.sleep(seconds)
  coroutine.yield(nil, seconds)
end

-- Runs a task until it waits again, or has ended.
local function continue(task)
  local ok, fd, seconds = coroutine.resume(task.thread)
  if not ok then error(fd, 0) end
  task.ended = coroutine.status(task.thread) == "dead"
  if not task.ended then task.fd, task.till = fd, core.now() + (seconds or 0) end
end

-- The descriptors that tasks wait for, and how long none of them has to go on.
local function awaited(tasks)
  local descriptors, till = {}, math.huge
  for _, task in ipairs(tasks) do
    descriptors[#descriptors + 1] = task.fd -- or nothing, where it sleeps
    till = math.min(till, task.till)
  end
  return descriptors, till - core.now()
end

--- Runs an array of functions side by side until all have ended. An error in
--- one of them is raised here.
function poll.run(functions)
  local tasks = {}
  for i, fn in ipairs(functions) do
    tasks[i] = { thread = coroutine.create(fn), till = 0 }
  end
  while #tasks > 0 do
    local readable, left = assert(core.poll(awaited(tasks))), {}
    for _, task in ipairs(tasks) do
      if readable[task.fd] or core.now() >= task.till then continue(task) end
      if not task.ended then left[#left + 1] = task end
    end
    tasks = left
  end
end

return poll
