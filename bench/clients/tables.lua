--- The floor that makes the tables of a listing in C, as a client of the bench.
local delivered = require "bench.clients.delivered"
local floor = require "tables"

floor.open()
delivered.measured(function()
  local messages = floor.list()
  return function()
    for _, message in ipairs(messages) do io.write(delivered.line(message)) end
  end
end)
floor.close()
