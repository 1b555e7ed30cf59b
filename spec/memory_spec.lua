-- Memory follows what arrives, not what is announced (D4, E3, E5, E8), and the
-- end of a Lua state is quiet (H5). Each case is a process of its own.

local HEAD = [[
local imapconn = require "imapconn"
-- A connection to a server that says what `answer(tag)` gives, piece by piece.
function connect(answer, options)
  local ready, tag = "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] hi\r\n", nil
  local stream = { close = function() return true end }
  function stream.send(_, bytes)
    tag = bytes:match("^%w+")
    return #bytes
  end
  function stream.receive()
    local bytes = ready or tag and answer(tag)
    ready = nil
    if bytes then return bytes end
    return nil, "closed"
  end
  local given = { host = "play", username = "ann", secure = false,
    transport = { connect = function() return stream end } }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(imapconn.connect(given))
end
-- KiB taken from the system, touched or not: "VmSize", or the "VmPeak" of them.
function memory(what)
  for line in io.lines("/proc/self/status") do
    local size = line:match("^" .. what .. ":%s+(%d+)")
    if size then return tonumber(size) end
  end
end
function status(conn) return conn:get_mailbox_status { mailbox = "A" } end
do -- what any call costs
  local tag
  local conn = connect(function(t)
    if tag == t then return nil end
    tag = t
    return "* STATUS A (MESSAGES 1)\r\n" .. t .. " OK\r\n"
  end)
  assert(status(conn))
end
collectgarbage()
local before = memory("VmPeak")
]]

local function child(script)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(HEAD, script)
  file:close()
  local pipe = assert(io.popen(("%s '%s' 2>&1"):format(os.getenv("LUA") or "lua5.4", path)))
  local output = pipe:read("*a")
  pipe:close()
  os.remove(path)
  return output
end

local measurable = os.getenv("IMAPCONN_VARIANT") ~= "asan" -- which holds back what was freed

-- While the script runs, less than `most` KiB are taken.
local function check_memory(most, script)
  local output = child(script .. "\nprint('grown', memory('VmPeak') - before)\n")
  local grown = tonumber(output:match("grown%s+(%d+)%s*$"))
  assert(grown, output)
  if measurable then assert(grown < most, "memory rose by " .. grown .. " KiB") end
end

describe("Memory", function()
  it("is not taken for a literal that is but announced", function()
    check_memory(1024, [[
      local limits = { literal = 2 ^ 33, response = 2 ^ 34 }
      for _, size in ipairs { "4294967296", "4294967295", "268435456" } do
        local said
        local conn = connect(function(tag)
          if said then return nil end
          said = true
          return "* STATUS {" .. size .. "}\r\n0123456789"
        end, { limits = limits })
        local _, _, err = status(conn)
        assert(err.code == "closed", err.message)
      end
    ]])
  end)

  it("stays flat under a million EXISTS", function()
    check_memory(1024, [[
      local count = 0
      local some = ("* 1 EXISTS\r\n* 4294967295 EXISTS\r\n"):rep(1000)
      local conn = connect(function(tag)
        count = count + 1
        if count <= 500 then return some end
        return count == 501 and "* STATUS A (MESSAGES 1)\r\n" .. tag .. " OK\r\n" or nil
      end)
      assert(status(conn))
    ]])
  end)

  it("is given back after one large response", function()
    local output = child [[
      local left, piece = 256, ("x"):rep(65536)
      local conn = connect(function(tag)
        left = left - 1
        if left == 255 then return "* OK " end
        if left > 0 then return piece end
        return (left == 0 and "\r\n" or "") .. tag .. " OK\r\n"
      end)
      for _ = 1, 2 do assert(conn:rename_mailbox { path = "A", new_path = "B" }) end
      collectgarbage()
      print(memory("VmPeak") - before, memory("VmSize") - before)
    ]]
    local most, last = output:match("^(%d+)%s+(%-?%d+)%s*$")
    assert(last, output)
    if measurable then assert(tonumber(most) > 8192 and tonumber(last) < 1024, output) end
  end)

  -- The collectors of 5.2 and 5.3 let more garbage stand than others.
  it("stays flat while 2 GiB flow to a sink", function()
    check_memory(2048, [[
      local size, piece, count = 2 ^ 31, ("x"):rep(65536), -1
      local taken = 0
      local conn = connect(function(tag)
        count = count + 1
        if count == 0 then
          return "* 1 EXISTS\r\n" .. tag .. " OK\r\n"
            .. "* 1 FETCH (UID 7 RFC822.SIZE 2147483648 BODY[] {2147483648}\r\n"
        elseif count <= size / #piece then
          return piece
        end
        return count == size / #piece + 1 and ")\r\n" .. tag:gsub("%d+", "2") .. " OK\r\n" or nil
      end)
      assert(conn:download_message { mailbox = "A", uid = 7, sink = function(chunk) taken = taken + #chunk end })
      assert(taken == size)
    ]])
  end)

  it("of a batch is that of its calls and their results, however many", function()
    local output = child([[
      -- What is held outside of Lua, at its most while a batch runs, less what
      -- it was when its calls were recorded.
      local function grown(count)
        local said, seen, first, most = { "* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n" }, 0, nil, 0
        local stream = { close = function() return true end }
        local function look()
          collectgarbage()
          local held = memory("RssAnon") - collectgarbage("count")
          first = first or held
          most = math.max(most, held)
        end
        function stream.send(_, bytes)
          for tag in bytes:gmatch("(%w+) [^\r]*\r\n") do said[#said + 1] = tag .. " OK done\r\n" end
          return #bytes
        end
        function stream.receive()
          local bytes, before = table.concat(said), seen // (count // 5)
          seen = seen + #said
          said = {}
          if first and seen // (count // 5) > before then look() end
          return bytes
        end
        local conn = assert(imapconn.connect { host = "play", username = "ann", secure = false,
          transport = { connect = function() return stream end } })
        first = nil
        local results = assert(conn:batch(function(b)
          for i = 1, count do b:rename_mailbox { path = "A" .. i, new_path = "B" .. i } end
          look()
        end))
        assert(#results == count and results[count].value and seen > count)
        return most - first
      end
      print("grown", grown(1000), grown(100000))
    ]])
    local few, many = output:match("grown%s+(%S+)%s+(%S+)")
    assert(many, output)
    if measurable then assert(tonumber(many) < tonumber(few) + 512, output) end
  end)
end)

describe("A Lua state", function()
  it("ends with many connections open, some amid a literal", function()
    local output = child [[
      kept = {}
      for i = 1, 100 do
        local said
        local conn = connect(function()
          if said then coroutine.yield() end
          said = true
          return "* STATUS {100}\r\n0123456789"
        end)
        local thread = coroutine.create(function() status(conn) end)
        if i > 50 then coroutine.resume(thread) end
        if i % 10 > 0 then kept[i] = { conn, thread } end
      end
      collectgarbage()
      local _, _, err = status(kept[51][1])
      assert(err.code == "busy")
      print("open")
    ]]
    assert.are.equal("open\n", output)
  end)
end)
