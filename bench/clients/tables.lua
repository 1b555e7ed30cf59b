--- The floor that makes the tables of a listing in C, as a client of the bench.
local delivered = require "bench.clients.delivered"
local floor = require "tables"

local messages
floor.open()
delivered.measured(function() messages = floor.list() end, function()
  for _, message in ipairs(messages) do io.write(delivered.line(message)) end
end)
floor.close()
