-- Rows C1 to C15: what callers give never becomes a command of its own.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

-- The call is refused for that input, nothing is sent, and the connection lives.
local function refused(field, action, inputs, capabilities)
  local conn, play = transcript.open("C: T1 CREATE fine\nS: T1 OK\nC: T2 SUBSCRIBE fine\nS: T2 OK\n",
    { capabilities = capabilities })
  local value, message, err = conn[action](conn, inputs)
  assert.is_nil(value, "taken")
  assert.are.equal("invalid_argument", err.code, message)
  if field then assert.are.equal(field, err.field) end
  assert.are.equal("", play.sent)
  assert(conn:create_mailbox { path = "fine" })
  conn:close()
  play:finish()
end

local EVIL = { "x\r\nA1 DELETE INBOX", "x\ny", "x\ry", "x\0y" }

describe("what callers give", function()
  it("C1: names no mailbox with CR, LF or NUL", function()
    for _, name in ipairs(EVIL) do
      refused("mailbox", "search_messages", { mailbox = name })
      refused("path", "create_mailbox", { path = name })
      refused("new_path", "rename_mailbox", { path = "a", new_path = name })
      refused("mailbox", "get_mailbox_status", { mailbox = name })
      refused("pattern", "list_mailboxes", { pattern = name })
      refused("reference", "list_mailboxes", { reference = name })
    end
  end)

  it("C2: searches for no line break", function()
    for _, key in ipairs { "subject", "from", "text", "body" } do
      for _, value in ipairs(EVIL) do
        refused(nil, "search_messages", { mailbox = "a", [key] = value })
      end
    end
    refused(nil, "search_messages", { mailbox = "a", header = { ["Message-ID"] = 'x"\r\nX1 EXPUNGE' } })
    refused(nil, "search_messages", { mailbox = "a", header = { ["X\r\nX1 EXPUNGE"] = "x" } })
  end)

  it("C3: holds flags that are words", function()
    for _, flag in ipairs { "X)\r\nA EXPUNGE", "a b", "(", "{3}", "", "\\", "a]b\0", "\\Seen)" } do
      for _, action in ipairs { "add_flags", "remove_flags", "set_flags" } do
        refused("flags", action, { mailbox = "a", uids = 1, flags = { flag } })
      end
      refused("flags", "append_message", { mailbox = "a", content = "x", flags = { flag } })
      refused(nil, "search_messages", { mailbox = "a", keyword = flag })
    end
  end)

  it("C4: has no raw way in", function()
    for _, name in ipairs { "criteria", "raw", "query", "command" } do
      refused(name, "search_messages", { mailbox = "a", [name] = "ALL\r\nX1 EXPUNGE" })
    end
    refused("uids", "search_messages", { mailbox = "a", uids = "1\r\nX1 EXPUNGE" })
  end)

  it("C5: goes as {n+} only where the server takes it", function()
    for capabilities, mark in pairs { ["IMAP4rev1"] = "{5}", ["IMAP4rev1 LITERAL+"] = "{5+}",
      ["IMAP4rev1 LITERAL-"] = "{5+}" } do
      local conn, play = transcript.open("C: T1 APPEND a " .. mark .. "\n"
        .. (mark == "{5}" and "S: + go\n" or "") .. "C: hello\nS: T1 OK\n", { capabilities = capabilities })
      assert(conn:append_message { mailbox = "a", content = "hello" })
      conn:close()
      play:finish()
    end
    for size, mark in pairs { [4096] = "{4096+}", [4097] = "{4097}" } do
      local conn, play = transcript.open("C: T1 APPEND a " .. mark .. "\n"
        .. (mark:find("+", 1, true) and "" or "S: + go\n") .. "C: ${big}\nS: T1 OK\n",
        { capabilities = "IMAP4rev1 LITERAL-", values = { big = ("x"):rep(size) } })
      assert(conn:append_message { mailbox = "a", content = ("x"):rep(size) })
      conn:close()
      play:finish()
    end
  end)

  it("C6: ends no command in {n}", function()
    refused("part", "download_message", { mailbox = "a", uid = 1, part = "1 {10}" })
    refused("fields", "search_messages", { mailbox = "a", fields = { "BODY {10}" } })
    local conn, play = transcript.open([[
      C: T1 CREATE "x {10}"
      S: T1 OK
      C: T2 SUBSCRIBE "x {10}"
      S: T2 OK
    ]])
    assert(conn:create_mailbox { path = "x {10}" })
    conn:close()
    play:finish()
  end)

  local function source(size, given)
    return { size = size, read = function()
      local bytes = given
      given = nil
      return bytes
    end }
  end

  it("C8: is announced as long as it is", function()
    local conn, play = transcript.open("C: T1 APPEND a {6+}\nC: a\nC: b\nC:\nS: T1 OK\n")
    assert(conn:append_message { mailbox = "a", content = "a\nb\n" })
    conn:close()
    play:finish()
  end)

  it("C8: that is shorter or longer than announced is never finished", function()
    for _, given in ipairs { "12345", "12345678901" } do
      local conn, play = transcript.open("C: T1 APPEND a {10+}\nC: never to its end\n! close\n")
      local value, _, err = conn:append_message { mailbox = "a", content = source(10, given) }
      assert.is_nil(value)
      assert.are.equal("callback", err.code)
      assert.are.equal("not_sent", err.outcome)
      assert.is_false(conn:is_open())
      local literal = play.sent:match("{10%+}\r\n(.*)$") or ""
      assert(#literal < 10, literal)
    end
  end)

  it("C9: numbers messages from 1 to 2^32 - 1", function()
    for _, set in ipairs { 0, -1, 1.5, 0 / 0, 2 ^ 32, math.huge, "1,,2", "1:*\r\n", "", "0", "4294967296", "1:",
      "1 2", "$", true } do
      refused("uids", "add_flags", { mailbox = "a", uids = set, flags = { "x" } })
      refused("range", "copy_message", { mailbox = "a", range = set, new_path = "b" })
    end
    refused("uid", "download_message", { mailbox = "a", uid = 2 ^ 32 })
    refused("index", "download_message", { mailbox = "a", index = 0 })
  end)

  it("C10: names parts, and dates, by their form", function()
    for _, part in ipairs { "HEADER.FIELDS (A\r\n)", "1\r\n", "1]", "a b", "", "0" } do
      refused("part", "download_message", { mailbox = "a", uid = 1, part = part })
    end
    for _, date in ipairs { "2024-01-01\r\nX", "yesterday", "2024-13-01" } do
      refused("since", "search_messages", { mailbox = "a", since = date })
    end
    refused("internal_date", "append_message", { mailbox = "a", content = "x", internal_date = "1\r\n" })
  end)

  it("C11: may name a mailbox with a TAB, as the server does", function()
    local conn, play = transcript.open([[
      C: T1 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: * LIST () "/" "a${tab}b"
      S: T1 OK
      C: T2 RENAME "a${tab}b" c
      S: T2 OK
    ]], { values = { tab = "\t" }, capabilities = "IMAP4rev1 LIST-EXTENDED SPECIAL-USE" })
    local rows = assert(conn:list_mailboxes())
    assert.are.equal("a\tb", rows[1].raw_path)
    assert(conn:rename_mailbox { path = rows[1], new_path = "c" })
    conn:close()
    play:finish()
  end)

  it("C12: has NUL in literal8 only", function()
    refused("content", "append_message", { mailbox = "a", content = "a\0b" }, "IMAP4rev1 LITERAL+")
    refused("subject", "search_messages", { mailbox = "a", subject = "a\0b" }, "IMAP4rev1 LITERAL+ BINARY")
    local conn, play = transcript.open("C: T1 APPEND a ~{3+}\nC: ${nul}\nS: T1 OK\n",
      { values = { nul = "a\0b" }, capabilities = "IMAP4rev1 LITERAL+ BINARY" })
    assert(conn:append_message { mailbox = "a", content = "a\0b" })
    conn:close()
    play:finish()
  end)

  it("C13: names a host, and no URL", function()
    for _, host in ipairs { "imap://h/a%0d%0aX", "h/a", "a@h", "h?x", "h#x", "h%0d%0aX" } do
      local conn, _, err = imapconn.connect { host = host, username = "ann", password = "x", connect_timeout = 1 }
      assert.is_nil(conn)
      assert(err.code == "invalid_argument" or host:find("^h%%") and err.code == "resolve", err.code)
    end
  end)

  it("C14: gets names as they are, even like paths", function()
    local conn, play = transcript.open([[
      C: T1 LIST "" "*"
      C: T2 LSUB "" "*"
      S: * LIST () "/" "../../x"
      S: * LIST () "/" "`id`"
      S: T1 OK
      S: T2 OK
    ]], { capabilities = "IMAP4rev1" })
    local rows = assert(conn:list_mailboxes())
    assert.are.equal("../../x", rows[1].raw_path)
    assert.are.equal("`id`", rows[2].raw_path)
    conn:close()
    play:finish()
  end)

  it("C15: names a host and a proxy without control characters and blanks", function()
    for _, host in ipairs { "a\r\nb", "a b", "a\0b", "a\tb" } do
      local conn, _, err = imapconn.connect { host = host, username = "ann", password = "x" }
      assert.is_nil(conn)
      assert.are.equal("invalid_argument", err.code)
      assert.are.equal("host", err.field)
    end
    for _, proxy in ipairs { "socks5h://a\r\nb:1", "http://a b" , "http://a\0b" } do
      local conn, _, err = imapconn.connect { host = "h", proxy = proxy, username = "ann", password = "x" }
      assert.is_nil(conn)
      assert.are.equal("invalid_argument", err.code)
      assert.are.equal("proxy", err.field)
    end
  end)
end)
