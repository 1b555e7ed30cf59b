--- The clients of the bench: how each is called, and whether it is there.
local clients = {}

local build = assert(os.getenv "IMAPCONN_BUILD") .. "/bench/"
local lua = assert(os.getenv "LUA")

local COMMANDS = {
  ["floor"] = build .. "floor",
  ["floor: tables"] = lua .. " bench/clients/tables.lua",
  ["imapconn"] = lua .. " bench/clients/imapconn.lua",
  ["imapconn: batch"] = lua .. " bench/clients/imapconn.lua batch",
  ["imaplib"] = "/usr/bin/python3 -B bench/clients/imaplib_client.py",
}

--- The command of a client; nil where it is not built.
function clients.command(name) return COMMANDS[name] end

return clients
