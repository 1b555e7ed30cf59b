-- Long files as the content of a message: in plaintext most of one goes past us, from
-- the kernel to the socket, over TLS none of it.
local imapconn = require "imapconn"
local servers = require "spec.support.servers"

local PIECE = 65536

-- Lines that end in `ending`, no two alike, of so many octets in all, or a few more.
local function text(octets, ending)
  local lines, size, i = {}, 0, 0
  while size < octets do
    i = i + 1
    lines[i] = ("line %d of %d, and some more of it%s"):format(i, octets, ending)
    size = size + #lines[i]
  end
  return table.concat(lines)
end

local function write(path, mode, bytes)
  local file = assert(io.open(path, mode))
  file:write(bytes)
  assert(file:close())
end

for _, protection in ipairs { "plain", "tls" } do
  describe("A file over " .. protection, function()
    local account, conn, path

    setup(function()
      account = servers.dovecot():account(protection)
      conn = assert(imapconn.connect(account))
      path = os.tmpname()
    end)

    teardown(function()
      conn:close()
      os.remove(path)
    end)

    -- Appends what is in the file from its octet `from` on; options as append_message
    -- takes them.
    local function append(from, options)
      local file = assert(io.open(path, "rb"))
      file:seek("set", from)
      options = options or {}
      options.mailbox, options.content = "INBOX", file
      local value, message, err = conn:append_message(options)
      if io.type(file) == "file" then file:close() end
      return value, message, err
    end

    local function count()
      return assert(conn:get_mailbox_status { mailbox = "INBOX" }).messages
    end

    local function stored(uid)
      return assert(conn:download_message { mailbox = "INBOX", uid = uid }).content
    end

    for _, size in ipairs { PIECE, PIECE + 1, 2 * PIECE, 3 * 2 ^ 20, 3 * 2 ^ 20 + 4711 } do
      it(("of %d octets arrives as it is"):format(size), function()
        local said, total = text(size, "\r\n"):sub(1, size - 2) .. "\r\n"
        write(path, "wb", "not this" .. said)
        local before = 0
        local added = assert(append(#"not this", { progress = function(done, all)
          assert(done > before and done <= all)
          before, total = done, all
        end }))
        assert.are.same({ #said, #said }, { before, total })
        assert(stored(added.uid) == said, "other octets")
      end)
    end

    it("with bare line ends arrives with CRLF", function()
      write(path, "wb", text(2 ^ 20, "\n"))
      assert(stored(assert(append(0)).uid) == text(2 ^ 20, "\n"):gsub("\n", "\r\n"), "other octets")
    end)

    it("is sent several times in a batch", function()
      local said = text(2 ^ 20, "\r\n")
      write(path, "wb", said)
      local file = assert(io.open(path, "rb"))
      local results = assert(conn:batch(function(b)
        for _ = 1, 3 do b:append_message { mailbox = "INBOX", content = file } end
      end))
      file:close()
      for i = 1, 3 do assert(stored(results[i].value.uid) == said, "other octets") end
    end)

    for word, change in pairs {
      less = function() os.execute(("truncate -s %d '%s'"):format(2 ^ 20, path)) end,
      more = function() write(path, "ab", "and this\r\n") end,
    } do
      it("that gives " .. word .. " than it had when it was measured is no message", function()
        write(path, "wb", text(8 * 2 ^ 20, "\r\n"))
        local changed, before = false, count()
        local value, message, err = append(0, { progress = function()
          if not changed then change() end
          changed = true
        end })
        assert.is_nil(value)
        assert.are.equal("callback", err.code)
        assert.matches("it gave " .. word .. " than the", message, 1, true)
        assert.is_false(conn:is_open())
        conn = assert(imapconn.connect(account))
        assert.are.equal(before, count())
      end)
    end
  end)
end
