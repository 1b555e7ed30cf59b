-- Rows A1 to A17: TLS and STARTTLS, by a hostile server on a real socket. What
-- no socket is needed for, spec/transcripts/connect_spec.lua plays as well.
local hostile = require "spec.support.hostile"
local imapconn = require "imapconn"

-- Plays `script` to one client: conn, err, and what the server heard.
local function attempt(script, more, certificate)
  local server = hostile.play(script, certificate)
  local conn, message, err = imapconn.connect(server:options(more))
  if conn then conn:close() end
  return conn, err, server:stop(), message
end

local function refused(codes, script, more, certificate)
  local conn, err, heard, message = attempt(script, more, certificate)
  assert.is_nil(conn)
  assert.matches("|" .. err.code .. "|", "|" .. codes .. "|", 1, true, message)
  assert.are.equal("not_sent", err.outcome)
  for _, secret in ipairs { "hunter2", "AUTHENTICATE", "LOGIN" } do
    assert.is_nil(heard:find(secret, 1, true), heard)
  end
  return heard, err
end

local STARTTLS = { secure = "starttls" }
local CAPABILITY = [[
  S: * OK hello
  C: CAPABILITY
  S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN
  S: \T OK
]]
local UPGRADE = CAPABILITY .. "C: STARTTLS\n"
local LOGIN = [[
  C: CAPABILITY
  S: * CAPABILITY IMAP4rev1 UNSELECT AUTH=PLAIN SASL-IR
  S: \T OK
  C: AUTHENTICATE
  S: \T OK [CAPABILITY IMAP4rev1 UNSELECT] in
]]
local UNTIL_LOGOUT = "C: LOGOUT\nS: * BYE\nS: \\T OK\n"
local HELLO = "\22\3" -- how a ClientHello begins

describe("before TLS", function()
  it("A1: what stands behind OK to STARTTLS ends the attempt", function()
    local heard = refused("tls", UPGRADE ..
      [[S- \T OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA003 OK x\r\n]], STARTTLS)
    assert.is_nil(heard:find(HELLO, 1, true))
  end)

  it("A2: so does half a line", function()
    local heard = refused("tls", UPGRADE .. [[S- \T OK go\r\n* CAPABILITY X]], STARTTLS)
    assert.is_nil(heard:find(HELLO, 1, true))
  end)

  it("A3: nothing that came before is believed after it", function()
    local conn, _, heard = attempt([[
      S: * OK hello
      C: CAPABILITY
      S: * LIST () "/" evil
      S: * 9 EXISTS
      S: * OK [ALERT] call us
      S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN X-EVIL
      S: \T OK
      C: STARTTLS
      S: \T OK go
      ! tls
    ]] .. LOGIN .. UNTIL_LOGOUT, STARTTLS)
    assert.is_table(conn)
    assert.is_nil(conn:info().capabilities["X-EVIL"])
    assert.is_nil(conn:info().greeting)
    assert.is_true(select(2, heard:gsub("CAPABILITY", "")) >= 2)
  end)

  it("A4: PREAUTH leaves no room for STARTTLS", function()
    local heard = refused("tls", "S: * PREAUTH hi\n", STARTTLS)
    assert.is_nil(heard:find("C:", 1, true))
  end)

  it("A5: STARTTLS that is not offered is required all the same", function()
    refused("tls", "S: * OK [CAPABILITY IMAP4 AUTH=PLAIN] x\nC: CAPABILITY\n"
      .. "S: * CAPABILITY IMAP4 AUTH=PLAIN\nS: \\T OK\n", STARTTLS)
  end)

  it("A6: only a tagged OK starts TLS", function()
    for answer, codes in pairs { ["\\T NO x"] = "tls", ["\\T BAD x"] = "tls", ["\\T FOO x"] = "tls|protocol",
      ["* BYE x"] = "tls", ["+ x"] = "protocol", ["ZZ OK x"] = "tls|protocol" } do
      local heard = refused(codes, UPGRADE .. "S: " .. answer .. "\n! fin\n", STARTTLS)
      assert.is_nil(heard:find(HELLO, 1, true), answer)
    end
  end)

  it("A7: capabilities that cannot be had waive nothing", function()
    refused("tls", "S: * OK hello\nC: CAPABILITY\nS: \\T BAD x\n! fin\n", STARTTLS)
  end)

  it("A8: answers that come before their commands are believed by nobody", function()
    for _, secure in ipairs { "starttls", false } do
      local heard = refused("tls|protocol",
        [[S- * OK hi\r\nA001 OK\r\nA002 OK\r\nA0001 OK\r\nA0002 OK\r\n]] .. "\n! fin\n", { secure = secure })
      assert.is_nil(heard:find(HELLO, 1, true))
    end
  end)

  it("A9: a greeting is OK, PREAUTH or BYE", function()
    for _, line in ipairs { "hello", "* FOO x", "* BAD x", "A001 OK" } do
      for _, secure in ipairs { "starttls", false } do
        local heard = refused("protocol", "S: " .. line .. "\n! fin\n", { secure = secure })
        assert.is_nil(heard:find("C:", 1, true))
      end
    end
  end)
end)

describe("certificates", function()
  local before = { [true] = "! tls\nS: * OK hello\n", starttls = UPGRADE .. "S: \\T OK go\n! tls\n" }

  for secure, script in pairs(before) do
    it("A10: are checked over " .. (secure == true and "TLS" or "STARTTLS"), function()
      for _, name in ipairs { "self-signed", "unknown-ca", "expired", "not-yet-valid", "wrong-host" } do
        refused("tls", script, { secure = secure, server_name = "localhost" }, name)
      end
      local conn, err = attempt(script .. LOGIN .. UNTIL_LOGOUT, { secure = secure })
      assert.is_table(conn, tostring(err))
    end)

    it("A11: name an address too, over " .. (secure == true and "TLS" or "STARTTLS"), function()
      refused("tls", script, { secure = secure }, "wrong-host")
      local conn, err = attempt(script .. LOGIN .. UNTIL_LOGOUT, { secure = secure }, "address")
      assert.is_table(conn, tostring(err))
    end)
  end

  it("A10: are checked of a proxy too", function()
    local function through(certificate, more)
      local proxy = hostile.play("! tls\nC: CONNECT\nC:\nS: HTTP/1.1 200 OK\nS:\nS: * OK hello\n"
        .. LOGIN .. UNTIL_LOGOUT, certificate)
      local options = proxy:options { secure = false, proxy = "https://127.0.0.1:" .. proxy.port,
        ca_file = proxy:options({ secure = true }).ca_file }
      for name, value in pairs(more or {}) do options[name] = value end
      local conn, message, err = imapconn.connect(options)
      if conn then conn:close() end
      return conn, message, err, proxy:stop()
    end
    for _, name in ipairs { "self-signed", "unknown-ca", "expired", "wrong-host" } do
      local conn, message, err, heard = through(name)
      assert.is_nil(conn)
      assert.are.equal("tls", err.code, message)
      assert.is_nil(heard:find("CONNECT", 1, true))
    end
    assert.is_table(through("server"))
    assert.is_table(through("server", { verify = false }))
    -- What is said of the server's certificate is not said of the proxy's.
    assert.is_nil((through("self-signed", { verify = false })))
  end)

  it("A12: are never unchecked by accident", function()
    local empty = os.tmpname()
    for field, value in pairs { ca_file = "/nonexistent/ca.pem", ca_path = "/nonexistent", verfy = false } do
      local given = { host = "127.0.0.1", port = 1, username = "ann", password = "x", [field] = value }
      local conn, _, err = imapconn.connect(given)
      assert.is_nil(conn)
      assert.are.equal("invalid_argument", err.code)
      assert.are.equal(field, err.field)
    end
    local _, _, err = imapconn.connect { host = "127.0.0.1", port = 1, username = "ann", password = "x",
      ca_file = empty }
    os.remove(empty)
    assert.are.equal("invalid_argument", err.code)
    assert.are.equal("ca_file", err.field)
  end)
end)

describe("TLS", function()
  it("A13: takes a connection of its own, whatever was open to that port", function()
    local server = hostile.play("S: * OK hello\n" .. LOGIN .. "! accept\n! tls\nS: * OK hello\n"
      .. LOGIN .. UNTIL_LOGOUT)
    local plain = assert(imapconn.connect(server:options()))
    local secure = assert(imapconn.connect(server:options { secure = true }))
    assert.is_nil(plain:info().tls)
    assert.is_table(secure:info().tls)
    secure:close()
    plain:close()
    assert.are.equal(2, select(2, server:stop():gsub("ACCEPT\n", "")))
  end)

  it("A14: has the deadline of connecting", function()
    refused("timeout", UPGRADE .. "S: \\T OK go\n", { secure = "starttls", connect_timeout = 0.3 })
    refused("timeout", "! wait 500\n", { secure = true, connect_timeout = 0.3 })
  end)

  it("A15: that is cut shows no half of a message", function()
    local server = hostile.play("! tls\nS: * OK hello\n" .. LOGIN .. [[
      C: FETCH
      S: * 1 EXISTS
      S- * 1 FETCH (UID 1 BODY[] {1000}\r\nonly a part of it
      ! close
    ]])
    local conn = assert(imapconn.connect(server:options { secure = true }))
    local value, _, err = conn:download_message { mailbox = "INBOX", uid = 1 }
    assert.is_nil(value)
    assert.are.equal("closed", err.code)
    assert.is_false(conn:is_open())
    server:stop()
  end)

  it("A16: a referral is told, and not followed", function()
    local server = hostile.play([[
      S: * OK hello
      C: CAPABILITY
      S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
      S: \T OK
      C: AUTHENTICATE
      S: \T NO [REFERRAL imap://;AUTH=*@127.0.0.1/] x
      ! accept
    ]])
    local conn, _, err = imapconn.connect(server:options())
    assert.is_nil(conn)
    assert.are.equal("auth", err.code)
    assert.are.equal("REFERRAL", err.response_code)
    -- ends the server, which waits for another connection: this is the first
    local probe = imapconn.connect(server:options { connect_timeout = 0.2 })
    assert.is_nil(probe)
    assert.are.equal(2, select(2, server:stop():gsub("ACCEPT\n", "")))
  end)
end)

-- A libcurl and an Mbed TLS of these versions, as far as the check looks at them.
local STUBS = [[
  mkdir -p "$1/curl" "$1/mbedtls"
  cat >"$1/curl/curl.h" <<'X'
  typedef struct { unsigned version_num; const char *ssl_version; } curl_version_info_data;
  #define CURLVERSION_NOW 0
  static const curl_version_info_data *curl_version_info(int now) {
    static const curl_version_info_data info = { 0x080e01, "mbedTLS/3" };
    (void)now;
    return &info;
  }
X
  cat >"$1/mbedtls/version.h" <<'X'
  #define MBEDTLS_THREADING_C
  #define MBEDTLS_THREADING_PTHREAD
  #define MBEDTLS_VERSION_NUMBER VERSION
  static unsigned mbedtls_version_get_number(void) { return VERSION; }
X
  cc -DVERSION="$2" -I"$1" -o "$1/check" tools/deps/check.c && "$1/check" 2>&1
  rm -r "$1"
]]

describe("the build", function()
  it("A17: refuses a TLS library that is too old", function()
    local function check(version)
      local pipe = assert(io.popen(("set -- \"$(mktemp -d)\" %s\n%s"):format(version, STUBS)))
      local said = pipe:read("*a")
      pipe:close()
      return said
    end
    assert.matches("before 3.6.3", check("0x03060200"), 1, true)
    assert.are.equal("mbedtls\n", check("0x03060300"))
  end)
end)
