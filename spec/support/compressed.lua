--- A server that agrees to COMPRESS=DEFLATE: a `transport` for imapconn.connect.
--- It does not unpack what the client says; it says its lines whenever the client
--- has said something.
local imapconn = require "imapconn"

local compressed = {}

local TOOL = assert(os.getenv("IMAPCONN_BUILD")) .. "/tools/deflate"

--- The octets that a server sends for `plain`.
function compressed.pack(plain)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(plain)
  file:close()
  local pipe = assert(io.popen(TOOL .. " <" .. name, "r"))
  local packed = pipe:read("*a")
  pipe:close()
  os.remove(name)
  return packed
end

--- Connects with `compress`, and answers what connect does, and the server.
--- settings: `capabilities`; `behind`, octets in one segment with the OK; `answer`
--- in its place; replies[n](prefix), octets for what the client says n-th, where
--- `prefix` is that of its tags; `step`, how many octets a read takes at most;
--- `limits`.
function compressed.connect(settings)
  local server = { out = "* PREAUTH [CAPABILITY IMAP4rev1 " .. (settings.capabilities or "COMPRESS=DEFLATE")
    .. "] hi\r\n", said = {}, taken = 0 }
  function server:send(bytes)
    self.said[#self.said + 1] = bytes
    local tag = bytes:match("^(%w+) COMPRESS DEFLATE\r\n$")
    if tag then
      self.prefix = tag:match("^%a+")
      self.out = self.out .. (settings.answer and tag .. settings.answer
        or tag .. " OK packed from here\r\n" .. (settings.behind or ""))
    elseif self.prefix and settings.replies then
      local reply = table.remove(settings.replies, 1)
      self.out = self.out .. (reply and reply(self.prefix) or "")
    end
    return #bytes
  end
  function server:receive(max)
    local piece = self.out:sub(1, math.min(max, settings.step or max))
    self.out = self.out:sub(#piece + 1)
    self.taken = self.taken + #piece
    if piece == "" then return nil, "closed" end
    return piece
  end
  function server.close() return true end
  local conn, message, err = imapconn.connect { host = "play", username = "ann", secure = false, compress = true,
    limits = settings.limits, transport = { connect = function() return server end } }
  return conn, message, err, server
end

return compressed
