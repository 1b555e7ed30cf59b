-- Memory: a message of 1 GiB goes each way within 16 MiB of resident memory.
-- Needs 3 GiB below the temporary folder for some seconds.

local servers = require "spec.support.servers"

local same = assert.same

local GIB = 1073741824
local MOST = 16 * 1024 -- KiB
if os.getenv("IMAPCONN_VARIANT") == "asan" then MOST = 768 * 1024 end -- which holds back what was freed

-- What a child process does; it prints what it got and its greatest size in KiB.
local CHILD = [[
local conn = assert(require("imapconn").connect { host = arg[1], port = tonumber(arg[2]), secure = false,
  auth = "PLAIN", username = arg[3], password = "secret" })
local work = {}

function work.append(path)
  local file = assert(io.open(path, "rb"))
  local reported = 0
  local added = assert(conn:append_message { mailbox = "INBOX", content = file,
    progress = function(done) reported = done end })
  print(added.uid, reported)
end

-- To a function: the whole message, or its text, decoded.
function work.sink(part)
  local octets = 0
  local result = assert(conn:download_message { mailbox = "INBOX", index = 1, part = part,
    decode = part and true, sink = function(chunk) octets = octets + #chunk end })
  assert(result.content == nil)
  print(result.size, octets)
end

function work.file(path)
  local out = assert(io.open(path, "wb"))
  local result = assert(conn:download_message { mailbox = "INBOX", index = 1, sink = out })
  print(result.size, out:seek("end"))
  assert(out:close())
end

work[arg[4] ](arg[5])
assert(conn:close())
for line in io.lines("/proc/self/status") do
  local size = line:match("^VmHWM:%s+(%d+)")
  if size then print(size) end
end
]]

local function output_of(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

describe("A message of 1 GiB", function()
  local account, folder, script

  -- The two numbers that the child prints; its memory is checked.
  local function child(...)
    local output = output_of(("%s '%s' %s %d %s %s 2>&1"):format(os.getenv("LUA") or "lua5.4", script,
      account.host, account.port, account.username, table.concat({ ... }, " ")))
    local first, second, resident = output:match("^(%d+)%s+(%d+)%s+(%d+)%s*$")
    assert(first, output)
    assert(tonumber(resident) < MOST, "resident memory rose to " .. resident .. " KiB")
    return tonumber(first), tonumber(second)
  end

  setup(function()
    account = servers.dovecot():account("plain")
    folder = output_of("mktemp -d"):match("^%S+")
    script = folder .. "/child.lua"
    local file = assert(io.open(script, "w"))
    file:write(CHILD)
    file:close()
    -- 64 octets a line; the header and the empty line behind it are as long.
    assert(os.execute(("{ printf 'Subject: %%-51s\\r\\n\\r\\n' big;"
      .. " yes \"$(printf '%%062d\\r' 7)\" | head -c %d; } >'%s/message'"):format(GIB - 64, folder)))
  end)

  -- Dovecot's account goes, too: it would take 1 GiB until the end of the run.
  teardown(function()
    os.execute(("rm -rf '%s' '%s/users/%s'"):format(folder, servers.dovecot().folder, account.username))
  end)

  it("goes from a file to the server", function()
    same({ 1, GIB }, { child("append", folder .. "/message") })
    os.remove(folder .. "/message")
  end)

  it("comes from the server to a function", function()
    same({ GIB, GIB }, { child("sink") })
  end)

  it("comes as a decoded part", function()
    same({ GIB - 64, GIB - 64 }, { child("sink", "TEXT") })
  end)

  it("comes from the server to a file", function()
    same({ GIB, GIB }, { child("file", folder .. "/copy") })
  end)
end)
