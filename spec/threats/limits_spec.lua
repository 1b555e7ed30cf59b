-- Rows E1 to E9: what a server may make a client hold, and no more.
local compressed = require "spec.support.compressed"
local core = require "imapconn.core"
local transcript = require "spec.support.transcript"

local function code(bytes, limits)
  local value, _, err = core.parse(bytes, { limits = limits })
  return value and "ok" or err.code
end

-- Octets of memory taken from the system, touched or not. Nothing can be told of
-- them beside a sanitizer, which holds back what was freed; spec/memory_spec.lua
-- measures more.
local function taken()
  if os.getenv("IMAPCONN_VARIANT") == "asan" then return 0 end
  collectgarbage()
  local file = assert(io.open("/proc/self/statm"))
  local pages = tonumber(file:read("*a"):match("^%d+"))
  file:close()
  return pages * 4096
end

local MIB = 2 ^ 20

describe("limits", function()
  it("E1: hold to the octet", function()
    local literal = "* 1 FETCH (BODY[] {%d}\r\n%s)\r\n"
    for size, expected in pairs { [999] = "ok", [1000] = "ok", [1001] = "limit" } do
      assert.are.equal(expected, code(literal:format(size, ("x"):rep(size)), { literal = 1000 }))
    end
    local many = "* X" .. (" {100}\r\n" .. ("x"):rep(100)):rep(9)
    for size, expected in pairs { [999] = "ok", [1000] = "ok", [1001] = "limit" } do
      assert.are.equal(expected, code(many .. (" "):rep(size - #many - 2) .. "\r\n", { response = 1000 }))
    end
  end)

  it("E1: hold for what is gathered while its progress is told", function()
    for size, expected in pairs { [999] = "ok", [1000] = "ok", [1001] = "limit" } do
      local conn = transcript.open("C: T1 EXAMINE A\nC: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])\nS: T1 OK\n"
        .. "S: * 1 FETCH (UID 1 BODY[] {$message})\nS: T2 OK\n",
        { values = { message = ("x"):rep(size) }, connect = { limits = { literal = 1000 } } })
      local value, message, err = conn:download_message { mailbox = "A", uid = 1, progress = function() end }
      assert.are.equal(expected, value and "ok" or err.code, message)
      assert.are.equal(expected == "ok", conn:is_open())
      conn:close()
    end
  end)

  it("E2: end a line without end", function()
    for size, expected in pairs { [999] = "ok", [1000] = "ok", [1001] = "limit" } do
      assert.are.equal(expected, code("* OK " .. ("a"):rep(size - 7) .. "\r\n", { line = 1000 }))
      assert.are.equal(expected == "ok" and "closed" or "limit", code("* OK " .. ("a"):rep(size - 5), { line = 1000 }))
    end
  end)

  -- Each piece ends amid a line.
  it("E3: are not needed for news, which nobody keeps", function()
    local conn, server = transcript.open("C: T1 RENAME A B\n")
    local left, news = 250, "ISTS\r\n" .. ("* 1 EXISTS\r\n"):rep(4000) .. "* 1 EX"
    function server:receive()
      left = left - 1
      if left == 249 then return "* 1 EX" end
      return left > 0 and news or "ISTS\r\n" .. self.tags.T1 .. " OK\r\n"
    end
    local before = taken()
    assert(conn:rename_mailbox { path = "A", new_path = "B" })
    assert(left == 0 and taken() - before < MIB)
  end)

  it("E4: hold for the number of things", function()
    for count, expected in pairs { [999] = "ok", [1000] = "ok", [1001] = "limit" } do
      assert.are.equal(expected, code("* X" .. (" 1"):rep(count) .. "\r\n", { nodes = 1000 }))
      assert.are.equal(expected, code("* SEARCH" .. (" 1"):rep(count) .. "\r\n", { nodes = 1000 }))
    end
    local conn, server = transcript.open("C: T1 EXAMINE A\nC: T2 UID FETCH 1:* (UID FLAGS)\nS: T1 OK\n"
      .. "S: * 1 FETCH (UID 1 FLAGS ())\nS: * 2 FETCH (UID 2 FLAGS ())\nS: * 3 FETCH (UID 3 FLAGS ())\n",
      { connect = { limits = { messages = 2 } } })
    local _, _, err = conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }
    assert.are.equal("limit", err.code)
    server:finish()
  end)

  it("E4: hold for what others have marked \\Deleted", function()
    for count, expected in pairs { [999] = "closed", [1000] = "closed", [1001] = "limit" } do
      local conn = transcript.open(([[
        C: T1 SELECT A
        S: T1 OK
        C: T2 UID FETCH 7 (UID FLAGS)
        C: T3 UID SEARCH DELETED
        S: T2 OK
        S: * SEARCH%s
        ! close
      ]]):format((" 7"):rep(count)), { capabilities = "IMAP4rev1", connect = { limits = { messages = 1000 } } })
      local _, message, err = conn:delete_message { mailbox = "A", uid = 7, allow_expunge = true }
      assert.are.equal(expected, err.code, message)
    end
  end)

  it("E5: are not made by a server's number", function()
    local conn, server = transcript.open([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID FLAGS)
      S: * 4294967295 EXISTS
      S: T1 OK
      S: * 1 FETCH (UID 1 FLAGS ())
      S: T2 OK
    ]])
    local before = taken()
    assert.are.equal(1, #assert(conn:search_messages { mailbox = "A", fields = { "uid", "flags" } }))
    assert(taken() - before < MIB, taken() - before)
    conn:close()
    server:finish()
  end)

  it("E6: hold for what was packed", function()
    local bomb = compressed.pack(("a"):rep(2 ^ 20)):rep(1024)     -- 1 MiB, which stands for 1 GiB
    assert(#bomb < 1.5 * 2 ^ 20, #bomb)
    local conn, _, _, server = compressed.connect { limits = { line = 2 ^ 20 }, replies = {
      function() return compressed.pack("* OK ") .. bomb end,
    } }
    local before = taken()
    local value, message, err = conn:rename_mailbox { path = "A", new_path = "B" }
    assert.is_nil(value)
    assert.are.equal("limit", err.code, message)
    assert(server.taken < 2 ^ 18, server.taken)
    assert(taken() - before < 8 * MIB, taken() - before)   -- the server's own strings too
  end)

  for _, step in ipairs { 1, 7, 65536 } do
    it("E7: hold for what comes with the OK, in steps of " .. step, function()
      local conn, message, _, server = compressed.connect {
        behind = compressed.pack("* OK [ALERT] first\r\n"), step = step,
        replies = { function(tag) return compressed.pack("* OK second\r\n" .. tag .. "2 OK done\r\n") end },
      }
      assert(conn, message)
      assert(conn:rename_mailbox { path = "A", new_path = "B" })
      assert.is_nil(server.said[#server.said]:find("RENAME", 1, true))
      assert.is_true(conn:is_open())
    end)
  end

  for name, bytes in pairs { ["other octets"] = "\7\7\7\7", ["one wrong octet"] = "\7",
    ["plain lines"] = "* OK hello there\r\n", ["octets behind the stream's end"] = "\3\0* 1 EXISTS\r\n" } do
    it("E7: end where " .. name .. " come for the compressed stream", function()
      local conn = assert((compressed.connect { replies = { function() return bytes end } }))
      local value, message, err = conn:rename_mailbox { path = "A", new_path = "B" }
      assert.is_nil(value)
      assert.are.equal("protocol", err.code, message)
      assert.matches("COMPRESS=DEFLATE", message, 1, true)
      assert.is_false(conn:is_open())
    end)
  end

  it("E7: end where a compressed stream breaks behind what it still said", function()
    local conn = assert((compressed.connect { replies = { function()
      return compressed.pack("* 1 EXISTS\r\n") .. "\7"
    end } }))
    local _, message, err = conn:rename_mailbox { path = "A", new_path = "B" }
    assert.are.equal("protocol", err.code, message)
  end)

  it("E7: are those of a compressed stream only where the server agrees", function()
    local conn, message, err = compressed.connect { answer = " NO [COMPRESSIONACTIVE] done already\r\n" }
    assert.is_nil(conn)
    assert.are.same({ "no", "COMPRESSIONACTIVE" }, { err.code, err.response_code }, message)
    local server
    conn, message, err, server = compressed.connect { capabilities = "IDLE" }
    assert.is_nil(conn)
    assert.are.same({ "unsupported", "compress", "not_sent" }, { err.code, err.field, err.outcome }, message)
    for _, bytes in ipairs(server.said) do assert.is_nil(bytes:find("COMPRESS", 1, true)) end
  end)

  it("E7: know no compression that nobody asked for", function()
    transcript.open("", { capabilities = "IMAP4rev1 COMPRESS=DEFLATE" }):close()
  end)

  -- Whose size has 32 bits no more.
  it("E8: of memory hold for a sink, however long the message is", function()
    local size = 2 ^ 32 + 5
    local conn, server = transcript.open("C: T1 EXAMINE A\nC: T2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])\n"
      .. ("S: T1 OK\nS: * 1 FETCH (UID 1 BODY[] {%d}\n"):format(size), { connect = { limits = { literal = 1000 } } })
    local left, chunk = size, ("x"):rep(65536)
    local usual = server.receive
    function server:receive(max, seconds)
      if self.at <= #self.steps or self.ready ~= "" then return usual(self, max, seconds) end
      if left > 0 then
        local piece = chunk:sub(1, math.min(max, left))
        left = left - #piece
        return piece
      end
      local tail = left == 0 and ")\r\n" .. server.tags.T2 .. " OK\r\n"
      left = -1
      return tail or nil, "closed"
    end
    local total, before, most = 0, taken(), 0
    local value, message = conn:download_message { mailbox = "A", uid = 1, sink = function(piece)
      total = total + #piece
      if total % 2 ^ 27 < #piece then most = math.max(most, taken()) end
    end }
    assert(value, message)
    assert.are.equal(size, total)
    assert(most - before < 8 * MIB, most - before) -- the collector lets some garbage stand
  end)

  local STRUCTURE = [[
    C: T2 UID FETCH 1 (UID BODYSTRUCTURE)
    C: T3 UID FETCH 1 (UID BODY.PEEK[1.2])
    S: T1 OK
    S: * 1 FETCH (UID 1 BODYSTRUCTURE ((("A" "B" NIL NIL NIL "7BIT" 1)("A" "B" NIL NIL NIL "7BIT" 1) "MIXED") "MIXED"))
    S: T2 OK
    S: * 1 FETCH (UID 1 BODY[1.1] {3}
    S: bad BODY[1.2] ~{2000}
  ]]
  local WHOLE = [[
    C: T2 FETCH 1 (UID RFC822.SIZE BODY.PEEK[])
    S: * 1 EXISTS
    S: T1 OK
    S: * 1 FETCH (UID 1 BODY[TEXT] {3}
    S: bad BODY[] {2000}
  ]]
  for name, case in pairs { ["a part (D18)"] = { STRUCTURE, { uid = 1, part = "1.2" }, "T3" },
    ["a message by its number (D18)"] = { WHOLE, { index = 1 }, "T2" } } do
    it("E8: of a literal hold for all but the sink's " .. name, function()
      local inputs, heard = { mailbox = "A" }, ""
      for field, value in pairs(case[2]) do inputs[field] = value end
      function inputs.sink(chunk) heard = heard .. chunk end
      local conn, server = transcript.open("C: T1 EXAMINE A\n" .. case[1] .. "S: " .. ("x"):rep(2000) .. ")\nS: "
        .. case[3] .. " OK\n", { connect = { limits = { literal = 1000 } } })
      local value, message = conn:download_message(inputs)
      conn:close()
      if server.failure then error(server.failure) end
      assert(value, message)
      assert.are.equal(("x"):rep(2000), heard)
    end)
  end

  -- Each octet of this one is two in UTF-8.
  it("E1: of what is held hold for a decoded part, too", function()
    local function download(count)
      local conn = transcript.open(([[
        C: T1 EXAMINE A
        C: T2 UID FETCH 1 (UID BODYSTRUCTURE)
        C: T3 UID FETCH 1 (UID BODY.PEEK[1])
        S: * 1 EXISTS
        S: T1 OK
        S: * 1 FETCH (UID 1 BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "ISO-8859-1") NIL NIL "8BIT" %d 1))
        S: T2 OK
        S: * 1 FETCH (UID 1 BODY[1] {%d}
        S: %s)
        S: T3 OK
      ]]):format(count, count, ("\228"):rep(count)), { connect = { limits = { literal = 100 } } })
      local value, _, err = conn:download_message { mailbox = "A", uid = 1, part = "1", decode = true }
      return value and #value.content or err.code, conn:is_open()
    end
    assert.are.same({ 100, true }, { download(50) })
    assert.are.same({ "limit", false }, { download(51) })
  end)
end)
