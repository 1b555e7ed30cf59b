-- Copas, which Debian has for Lua 5.1 and 5.2: where it is not there, Lua 5.1
-- runs these specs.
local shell = require "spec.support.shell"

local has_copas, copas = pcall(require, "copas")
if not has_copas then
  it("Copas passes its specs on Lua 5.1", function()
    local output = shell.capture("env -u MAKEFLAGS -u MAKELEVEL make test LUA=lua5.1 SPEC=spec/homes/copas_spec.lua")
    for figures in output:gmatch("Copas: [^\n]+") do print(figures) end
  end)
  return
end

local home = require "spec.support.home"
local timers = require "spec.support.timers"()

-- The loop of Copas itself has no end.
local function run(functions)
  local left, failure = #functions, nil
  for _, fn in ipairs(functions) do
    copas.addthread(function()
      copas.setErrorHandler(function(reason) failure = reason end)
      fn()
      left = left - 1
    end)
  end
  while left > 0 do
    copas.step(timers.left(1))
    timers.wake()
    if failure then error(failure, 0) end
  end
end

describe("in Copas", home {
  name = "Copas", page = "copas", wait = require "imapconn.wait.copas", run = run, sleep = timers.sleep,
})
