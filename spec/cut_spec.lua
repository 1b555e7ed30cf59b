-- The cut: a session of all twelve actions, connecting included, ends after
-- each of its octets, in either direction.
local session = require "spec.support.session"

local CHANGES = {
  CREATE = true, SUBSCRIBE = true, RENAME = true, APPEND = true,
  ["UID STORE"] = true, ["UID COPY"] = true, ["UID EXPUNGE"] = true,
}
-- Done twice, these do harm.
local ONCE = { append_message = true, copy_message = true, rename_mailbox = true }
local MOST_TRIES = 4 -- calls of the stream that may follow its end

-- What the step's outcome must be, by what the server took and said.
local function outcome_of(step, stream)
  local changes, taken, unanswered = {}, 0, 0
  for _, command in ipairs(step.commands) do
    if CHANGES[command.word] then changes[#changes + 1] = command end
  end
  for _, command in ipairs(#changes > 0 and changes or step.commands) do
    if command.till <= stream.sent then
      taken = taken + 1
      if command.answered > stream.said then unanswered = unanswered + 1 end
    end
  end
  if taken == 0 then return "not_sent" end
  return (unanswered > 0 or #changes == 0) and "unknown" or "partial"
end

-- The step that does not come to its end.
local function victim_of(recorded, cut)
  for i, step in ipairs(recorded.steps) do
    if step.said > (cut.server or math.huge) or step.sent > (cut.client or math.huge) then return i end
  end
end

local function check_failure(step, stream, where, value, message, err)
  assert.is_nil(value, where)
  assert.are.equal("closed", err.code, where)
  assert.are.equal(message, err.message)
  assert.are.equal(outcome_of(step, stream), err.outcome, where)
  assert.are.equal(err.outcome == "partial", err.done ~= nil, where)
  if ONCE[step.name] then assert.are.equal(err.outcome == "not_sent", err.retryable, where) end
  assert.is_true(stream.after_cut <= MOST_TRIES, where)
end

-- One session that is cut; which outcomes were seen goes to `seen`.
local function check_cut(recorded, cut, seen)
  local victim = victim_of(recorded, cut)
  local stream = recorded:stream(cut)
  local sent
  local conn = session.run(stream, function(i, value, message, err)
    local step = recorded.steps[i]
    local where = ("%s, cut after %s octets of the %s"):format(step.name, cut.server or cut.client,
      cut.server and "server" or "client")
    if i < victim then
      assert(value, message)
      if i > 1 then assert.are.same(step.value, value, where) end
    elseif i == victim then
      check_failure(step, stream, where, value, message, err)
      seen[err.outcome] = (seen[err.outcome] or 0) + 1
      sent = stream.sent
    else
      assert.are.equal("closed", err.code, where)
      assert.are.equal("not_sent", err.outcome, where)
    end
  end)
  assert.are.equal(victim > 1, conn ~= nil)
  if conn then
    assert.is_false(conn:is_open())
    assert.is_true(conn:close())
  end
  assert.is_true(stream.closed)
  assert.are.equal(sent, stream.sent)
end

describe("The cut", function()
  local recorded = session.record()

  local function cut_each(direction, last, slow)
    local seen = {}
    for n = 0, last - 1, slow and 5 or 1 do
      check_cut(recorded, { [direction] = n, slow = slow }, seen)
    end
    assert.is_true(seen.not_sent > 0 and seen.unknown > 0 and seen.partial > 0)
  end

  it("leaves a session that is not cut as it was", function()
    for _, slow in ipairs { false, true } do
      local calls = 0
      session.run(recorded:stream { slow = slow }, function(i, value, message)
        calls = calls + 1
        assert(value, message)
        if i > 1 then assert.are.same(recorded.steps[i].value, value) end
      end)
      assert.are.equal(13, calls)
    end
  end)

  it("after each octet of the server is closed, with the right outcome", function()
    cut_each("server", recorded.said)
  end)

  it("after each octet of the client is closed, with the right outcome", function()
    cut_each("client", recorded.sent)
  end)

  it("(each fifth) is the same where octets come one by one", function()
    cut_each("server", recorded.said, true)
    cut_each("client", recorded.sent, true)
  end)
end)
