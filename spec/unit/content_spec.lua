-- What append_message sends of a file, and of what is only like one.
local transcript = require "spec.support.transcript"

local PIECE = 65536 -- octets that the core reads at a time, at most

-- A table with the methods of a file.
local function like_a_file(file)
  return {
    read = function(_, ...) return file:read(...) end,
    seek = function(_, ...) return file:seek(...) end,
  }
end

local function holding(text)
  local file = assert(io.tmpfile())
  assert(file:write(text))
  file:seek("set", 0)
  return file
end

-- Appends it to a server that takes these octets, and answers what the call did.
local function append(content, wanted, more)
  local conn, play = transcript.open("C: T1 APPEND Work {$text+}\nS: T1 OK\n", { values = { text = wanted } })
  local inputs = { mailbox = "Work", content = content }
  for name, value in pairs(more or {}) do inputs[name] = value end
  local value, message, err = conn:append_message(inputs)
  conn:close()
  if value then play:finish() end
  return value, message, err, play.sent:match "+}\r\n(.*)$" or ""
end

for kind, wrap in pairs { ["a file"] = function(file) return file end, ["what is like a file"] = like_a_file } do
  describe(kind, function()
    it("is sent with CRLF, wherever a piece ends", function()
      for _, size in ipairs { 0, 4094, 4095, 4096, 4097, PIECE - 2, PIECE - 1, PIECE, PIECE + 1 } do
        local front = ("x"):rep(size)
        for given, wanted in pairs {
          ["\r\nb\nc"] = "\r\nb\r\nc", ["\n\n\r\n"] = "\r\n\r\n\r\n", ["\rb\n"] = "\rb\r\n",
        } do
          assert(append(wrap(holding(front .. given:rep(3))), front .. wanted:rep(3)))
        end
      end
    end)

    it("that is all line ends doubles", function()
      assert(append(wrap(holding(("\n"):rep(3 * PIECE))), ("\r\n"):rep(3 * PIECE)))
    end)

    it("with a NUL needs BINARY", function()
      local conn, play = transcript.open ""
      local value, _, err = conn:append_message { mailbox = "Work", content = wrap(holding(("x"):rep(PIECE) .. "\0")) }
      assert.is_nil(value)
      assert.are.same({ "invalid_argument", "content" }, { err.code, err.field })
      conn:close()
      play:finish()
    end)

    it("that got shorter or longer meanwhile is never finished (C8)", function()
      for word, change in pairs {
        less = function(file) file:seek("cur", 9) end,
        more = function(file) file:seek("cur", -9) end,
      } do
        local text = ("x"):rep(9 * PIECE)
        local file, changed = holding(text), false
        local value, message, err, literal = append(wrap(file), text, { progress = function()
          if not changed then change(file) end
          changed = true
        end })
        assert.is_nil(value)
        assert.are.equal("callback", err.code)
        assert.is_truthy(message:find("reading the file failed: it gave " .. word, 1, true), message)
        assert.is_true(#literal < #text)
      end
    end)

    it("is left alone where it cannot be read", function()
      local conn, play = transcript.open ""
      local value, message, err = conn:append_message { mailbox = "Work", content = wrap(assert(io.open "/proc/self")) }
      assert.is_nil(value)
      assert.are.same({ "invalid_argument", "content" }, { err.code, err.field })
      assert.is_truthy(message:find("Is a directory", 1, true), message)
      conn:close()
      play:finish()
    end)

    it("must be seekable", function()
      local conn, play = transcript.open ""
      local pipe = assert(io.popen "echo x")
      local _, message, err = conn:append_message { mailbox = "Work", content = wrap(pipe) }
      assert.are.equal("content", err.field)
      assert.is_truthy(message:find("must be seekable", 1, true), message)
      pipe:close()
      conn:close()
      play:finish()
    end)

    it("may be sent several times in a batch, from where it stood", function()
      local script = "C: T1 APPEND Work {3+}\nC: bcd\nC: T2 APPEND Work {3+}\nC: bcd\nS: T1 OK\nS: T2 OK\n"
      local conn, play = transcript.open(script)
      local file = holding "abcd"
      file:seek("set", 1)
      local results = assert(conn:batch(function(b)
        for _ = 1, 2 do b:append_message { mailbox = "Work", content = wrap(file) } end
      end))
      assert.are.same({ path = "Work" }, results[1].value)
      assert.are.same({ path = "Work" }, results[2].value)
      conn:close()
      play:finish()
    end)
  end)
end

describe("a file", function()
  it("that is closed in the middle ends the connection", function()
    local text = ("x"):rep(9 * PIECE)
    local file = holding(text)
    local value, message, err, literal = append(file, text, { progress = function()
      if io.type(file) == "file" then file:close() end
    end })
    assert.is_nil(value)
    assert.are.equal("callback", err.code)
    assert.is_truthy(message:find("reading the file failed: it was closed", 1, true), message)
    assert.is_true(#literal < #text)
  end)

  it("that is closed already is refused", function()
    local conn, play = transcript.open ""
    local file = holding "x"
    file:close()
    local value, _, err = conn:append_message { mailbox = "Work", content = file }
    assert.is_nil(value)
    assert.are.same({ "invalid_argument", "content" }, { err.code, err.field })
    conn:close()
    play:finish()
  end)
end)
