---@meta imapconn.wait.poll
-- Functions side by side, without an event loop; docs/script.md shows it at work.
-- luacheck: ignore 212 241 631

---Runs functions side by side in one thread, by `poll(2)` alone: for [programs without an event loop](script.md).
---@class imapconn.poll
local poll = {}

---Runs functions side by side until all have ended. An error in one of them is raised here, and the others never go on.
---@param functions function[]
function poll.run(functions) end

---For the option `wait`, in a function that `run` runs: lets the others go on until `fd` is readable, for at most
---`seconds`. Any descriptor will do.
---@param fd integer
---@param seconds number
---@return true
function poll.wait(fd, seconds) end

---In a function that `run` runs: lets the others go on for `seconds`.
---@param seconds number
function poll.sleep(seconds) end

return poll
