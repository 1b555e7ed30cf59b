--- How a connection waits in Copas: the option `wait = require "imapconn.wait.copas"`.
--- Copas calls select: it cannot wait for descriptors from 1024 on.
local copas = require "copas"

-- What Copas and LuaSocket's select take for a socket. It is dry once, so that
-- Copas waits once.
local Descriptor = {}
Descriptor.__index = Descriptor

function Descriptor:getfd()
  return self.fd
end

function Descriptor.dirty()
  return false
end

-- Copas calls it where a thread ends: the connection closes what is its own.
function Descriptor.close() end

function Descriptor:receive()
  if self.awaited then return "" end
  self.awaited = true
  return nil, "timeout"
end

--- Lets the other threads of Copas go on until `fd` is readable. It needs no
--- timer: `fd` becomes readable when the time is over, too.
---@type imapconn.Wait
return function(fd)
  copas.receive(setmetatable({ fd = fd }, Descriptor))
  return true
end
