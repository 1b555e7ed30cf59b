--- The clients of the bench: how each is called, and whether it is there.
local clients = {}

local build = assert(os.getenv "IMAPCONN_BUILD") .. "/bench/"
local lua = assert(os.getenv "LUA")

-- What is called, and the file without which it cannot be.
local COMMANDS = {
  ["floor"] = { build .. "floor" },
  ["floor: together"] = { build .. "floor together" },
  ["floor: tables"] = { lua .. " bench/clients/tables.lua" },
  ["floor: libcurl"] = { build .. "floor-curl" },
  ["floor: Mbed TLS"] = { build .. "floor-mbedtls" },
  ["imapconn"] = { lua .. " bench/clients/imapconn.lua" },
  ["imapconn: batch"] = { lua .. " bench/clients/imapconn.lua batch" },
  ["imapconn: compressed"] = { lua .. " bench/clients/imapconn.lua compressed" },
  ["imapconn: nothing resumed"] = { lua .. " bench/clients/imapconn.lua full" },
  ["libetpan"] = { build .. "etpan", build .. "etpan" },
  ["go-imap"] = { build .. "goimap", build .. "goimap" },
  ["imaplib"] = { "/usr/bin/python3 -B bench/clients/imaplib_client.py", "/usr/bin/python3" },
  ["imapflow"] = { "node bench/clients/imapflow.mjs", build .. "node_modules/imapflow/package.json" },
}

--- The command of a client; nil where it is missing.
function clients.command(name)
  local command, needed = table.unpack(COMMANDS[name])
  local file = not needed or io.open(needed)
  if not file then return nil end
  if needed then file:close() end
  return command
end

return clients
