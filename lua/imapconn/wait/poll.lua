--- Coroutines side by side in one thread, by poll(2) alone: for programs that
--- have no event loop. A connection waits with the option `wait = poll.wait`.
local core = require "imapconn.core"

local NONE = -1 -- a descriptor that poll(2) passes over

local poll = {}

--- Lets the other functions of poll.run go on until `fd` is readable, for at
--- most `seconds`.
function poll.wait(fd, seconds)
  coroutine.yield(fd, seconds)
  return true
end

--- Lets the other functions of poll.run go on for `seconds`.
function poll.sleep(seconds)
  coroutine.yield(NONE, seconds)
end

-- Runs a task until it waits again, or has ended.
local function continue(task)
  local ok, fd, seconds = coroutine.resume(task.thread)
  if not ok then error(fd, 0) end
  task.fd, task.till = fd or NONE, core.now() + (seconds or 0)
end

-- The descriptors that tasks wait for, and how long none of them has to go on.
local function awaited(tasks)
  local descriptors, till = {}, math.huge
  for i, task in ipairs(tasks) do
    descriptors[i] = task.fd
    till = math.min(till, task.till)
  end
  return descriptors, till - core.now()
end

--- Runs an array of functions side by side until all have ended. An error in
--- one of them is raised here.
function poll.run(functions)
  local tasks = {}
  for i, fn in ipairs(functions) do
    tasks[i] = { thread = coroutine.create(fn), fd = NONE, till = 0 }
  end
  while #tasks > 0 do
    local readable, left = assert(core.poll(awaited(tasks))), {}
    for _, task in ipairs(tasks) do
      if readable[task.fd] or core.now() >= task.till then continue(task) end
      if coroutine.status(task.thread) ~= "dead" then left[#left + 1] = task end
    end
    tasks = left
  end
end

return poll
