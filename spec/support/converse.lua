--- Plays one conversation whole, byte by byte and at random cuts.
local transcript = require "spec.support.transcript"

--- Opens `script` (see transcript.open) in each delivery, calls
--- act(conn, play), and closes: all of the script must have been played, in
--- `turns` turns of waiting (nil: however many). A failure of the conversation
--- itself is told before one of act's.
return function(script, turns, act, options)
  for _, delivery in ipairs(transcript.deliveries) do
    local given = { delivery = delivery }
    for name, value in pairs(options or {}) do given[name] = value end
    local conn, play = transcript.open(script, given)
    local ok, reason = xpcall(function() act(conn, play) end, debug.traceback)
    local counted = play.turns
    conn:close()
    if play.failure then error(delivery .. ": " .. play.failure, 2) end
    if not ok then error(delivery .. ": " .. tostring(reason), 2) end
    play:finish()
    if turns and counted ~= turns then
      error(("%s: %d turns, not %d"):format(delivery, counted, turns), 2)
    end
  end
end
