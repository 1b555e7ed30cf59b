--- Where the octets of a download go: into a string, a function or a file, on
--- the way decoded, counted, and told to `progress`.
local callback = require "imapconn.callback"
local check = require "imapconn.check"
local part = require "imapconn.part"

local download = {}

download.TOO_LARGE = "the message is larger than the limit literal"

--- Reads the input `sink`: a function(chunk), or nil where there is none.
function download.sink(input)
  local sink = input.given.sink
  if sink == nil or type(sink) == "function" then return sink end
  if check.has_method(sink, "write") then
    return function(chunk) return sink:write(chunk) end
  end
  return input:expected("sink", "a function, or an open file", sink)
end

local Flow = {}
Flow.__index = Flow

--- `wanted`: { part, decode, sink, progress, most }. `most`: octets that may be
--- collected where there is no sink.
function download.flow(wanted)
  wanted.done, wanted.size = 0, 0
  return setmetatable(wanted, Flow)
end

-- Once the structure is known: is the part there, and how is it decoded?
function Flow:look(structure)
  if self.looked or not structure or not self.part then return end
  self.looked = true
  local node, body = part.node(structure, self.part)
  self.node, self.absent = node, not node
  if body and self.decode then self.decoder = part.decoder(body) end
end

function Flow:give(chunk)
  self.size = self.size + #chunk
  if chunk == "" then return end
  if self.sink then return callback.tell("sink", self.sink, chunk) end
  if not self.content then
    self.content = chunk -- as a rule it is all
  elseif not self.chunks then
    self.chunks = { self.content, chunk }
  else
    self.chunks[#self.chunks + 1] = chunk
  end
end

--- Takes a piece of `total` octets: nil, or why a callback failed, or
--- nil and true where more was to be held than the limit allows.
function Flow:take(chunk, total)
  if self.absent then return end
  self.done = self.done + #chunk
  local failed = self:give(self.decoder and self.decoder:feed(chunk) or chunk)
  if failed then return failed end
  if not self.sink and self.size > self.most then return nil, true end
  if self.progress then return callback.tell("progress", self.progress, self.done, total) end
end

--- The end: nil or why a callback failed.
function Flow:finish()
  if self.decoder then return self:give(self.decoder:finish()) end
end

--- The result, of what the core answered.
function Flow:result(raw)
  local result = { seq = raw.seq, uid = raw.uid, size = self.size, content = nil }
  if not self.sink then result.content = self.chunks and table.concat(self.chunks) or self.content or "" end
  if self.node then part.describe(result, self.node) end
  if self.decode then result.converted = self.decoder ~= nil and self.decoder:converted() end
  return result
end

return download
