-- docs/nginx.md: its nginx.conf and its job, taken from the page and run. Another
-- server stands in for imap.example.org, another port and authority for those named.
local imapconn = require "imapconn"
local servers = require "spec.support.servers"

local file = assert(io.open "docs/nginx.md")
local page = file:read "*a"
file:close()

-- The one snippet in this language.
local function snippet(language)
  local all = {}
  for code in page:gmatch("\n```" .. language .. "\n(.-\n)```\n") do all[#all + 1] = code end
  assert(#all == 1, "docs/nginx.md has " .. #all .. " snippets of " .. language)
  return all[1]
end

-- The text with `old`, which must be in it `times`, replaced.
local function replace(text, old, new, times)
  local result, count = text:gsub(old:gsub("%p", "%%%0"), (new:gsub("%%", "%%%%")))
  assert.are.equal(times, count, old)
  return result
end

-- What the page says about worker threads: asked where there is one for two jobs.
local FACTS = [[
    location /facts { content_by_lua_block {
      local account = { host = "127.0.0.1", port = 1, username = "ann", password = "secret" }
      local function job(pool, module, options)
        local ran, rows, message = ngx.run_worker_thread(pool, module, "unread", options)
        ngx.say(ran, " ", (tostring(rows):match "[^\n]*"), " ", message)
      end
      job("nobody", "mail_job", account)
      job("mail", "no_such_module", account)
      job("mail", "mail_job", { wait = function() end })
      job("mail", "mail_job", account)
      local first = ngx.thread.spawn(job, "mail", "mail_job", account)
      job("mail", "mail_job", account)
      ngx.thread.wait(first)
    } }

]]

describe("docs/nginx.md", function()
  local nginx, facts, folder

  setup(function()
    local account = servers.dovecot():account("tls", { username = "ann-of-the-page" })
    local conn = assert(imapconn.connect(account))
    assert(conn:append_message { mailbox = "INBOX", content = "Subject: Lunch\r\n\r\nAt noon?\r\n" })
    conn:close()
    local conf = replace(snippet "nginx", "/etc/ssl/certs/ca-certificates.crt", "@CA_FILE@", 1)
    conf = replace(conf, "127.0.0.1:8080", "127.0.0.1:@PORT@", 1)
    conf = replace(conf, '"ann"', '"' .. account.username .. '"', 2)
    local there = ('host = "127.0.0.1", server_name = "localhost", port = %d'):format(account.port)
    conf = conf:gsub('host = "imap%.example%.org"', there, 1)
    conf = replace(conf, 'host = "imap.example.org"', there .. ', ca_file = "@CA_FILE@"', 1)
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    local job = assert(io.open(folder .. "/mail_job.lua", "w"))
    job:write(snippet "lua")
    job:close()
    nginx = servers.nginx(conf, { MODULE = folder .. "/mail_job.lua" })
    conf = replace(conf, "lua_worker_thread_vm_pool_size 8", "lua_worker_thread_vm_pool_size 1", 1)
    conf = replace(conf, "    location /threads", FACTS .. "    location /threads", 1)
    facts = servers.nginx(conf, { MODULE = folder .. "/mail_job.lua" })
  end)

  teardown(function() os.execute("rm -r " .. folder) end)

  it("has a page over cosockets that works, from the pool too", function()
    for _ = 1, 3 do assert.are.equal("1 Lunch\n", nginx:get "/cosockets", nginx:log()) end
  end)

  it("has one by a worker thread that works, eight at a time", function()
    local pipe = io.popen("curl --no-progress-meter --parallel --parallel-immediate --parallel-max 8 '"
      .. nginx.url .. "/threads?[1-40]'")
    local said = pipe:read "*a"
    pipe:close()
    assert.are.equal(("1 Lunch\n"):rep(40), said, nginx:log())
    assert.is_nil(nginx:log():find("exited on signal", 1, true))
  end)

  it("says what fails there, and how", function()
    local lines = {}
    for line in facts:get("/facts"):gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.matches("^false.*thread pool", lines[1])
    assert.matches("^false.*no_such_module", lines[2])
    assert.matches("^false.*LUA_TFUNCTION", lines[3])
    assert.matches("^true nil connect to 127%.0%.0%.1:1: ", lines[4])
    assert.matches("^false.*no available Lua vm", lines[5])
  end)
end)
