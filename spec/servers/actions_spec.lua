-- The actions on messages, on three servers, over TLS, STARTTLS and plaintext.

local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same
local fails = mail.fails

local FORGIVES_NUMBERS = { cyrus = true, courier = true }   -- numbers past the end are left out

mail.in_each_way(describe, function(kind, security)
  local server, conn, lines, at

  setup(function()
    server = servers[kind]()
    local _
    conn, _, lines = mail.open(kind, security)
    at = function(name) return server.prefix .. name:gsub("/", server.separator) end
  end)

  teardown(function()
    assert.is_true(conn:is_open())
    assert.is_true(conn:close())
    fails("closed", conn:get_mailbox_status { mailbox = "INBOX" })
  end)

  it("says how it is connected", function()
    local info = conn:info()
    same(({ tls = true, compressed = true, starttls = "starttls", plain = false })[security], info.secure)
    if security == "plain" then
      assert.is_nil(info.tls)
    else
      same("TLSv1.3", info.tls.version)
      assert.truthy(info.tls.cipher:find("^TLS_"))
      assert.truthy(info.tls.backend:find("^mbedTLS"))
    end
    for capability in pairs(server.lacks) do
      assert.is_nil(info.capabilities[capability], capability .. " is there")
    end
    assert.is_true(info.capabilities.UIDPLUS)
  end)

  describe("append_message", function()
    local function stored(path, content)
      local added = assert(conn:append_message { mailbox = path, content = content })
      assert.is_true(added.uid > 0 and added.uid_validity > 0)
      same(path, added.path)
      return assert(conn:download_message { mailbox = path, uid = added.uid }).content
    end

    it("takes a string, and mends the line ends", function()
      local path = mail.box(conn, at "append-string")
      local text = mail.short("a string")
      same(text, stored(path, text))
      same(text, stored(path, (text:gsub("\r\n", "\n"))))
      same("Subject: half\r\n\r\none\r\ntwo\r\n", stored(path, "Subject: half\r\n\none\ntwo\r\n"))
    end)

    it("takes an open file, from where it stands", function()
      local path = mail.box(conn, at "append-file")
      local text = mail.short("a file")
      local file = mail.file("skipped" .. text:gsub("\r\n", "\n"))
      file:seek("set", 7)
      same(text, stored(path, file))
      assert.truthy(io.type(file) == "file")
    end)

    it("takes a source, and tells the progress", function()
      local path = mail.box(conn, at "append-source")
      local text = mail.short("a source")
      local offset, told = 0, {}
      local added = assert(conn:append_message {
        mailbox = "INBOX", path = path,
        content = { size = #text, read = function(max)
          assert.is_true(max > 0)
          local piece = text:sub(offset + 1, offset + math.min(max, 50))
          offset = offset + #piece
          return piece
        end },
        progress = function(done, total)
          same(#text, total)
          told[#told + 1] = done
        end,
      })
      same(path, added.path)
      same(text, assert(conn:download_message { mailbox = path, uid = added.uid }).content)
      same(tostring(#text), tostring(told[#told]))
      assert.is_true(#told >= #text / 50)
      same({}, mail.found(conn, "INBOX"))
    end)

    it("keeps flags and date", function()
      local path = mail.box(conn, at "append-flags")
      local added = assert(conn:append_message {
        mailbox = path, content = mail.short("dated"), internal_date = 1234567890,
        flags = { "\\Seen", "\\Flagged", "\\Recent", "custom" },
      })
      local row = assert(conn:search_messages { mailbox = path })[1]
      same(added.uid, row.uid)
      same(1234567890, row.internal_date)
      same({ "\\Flagged", "\\Seen", "custom" }, mail.keys(row.flags))
      added = assert(conn:append_message { mailbox = path, content = mail.short("set"),
        flags = { ["\\Draft"] = true, ["\\Seen"] = false } })
      row = assert(conn:search_messages { mailbox = path, uids = added.uid })[1]
      same({ "\\Draft" }, mail.keys(row.flags))
      assert.is_true(math.abs(row.internal_date - os.time()) < 300)
    end)

    it("moves two megabytes in either direction", function()
      local path = mail.box(conn, at "append-big")
      local text = mail.short("big") .. ("0123456789abcdef\r\n"):rep(120000)
      same(#text, #stored(path, text))
      local file = mail.file(text)
      assert.is_true(text == stored(path, file))
    end)

    it("knows a mailbox that is not there", function()
      local err = fails("not_found", conn:append_message {
        mailbox = at "append-nowhere", content = mail.short("lost") })
      same("TRYCREATE", err.response_code)
      same("APPEND", err.command)
      same("refused", err.outcome)
    end)

    it("stores a NUL only where the server has BINARY", function()
      local path = mail.box(conn, at "append-binary")
      local text = mail.message({ "Subject: NUL", "MIME-Version: 1.0", "Content-Type: application/octet-stream",
        "Content-Transfer-Encoding: binary" }, "a\0b")
      local value, message, err = conn:append_message { mailbox = path, content = text }
      if server.lacks.BINARY then
        same("content", fails("invalid_argument", value, message, err).field)
      else
        local part = assert(conn:download_message { mailbox = path, uid = assert(value, message).uid,
          part = "TEXT", decode = true })
        same("a\0b\r\n", part.content)
      end
    end)
  end)

  describe("the flags", function()
    it("are added, removed and set, by number and by UID", function()
      local path, uids = mail.box(conn, at "flags", "one", "two", "three")
      local added = assert(conn:add_flags { mailbox = path, range = "1:2", flags = { "\\Flagged", "work" } })
      same(path, added.path)
      same({ uids[1], uids[2] }, mail.column(added.messages, "uid"))
      same({ 1, 2 }, mail.column(added.messages, "seq"))
      same({ "\\Flagged", "work" }, mail.keys(added.messages[1].flags))
      same({}, added.missing)
      same({}, added.modified)
      same({ uids[1], uids[2] }, mail.found(conn, path, { flagged = true }))

      local removed = assert(conn:remove_flags { mailbox = path, uids = { uids[2], uids[3] }, flags = { "work" } })
      same({ uids[2], uids[3] }, mail.column(removed.messages, "uid"))
      same({ "\\Flagged" }, mail.keys(removed.messages[1].flags))
      same({}, mail.keys(removed.messages[2].flags))

      local replaced = assert(conn:set_flags { mailbox = path, range = 1, flags = { "\\Answered", "\\Seen" } })
      same({ "\\Answered", "\\Seen" }, mail.keys(replaced.messages[1].flags))
      replaced = assert(conn:set_flags { mailbox = path, range = "*", flags = { "\\Draft" } })
      same({ uids[3] }, mail.column(replaced.messages, "uid"))
      replaced = assert(conn:set_flags { mailbox = path, uids = "1:*", flags = {} })
      same(uids, mail.column(replaced.messages, "uid"))
      for _, row in ipairs(replaced.messages) do same({}, mail.keys(row.flags)) end
    end)

    it("tell which UIDs are not there", function()
      local path, uids = mail.box(conn, at "flags-missing", "one", "two", "three")
      assert(conn:delete_message { mailbox = path, uid = uids[2] })
      local result = assert(conn:add_flags { mailbox = path, uids = { uids[1], uids[2], 9999 }, flags = { "\\Seen" } })
      same({ uids[1] }, mail.column(result.messages, "uid"))
      same({ uids[2], 9999 }, result.missing)
      result = assert(conn:add_flags { mailbox = path, uids = uids[1] .. ":*", flags = { "\\Seen" } })
      same({ uids[1], uids[3] }, mail.column(result.messages, "uid"))
      same({}, result.missing)
    end)

    it("can be changed in silence", function()
      local path, uids = mail.box(conn, at "flags-silent", "one")
      local result = assert(conn:add_flags { mailbox = path, uids = uids, flags = { "\\Seen" }, silent = true })
      same({}, result.messages)
      assert.is_nil(result.missing)
      same(uids, mail.found(conn, path, { read_filter = "read" }))
    end)

    it("show a message that did not change", function()
      local path, uids = mail.box(conn, at "flags-same", "one")
      assert(conn:add_flags { mailbox = path, uids = uids, flags = { "\\Seen" } })
      local result = assert(conn:add_flags { mailbox = path, range = 1, flags = { "\\Seen" } })
      same(uids, mail.column(result.messages, "uid"))
      same({ "\\Seen" }, mail.keys(result.messages[1].flags))
    end)

    it("stay as they are under another UIDVALIDITY", function()
      local path, uids = mail.box(conn, at "flags-validity", "one")
      local validity = assert(conn:get_mailbox_status { mailbox = path }).uid_validity
      local err = fails("not_found", conn:add_flags { mailbox = path, uids = uids, flags = { "\\Seen" },
        uid_validity = validity + 1 })
      same("UIDVALIDITY", err.response_code)
      same({}, mail.found(conn, path, { seen = true }))
      assert(conn:add_flags { mailbox = path, uids = uids, flags = { "\\Seen" }, uid_validity = validity })
      same(uids, mail.found(conn, path, { seen = true }))
    end)

    it("of numbers past the end are not found, or left out by the server", function()
      local path, uids = mail.box(conn, at "flags-past", "one")
      local result, message, err = conn:add_flags { mailbox = path, range = "1:3", flags = { "\\Seen" } }
      if FORGIVES_NUMBERS[kind] and result then
        same(uids, mail.column(result.messages, "uid"))
      else
        fails("not_found", result, message, err)
      end
    end)

    it("of nothing are nothing, and nothing is sent", function()
      local path = mail.box(conn, at "flags-nothing", "one")
      local sent = #lines
      local result = assert(conn:add_flags { mailbox = path, uids = {}, flags = { "\\Seen" } })
      same({ path = path, messages = {}, missing = {}, modified = {} }, result)
      same(sent, #lines)
    end)

    it("of all in an empty mailbox are none", function()
      local path = mail.box(conn, at "flags-empty")
      same({}, assert(conn:add_flags { mailbox = path, range = "1:*", flags = { "\\Seen" } }).messages)
      same({}, assert(conn:add_flags { mailbox = path, range = "*", flags = { "\\Seen" } }).messages)
      same({}, assert(conn:add_flags { mailbox = path, uids = "1:*", flags = { "\\Seen" } }).messages)
    end)

    it("of a mailbox that is not there are not found", function()
      local err = fails("not_found", conn:add_flags { mailbox = at "flags-nowhere", range = 1, flags = { "\\Seen" } })
      same("SELECT", err.command)
      same("refused", err.outcome)
      assert.truthy(err.message:find("flags-nowhere", 1, true))
    end)

    it("are unsupported with unchanged_since, where CONDSTORE is lacking", function()
      local path, uids = mail.box(conn, at "flags-modseq", "one", "two")
      if server.lacks.CONDSTORE then
        local err = fails("unsupported", conn:add_flags { mailbox = path, uids = uids, flags = { "\\Seen" },
          unchanged_since = 1 })
        same("unchanged_since", err.field)
        return same({}, mail.found(conn, path, { seen = true }))
      end
      local first = assert(conn:add_flags { mailbox = path, uids = uids[1], flags = { "old" } }).messages[1].modseq
      assert(conn:add_flags { mailbox = path, uids = uids[2], flags = { "newer" } })
      local result = assert(conn:add_flags { mailbox = path, uids = uids, flags = { "\\Seen" },
        unchanged_since = first })
      same({ uids[2] }, result.modified)
      same(uids, mail.column(result.messages, "uid"))
      same({ uids[1] }, mail.found(conn, path, { seen = true }))
      result = assert(conn:remove_flags { mailbox = path, range = "1:2", flags = { "\\Seen" },
        unchanged_since = first, silent = true })
      same({ uids[1], uids[2] }, result.modified)
      same({ uids[1] }, mail.found(conn, path, { seen = true }))
    end)
  end)

  describe("copy_message", function()
    it("pairs old and new UIDs, and keeps the flags", function()
      local path, uids = mail.box(conn, at "copy-from", "one", "two", "three")
      local new_path = mail.box(conn, at "copy-to", "there before")
      assert(conn:add_flags { mailbox = path, uids = uids[2], flags = { "\\Flagged", "kept" } })
      local result = assert(conn:copy_message { mailbox = path, uids = { uids[3], uids[2] }, new_path = new_path })
      same({ path, new_path }, { result.path, result.new_path })
      same({}, result.missing)
      same({ uids[2], uids[3] }, mail.column(result.messages, "uid"))
      local rows = assert(conn:search_messages { mailbox = new_path })
      same({ "there before", "two", "three" }, mail.subjects(conn, new_path))
      same({ rows[2].uid, rows[3].uid }, mail.column(result.messages, "new_uid"))
      same({ "\\Flagged", "kept" }, mail.keys(rows[2].flags))
      same(assert(conn:get_mailbox_status { mailbox = new_path }).uid_validity, result.uid_validity)
      same({ "one", "two", "three" }, mail.subjects(conn, path))
    end)

    it("takes numbers, and the latest", function()
      local path = mail.box(conn, at "copy-range", "one", "two", "three")
      local new_path = mail.box(conn, at "copy-range-to")
      assert(conn:copy_message { mailbox = path, range = "1:2", new_path = new_path })
      assert(conn:copy_message { mailbox = path, range = "*", new_path = new_path })
      same({ "one", "two", "three" }, mail.subjects(conn, new_path))
    end)

    it("names the UIDs that are not there, and copies the others", function()
      local path, uids = mail.box(conn, at "copy-missing", "one", "two")
      local new_path = mail.box(conn, at "copy-missing-to")
      assert(conn:delete_message { mailbox = path, uid = uids[1] })
      local result = assert(conn:copy_message { mailbox = path, uids = { uids[1], uids[2], 777 },
        new_path = new_path })
      same({ uids[1], 777 }, result.missing)
      same({ uids[2] }, mail.column(result.messages, "uid"))
      same({ "two" }, mail.subjects(conn, new_path))
    end)

    it("copies nothing to a mailbox that is not there", function()
      local path, uids = mail.box(conn, at "copy-nowhere", "one")
      local err = fails("not_found", conn:copy_message { mailbox = path, uids = uids, new_path = at "nowhere" })
      same("TRYCREATE", err.response_code)
      same("refused", err.outcome)
      fails("not_found", conn:copy_message { mailbox = at "nowhere", uids = 1, new_path = path })
      same({ "one" }, mail.subjects(conn, path))
    end)

    it("copies nothing under another UIDVALIDITY", function()
      local path, uids = mail.box(conn, at "copy-validity", "one")
      local new_path = mail.box(conn, at "copy-validity-to")
      fails("not_found", conn:copy_message { mailbox = path, uids = uids, new_path = new_path, uid_validity = 7 })
      same({}, mail.subjects(conn, new_path))
    end)
  end)

  describe("delete_message", function()
    it("removes those named, and no other that is marked", function()
      local path, uids = mail.box(conn, at "delete", "one", "two", "three", "four")
      assert(conn:add_flags { mailbox = path, uids = { uids[1], uids[2] }, flags = { "\\Deleted" } })
      local result = assert(conn:delete_message { mailbox = path, uids = { uids[2], uids[3], 4000 } })
      same({ path = path, uids = { uids[2], uids[3] }, missing = { 4000 } }, result)
      same({ "one", "four" }, mail.subjects(conn, path))
      same({ uids[1] }, mail.found(conn, path, { deleted = true }))
      same({ path = path, uids = { uids[4] }, missing = {} },
        assert(conn:delete_message { mailbox = path, uid = uids[4] }))
      same({ path = path, uids = {}, missing = { uids[4] } },
        assert(conn:delete_message { mailbox = path, uid = uids[4] }))
      same({ "one" }, mail.subjects(conn, path))
    end)

    it("takes a range of UIDs, but no end that is not fixed", function()
      local path, uids = mail.box(conn, at "delete-range", "one", "two", "three")
      for _, set in ipairs { "*", "1:*", uids[1] .. ",*" } do
        same("uids", fails("invalid_argument", conn:delete_message { mailbox = path, uids = set }).field)
      end
      fails("invalid_argument", conn:delete_message { mailbox = path, uid = "*" })
      local result = assert(conn:delete_message { mailbox = path, uids = uids[1] .. ":" .. uids[2] })
      same({ uids[1], uids[2] }, result.uids)
      same({}, result.missing)
      same({ "three" }, mail.subjects(conn, path))
    end)

    it("removes nothing of another mailbox, or under another UIDVALIDITY", function()
      local path, uids = mail.box(conn, at "delete-here", "one")
      assert(conn:add_flags { mailbox = path, uids = uids, flags = { "\\Flagged" } })
      fails("not_found", conn:delete_message { mailbox = at "delete-nowhere", uids = uids })
      fails("not_found", conn:delete_message { mailbox = path, uids = uids, uid_validity = 7 })
      local row = assert(conn:search_messages { mailbox = path, fields = { "flags" } })[1]
      same({ "\\Flagged" }, mail.keys(row.flags))
    end)

    it("does not care for allow_expunge where UIDPLUS is there", function()
      local path, uids = mail.box(conn, at "delete-careful", "one", "two")
      assert(conn:add_flags { mailbox = path, uids = uids[1], flags = { "\\Deleted" } })
      same({ uids[2] }, assert(conn:delete_message { mailbox = path, uid = uids[2], allow_expunge = true }).uids)
      same({ "one" }, mail.subjects(conn, path))
    end)
  end)

  describe("download_message", function()
    local path, uids, text
    setup(function()
      path, uids = mail.box(conn, at "download", "first", "second")
      text = mail.short("second")
    end)

    it("gives the message as it is stored, by number or UID", function()
      local expected = { seq = 2, uid = uids[2], size = #text, content = text }
      same(expected, assert(conn:download_message { mailbox = path, uid = uids[2] }))
      same(expected, assert(conn:download_message { mailbox = path, index = 2 }))
      same(expected, assert(conn:download_message { mailbox = path, index = "*" }))
      same(mail.short("first"), assert(conn:download_message { mailbox = path, index = 1 }).content)
    end)

    it("gives it to a function and to a file", function()
      local chunks, told = {}, {}
      local result = assert(conn:download_message { mailbox = path, index = 2,
        sink = function(chunk) chunks[#chunks + 1] = chunk end,
        progress = function(done, total) told[#told + 1] = { done, total } end })
      same(text, table.concat(chunks))
      same({ #text, #text }, told[#told])
      for _, number in ipairs(told[#told]) do assert.is_nil(tostring(number):find(".", 1, true)) end
      same({ seq = 2, uid = uids[2], size = #text }, result)
      local file = mail.file()
      assert(conn:download_message { mailbox = path, index = 2, sink = file })
      file:seek("set", 0)
      same(text, file:read("*a"))
    end)

    it("goes on after a sink that fails", function()
      local err = fails("callback", conn:download_message { mailbox = path, index = 2,
        sink = function() return false, "disk full" end })
      assert.truthy(err.message:find("disk full", 1, true))
      err = fails("callback", conn:download_message { mailbox = path, index = 2, sink = function() error({ 7 }) end })
      same({ 7 }, err.cause)
      same(text, assert(conn:download_message { mailbox = path, index = 2 }).content)
    end)

    it("marks nothing as read, unless it is asked to", function()
      assert(conn:download_message { mailbox = path, index = 2 })
      same({}, mail.found(conn, path, { seen = true }))
      assert(conn:download_message { mailbox = path, index = 2, mark_read = true })
      same({ uids[2] }, mail.found(conn, path, { seen = true }))
      assert(conn:download_message { mailbox = path, uid = uids[1], part = "TEXT", mark_read = true })
      same(uids, mail.found(conn, path, { seen = true }))
    end)

    it("gives parts", function()
      local header = text:match("^(.-\r\n\r\n)")
      local part = assert(conn:download_message { mailbox = path, index = 2, part = "HEADER" })
      same(header, part.content)
      part = assert(conn:download_message { mailbox = path, index = 2, part = "TEXT" })
      same("This is second.\r\n", part.content)
      part = assert(conn:download_message { mailbox = path, index = 2, part = "1" })
      same("This is second.\r\n", part.content)
      same("text/plain", part.content_type)
      same(17, part.size)
    end)

    it("finds no message and no part that is not there", function()
      fails("not_found", conn:download_message { mailbox = path, index = 3 })
      fails("not_found", conn:download_message { mailbox = path, uid = 4242 })
      fails("not_found", conn:download_message { mailbox = path, uid = uids[1], part = "2" })
      fails("not_found", conn:download_message { mailbox = path, uid = uids[1], part = "1.3" })
      fails("not_found", conn:download_message { mailbox = path, uid = uids[1], uid_validity = 7 })
      fails("not_found", conn:download_message { mailbox = at "download-nowhere", index = 1 })
      local empty = mail.box(conn, at "download-empty")
      fails("not_found", conn:download_message { mailbox = empty, index = 1 })
      fails("not_found", conn:download_message { mailbox = empty, index = "*" })
    end)
  end)
end)
