-- conn:keepalive in nginx: whom the pool gives a connection to, and which ones it is
-- never given. One from the pool is known by its having no greeting.
local hostile = require "spec.support.hostile"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"
local site = require "spec.support.site"

-- The account that logs in first, and one change for each thing that the pool's
-- name covers. Each change by itself must meet another connection, or none.
local CHANGES = [[
  function keep(more)
    local conn = assert(try(more))
    assert(conn:keepalive(60, 4))
  end
  function origin(more)
    more.connect_timeout = 3 -- secure = "starttls" meets a TLS port
    local conn = require "imapconn.nginx".connect(options(more))
    if not conn then return "refused" end
    local info = conn:info()
    conn:close()
    return info.greeting and "fresh" or "pooled", info.auth
  end
  base = { verify = false, client_cert = "@CERTS@/ann.pem", client_key = "@CERTS@/ann.key" }
  changes = {
    host = "127.0.0.4", port = @OTHER@, secure = "starttls", verify = true, server_name = "imap.example.org",
    username = "other", auth = "PLAIN", password = "wrong", access_token = "token",
    client_cert = "@NOTED@/ann.pem", client_key = "@NOTED@/ann.key",
    nobody = { client_cert = none, client_key = none },
    stranger = { client_cert = "@CERTS@/ann-unknown-ca.pem", client_key = "@CERTS@/ann-unknown-ca.key" },
  }
  function changed(name, value) -- one of these, on top of the base
    local more = {}
    for other, kept in pairs(base) do more[other] = kept end
    for other, new in pairs(type(value) == "table" and value or { [name] = value }) do more[other] = new end
    return more
  end
]]

-- A folder with ann's certificate and key, each with a note on top: another file.
local function note_files()
  local folder = shell.new_folder()
  for _, path in ipairs { servers.certificate "ann" } do
    shell.write_file(folder .. path:match("/[^/]*$"), "a note\n" .. shell.read_file(path))
  end
  shell.capture("chmod -R a+rX " .. shell.quote(folder))
  return folder
end

local PAGES = {
  identity = [[ for name, value in pairs(changes) do
      keep(base)
      ngx.say(name, " ", (origin(changed(name, value))))
      local whence, mechanism = origin(base)
      ngx.say("the same ", whence, " ", mechanism)
    end
    keep(base)
    ngx.say("clear ", (origin(changed("secure", false)))) ]],
  again = [[ for turn = 1, 3 do
      local conn = try()
      conn:search_messages { mailbox = "INBOX" }
      ngx.say(conn:info().greeting and "fresh" or "pooled", " ", conn:info().auth, " ", #conn:list_mailboxes {} > 0)
      ngx.say(conn:keepalive(60, 4), " ", conn:is_open(), " ", (select(3, conn:list_mailboxes {}).code))
    end ]],
  bare = [[ local said = {}
    for turn = 1, 2 do
      local conn = try { secure = false, auth = "PLAIN", host = "@BARE_HOST@", port = @BARE_PORT@,
        trace = function(direction, line) said[#said + 1] = direction .. " " .. line end }
      conn:get_mailbox_status { mailbox = "INBOX" }
      conn:search_messages { mailbox = "INBOX", fields = { "uid" } }
      ngx.say(conn:info().greeting and "fresh" or "pooled", " ", conn:keepalive(60, 4))
    end
    for _, line in ipairs(said) do
      local command = line:match "^C %w+ (%u+)"
      if command == "EXAMINE" or command == "CLOSE" or command == "UNSELECT" then ngx.say(command) end
    end ]],
  unfinished = [[ local conn, code = try { username = "unfinished" }
    conn:append_message { mailbox = "INBOX", content = "Subject: x\r\n\r\n" .. ("x"):rep(100000) }
    conn:download_message { mailbox = "INBOX", index = 1,
      sink = function() code = code or select(3, conn:keepalive()).code end }
    ngx.say(code, " ", conn:is_open())
    local thread = ngx.thread.spawn(conn.list_mailboxes, conn)
    ngx.say(select(3, conn:keepalive()).code)
    ngx.thread.wait(thread)
    conn:close()
    ngx.say((origin { username = "unfinished" })) ]],
  forgotten = [[ keep { username = "one" } keep { username = "two" }
    ngx.say((origin { username = "one" }), " ", (origin { username = "two" })) ]],
  arguments = [[ local conn = try()
    ngx.say(select(3, conn:keepalive("long")).field, " ", select(3, conn:keepalive(1, 0)).field)
    ngx.say(conn:keepalive(math.huge)) ]],
  -- The server's port is in the address.
  hostile = [[ local conn = try { secure = false, auth = "PLAIN", port = tonumber(ngx.var.arg_port) }
    local _, message, err = conn:keepalive(60, 4)
    ngx.say(err.code, " ", conn:is_open(), " ", message) ]],
}

local LOCATIONS = [[ location = /drip { lua_socket_buffer_size 1; content_by_lua_block {]] .. PAGES.hostile .. [[} } ]]

describe("nginx's pool", function()
  local web, narrow, noted

  setup(function()
    local dovecot = servers.dovecot()
    noted = note_files()
    local bare = dovecot:account("plain", { at = "bare" })
    local more = { init = CHANGES, locations = LOCATIONS, values = {
      OTHER = dovecot:account("tls").port, BARE_HOST = bare.host, BARE_PORT = bare.port, NOTED = noted,
    } }
    web = site.serve(PAGES, dovecot:account("tls", { at = "sasl", username = "kept" }), more)
    more.init = CHANGES .. [[
      local lru = require "resty.lrucache"
      local new = lru.new
      function lru.new() return new(1) end
    ]]
    narrow = site.serve(PAGES, dovecot:account("tls"), more)
  end)

  teardown(function() shell.remove(noted) end)

  it("gives a connection to its own login alone", function()
    local answer = web:gives("^%l", "identity")
    local _, same = answer:gsub("the same pooled SCRAM%-SHA%-256\n", "")
    assert.are.equal(13, same, answer)
    local others = answer:gsub("the same [^\n]*\n", "")
    assert.is_nil(others:find("pooled", 1, true), answer)
    for name in ("username auth server_name verify port client_cert client_key nobody stranger"):gmatch "%S+" do
      assert.truthy(others:find(name .. " fresh", 1, true), name .. " was to log in by itself: " .. answer)
    end
    for name in ("password secure clear"):gmatch "%S+" do
      assert.truthy(others:find(name .. " refused", 1, true), name .. " was to be refused: " .. answer)
    end
  end)

  it("gives it back with its mechanism, as often as it is kept", function()
    web:gives("^fresh SCRAM%-SHA%-256 true\ntrue false closed\n" ..
      ("pooled SCRAM%-SHA%-256 true\ntrue false closed\n"):rep(2) .. "$", "again")
  end)

  it("gets what has left its mailbox, without UNSELECT too", function()
    web:gives("^fresh true\npooled true\n" .. ("EXAMINE\nEXAMINE\nCLOSE\n"):rep(2) .. "$", "bare")
  end)

  it("gets nothing that is in the middle of a call", function()
    web:gives("^busy true\nbusy\nfresh\n$", "unfinished")
  end)

  it("gives nothing of which it is not known how it logged in", function()
    narrow:gives("^fresh pooled\n$", "forgotten")
  end)

  it("refuses arguments that mean nothing", function()
    web:gives("^seconds size\ntrue\n$", "arguments")
  end)

  -- "drip" reads octet by octet, so that what is too much is still in the socket.
  for _, page in ipairs { "hostile", "drip" } do
    it("gets nothing that has more to say, or has failed: " .. page, function()
      for _, ending in ipairs { [[S- \T OK here\r\n* 1 EXI]], [[S- \T OK here\r\n* 1 EXISTS\r\n]],
        [[S- \T OK here\r\n* BYE\r\n]], [[S: x7 OK never asked for]], [[! close]] } do
        local server = hostile.play(hostile.login() .. "C: NOOP\n" .. ending)
        local answer = web:gives("^%l+ false ", page .. "?port=" .. server.port)
        assert.truthy(answer:find("^closed") or answer:find("^protocol"), answer)
        server:stop()
      end
    end)
  end
end)
