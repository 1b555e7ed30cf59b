-- Coroutines that poll(2) drives.
local home = require "spec.support.home"
local poll = require "imapconn.wait.poll"

describe("in poll", home { name = "poll", page = "script", wait = poll.wait, run = poll.run, sleep = poll.sleep })

describe("poll.run", function()
  it("goes on with whoever has slept long enough", function()
    local order = {}
    local function sleeper(seconds)
      return function()
        poll.sleep(seconds)
        order[#order + 1] = seconds
        return nil, "what functions answer is nobody's affair"
      end
    end
    poll.run { sleeper(0.04), sleeper(0.02), sleeper(0) }
    assert.same({ 0, 0.02, 0.04 }, order)
  end)

  it("lets one that just yields go on after the others", function()
    local order = {}
    local function counter(name)
      return function()
        for i = 1, 2 do
          order[#order + 1] = name .. i
          coroutine.yield()
        end
      end
    end
    poll.run { counter "a", counter "b" }
    assert.same({ "a1", "b1", "a2", "b2" }, order)
  end)

  it("raises what a function raises", function()
    local cause = {}
    local ok, raised = pcall(poll.run, { function() poll.sleep(math.huge) end, function() error(cause) end })
    assert.is_false(ok)
    assert.equal(cause, raised)
  end)
end)
