--- Sleeping in event loops that have no timers: sleep(seconds) in a coroutine,
--- left(longest) seconds until it is time to wake().
local core = require "imapconn.core"

return function()
  local asleep, timers = {}, {}

  function timers.sleep(seconds)
    asleep[coroutine.running()] = core.now() + seconds
    coroutine.yield()
  end

  function timers.left(longest)
    local till = core.now() + longest
    for _, moment in pairs(asleep) do till = math.min(till, moment) end
    return math.max(0, till - core.now())
  end

  function timers.wake()
    local due = {}
    for thread, moment in pairs(asleep) do
      if core.now() >= moment then due[#due + 1] = thread end
    end
    for _, thread in ipairs(due) do
      asleep[thread] = nil
      assert(coroutine.resume(thread))
    end
  end

  return timers
end
