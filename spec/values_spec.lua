-- Every function called with every wrong kind of value (H10): an error that
-- names the input, nothing raised, and nothing sent.
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local function raising()
  error("a metamethod was called")
end

local function wrong_values()
  local cyclic = {}
  cyclic[1], cyclic.self = cyclic, cyclic
  local trap = setmetatable({}, {
    __index = raising, __newindex = raising, __len = raising, __pairs = raising, __ipairs = raising,
    __tostring = raising, __call = raising, __eq = raising, __lt = raising, __le = raising, __concat = raising,
    __metatable = false,
  })
  return {
    { "true", true }, { "false", false }, { "NaN", 0 / 0 }, { "infinity", math.huge }, { "-infinity", -math.huge },
    { "a negative number", -1 }, { "a fraction", 1.5 }, { "a huge number", 2 ^ 63 }, { "zero", 0 },
    { "an empty string", "" }, { "NUL", "a\0b" }, { "CRLF", "a\r\nT DELETE b" }, { "no UTF-8", "\255\254" },
    { "a long string", ("x"):rep(100000) }, { "an empty table", {} }, { "a cyclic table", cyclic },
    { "a table of tables", { {}, { {} } } }, { "a sparse array", { [1] = 1, [3] = 3 } },
    { "a table with a key that is a fraction", { [1.5] = true } },
    { "a table with raising metamethods", trap }, { "userdata", io.stdout }, { "a function", raising },
    { "a coroutine", coroutine.create(raising) },
  }
end

-- Of each input, which of those values are right; the rest must be refused.
local FLAG = { ["true"] = true, ["false"] = true }
local TEXT = { ["an empty string"] = true, ["a long string"] = true }
local EMPTY = { ["an empty table"] = true, ["a table with raising metamethods"] = true }
local OPTIONAL_FUNCTION = { ["a function"] = true }
local SINK = { ["a function"] = true, userdata = true }
local TIME = { ["a negative number"] = true, zero = true, ["a fraction"] = true }
local SIZE = { zero = true, ["a huge number"] = true }
local NAME = {}

local place = { mailbox = "INBOX", uids = 1 }
local change = { mailbox = "INBOX", uids = 1, flags = { "a" } }

-- name, inputs that are right, and what else each input takes
local CALLS = {
  { "add_flags", change, { mailbox = NAME, uids = EMPTY, flags = {}, silent = FLAG, unchanged_since = SIZE,
    uid_validity = {} } },
  { "remove_flags", change, { mailbox = NAME, uids = EMPTY, flags = {}, silent = FLAG, unchanged_since = SIZE,
    uid_validity = {} } },
  { "set_flags", change, { mailbox = NAME, uids = EMPTY, flags = EMPTY, silent = FLAG, unchanged_since = SIZE,
    uid_validity = {} } },
  { "append_message", { mailbox = "INBOX", content = "x" }, { mailbox = NAME, path = NAME,
    content = { userdata = true, ["CRLF"] = true, ["no UTF-8"] = true, ["an empty string"] = true,
      ["a long string"] = true },
    flags = EMPTY, internal_date = TIME, progress = OPTIONAL_FUNCTION } },
  { "copy_message", { mailbox = "INBOX", uids = 1, new_path = "B" }, { mailbox = NAME, uids = EMPTY, new_path = NAME,
    uid_validity = {} } },
  { "create_mailbox", { path = "A" }, { path = NAME } },
  { "delete_message", place, { mailbox = NAME, uids = EMPTY, allow_expunge = FLAG, uid_validity = {} } },
  { "download_message", { mailbox = "INBOX", uid = 1, part = "1" }, { mailbox = NAME, uid = {}, part = {},
    decode = FLAG, sink = SINK, progress = OPTIONAL_FUNCTION, mark_read = FLAG, uid_validity = {} } },
  { "get_mailbox_status", { mailbox = "A" }, { mailbox = NAME } },
  { "list_mailboxes", {}, { pattern = { ["an empty string"] = true }, reference = { ["an empty string"] = true },
    subscribed_only = FLAG, status = { ["true"] = true, ["false"] = true, ["an empty table"] = true,
      ["a table with raising metamethods"] = true } } },
  { "rename_mailbox", { path = "A", new_path = "B" }, { path = NAME, new_path = NAME } },
  { "search_messages", { mailbox = "A" }, { mailbox = NAME, from = TEXT, to = TEXT, subject = TEXT,
    read_filter = {}, fields = EMPTY, limit = {}, newest_first = FLAG, larger = SIZE, smaller = SIZE, since = TIME,
    keyword = { ["a long string"] = true }, flagged = FLAG, uids = EMPTY, header = {}, ["not"] = {}, ["or"] = {} } },
}

local OPTIONS = {
  "host", "port", "secure", "username", "password", "access_token", "auth", "min_tls_version", "max_tls_version",
  "min_dh_size", "verify", "server_name", "ca_file", "ca_path", "client_cert", "client_key", "client_key_password",
  "pinned_public_key", "proxy", "connect_timeout", "timeout", "call_timeout", "limits", "compress", "trace", "wait",
  "transport",
}

local function with(inputs, name, value)
  local all = {}
  for key, given in pairs(inputs) do all[key] = given end
  all[name] = value
  return all
end

-- pcall's answer, which must not be false.
local function call(where, ...)
  local ok, value, message, err = pcall(...)
  if not ok then error(where .. " raised: " .. tostring(value), 2) end
  return value, message, err
end

local function check_refused(where, value, message, err, field)
  assert.is_nil(value, where .. " was taken")
  assert.are.equal("invalid_argument", err.code, where .. ": " .. tostring(message))
  if field then assert.are.equal(field, err.field, where .. ": " .. message) end
  assert.are.equal("not_sent", err.outcome)
  assert.is_nil(message:find("%c"), where)
end

describe("A wrong value", function()
  local conn, play
  before_each(function() conn, play = transcript.open("") end)
  after_each(function()
    assert.are.equal("", play.sent)
    assert.is_true(conn:is_open())
  end)

  for _, entry in ipairs(CALLS) do
    local name, right, inputs = entry[1], entry[2], entry[3]
    it("given to " .. name .. " is refused by the input's name", function()
      for input, taken in pairs(inputs) do
        for _, case in ipairs(wrong_values()) do
          if not taken[case[1]] then
            local where = name .. " with " .. input .. " = " .. case[1]
            local value, message, err = call(where, conn[name], conn, with(right, input, case[2]))
            local within = input == "not" or input == "or" -- whose own keys are named
            check_refused(where, value, message, err, not within and input)
          end
        end
      end
    end)
  end

  it("in the place of the inputs, or of the connection, is refused", function()
    for _, entry in ipairs(CALLS) do
      for _, case in ipairs(wrong_values()) do
        local where = entry[1] .. " with " .. case[1]
        if type(case[2]) ~= "table" then
          check_refused(where, call(where, conn[entry[1]], conn, case[2]))
        end
        check_refused(where, call(where, conn[entry[1]], case[2], entry[2]))
      end
    end
  end)

  it("given to the other methods is refused", function()
    for _, name in ipairs { "close", "info", "is_open", "batch" } do
      for _, case in ipairs(wrong_values()) do
        local where = name .. " of " .. case[1]
        check_refused(where, call(where, conn[name], case[2]))
      end
      check_refused(name, call(name, conn[name]))
    end
    for _, case in ipairs(wrong_values()) do
      if type(case[2]) ~= "function" then
        check_refused("batch", call("batch", conn.batch, conn, case[2]))
      end
    end
  end)

  it("given to connect is refused before it connects", function()
    local connects = 0
    local transport = { connect = function()
      connects = connects + 1
      return nil, "refused", "connect"
    end }
    local right = { host = "play", username = "ann", password = "x", transport = transport }
    for _, option in ipairs(OPTIONS) do
      local refused = 0
      for _, case in ipairs(wrong_values()) do
        local where = "connect with " .. option .. " = " .. case[1]
        local before = connects
        local value, message, err = call(where, imapconn.connect, with(right, option, case[2]))
        assert.is_nil(value)
        if err.code == "invalid_argument" then
          assert.are.equal(before, connects, where)
          assert.is_string(err.field)
          assert.is_nil(message:find("%c"))
          refused = refused + 1
        end
      end
      assert.is_true(refused > 8, option .. " is hardly checked")
    end
    for _, case in ipairs(wrong_values()) do
      check_refused("connect", call("connect", imapconn.connect, case[2]))
    end
  end)
end)
