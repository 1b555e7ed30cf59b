-- What TLS accepts and refuses, against real servers.

local imapconn = require "imapconn"
local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails
local with = mail.with

-- Connects, does one action, and answers what info() says about TLS.
local function works(options)
  local conn = assert(imapconn.connect(options))
  assert(conn:get_mailbox_status { mailbox = "INBOX" })
  local tls = conn:info().tls
  assert.is_true(conn:close())
  return tls
end

-- Fails as `tls`, before anything secret can have been sent.
local function refused(options)
  local lines = {}
  local err = fails("tls", imapconn.connect(with(options, {
    trace = function(direction, line) lines[#lines + 1] = direction .. ": " .. line end,
  })))
  same("not_sent", err.outcome)
  for _, line in ipairs(lines) do
    assert.is_nil(line:find("LOGIN %S") or line:find("AUTHENTICATE", 1, true), line)
  end
  return err
end

local function account(security, at)
  return servers.dovecot():account(security, at and { at = at })
end

local function shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return (output:gsub("%s+$", ""))
end

for _, security in ipairs { "tls", "starttls" } do
  describe("Over " .. security, function()
    describe("a certificate", function()
      local bad = {
        ["self-signed"] = "", ["unknown-ca"] = "", expired = "expired", ["not-yet-valid"] = "",
      }
      for name, word in pairs(bad) do
        it("that is " .. name .. " is refused, and taken where nothing is verified", function()
          local options = with(account(security, name), { server_name = "localhost" })
          local err = refused(options)
          assert.truthy(err.message:lower():find(word, 1, true), err.message)
          works(with(options, { verify = false }))
        end)
      end

      it("for another host is refused, but not where that is the name wanted", function()
        local options = account(security, "wrong-host")
        options.server_name = "localhost"
        refused(options)
        options.server_name = nil
        refused(options)
        works(with(options, { verify = false }))
        works(with(options, { server_name = "imap.example.org" }))
      end)

      it("for an address is good for that address alone", function()
        local options = account(security, "address")
        refused(options)                                          -- 127.0.0.9
        refused(with(options, { server_name = "localhost" }))
        works(with(options, { server_name = "127.0.0.1" }))
      end)

      it("for a name and addresses is good for each of them", function()
        local options = account(security)
        for _, host in ipairs { "localhost", "127.0.0.1" } do works(with(options, { host = host })) end
        refused(with(options, { server_name = "example.org" }))
      end)

      it("of an own authority needs that authority", function()
        local options = account(security)
        options.ca_file = nil
        refused(options)
        local ours = servers.dovecot().settings.CA_FILE
        works(with(options, { ca_file = ours }))
        works(with(account(security, "unknown-ca"),
          { server_name = "localhost", ca_file = (ours:gsub("ca%.pem$", "other-ca.pem")) }))
      end)

      it("is checked against a folder of authorities", function()
        local options = account(security)
        local ours = options.ca_file
        local function folder_of(file)
          local folder = shell("mktemp -d")
          shell(("cp '%s' '%s/authority.pem'"):format(file, folder))
          options.ca_file, options.ca_path = nil, folder
          return folder
        end
        local right = folder_of(ours)
        works(options)
        local wrong = folder_of((ours:gsub("ca%.pem$", "other-ca.pem")))
        refused(options)
        shell(("rm -r '%s' '%s'"):format(right, wrong))
      end)

      it("can be pinned by its key, also where nothing else is verified", function()
        local options = account(security)
        local file = servers.certificate("server")
        local pin = "sha256//" .. shell(("openssl x509 -in '%s' -pubkey -noout | openssl pkey -pubin -outform der"
          .. " | openssl dgst -sha256 -binary | openssl base64 -A"):format(file))
        works(with(options, { pinned_public_key = pin }))
        works(with(account(security, "self-signed"), { server_name = "localhost", verify = false }))
        local wrong = "sha256//" .. ("A"):rep(43) .. "="
        refused(with(options, { pinned_public_key = wrong }))
        refused(with(options, { pinned_public_key = wrong, verify = false }))
        refused(with(account(security, "self-signed"),
          { server_name = "localhost", verify = false, pinned_public_key = pin }))
      end)
    end)

    it("the version is the highest that both allow", function()
      local options = account(security)
      local tls = works(options)
      same("TLSv1.3", tls.version)
      tls = works(with(options, { max_tls_version = "TLSv1.2" }))
      same("TLSv1.2", tls.version)
      assert.truthy(tls.cipher:find("^TLS_ECDHE_ECDSA"), tls.cipher)
      same("TLSv1.2", works(with(options, { min_tls_version = "TLSv1.0", max_tls_version = "TLSv1.2" })).version)
      same("TLSv1.3", works(with(options, { min_tls_version = "TLSv1.3" })).version)
      same("TLSv1.3", works(with(options, { min_tls_version = "TLSv1.0" })).version)
    end)

    it("a version that cannot be offered is unsupported", function()
      for _, version in ipairs { "TLSv1.0", "TLSv1.1" } do
        local err = fails("unsupported", imapconn.connect(with(account(security),
          { min_tls_version = "TLSv1.0", max_tls_version = version })))
        same("max_tls_version", err.field)
      end
      same("min_tls_version", fails("invalid_argument", imapconn.connect(with(account(security),
        { min_tls_version = "TLSv1.3", max_tls_version = "TLSv1.2" }))).field)
    end)

    it("an RSA server is understood in both versions", function()
      for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
        local tls = works(with(account(security, "sasl"), { max_tls_version = version, min_tls_version = version }))
        same(version, tls.version)
      end
    end)

    it("elliptic curves do not fall under min_dh_size", function()
      for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
        same(version, works(with(account(security), { min_dh_size = 16384, max_tls_version = version })).version)
      end
    end)
  end)
end

describe("A server with nothing but finite-field Diffie-Hellman", function()
  local function meets(kind, bits)
    return with(servers.finite_field(kind), { min_dh_size = bits })
  end

  it("of 1024 bits in TLS 1.2 is taken at 1024, and by default", function()
    local tls = works(meets("tls12", 1024))
    same({ "TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" }, { tls.version, (tls.cipher:gsub("-", "_")) })
    same("TLSv1.2", works(meets("tls12", nil)).version)
    same("TLSv1.2", works(meets("tls12", 1)).version)
  end)

  it("of 1024 bits in TLS 1.2 is refused at 1025 and 2048", function()
    refused(meets("tls12", 1025))
    refused(meets("tls12", 2048))
  end)

  it("of ffdhe2048 in TLS 1.3 is taken at 2048, and by default", function()
    same("TLSv1.3", works(meets("tls13", 2048)).version)
    same("TLSv1.3", works(meets("tls13", nil)).version)
  end)

  it("of ffdhe2048 in TLS 1.3 is refused at 2049 and 4096", function()
    refused(meets("tls13", 2049))
    refused(meets("tls13", 4096))
  end)
end)

describe("The trust anchors", function()
  it("come from SSL_CERT_FILE where nothing else is said", function()
    local options = account("tls")
    local script = ([[
      local conn, message, err = require("imapconn").connect { host = "%s", port = %d, username = "%s",
        password = "%s" }
      print(conn and "connected" or err.code .. " " .. message)
    ]]):format(options.host, options.port, options.username, options.password)
    local function try(environment)
      return shell(("%s %s -e '%s'"):format(environment, os.getenv("LUA") or "lua5.4", script))
    end
    same("connected", try("SSL_CERT_FILE='" .. options.ca_file .. "'"))
    assert.truthy(try(""):find("^tls "))
    assert.truthy(try("SSL_CERT_FILE='" .. options.ca_file:gsub("ca%.pem$", "other-ca.pem") .. "'"):find("^tls "))
  end)

  it("must be there, and hold a certificate", function()
    local options = account("tls")
    options.ca_file = "/no/such/file.pem"
    same("ca_file", fails("invalid_argument", imapconn.connect(options)).field)
    options.ca_file = "/dev/null"
    same("ca_file", fails("invalid_argument", imapconn.connect(options)).field)
    options.ca_file, options.ca_path = nil, "/no/such/folder"
    same("ca_path", fails("invalid_argument", imapconn.connect(options)).field)
  end)
end)

it("The cipher is the fastest that the processor has: ChaCha20, or AES in hardware", function()
  local cpu = assert(io.open("/proc/cpuinfo")):read("*a")
  local name = works(account("tls")).cipher:match "^TLS_(.*)_SHA256$"
  if name == "AES_128_GCM" then
    assert.is_truthy(cpu:find("%saes%s") and cpu:find("%spclmulqdq%s"))
  else
    same("CHACHA20_POLY1305", name)
  end
  local options = with(account("tls"), { max_tls_version = "TLSv1.2" })
  same("TLS_ECDHE_ECDSA_WITH_" .. name .. "_SHA256", works(options).cipher)
end)

describe("A TLS session", function()
  it("is resumed by the same options, and by no others", function()
    local options = account("tls")
    works(options)
    assert.is_true(works(options).resumed)
    assert.is_false(works(with(options, { min_dh_size = 2047 })).resumed)
    assert.is_true(works(with(options, { min_dh_size = 2047 })).resumed)
    assert.is_false(works(with(options, { verify = false })).resumed)
  end)

  it("is not resumed where a key is pinned", function()
    local options = account("tls")
    options.pinned_public_key = "sha256//" .. shell(("openssl x509 -in '%s' -pubkey -noout | openssl pkey -pubin"
      .. " -outform der | openssl dgst -sha256 -binary | openssl base64 -A"):format((servers.certificate("server"))))
    works(options)
    assert.is_false(works(options).resumed)
  end)
end)

it("TLS is not spoken where the server speaks none at first, or all at once", function()
  local plain, tls = account("plain"), account("tls")
  refused(with(tls, { port = plain.port }))
  local err = select(3, imapconn.connect(with(account("starttls"), { port = tls.port, connect_timeout = 1 })))
  assert.is_true(err.code == "timeout" or err.code == "protocol" or err.code == "closed", err.message)
end)
