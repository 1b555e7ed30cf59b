-- Row H8: Lua states in threads of their own. `make threads` runs this with a
-- host under ThreadSanitizer, which IMAPCONN_THREADS names.
local servers = require "spec.support.servers"

-- The Makefile builds the host for this Lua only.
if _VERSION ~= "Lua 5.4" then return end

local function quote(word) return "'" .. tostring(word) .. "'" end

describe("eight threads", function()
  it("H8: each with a Lua state, load the module and act side by side", function()
    local host = os.getenv "IMAPCONN_THREADS" or os.getenv "IMAPCONN_BUILD" .. "/lua5.4/threads"
    local account = servers.dovecot():account("tls")
    local pipe = assert(io.popen(table.concat({ quote(host), ".", quote(account.host), quote(account.port),
      quote(account.ca_file), quote(account.username), quote(account.password), "2>&1" }, " ")))
    local said = pipe:read("*a")
    pipe:close()
    assert.are.equal("8 threads, 0 failed\n", said)
  end)
end)
