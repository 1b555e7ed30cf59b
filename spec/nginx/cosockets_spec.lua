-- imapconn over the cosockets of a real nginx: TLS and its verification, STARTTLS,
-- client certificates, and failures with their stages.
local hostile = require "spec.support.hostile"
local servers = require "spec.support.servers"
local site = require "spec.support.site"

local HELLO = "\22\3" -- how a ClientHello begins

local PAGES = {
  tls = [[ local conn = try()
    print_list(conn)
    local tls = conn:info().tls
    ngx.say(tls.backend, " ", conn:info().greeting ~= nil)
    conn:close() ]],
  starttls = [[ local conn = try { secure = "starttls", port = @PLAIN@ }
    print_list(conn)
    ngx.say(conn:info().tls.backend)
    conn:close() ]],
  wrong_name = [[ try { server_name = "elsewhere.example" } ]],
  wrong_name_starttls = [[ try { server_name = "elsewhere.example", secure = "starttls", port = @PLAIN@ } ]],
  -- Each of these shows its own certificate; the last is one for 127.0.0.1 alone.
  certificates = [[ for number = 4, 9 do try { host = "127.0.0." .. number } end
    try { host = "127.0.0.9", server_name = "127.0.0.1" } ]],
  unverified = [[ for number = 4, 9 do print_list(try { host = "127.0.0." .. number, verify = false }) end ]],
  client_certificate = [[
    local function show(more)
      more.port, more.auth, more.username, more.password = @SASL_TLS@, "EXTERNAL", none, none
      local conn = try(more)
      if conn then ngx.say(conn:info().auth) conn:close() end
    end
    show { client_cert = "@CERTS@/ann.pem", client_key = "@CERTS@/ann.key" }
    show { client_cert = "@CERTS@/ann-unknown-ca.pem", client_key = "@CERTS@/ann-unknown-ca.key" }
    show { client_cert = "@CERTS@/ann.pem", client_key = "@CERTS@/server.key" }
    for _, key in ipairs { "nowhere.key", "ann.pem", "ann-encrypted.key" } do
      show { client_cert = "@CERTS@/ann.pem", client_key = "@CERTS@/" .. key }
    end
    show { client_cert = "@CERTS@/ann.key" } ]],
  unsupported = [[ for name, value in pairs {
      ca_file = "/x.pem", ca_path = "/x", min_tls_version = "TLSv1.2", max_tls_version = "TLSv1.3", min_dh_size = 2048,
      pinned_public_key = "sha256//AAAA", proxy = "http://proxy.example", wait = function() end, transport = {},
      client_key_password = "x", compress = true } do
      local _, message, err = require "imapconn.nginx".connect(options { [name] = value })
      if err.code ~= "unsupported" or err.field ~= name or err.outcome ~= "not_sent" then ngx.say(name, message) end
    end
    local conn = try { compress = false }
    print_list(conn) conn:close() ]],
  refused = [[ try { port = 1 } ]],
  unresolved = [[ try { host = "imap.example.org" } ]],
  password = [[ try { password = "wrong" } ]],
  functions = [[ local names = {}
    for name in pairs(require "imapconn.nginx") do names[#names + 1] = name end
    table.sort(names)
    ngx.say(table.concat(names, " ")) ]],
  nothing = [[ local _, _, err = require "imapconn.nginx".connect() ngx.say(err.code) ]],
  large = [[ local conn = try()
    local text = "Subject: large\r\n\r\n" .. ("x"):rep(70, "\r\n"):rep(3000, "\r\n") .. "\r\n"
    conn:append_message { mailbox = "INBOX", content = text }
    local found = conn:search_messages { mailbox = "INBOX" }
    ngx.say(conn:download_message { mailbox = "INBOX", uid = found[#found].uid }.content == text) conn:close() ]],
  -- The server's port is in the address.
  early = [[ try { secure = "starttls", port = tonumber(ngx.var.arg_port),
      connect_timeout = tonumber(ngx.var.arg_seconds) } ]],
  phases = [[ for _, phase in ipairs { "init", "header_filter", "body_filter", "log" } do
      ngx.say(phase, " ", answers[phase]) end ]],
  silent = [[ try { port = tonumber(ngx.var.arg_port), connect_timeout = tonumber(ngx.var.arg_seconds) } ]],
  deaf = [[ local conn = try { secure = false, auth = "PLAIN", port = tonumber(ngx.var.arg_port), call_timeout = 0.5 }
    local _, _, err = conn:append_message { mailbox = "INBOX", content = ("x"):rep(70, "\r\n"):rep(80000) }
    ngx.say(err.code, " ", err.outcome, " ", conn:is_open()) ]],
}

local LOCATIONS = [[
    location = /early_byte { lua_socket_buffer_size 1; content_by_lua_block {]] .. PAGES.early .. [[} }
    location = /drops { lua_socket_buffer_size 1; content_by_lua_block {]] .. PAGES.tls .. [[} }
    location = /said { content_by_lua_block { ngx.say("said") }
      header_filter_by_lua_block { attempt() }
      body_filter_by_lua_block { attempt() }
      log_by_lua_block { attempt() }
    }
]]

-- What connect answered in each phase.
local INIT = [[
    answers = {}
    function attempt()
      local _, message, err = require "imapconn.nginx".connect(options())
      answers[ngx.get_phase()] = err.code .. " - " .. message
    end
    attempt()
]]

-- The page meets a server that plays `script`, and gives up after so many seconds:
-- what the server heard.
local function meets(web, script, page, pattern, seconds)
  local server = hostile.play(script)
  web:gives(pattern, ("%s?port=%d&seconds=%g"):format(page, server.port, seconds or 10))
  return server:stop()
end

describe("over cosockets", function()
  local web

  setup(function()
    local dovecot = servers.dovecot()
    web = site.serve(PAGES, dovecot:account("tls", { username = "web" }), { init = INIT, locations = LOCATIONS,
      values = { PLAIN = dovecot:account("plain").port, SASL_TLS = dovecot:account("tls", { at = "sasl" }).port } })
  end)

  it("a mailbox is listed under TLS", function()
    web:gives("^INBOX of %d+\nnginx true\n$", "tls")
  end)

  it("an octet at a time will do", function()
    web:gives("^INBOX of %d+\nnginx true\n$", "drops")
  end)

  it("STARTTLS upgrades", function()
    web:gives("^INBOX of %d+\nnginx\n$", "starttls")
  end)

  it("a certificate for another name is refused", function()
    web:gives("^tls %- .*certificate ", "wrong_name")
    web:gives("^tls %- .*certificate ", "wrong_name_starttls")
  end)

  it("so is one that is self-signed, by an unknown authority, out of its time, or for an address alone", function()
    local answer = web:gives("certificate", "certificates")
    local _, refused = answer:gsub("tls %- connect to 127%.0%.0%.%d:%d+: [^\n]*certificate[^\n]*\n", "")
    assert.are.equal(7, refused, answer)
  end)

  it("none is looked at with verify = false", function()
    web:gives("^" .. ("INBOX of %d+\n"):rep(6) .. "$", "unverified")
  end)

  it("a client certificate logs in, or its failure is named", function()
    local answer = web:gives("^EXTERNAL\n", "client_certificate")
    local seen = {}
    for line in answer:gmatch("[^\n]+") do
      seen[#seen + 1] = line:match("^invalid_argument %- .-: (client_%l+:)") or line:match("^%S+")
    end
    assert.are.same({ "EXTERNAL", "auth", "tls", "client_key:", "client_key:", "client_key:", "client_cert:" },
      seen, answer)
  end)

  it("what nginx.conf decides, and what cosockets cannot, is unsupported", function()
    web:gives("^INBOX of %d+\n$", "unsupported")
  end)

  it("the module is what the annotations say", function()
    web:gives("^_VERSION connect\n$", "functions")
    local index = require "spec.support.annotations".checker().index
    assert.are.equal("nginx.connect(options)", index["nginx:connect"].signature)
    assert.are.equal("_VERSION", index["imapconn.nginx"].fields[1].name)
  end)

  it("a failure says its stage", function()
    web:gives("^connect %- .*refused", "refused")
    web:gives("^resolve %- .*imap%.example%.org", "unresolved")
    web:gives("^auth %- ", "password")
    web:gives("^said\n$", "said")
    local answer = web:gives("^init unsupported", "phases")
    local _, refused = answer:gsub("%l+ unsupported %- [^\n]*no cosockets in this phase: [^\n]*\n", "")
    assert.are.equal(4, refused, answer)
    web:gives("^invalid_argument", "nothing")
  end)

  it("a large message goes out and comes back", function()
    web:gives("^true\n$", "large")
  end)
end)

describe("over cosockets, from a hostile server,", function()
  local web
  setup(function() web = site.serve(PAGES, servers.dovecot():account(), { init = INIT, locations = LOCATIONS,
    values = { PLAIN = 1, SASL_TLS = 1 } }) end)

  local UPGRADE = [[
    S: * OK hello
    C: CAPABILITY
    S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN
    S: \T OK
    C: STARTTLS
  ]]

  -- "early_byte" reads octet by octet, so that what comes behind is still in the socket.
  for _, page in ipairs { "early", "early_byte" } do
    it("what stands behind OK to STARTTLS ends the attempt: " .. page, function()
      for _, behind in ipairs { [[* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n]], [[A003 OK x\r\n]], [[x]], [[\x16]] } do
        local heard = meets(web, UPGRADE .. [[S- \T OK go\r\n]] .. behind, page, "^tls %- ")
        assert.is_nil(heard:find(HELLO, 1, true), heard)
        assert.is_nil(heard:find("AUTHENTICATE", 1, true), heard)
      end
    end)
  end

  it("STARTTLS that is refused ends it", function()
    local heard = meets(web, UPGRADE .. [[S: \T NO not today]], "early", "^tls %- ")
    assert.is_nil(heard:find("AUTHENTICATE", 1, true), heard)
  end)

  it("silence ends in timeout, in the handshake too", function()
    meets(web, "! hang", "silent", "^timeout %- ", 0.3)
    meets(web, UPGRADE .. "S: \\T OK go\n! wait 600", "early", "^timeout %- ", 0.3)
  end)

  it("one that does not read does not hold the worker, or the call", function()
    meets(web, hostile.login() .. "! wait 4000\n! reset", "deaf", "^timeout not_sent false\n$")
    web:gives("^connect", "refused")
  end)
end)
