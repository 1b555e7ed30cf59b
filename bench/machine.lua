--- What the bench ran on: the machine, and the versions of all that was measured.
local imapconn = require "imapconn"

local machine = {}

-- The first line of what a command prints that matches; "missing" without one.
local function first(command, pattern)
  local pipe = assert(io.popen("{ " .. command .. "; } 2>/dev/null"))
  local found
  for line in pipe:lines() do found = found or line:match(pattern) end
  pipe:close()
  return found or "missing"
end

local function package(name)
  return first("dpkg-query -W -f '${Version}\\n' " .. name, "^%S+")
end

local DOVECOT = "build/servers/dovecot/usr/"
local BUNDLED = "build/deps/include/"
local build = assert(os.getenv "IMAPCONN_BUILD") .. "/bench/"

--- The machine and the versions, as a table in Markdown.
function machine.describe()
  local rows = {
    { "machine", ("%s, %s cores, Linux %s"):format(first("cat /proc/cpuinfo", "^model name%s*:%s*(.*)"),
      first("nproc", "%d+"), first("uname -r", ".*")) },
    { "server", "Dovecot " .. first(("LD_LIBRARY_PATH=%slib/dovecot %ssbin/dovecot --version"):format(DOVECOT, DOVECOT),
      "^%S+") },
    { "imapconn", ("%s on %s, libcurl %s, Mbed TLS %s"):format(imapconn._VERSION, _VERSION,
      first("cat " .. BUNDLED .. "curl/curlver.h", 'LIBCURL_VERSION "([^"]+)"'),
      first("cat " .. BUNDLED .. "mbedtls/build_info.h", 'MBEDTLS_VERSION_STRING%s+"([^"]+)"')) },
    { "libetpan", package "libetpan-dev" },
    { "go-imap", package "golang-github-emersion-go-imap-dev" .. ", Go " .. first("go version", "go(%d%S*)") },
    { "imaplib", "Python " .. first("/usr/bin/python3 --version", "Python (%S+)") },
    { "imapflow", first("cat " .. build .. "node_modules/imapflow/package.json", '"version": "([^"]+)"')
      .. ", Node " .. first("node --version", "v(%S+)") },
  }
  local lines = { "| | |", "| --- | --- |" }
  for _, row in ipairs(rows) do lines[#lines + 1] = ("| %s | %s |"):format(row[1], row[2]) end
  return table.concat(lines, "\n")
end

return machine
