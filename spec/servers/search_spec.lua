-- Every key of SEARCH (RFC 9051 6.4.4) and how keys combine, on three servers.

local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails

local JANUARY, MARCH = 1704110400, 1709294400   -- 2024-01-01 and 2024-03-01, noon UTC

local function letter(subject, from, to, date, more, body)
  local header = { "From: " .. from, "To: " .. to, "Subject: " .. subject, "Date: " .. date,
    "Message-ID: <" .. subject:gsub("%W", "") .. "@example.org>", "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit" }
  for _, field in ipairs(more or {}) do header[#header + 1] = field end
  return (mail.message(header, body or "Nothing."))
end

-- The messages, by number: content, flags, date of arrival.
local messages = {
  { letter("Apples", "Ann <ann@example.org>", "bob@example.net", "Mon, 01 Jan 2024 09:00:00 +0000",
    { "Cc: carol@example.com", "List-Id: fruit <fruit.example.org>" }, "We need crates."),
    { "\\Seen", "\\Flagged" }, JANUARY },
  { letter("Pears and apples", "Bob <bob@example.net>", "ann@example.org", "Tue, 02 Jan 2024 09:00:00 +0000",
    { "Bcc: dave@example.com", "List-Id: trees <trees.example.org>" }, ("Ladders. "):rep(500)),
    { "\\Answered", "work" }, JANUARY + 86400 },
  { letter("=?utf-8?Q?K=C3=A4se?=", "=?utf-8?Q?J=C3=BCrgen?= <j@example.de>", "ann@example.org",
    "Fri, 01 Mar 2024 09:00:00 +0000", { "X-Empty:" }, "Grüße aus Köln, 寿司."), { "\\Draft" }, MARCH },
  { letter("Doomed (\"really\") \\ 100%", "eve@example.org", "bob@example.net", "Sat, 02 Mar 2024 09:00:00 +0000"),
    { "\\Deleted", "\\Seen", "work" }, MARCH + 86400 },
}

-- Keys, and the numbers of the messages that they find.
local cases = {
  { { all = true }, { 1, 2, 3, 4 } },
  { { all = false }, {} },
  { { seen = true }, { 1, 4 } }, { { seen = false }, { 2, 3 } },
  { { unseen = true }, { 2, 3 } }, { { unseen = false }, { 1, 4 } },
  { { read_filter = "unread" }, { 2, 3 } }, { { read_filter = "read" }, { 1, 4 } },
  { { answered = true }, { 2 } }, { { answered = false }, { 1, 3, 4 } }, { { unanswered = true }, { 1, 3, 4 } },
  { { deleted = true }, { 4 } }, { { undeleted = true }, { 1, 2, 3 } },
  { { draft = true }, { 3 } }, { { undraft = true }, { 1, 2, 4 } },
  { { flagged = true }, { 1 } }, { { unflagged = true }, { 2, 3, 4 } },
  { { keyword = "work" }, { 2, 4 } }, { { unkeyword = "work" }, { 1, 3 } },
  { { keyword = { "work", "nothing" } }, {} },
  { { from = "ann@example.org" }, { 1 } }, { { from = "Ann" }, { 1 } },
  { { to = "ann" }, { 2, 3 } }, { { cc = "carol" }, { 1 } }, { { bcc = "dave" }, { 2 } },
  { { subject = "apples" }, { 1, 2 } }, { { subject = { "apples", "pears" } }, { 2 } },
  { { subject = 'doomed ("really")' }, { 4 } }, { { subject = "\\ 100%" }, { 4 } },
  { { body = "crates" }, { 1 } }, { { body = "apples" }, {} }, { { text = "apples" }, { 1, 2 } },
  { { text = "fruit.example" }, { 1 } },
  { { subject = "Käse" }, { 3 } }, { { from = "Jürgen" }, { 3 } },
  { { body = "Grüße" }, { 3 } }, { { body = "寿司" }, { 3 } }, { { text = "Köln" }, { 3 } },
  { { header = { ["List-Id"] = "fruit" } }, { 1 } }, { { header = { ["List-Id"] = "" } }, { 1, 2 } },
  { { header = { ["list-id"] = "example.org", subject = "pears" } }, { 2 } },
  { { header = { ["List-Id"] = { "trees", "example" } } }, { 2 } },
  { { larger = 3000 }, { 2 } }, { { smaller = 3000 }, { 1, 3, 4 } }, { { larger = 100, smaller = 3000 }, { 1, 3, 4 } },
  { { since = "2024-03-01" }, { 3, 4 } }, { { before = "2024-03-01" }, { 1, 2 } }, { { on = "2024-01-02" }, { 2 } },
  { { since = JANUARY + 86400, before = MARCH }, { 2 } },
  { { sent_since = "2024-03-01" }, { 3, 4 } }, { { sent_before = "2024-01-02" }, { 1 } },
  { { sent_on = "2024-03-02" }, { 4 } },
  { { range = "2:3" }, { 2, 3 } }, { { range = { 1, 4 } }, { 1, 4 } }, { { range = "*" }, { 4 } },
  { { range = "1:3", seen = true }, { 1 } },
  { { ["not"] = { from = "ann" } }, { 2, 3, 4 } },
  { { ["not"] = { from = "ann", to = "ann" } }, { 1, 2, 3, 4 } },
  { { ["not"] = { { from = "ann" }, { to = "ann" } } }, { 4 } },
  { { ["not"] = { ["not"] = { subject = "pears" } } }, { 2 } },
  { { ["or"] = { { from = "ann" }, { from = "bob" } } }, { 1, 2 } },
  { { ["or"] = { { from = "ann" }, { from = "bob" }, { from = "eve" } } }, { 1, 2, 4 } },
  { { ["or"] = { { flagged = true }, { ["not"] = { ["or"] = { { seen = true }, { answered = true } } } } } },
    { 1, 3 } },
  { { ["or"] = { { subject = "apples", flagged = true }, { range = "3", draft = true } } }, { 1, 3 } },
  { { ["or"] = { { subject = "Käse" }, { deleted = true } }, seen = true }, { 4 } },
  { { ["not"] = { range = "2:*" } }, { 1 } },
  { { subject = "no such thing" }, {} },
}

local function describe_keys(keys)
  local words = {}
  for name, value in pairs(keys) do
    if type(value) == "table" then value = "{ " .. describe_keys(value) .. " }" end
    words[#words + 1] = tostring(name) .. " = " .. tostring(value)
  end
  table.sort(words)
  return table.concat(words, ", ")
end

for _, kind in ipairs(mail.kinds) do
  describe("#" .. kind, function()
    local server, conn, lines, path, uids

    setup(function()
      server = servers[kind]()
      conn, _, lines = mail.open(kind, "tls")
      path, uids = mail.box(conn, server.prefix .. "search"), {}
      for i, message in ipairs(messages) do
        uids[i] = assert(conn:append_message { mailbox = path, content = message[1], flags = message[2],
          internal_date = message[3] }).uid
      end
    end)

    teardown(function() conn:close() end)

    for _, case in ipairs(cases) do
      local name = describe_keys(case[1])
      it("finds " .. name, function()
        local expected = {}
        for i, number in ipairs(case[2]) do expected[i] = uids[number] end
        same(expected, mail.found(conn, path, case[1]))
        -- With more than UIDs it goes another way.
        local inputs = { mailbox = path, fields = { "uid", "flags" } }
        for key, value in pairs(case[1]) do inputs[key] = value end
        same(expected, mail.column(assert(conn:search_messages(inputs)), "uid"))
      end)
    end

    it("finds UIDs, also within `not` and `or`", function()
      same({ uids[2] }, mail.found(conn, path, { uids = { uids[2] } }))
      same({ uids[1], uids[3], uids[4] }, mail.found(conn, path, { ["not"] = { uids = uids[2] } }))
      same({ uids[2], uids[3] }, mail.found(conn, path,
        { ["or"] = { { uids = uids[2] .. ":" .. uids[2] }, { draft = true } } }))
      same({ uids[4] }, mail.found(conn, path, { uids = "*" }))
      same({ uids[4] }, mail.found(conn, path, { uids = uids[2] .. ":*", seen = true }))
    end)

    it("splits a long list of UIDs, in lines of at most 8,000 octets", function()
      local many, before = {}, #lines
      for uid = 1, 9000, 2 do many[#many + 1] = uid end
      local expected = {}
      for _, uid in ipairs(uids) do
        if uid % 2 == 1 then expected[#expected + 1] = uid end
      end
      same(expected, mail.found(conn, path, { uids = many }))
      same(expected, mail.column(assert(conn:search_messages { mailbox = path, uids = many }), "uid"))
      local flagged = mail.column(assert(conn:search_messages { mailbox = path, uids = many, flagged = true }), "uid")
      same({ uids[1] }, flagged)
      assert.is_true(#lines - before > 6)
      for i = before + 1, #lines do assert.is_true(#lines[i] <= 8000) end
      same("uids", fails("invalid_argument", conn:search_messages { mailbox = path,
        ["not"] = { uids = many } }).field)
    end)

    it("is told of UTF-8 only where there is some", function()
      local before = #lines
      mail.found(conn, path, { subject = "plain" })
      mail.found(conn, path, { subject = "Käse" })
      local with, without = 0, 0
      for i = before + 1, #lines do
        if lines[i]:find("SEARCH", 1, true) then
          if lines[i]:find("CHARSET UTF-8", 1, true) then with = with + 1 else without = without + 1 end
        end
      end
      same({ 1, 1 }, { with, without })
    end)

    it("knows recent, new and old", function()
      local recent, old = mail.found(conn, path, { recent = true }), mail.found(conn, path, { old = true })
      same(4, #recent + #old)
      for _, uid in ipairs(mail.found(conn, path, { new = true })) do
        assert.is_true(uid == uids[2] or uid == uids[3])
      end
      same(#recent, #mail.found(conn, path, { old = false }))
    end)

    -- The extensions' keys; what a server lacks is in servers.lua.
    local extensions = {
      { "WITHIN", "younger", 3600, {} }, { "WITHIN", "older", 3600, { 1, 2, 3, 4 } },
      { "SAVEDATE", "saved_since", "2024-04-01", { 1, 2, 3, 4 } }, { "SAVEDATE", "saved_before", "2024-04-01", {} },
      { "SAVEDATE", "saved_on", "2024-04-01", {} },
      { "CONDSTORE", "modseq", 1, { 1, 2, 3, 4 } }, { "CONDSTORE", "modseq", "9007199254740993", {} },
      { "OBJECTID", "email_id", "M0123456789", {} }, { "OBJECTID", "thread_id", "T0123456789", {} },
    }
    for _, case in ipairs(extensions) do
      local capability, key, value, numbers = case[1], case[2], case[3], case[4]
      it(("knows %s = %s, or says unsupported"):format(key, tostring(value)), function()
        if server.lacks[capability] then
          local err = fails("unsupported", conn:search_messages { mailbox = path, [key] = value })
          same({ key, "not_sent" }, { err.field, err.outcome })
          return
        end
        local expected = {}
        for i, number in ipairs(numbers) do expected[i] = uids[number] end
        same(expected, mail.found(conn, path, { [key] = value }))
      end)
    end

    it("is never asked by a key that is none", function()
      local before = #lines
      same("sender", fails("invalid_argument", conn:search_messages { mailbox = path, sender = "x" }).field)
      for _, keys in ipairs {
        { ["not"] = { sender = "x" } }, { ["or"] = { { sender = "x" } } }, { ["or"] = {} }, { ["not"] = {} },
        { header = {} }, { subject = {} }, { since = "01-Jan-2024" }, { since = "2024-02-30" }, { larger = -1 },
        { keyword = "two words" }, { subject = "a\0b" }, { subject = "a\r\nb" }, { subject = "\255" },
        { header = { ["a:b"] = "x" } }, { read_filter = "new" }, { seen = "yes" }, { range = "0" }, { uids = "1,,2" },
      } do
        keys.mailbox = path
        fails("invalid_argument", conn:search_messages(keys))
      end
      same(before, #lines)
    end)
  end)
end
