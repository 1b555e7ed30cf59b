--- How a connection waits in cqueues: the option `wait = require "imapconn.wait.cqueues"`.
local cqueues = require "cqueues"

--- Lets the other coroutines of the queue go on until `fd` is readable. The
--- queue must not remember `fd`: the connection may close it before it comes
--- back, and another one may get its number.
---@type imapconn.Wait
return function(fd, seconds)
  cqueues.poll({ pollfd = fd, events = "r" }, seconds)
  cqueues.cancel(fd)
  return true
end
