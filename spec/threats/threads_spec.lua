-- Row H8: Lua states in threads of their own. `make threads` runs this with a
-- host under ThreadSanitizer, which IMAPCONN_THREADS names.
local only = require "spec.support.only"
local servers = require "spec.support.servers"

local host_it = only.with_hosts(it)

local function quote(word) return "'" .. tostring(word) .. "'" end

describe("eight threads", function()
  host_it("H8: each with a Lua state, load the module and act side by side", function()
    local host = os.getenv "IMAPCONN_THREADS" or only.hosts .. "/threads"
    local account = servers.dovecot():account("tls")
    local pipe = assert(io.popen(table.concat({ quote(host), ".", quote(account.host), quote(account.port),
      quote(account.ca_file), quote(account.username), quote(account.password), "2>&1" }, " ")))
    local said = pipe:read("*a")
    pipe:close()
    assert.are.equal("8 threads, 0 failed\n", said)
  end)
end)
