-- What a C program that embeds Lua and loads the module may count on: no symbol
-- is shared, two TLS libraries work side by side, and nothing stays behind.
local imapconn = require "imapconn"
local only = require "spec.support.only"
local servers = require "spec.support.servers"
local shell = require "spec.support.shell"

local it = only.with_hosts(it)
local hosts = only.hosts or "none"
local module = hosts .. "/imapconn/core.so"
local capture, quote = shell.capture, shell.quote
local sanitized = os.getenv "IMAPCONN_VARIANT" == "asan"
-- Hosts that the Makefile builds have the sanitizers' library; another loads it.
local preload = sanitized and 'LD_PRELOAD="$(cc -print-file-name=libasan.so)" ' or ""

local function new_folder()
  local folder = shell.new_folder()
  finally(function() shell.remove(folder) end)
  return folder
end

describe("the module", function()
  it("shows how Lua opens it, and asks for no TLS and no libcurl", function()
    assert.matches("^%x+ T luaopen_imapconn_core\n$", capture("nm -D --defined-only " .. quote(module)))
    local asked = capture("nm -D --undefined-only " .. quote(module))
    assert.matches(" lua_pushcclosure\n", asked)
    for _, family in ipairs { "curl", "[Cc]url_", "mbedtls", "psa_", "SSL_", "EVP_", "inflate", "deflate" } do
      assert.is_nil(asked:find(family), family)
    end
  end)
end)

describe("a host with a libcurl on OpenSSL", function()
  local EMBED = quote(hosts .. "/embed") .. " examples/embed/mailboxes.lua"

  -- Which objects the dynamic linker bound to which: pairs of file names.
  local function bindings(folder)
    local pairs_of_names = {}
    for line in capture("cat " .. quote(folder) .. "/bindings.*"):gmatch("[^\n]+") do
      local from, to = line:match("binding file (%S+) %[%d+%] to (%S+) ")
      if from then pairs_of_names[#pairs_of_names + 1] = { from:match("[^/]+$"), to:match("[^/]+$") } end
    end
    return pairs_of_names
  end

  it("works beside the module, in one loop, each over its own TLS", function()
    local account = servers.dovecot():account("tls")
    local conn = assert(imapconn.connect(account))
    for _, path in ipairs { "A", "B", "C" } do assert(conn:create_mailbox { path = path }) end
    conn:close()
    local said = capture(shell.account(account) .. EMBED)
    local module_tls, host_tls, waits = said:match(
      "^module  (%S+) +mailboxes: 4\nhost    (%S+) +mailboxes: 4\n[^\n]*: (%d+)\n$")
    assert(waits, said)
    assert.matches("^mbedTLS/", module_tls)
    assert.matches("^OpenSSL/", host_tls)
    assert(tonumber(waits) > 1, said)
  end)

  it("and the module are bound to nothing of each other", function()
    local folder = new_folder()
    capture(shell.account(servers.dovecot():account("tls")) .. "LD_BIND_NOW=1 LD_DEBUG=bindings LD_DEBUG_OUTPUT="
      .. quote(folder .. "/bindings") .. " " .. EMBED)
    local to, curl_is_bound = {}, false
    for _, names in ipairs(bindings(folder)) do
      local from, target = names[1], names[2]
      if from == "core.so" then to[target:gsub("[.%d]*$", "")] = true end
      assert(target ~= "core.so" or from == "core.so", from .. " uses the module")
      curl_is_bound = curl_is_bound or from == "embed" and target:find("^libcurl%.so")
    end
    assert.is_truthy(curl_is_bound)
    to["core.so"], to["libasan.so"], to["libubsan.so"] = nil, nil, nil
    assert.same({ ["libc.so"] = true, ["liblua5.4.so"] = true }, to)
  end)

  it("tells what failed, on either side", function()
    local said, status = shell.run("IMAP_HOST=127.0.0.1 IMAP_PORT=1 IMAP_USERNAME=ann IMAP_PASSWORD=x " .. EMBED)
    assert.equal(1, status)
    assert.matches("\nembed: [^\n]*cannot connect to 127.0.0.1:1", "\n" .. said)
    assert.matches("\nembed: Couldn't connect to server\n", "\n" .. said)
  end)
end)

describe("the module, loaded again and again", function()
  -- Runs reload.c; answers what it printed.
  local function reload(rounds, under)
    local account = servers.dovecot():account("tls")
    local words = { hosts .. "/reload", rounds, module, ".", account.host, account.port, account.ca_file,
      account.username, account.password }
    for i, word in ipairs(words) do words[i] = quote(word) end
    return capture((under or "") .. table.concat(words, " "))
  end

  it("leaves no descriptor and no thread", function()
    assert.equal("10 rounds, nothing left open\n", reload(10))
  end)

  -- LeakSanitizer has looked on above.
  if not sanitized then
    it("leaves no memory", function()
      local function at_exit(rounds)
        local said = reload(rounds, "valgrind --leak-check=full --error-exitcode=1 ")
        return assert(said:match("in use at exit: ([^\n]+)"), said)
      end
      assert.equal(at_exit(1), at_exit(2))
    end)
  end
end)

describe("docs/embedding.md", function()
  it("has a program that works as it stands", function()
    local text, folder, account = shell.read_file "docs/embedding.md", new_folder(), servers.dovecot():account("tls")
    local program, compile, name = text:match("```c\n(.-)```\n\n```sh\n([^\n]+)\nIMAP_HOST=[^\n]+ (%S+)\n```")
    shell.write_file(folder .. "/unread.c", program)
    assert.equal("", capture("cd " .. quote(folder) .. " && " .. compile))
    local run = preload .. "SSL_CERT_FILE=" .. quote(account.ca_file) .. " " .. quote(folder .. "/" .. name)
    local conn = assert(imapconn.connect(account))
    assert(conn:append_message { mailbox = "INBOX", content = "Subject: x\n\ny\n" })
    conn:close()
    assert.equal("1 unread\n", capture(shell.account(account) .. run))
    account.port = 1
    local said, status = shell.run(shell.account(account) .. run)
    assert.matches("cannot connect", said)
    assert.equal(1, status)
  end)
end)
