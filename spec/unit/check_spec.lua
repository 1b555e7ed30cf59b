-- Every input is checked by name before a byte is sent.
local core = require "imapconn.core"
local transcript = require "spec.support.transcript"

local NAN, HUGE = 0 / 0, math.huge
local raising = setmetatable({}, {
  __index = function() error("a metamethod ran") end,
  __len = function() error("a metamethod ran") end,
  __tostring = function() error("a metamethod ran") end,
})

describe("inputs", function()
  local conn, play

  before_each(function()
    conn, play = transcript.open("")
  end)

  after_each(function()
    assert.are.equal("", play.sent)
    assert.is_true(conn:is_open())
    conn:close()
    play:finish()
  end)

  local function refused(action, inputs, field)
    local value, message, err = conn[action](conn, inputs)
    assert.is_nil(value)
    assert.are.equal("invalid_argument", err.code, message)
    assert.are.equal(field, err.field, message)
    assert.are.equal(message, err.message)
    assert.are.equal(message, tostring(err))
    assert.is_false(err.retryable)
    assert.is_nil(message:find("\n"))
    assert.are.equal(action .. ":", message:match("^%S+"))
  end

  it("are one table", function()
    for _, wrong in ipairs { 1, "INBOX", true, print } do
      refused("search_messages", wrong, "inputs")
    end
    refused("search_messages", nil, "mailbox")
    refused("add_flags", {}, "mailbox")
  end)

  it("are known by name", function()
    refused("search_messages", { mailbox = "INBOX", form = "ann" }, "form")
    refused("get_mailbox_status", { "INBOX" }, "1")
    refused("list_mailboxes", { [raising] = 1 }, "a table")
    local _, message = conn:search_messages { mailbox = "INBOX", form = "ann" }
    assert.are.equal('search_messages: there is no input "form"; did you mean from?', message)
    _, message = conn:create_mailbox { zzzzzzz = 1 }
    assert.are.equal('create_mailbox: there is no input "zzzzzzz"; there are path', message)
    _, message = conn:search_messages { [1] = "INBOX" }
    assert.is_nil(message:find("did you mean"))
  end)

  it("are read raw", function()
    refused("get_mailbox_status", setmetatable({}, { __index = { mailbox = "INBOX" } }), "mailbox")
    refused("get_mailbox_status", { mailbox = raising }, "mailbox")
    refused("add_flags", { mailbox = "INBOX", uids = raising, flags = raising }, "flags")
    refused("search_messages", raising, "mailbox")
  end)

  it("name mailboxes in UTF-8, without NUL, CR and LF (C1)", function()
    local wrong = { "", "a\0b", "x\r\nA1 DELETE INBOX", "a\nb", "a\rb", "\255", ("x"):rep(4001), 7, true, {} }
    for _, name in ipairs(wrong) do
      refused("get_mailbox_status", { mailbox = name }, "mailbox")
      refused("create_mailbox", { path = name }, "path")
      refused("rename_mailbox", { path = "a", new_path = name }, "new_path")
      refused("append_message", { path = name, content = "" }, "path")
    end
    refused("get_mailbox_status", { mailbox = ("ä"):rep(1600) }, "mailbox")
    refused("get_mailbox_status", { mailbox = ("x"):rep(100000) }, "mailbox")
    refused("list_mailboxes", { pattern = ("x"):rep(100000) }, "pattern")
    refused("get_mailbox_status", { mailbox = { raw_path = "a\r\nb" } }, "mailbox")
    refused("append_message", { content = "" }, "path")
    refused("list_mailboxes", { pattern = "a\r\nb" }, "pattern")
    refused("list_mailboxes", { reference = 1 }, "reference")
  end)

  it("name messages by whole numbers from 1 to 2^32 - 1 (C9)", function()
    local flags = { "\\Seen" }
    for _, wrong in ipairs { 0, -1, 1.5, NAN, HUGE, -HUGE, 4294967296, "", "0", "1,,2", "1:", ":1", "1:*\r\n", "1 2",
      "x", "$", true, { 0 }, { 1, "2" }, { 1, [3] = 3 }, { a = 1 }, { 1.5 }, { NAN } } do
      refused("add_flags", { mailbox = "INBOX", uids = wrong, flags = flags }, "uids")
      refused("copy_message", { mailbox = "INBOX", range = wrong, new_path = "b" }, "range")
      refused("delete_message", { mailbox = "INBOX", uids = wrong }, "uids")
      refused("search_messages", { mailbox = "INBOX", uids = wrong }, "uids")
    end
    for _, wrong in ipairs { 0, -1, 1.5, NAN, HUGE, 4294967296, "1", "1:2", {}, { 1 }, true } do
      refused("download_message", { mailbox = "INBOX", uid = wrong }, "uid")
      refused("download_message", { mailbox = "INBOX", index = wrong }, "index")
      refused("delete_message", { mailbox = "INBOX", uid = wrong }, "uid")
      refused("delete_message", { mailbox = "INBOX", uid = 1, uid_validity = wrong }, "uid_validity")
    end
    refused("download_message", { mailbox = "INBOX", uid = "*" }, "uid")
  end)

  it("name messages in one of two ways", function()
    refused("add_flags", { mailbox = "INBOX", flags = { "a" } }, "uids")
    refused("add_flags", { mailbox = "INBOX", flags = { "a" }, range = 1, uids = 1 }, "uids")
    refused("download_message", { mailbox = "INBOX" }, "uid")
    refused("download_message", { mailbox = "INBOX", index = 1, uid = 1 }, "uid")
    refused("delete_message", { mailbox = "INBOX", uid = 1, uids = 1 }, "uids")
    refused("delete_message", { mailbox = "INBOX", range = 1 }, "range")
  end)

  it("never delete what arrives meanwhile", function()
    refused("delete_message", { mailbox = "INBOX", uids = "*" }, "uids")
    refused("delete_message", { mailbox = "INBOX", uids = "5:*" }, "uids")
  end)

  it("hold flags that are words (C3)", function()
    for _, flag in ipairs { "", "a b", "(", "{3}", "X)\r\nA EXPUNGE", "\\", "\\*", "a\0", "ä", 1, true, {} } do
      refused("add_flags", { mailbox = "INBOX", range = 1, flags = { flag } }, "flags")
      refused("append_message", { mailbox = "INBOX", content = "", flags = { "ok", flag } }, "flags")
    end
    refused("add_flags", { mailbox = "INBOX", range = 1 }, "flags")
    refused("add_flags", { mailbox = "INBOX", range = 1, flags = {} }, "flags")
    refused("add_flags", { mailbox = "INBOX", range = 1, flags = "\\Seen" }, "flags")
    refused("add_flags", { mailbox = "INBOX", range = 1, flags = { ["\\Seen"] = 1 } }, "flags")
    refused("add_flags", { mailbox = "INBOX", range = 1, flags = { "a", x = true } }, "flags")
    refused("set_flags", { mailbox = "INBOX", range = 1, flags = { ("x"):rep(4001) } }, "flags")
  end)

  it("hold numbers, booleans and functions of their kinds", function()
    refused("add_flags", { mailbox = "INBOX", range = 1, flags = { "a" }, silent = 1 }, "silent")
    for _, wrong in ipairs { -1, 1.5, NAN, "x", "1x", true, {} } do
      refused("add_flags", { mailbox = "a", range = 1, flags = { "a" }, unchanged_since = wrong }, "unchanged_since")
    end
    for _, wrong in ipairs { "now", NAN, HUGE, -HUGE, 1e13, true } do
      refused("append_message", { mailbox = "INBOX", content = "", internal_date = wrong }, "internal_date")
    end
    refused("append_message", { mailbox = "INBOX", content = "", progress = "x" }, "progress")
    refused("download_message", { mailbox = "INBOX", uid = 1, sink = "x" }, "sink")
    refused("download_message", { mailbox = "INBOX", uid = 1, sink = raising }, "sink")
    refused("download_message", { mailbox = "INBOX", uid = 1, mark_read = 0 }, "mark_read")
    refused("delete_message", { mailbox = "INBOX", uid = 1, allow_expunge = "yes" }, "allow_expunge")
    for _, wrong in ipairs { 0, -1, 0.5, NAN, HUGE, "1" } do
      refused("search_messages", { mailbox = "INBOX", limit = wrong }, "limit")
    end
  end)

  it("name parts (C10)", function()
    for _, wrong in ipairs { "", ".", "1.", ".1", "1..2", "0", "1.0", "01", "x", "MIME", "1MIME", "1.MIME.2",
      "HEADER.FIELDS (A\r\n)", "4294967296", "1 ", "1]", 1, true, {} } do
      refused("download_message", { mailbox = "INBOX", uid = 1, part = wrong }, "part")
    end
    refused("download_message", { mailbox = "INBOX", uid = 1, decode = true }, "decode")
  end)

  it("hold content that can be sent (C8)", function()
    for _, wrong in ipairs { 1, true, {}, { size = 3 }, { size = -1, read = print }, { size = 1.5, read = print },
      { size = NAN, read = print }, { size = 1, read = "x" }, raising } do
      refused("append_message", { mailbox = "INBOX", content = wrong }, "content")
    end
    refused("append_message", { mailbox = "INBOX", content = "a\0b" }, "content")
    refused("append_message", { mailbox = "INBOX", content = io.stdout }, "content")
  end)

  it("name fields and items of STATUS", function()
    refused("search_messages", { mailbox = "INBOX", fields = {} }, "fields")
    refused("search_messages", { mailbox = "INBOX", fields = "uid" }, "fields")
    refused("search_messages", { mailbox = "INBOX", fields = { "uid", "BODY {10}" } }, "fields")
    refused("list_mailboxes", { status = { "messages", "x" } }, "status")
    refused("list_mailboxes", { status = "messages" }, "status")
    refused("list_mailboxes", { status = {} }, "status")
  end)

  it("are unsupported where the server lacks what they need", function()
    local function unsupported(action, inputs, field)
      local value, message, err = conn[action](conn, inputs)
      assert.is_nil(value)
      assert.are.equal("unsupported", err.code, message)
      assert.are.equal(field, err.field)
      assert.are.equal("not_sent", err.outcome)
    end
    unsupported("search_messages", { mailbox = "INBOX", fields = { "email_id" } }, "fields")
    unsupported("search_messages", { mailbox = "INBOX", older = 60 }, "older")
    refused("search_messages", { mailbox = "INBOX", older = "an hour" }, "older")
    unsupported("search_messages", { mailbox = "INBOX", ["not"] = { saved_on = "2024-02-29" } }, "saved_on")
  end)

  it("of nothing send nothing", function()
    local flags = { "a" }
    assert.are.same({ path = "INBOX", messages = {}, missing = {}, modified = {} },
      conn:add_flags { mailbox = "inbox", uids = {}, flags = flags })
    assert.are.same({ path = "INBOX", messages = {}, modified = {} },
      conn:set_flags { mailbox = "INBOX", range = {}, flags = {}, silent = true })
    assert.are.same({ path = "a", new_path = "b", messages = {}, missing = {} },
      conn:copy_message { mailbox = "a", uids = {}, new_path = "b" })
    assert.are.same({ path = "a", uids = {}, missing = {} }, conn:delete_message { mailbox = "a", uids = {} })
    assert.are.same({}, conn:search_messages { mailbox = "a", uids = {}, from = "x" })
    assert.are.same({}, conn:search_messages { mailbox = "a", range = {} })
  end)

  it("of the wrong object are no crash", function()
    for _, wrong in ipairs { 1, "x", {}, core, raising } do
      for _, name in ipairs { "list_mailboxes", "batch", "info", "is_open", "close" } do
        local value, message, err = conn[name](wrong, {})
        assert.is_nil(value)
        assert.are.equal("invalid_argument", err.code, message)
        assert.are.equal("self", err.field)
      end
    end
    local _, _, err = conn:batch("x")
    assert.are.equal("invalid_argument", err.code)
  end)
end)

describe("the options of connect", function()
  local imapconn = require "imapconn"

  local function refused(changes, field)
    local options = { host = "h", username = "u", password = "p",
      transport = { connect = function() error("connected") end } }
    for name, value in pairs(changes) do options[name] = value end
    local value, message, err = imapconn.connect(options)
    assert.is_nil(value)
    assert.are.equal("invalid_argument", err.code, message)
    assert.are.equal(field, err.field, message)
  end

  it("are one table, known by name", function()
    for _, wrong in ipairs { 1, "x", true } do
      assert.are.equal("inputs", select(3, imapconn.connect(wrong)).field)
    end
    assert.are.equal("host", select(3, imapconn.connect()).field)
    refused({ verfy = false }, "verfy")
    refused({ [1] = "h" }, "1")
  end)

  it("name a host, and nothing that means more", function()
    for _, host in ipairs { "", "a/b", "a@b", "a?b", "a#b", "a b", "a\r\nb", "a\0b", "h:993", 7, {} } do
      refused({ host = host }, "host")
      refused({ server_name = host }, "server_name")
    end
  end)

  it("are numbers within their bounds", function()
    for _, wrong in ipairs { 0, -1, 65536, 1.5, NAN, HUGE, "993", true } do refused({ port = wrong }, "port") end
    for _, wrong in ipairs { 0, -1, NAN, "30", true } do
      for _, name in ipairs { "connect_timeout", "timeout", "call_timeout" } do refused({ [name] = wrong }, name) end
    end
    for _, wrong in ipairs { 0, 1.5, "1024", NAN } do refused({ min_dh_size = wrong }, "min_dh_size") end
    local limits = { 7, { lines = 1 }, { line = 0 }, { line = "x" }, { nesting = 1001 }, { nodes = HUGE }, { 1 } }
    for _, wrong in ipairs(limits) do
      refused({ limits = wrong }, "limits")
    end
  end)

  it("are of their kinds", function()
    refused({ secure = "tls" }, "secure")
    refused({ verify = 1 }, "verify")
    refused({ trace = true }, "trace")
    refused({ wait = {} }, "wait")
    refused({ transport = {} }, "transport")
    refused({ transport = print }, "transport")
    refused({ min_tls_version = "TLSv1.4" }, "min_tls_version")
    refused({ max_tls_version = 1.3 }, "max_tls_version")
    refused({ min_tls_version = "TLSv1.3", max_tls_version = "TLSv1.2" }, "min_tls_version")
    refused({ pinned_public_key = "md5//x" }, "pinned_public_key")
    refused({ ca_file = "" }, "ca_file")
    refused({ ca_file = "a\0b" }, "ca_file")
    refused({ proxy = "http://a b" }, "proxy")
    refused({ client_key = "k" }, "client_cert")
    for _, name in ipairs { "ca_file", "ca_path", "client_cert", "client_key_password", "proxy" } do
      refused({ [name] = ("x"):rep(100000) }, name)
    end
  end)

  it("say who one is", function()
    local nobody = function(changes, field)
      local options = { host = "h", transport = { connect = function() error("connected") end } }
      for name, value in pairs(changes) do options[name] = value end
      local _, message, err = imapconn.connect(options)
      assert.are.equal("invalid_argument", err.code, message)
      assert.are.equal(field, err.field, message)
      assert.is_nil(message:find("geheim"))
    end
    nobody({ password = "geheim" }, "username")
    nobody({ username = "u" }, "password")
    nobody({ username = "u", password = 1 }, "password")
    nobody({ username = "u\0", password = "geheim" }, "username")
    for _, wrong in ipairs { "geheim\n", "geheim\r\nA1 NOOP", ("geheim"):rep(10000), 7, true, {} } do
      nobody({ username = wrong, password = "p" }, "username")
      nobody({ username = "u", password = wrong }, "password")
      nobody({ username = "u", access_token = wrong }, "access_token")
    end
    nobody({ username = "u", access_token = "" }, "access_token")
    nobody({ username = "u", auth = "PLAIN" }, "password")
    nobody({ username = "u", auth = "XOAUTH2", password = "geheim" }, "access_token")
    nobody({ username = "u", auth = "NTLM", password = "geheim" }, "auth")
    nobody({ username = "u", auth = 7, password = "geheim" }, "auth")
  end)
end)

describe("what parse is given", function()
  local function refused(field, ...)
    local responses, message, err = core.parse(...)
    assert.is_nil(responses)
    assert.are.equal("invalid_argument", err.code, message)
    assert.are.equal(field, err.field, message)
    assert.are.equal(message, err.message)
    assert.are.equal(message, tostring(err))
    assert.is_false(err.retryable)
    assert.are.equal("parse:", message:match("^%S+"))
  end

  it("is checked, and nothing is raised", function()
    refused "bytes"
    for _, wrong in ipairs { 7, true, {}, print } do refused("bytes", wrong) end
    for _, wrong in ipairs { 7, true, "x", print, { 1 } } do refused("options", "", wrong) end
    refused("limit", "", { limit = {} })
    for _, wrong in ipairs { 7, true, "x", { 1 }, { lines = 1 }, { line = "1" }, { line = 0 }, { line = -1 },
      { line = 1.5 }, { line = 0 / 0 }, { line = 1 / 0 }, { nodes = 4294967296 }, { nesting = 1001 } } do
      refused("limits", "", { limits = wrong })
    end
    for _, wrong in ipairs { 7, "x", { 3, 2 }, { -1 }, { 1 / 0 }, { 1.5 }, { "1" }, { 0 / 0 }, { true } } do
      refused("splits", "* OK", { splits = wrong })
    end
  end)

  it("is read raw", function()
    local options = setmetatable({ limits = raising, splits = raising }, { __index = error })
    assert.are.equal("OK", core.parse("* OK\r\n", options)[1].name)
  end)

  it("may go as deep as a thousand lists", function()
    local limits = { nesting = 1000 }
    assert.is_table(core.parse("* X " .. ("("):rep(900) .. (")"):rep(900) .. "\r\n", { limits = limits }))
    local _, _, err = core.parse("* X " .. ("("):rep(1001) .. (")"):rep(1001) .. "\r\n", { limits = limits })
    assert.are.equal("limit", err.code)
  end)

  it("fails with an error as any call does", function()
    local _, message, err = core.parse "* O"
    assert.are.equal("closed", err.code)
    assert.are.equal(message, tostring(err))
    assert.is_false(err.retryable)
  end)
end)
