-- What may be in flight together (WIRE.md, rules 1 and 9), and how long lines
-- are split (rule 6).
local converse = require "spec.support.converse"
local transcript = require "spec.support.transcript"

local plain = { capabilities = "IMAP4rev1 LITERAL+ UIDPLUS ESEARCH SEARCHRES UNSELECT" }

-- Every second number from 1 on: a set that cannot be shortened.
local function odd(count)
  local list = {}
  for i = 1, count do list[i] = 2 * i - 1 end
  return list
end

-- Plays the server of a script that is made as it goes: answer(line, tag, name)
-- gives what is said to each command, or "" to say nothing yet.
local function serve(capabilities, answer)
  local server = { lines = {}, heard = "", ready = "* PREAUTH [CAPABILITY " .. capabilities .. "] hi\r\n" }
  function server:send(bytes)
    self.heard = self.heard .. bytes
    while true do
      local line, rest = self.heard:match("^(.-)\r\n(.*)$")
      if not line then return #bytes end
      self.heard = rest
      self.lines[#self.lines + 1] = line
      local tag, command = line:match("^(%w+) (.*)$")
      tag, command = tag or "", command or line
      self.ready = self.ready .. (command == "LOGOUT" and "* BYE\r\n" .. tag .. " OK\r\n"
        or answer(self, tag, command))
    end
  end
  function server:receive()
    local bytes = self.ready
    self.ready = ""
    if bytes == "" then return nil, "closed" end
    return bytes
  end
  function server.close() return true end
  local conn = assert(require("imapconn").connect { host = "play", username = "ann", secure = false,
    transport = { connect = function() return server end } })
  return conn, server
end

describe("long sets", function()
  local function longest(lines)
    local most = 0
    for _, line in ipairs(lines) do most = math.max(most, #line) end
    return most
  end

  it("are split so that no line passes 8,000 octets, in one turn", function()
    local stored, fetched = {}, {}
    local conn, server = serve(plain.capabilities, function(_, tag, command)
      if command:find("^SELECT") then return "* 9000 EXISTS\r\n" .. tag .. " OK [READ-WRITE]\r\n" end
      local set = command:match("^UID STORE (%S+) %+FLAGS.SILENT %(\\Seen%)$")
      local rows = ""
      for n in (set or ""):gmatch("%d+") do stored[#stored + 1] = tonumber(n) end
      set = command:match("^UID FETCH (%S+) %(UID FLAGS%)$")
      for n in (set or ""):gmatch("%d+") do
        fetched[#fetched + 1] = tonumber(n)
        rows = rows .. ("* %d FETCH (UID %d FLAGS (\\Seen))\r\n"):format((n + 1) / 2, n)
      end
      return rows .. tag .. " OK\r\n"
    end)
    local list = odd(5000)
    local result = assert(conn:add_flags { mailbox = "INBOX", uids = list, flags = { "\\Seen" } })
    assert.are.same(list, stored)
    assert.are.same(list, fetched)
    assert.are.equal(5000, #result.messages)
    assert.are.same({}, result.missing)
    assert(longest(server.lines) <= 8000)
    assert(#server.lines < 12)
    conn:close()
  end)

  it("leave room for the longest mailbox name", function()
    local name = ("x"):rep(3990)
    local conn, server = serve(plain.capabilities, function(_, tag, command)
      if command:find("^EXAMINE") then return "* 900 EXISTS\r\n" .. tag .. " OK [READ-ONLY]\r\n" end
      return command == name and "" or tag .. " OK\r\n"
    end)
    assert(conn:copy_message { mailbox = "A", uids = odd(1500), new_path = name })
    assert(longest(server.lines) < 4200)
    conn:close()
  end)

  it("that are refused midway are partial, with what was done", function()
    local count = 0
    local conn = serve(plain.capabilities, function(_, tag, command)
      if command:find("^SELECT") then return "* 9000 EXISTS\r\n" .. tag .. " OK [READ-WRITE]\r\n" end
      if command:find("^UID STORE") then
        count = count + 1
        return tag .. (count == 2 and " NO [OVERQUOTA] full\r\n" or " OK\r\n")
      end
      return tag .. " OK\r\n"
    end)
    local _, _, err = conn:add_flags { mailbox = "INBOX", uids = odd(5000), flags = { "\\Seen" } }
    assert.are.equal("no", err.code)
    assert.are.equal("partial", err.outcome)
    assert.is_table(err.done)
    conn:close()
  end)

  it("of numbers to copy are turned into UIDs first: a turn more", function()
    local copied, waits = {}, 0
    local conn, server = serve(plain.capabilities, function(_, tag, command)
      if command:find("^EXAMINE") then return "* 9999 EXISTS\r\n" .. tag .. " OK [READ-ONLY]\r\n" end
      local set = command:match("^FETCH (%S+) %(UID%)$")
      local rows = ""
      for n in (set or ""):gmatch("%d+") do rows = rows .. ("* %d FETCH (UID %d)\r\n"):format(n, n * 3) end
      if command:find("^COPY") then waits = waits + 1 end
      set = command:match("^UID COPY (%S+) Archive$")
      for n in (set or ""):gmatch("%d+") do copied[#copied + 1] = tonumber(n) end
      return rows .. tag .. " OK\r\n"
    end)
    local list = odd(3000)
    assert(conn:copy_message { mailbox = "INBOX", range = list, new_path = "Archive" })
    assert.are.equal(0, waits)
    assert.are.equal(3000, #copied)
    for i, n in ipairs(list) do assert.are.equal(n * 3, copied[i]) end
    assert(longest(server.lines) <= 8000)
    conn:close()
  end)

  it("to delete are marked and expunged piece by piece, and never more than named", function()
    local named, expunged = {}, 0
    for _, n in ipairs(odd(4000)) do named[n] = true end
    local conn, server = serve(plain.capabilities, function(_, tag, command)
      if command:find("^SELECT") then return "* 9000 EXISTS\r\n" .. tag .. " OK [READ-WRITE]\r\n" end
      local rows = ""
      local set = command:match("^UID EXPUNGE (%S+)$")
      for n in (set or ""):gmatch("[^,]+") do
        assert(named[tonumber(n)], n)
        expunged = expunged + 1
        rows = rows .. "* VANISHED " .. n .. "\r\n"
      end
      set = command:match("^UID FETCH (%S+) ")
      for n in (set or ""):gmatch("%d+") do rows = rows .. ("* %d FETCH (UID %d FLAGS ())\r\n"):format(n, n) end
      return rows .. tag .. " OK\r\n"
    end)
    local result = assert(conn:delete_message { mailbox = "INBOX", uids = odd(4000) })
    assert.are.equal(4000, #result.uids)
    assert.are.equal(4000, expunged)
    assert(longest(server.lines) <= 8000)
    conn:close()
  end)

  it("in a search go as SEARCH and FETCH $ for each part", function()
    local conn, server = serve(plain.capabilities, function(self, tag, command)
      if command:find("^EXAMINE") then return "* 9000 EXISTS\r\n" .. tag .. " OK [READ-ONLY]\r\n" end
      local set = command:match("^UID SEARCH RETURN %(SAVE ALL%) UID (%S+) UNSEEN$")
      if set then
        self.saved = set
        return ("* ESEARCH (TAG %q) UID ALL %s\r\n%s OK\r\n"):format(tag, set, tag)
      end
      local rows = ""
      assert.are.equal("UID FETCH $ (UID FLAGS)", command)
      for n in self.saved:gmatch("%d+") do rows = rows .. ("* %d FETCH (UID %d FLAGS ())\r\n"):format(n, n) end
      return rows .. tag .. " OK\r\n"
    end)
    local rows = assert(conn:search_messages { mailbox = "INBOX", uids = odd(4000), read_filter = "unread",
      fields = { "uid", "flags" } })
    assert.are.equal(4000, #rows)
    assert.are.equal(7999, rows[4000].uid)
    assert(longest(server.lines) <= 8000)
    conn:close()
  end)

  it("in a search with a limit are all answered before what is fetched", function()
    local conn, server = serve(plain.capabilities, function(_, tag, command)
      if command:find("^EXAMINE") then return "* 9000 EXISTS\r\n" .. tag .. " OK [READ-ONLY]\r\n" end
      local set = command:match("^UID SEARCH RETURN %(ALL%) UID (%S+) UNSEEN$")
      if set then return ("* ESEARCH (TAG %q) UID ALL %s\r\n%s OK\r\n"):format(tag, set, tag) end
      assert.are.equal("UID FETCH 7997,7999 (UID FLAGS)", command)
      return "* 7 FETCH (UID 7997 FLAGS ())\r\n* 8 FETCH (UID 7999 FLAGS ())\r\n" .. tag .. " OK\r\n"
    end)
    local rows = assert(conn:search_messages { mailbox = "INBOX", uids = odd(4000), read_filter = "unread",
      fields = { "uid", "flags" }, limit = 2, newest_first = true })
    assert.are.same({ 7999, 7997 }, { rows[1].uid, rows[2].uid })
    assert(longest(server.lines) <= 8000)
    conn:close()
  end)

  it("within not and or are invalid_argument", function()
    converse("", 0, function(conn)
      local _, _, err = conn:search_messages { mailbox = "INBOX", ["not"] = { uids = odd(4000) } }
      assert.are.equal("invalid_argument", err.code)
    end)
  end)
end)

describe("commands in flight", function()
  -- Answers nothing before `wait` comes round, and notes how many had come.
  local function counting(capabilities, name, answer)
    local most, waiting = 0, {}
    local conn, server = serve(capabilities, function(_, tag, command)
      waiting[#waiting + 1] = { tag, command }
      return ""
    end)
    local receive = server.receive
    function server.receive(self)
      if self.ready == "" then
        local count = 0
        for _, one in ipairs(waiting) do if one[2]:find(name) then count = count + 1 end end
        most = math.max(most, count)
        repeat
          local one = table.remove(waiting, 1)
          self.ready = answer(one[1], one[2])
        until self.ready ~= ""
      end
      return receive(self)
    end
    return conn, function() return most end
  end

  it("are 64 at most", function()
    local conn, most = counting("IMAP4rev1", "", function(tag)
      return tag .. " OK\r\n"
    end)
    local results = assert(conn:batch(function(b)
      for i = 1, 200 do b:rename_mailbox { path = "a" .. i, new_path = "b" .. i } end
    end))
    assert.are.equal(200, #results)
    for i = 1, 200 do assert.are.equal("b" .. i, results[i].value.new_path) end
    assert.are.equal(64, most())
  end)

  it("are 256 KiB at most, literals counted", function()
    local conn, most = counting("IMAP4rev1 LITERAL+", "APPEND", function(tag, command)
      return command:find("APPEND") and tag .. " OK\r\n" or ""
    end)
    local content = ("x"):rep(19998) .. "\r\n"
    local results = assert(conn:batch(function(b)
      for _ = 1, 40 do b:append_message { mailbox = "INBOX", content = content } end
    end))
    assert.is_table(results[40].value)
    assert.are.equal(13, most())
  end)

  it("are not more after 8 BADs in a row, until those out are answered", function()
    local answered, after = 0, nil
    local conn, server = serve("IMAP4rev1", function() return "" end)
    local tags = server.lines
    local receive = server.receive
    function server.receive(self)
      if self.ready == "" then
        answered = answered + 1
        if answered == 9 then after = #tags end
        if answered > 9 and answered <= 64 then assert.are.equal(after, #tags) end
        self.ready = tags[answered]:match("^%w+") .. (answered <= 20 and " BAD no\r\n" or " OK\r\n")
      end
      return receive(self)
    end
    local results = assert(conn:batch(function(b)
      for i = 1, 100 do b:rename_mailbox { path = "a" .. i, new_path = "b" .. i } end
    end))
    assert.are.equal("bad", results[20].err.code)
    assert.is_nil(results[21].message)
    assert.is_table(results[21].value)
    assert.is_table(results[100].value)
    assert(after < 75)
  end)

  it("are 16 with message numbers at most", function()
    local conn, most = counting("IMAP4rev1 LITERAL+ UIDPLUS", "STORE", function(tag, command)
      local rows = command:find("^SELECT") and "* 99999 EXISTS\r\n* OK [UIDNEXT 1000000] n\r\n" or ""
      return rows .. tag .. " OK [READ-WRITE]\r\n"
    end)
    assert(conn:add_flags { mailbox = "INBOX", range = odd(40000), flags = { "\\Seen" }, silent = true })
    assert.are.equal(16, most())
  end)

  it("may be answered in any order", function()
    converse([[
      C: T1 STATUS A (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      C: T2 STATUS B (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      C: T3 RENAME C D
      S: T3 OK renamed
      S: * STATUS B (MESSAGES 2)
      S: T2 OK done
      S: * STATUS A (MESSAGES 1)
      S: T1 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        assert.are.equal(1, b:get_mailbox_status { mailbox = "A" })
        assert.are.equal(2, b:get_mailbox_status { mailbox = "B" })
        assert.are.equal(3, b:rename_mailbox { path = "C", new_path = "D" })
      end))
      assert.are.equal(1, results[1].value.messages)
      assert.are.equal(2, results[2].value.messages)
      assert.are.equal("D", results[3].value.new_path)
    end, { capabilities = "IMAP4rev1" })
  end)

  it("whose rows cannot be told apart wait for each other", function()
    converse([[
      C: T1 STATUS A (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS A (MESSAGES 1)
      S: T1 OK done
      C: T2 STATUS A (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)
      S: * STATUS A (MESSAGES 2)
      S: T2 OK done
    ]], 2, function(conn)
      local results = assert(conn:batch(function(b)
        b:get_mailbox_status { mailbox = "A" }
        b:get_mailbox_status { mailbox = "A" }
      end))
      assert.are.equal(1, results[1].value.messages)
      assert.are.equal(2, results[2].value.messages)
    end, { capabilities = "IMAP4rev1" })
  end)
end)

describe("two pipes", function()
  it("read while they send: a server that is full until it was read locks nothing", function()
    local content = ("0123456789abcde\r\n"):rep(2000)
    local script = [[
      ! full
      S: * OK [ALERT] ${noise}
      C: T1 APPEND INBOX {$content+}
      S: T1 OK stored
    ]]
    local conn, play = transcript.open(script, {
      values = { content = content, noise = ("n"):rep(100000) },
    })
    assert(conn:append_message { mailbox = "INBOX", content = content })
    conn:close()
    play:finish()
  end)
end)
