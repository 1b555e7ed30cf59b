-- imapconn in a real nginx: over cosockets with one worker process, and the
-- blocking module in worker threads.
local servers = require "spec.support.servers"

local CONF = [[
worker_processes 1;
thread_pool mail threads=8 max_queue=1000;
events { worker_connections 1024; }
http {
  resolver 127.0.0.1 ipv6=off;
  lua_ssl_trusted_certificate @CA_FILE@;
  lua_ssl_verify_depth 2;
  lua_socket_log_errors off;
  lua_worker_thread_vm_pool_size 8;
  init_by_lua_block {
    function options(more)
      local all = { host = "127.0.0.1", server_name = "localhost", port = @TLS@, username = "web", password = "secret" }
      for name, value in pairs(more or {}) do all[name] = value end
      return all
    end
    function try(more)
      local conn, message, err = require "imapconn.nginx".connect(options(more))
      if not conn then return ngx.say(err.code, " ", err.field or "", " ", message) end
      return conn
    end
    function list(conn)
      local rows, message = conn:list_mailboxes {}
      ngx.say(rows and "INBOX of " .. #rows or message)
    end
  }
  server {
    listen 127.0.0.1:@PORT@;
@LOCATIONS@
  }
}
]]

-- Each page runs Lua in the worker.
local PAGES = {
  tls = [[ local conn = try()
    list(conn) ngx.say(conn:info().tls.backend, " ", conn:info().greeting ~= nil) conn:close() ]],
  starttls = [[ local conn = try { secure = "starttls", port = @PLAIN@ }
    list(conn) ngx.say(conn:info().tls.backend) conn:close() ]],
  name = [[ try { server_name = "elsewhere.example" } ]],
  unverified = [[ list(try { server_name = "elsewhere.example", verify = false }) ]],
  starttls_name = [[ try { secure = "starttls", port = @PLAIN@, server_name = "elsewhere.example" } ]],
  refused = [[ try { port = 1 } ]],
  option = [[ try { ca_file = "/nowhere" } ]],
  password = [[ try { password = "wrong" } ]],
  kept = [[ for i = 1, 2 do
      local conn = try { username = "kept" }
      conn:search_messages { mailbox = "INBOX" }
      ngx.say(conn:info().greeting == nil, " ", #conn:list_mailboxes {})
      ngx.say(conn:keepalive(60, 4), " ", conn:is_open())
    end
    try { username = "kept", password = "wrong" }
    local conn = try { username = "kept" }
    ngx.say(conn:info().greeting == nil) conn:close() ]],
  large = [[ local conn = try { username = "large" }
    local text = "Subject: large\r\n\r\n" .. ("x"):rep(70, "\r\n"):rep(3000, "\r\n") .. "\r\n"
    conn:append_message { mailbox = "INBOX", content = text }
    local found = conn:search_messages { mailbox = "INBOX" }
    ngx.say(conn:download_message { mailbox = "INBOX", uid = found[#found].uid }.content == text) conn:close() ]],
  slow = [[ list(try { secure = false, port = @SLOW@, auth = "PLAIN", username = "slow" }) ]],
  ping = [[ ngx.say("pong") ]],
  -- Light threads of this worker stand for a hundred clients; another one pings meanwhile.
  crowd = [[ local function fetch(path)
      local sock = ngx.socket.tcp()
      sock:settimeout(60000)
      assert(sock:connect("127.0.0.1", ngx.var.server_port))
      sock:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
      local answer = sock:receive("*a")
      sock:close()
      return answer
    end
    local function timed(path)
      ngx.update_time()
      local start = ngx.now()
      local answer = fetch(path)
      ngx.update_time()
      return ngx.now() - start, answer
    end
    fetch("/slow")
    local one = timed("/slow")
    local good, running, pings = 0, 100, {}
    ngx.update_time()
    local start, threads = ngx.now(), {}
    for i = 1, 100 do
      threads[i] = ngx.thread.spawn(function()
        if fetch("/slow"):find("INBOX of", 1, true) then good = good + 1 end
        running = running - 1
      end)
    end
    threads[101] = ngx.thread.spawn(function()
      while running > 0 do
        pings[#pings + 1] = timed("/ping")
        ngx.sleep(0.005)
      end
    end)
    for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
    ngx.update_time()
    local all = ngx.now() - start
    table.sort(pings)
    ngx.say(("%d good, one %.3f, all %.3f, pings %d, median %.4f"):format(
      good, one, all, #pings, pings[math.ceil(#pings / 2)])) ]],
  threads = [[ local good, waiting = 0, {}
    local function work(i)
      for _ = 1, 5 do
        local ok, rows = ngx.run_worker_thread("mail", "mail_job", "list", {
          host = "localhost", port = @TLS@, username = "thread-" .. i, password = "secret", ca_file = "@CA_FILE@" })
        if ok and type(rows) == "table" and rows[1].path then good = good + 1 else ngx.say(tostring(rows)) end
      end
    end
    for i = 1, 8 do waiting[i] = ngx.thread.spawn(work, i) end
    for _, thread in ipairs(waiting) do ngx.thread.wait(thread) end
    ngx.say(good, " good ", ngx.run_worker_thread("nobody", "mail_job", "list", {})) ]],
}

local function locations()
  local text = {}
  for name, code in pairs(PAGES) do
    text[#text + 1] = ("    location = /%s { content_by_lua_block {%s} }"):format(name, code)
  end
  text[#text + 1] = [[
    location = /log { content_by_lua_block { ngx.say("said") }
      header_filter_by_lua_block {
        local _, _, err = require "imapconn.nginx".connect(options())
        ngx.header["X-Code"] = err.code
      }
    }
    location = /phase { content_by_lua_block {
      ngx.say(ngx.location.capture("/log").header["X-Code"])
    } }]]
  return table.concat(text, "\n")
end

describe("over cosockets", function()
  local nginx

  setup(function()
    local dovecot = servers.dovecot()
    local plain = dovecot:account("plain")
    nginx = servers.nginx(CONF:gsub("@LOCATIONS@", function() return locations() end), {
      TLS = dovecot:account("tls").port, PLAIN = plain.port, SLOW = servers.delayed(plain, 100).port,
      MODULE = "spec/nginx/mail_job.lua",
    })
  end)

  local function gives(pattern, page)
    local answer = nginx:get("/" .. page)
    assert.truthy(answer:find(pattern), page .. " answered: " .. answer .. "\n" .. nginx:log())
    return answer
  end

  it("a mailbox is listed under TLS", function() gives("^INBOX of %d+\nnginx true\n$", "tls") end)
  it("STARTTLS upgrades", function() gives("^INBOX of %d+\nnginx\n$", "starttls") end)
  it("the certificate's name is checked, unless told otherwise", function()
    gives("^tls .*certificate ", "name")
    gives("^tls .*certificate ", "starttls_name")
    gives("^INBOX of", "unverified")
  end)
  it("a failure says its stage", function()
    gives("^connect .*refused", "refused")
    gives("^auth ", "password")
    gives("^unsupported ca_file ", "option")
    gives("^unsupported", "phase")
  end)
  it("a large message goes out and comes back", function() gives("^true\n$", "large") end)
  it("a connection is kept for its own login alone", function()
    gives("^false %d+\ntrue false\ntrue %d+\ntrue false\nauth .-\ntrue\n$", "kept")
  end)
  it("a hundred requests do not block the worker", function()
    local one, all, median = gives("^100 good, ", "crowd"):match("one ([%d.]+), all ([%d.]+), .* median ([%d.]+)")
    assert.is_true(tonumber(all) < 3 * tonumber(one), ("all took %s, one %s"):format(all, one))
    assert.is_true(tonumber(median) < 0.010, "the median is " .. median)
  end)
  it("in worker threads the blocking module works, eight at a time", function()
    gives("^40 good false", "threads")
    assert.is_nil(nginx:log():find("exited on signal", 1, true))
  end)
end)
