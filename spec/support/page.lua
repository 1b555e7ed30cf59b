--- Runs the Lua of a page under docs/ as it stands there: each block a program
--- of its own, on an account with the demo's mail.
local imapconn = require "imapconn"
local mail = dofile "tools/demo/mail.lua"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"

-- What a program prints, in the environment of the account.
local function run(code, account)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(code)
  file:close()
  local output = shell.capture(("%sSSL_CERT_FILE=%s %s %s"):format(shell.account(account),
    shell.quote(account.ca_file), shell.quote(os.getenv "LUA"), name))
  os.remove(name)
  return output
end

--- What each block prints.
return function(name)
  local account, outputs = servers.dovecot():account("tls"), {}
  local conn = assert(imapconn.connect(account))
  assert(mail.fill(conn))
  conn:close()
  for code in shell.read_file("docs/" .. name .. ".md"):gmatch("\n```lua\n(.-\n)```\n") do
    outputs[#outputs + 1] = run(code, account)
  end
  return outputs
end
