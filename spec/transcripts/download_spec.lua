-- download_message: the whole message, or a part of it, in one turn.
local converse = require "spec.support.converse"

local STRUCTURE = '(("text" "plain" ("charset" "iso-8859-1") NIL NIL "quoted-printable" 12 1)'
  .. '("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 8 NIL ("attachment" ("filename" "b.pdf")))'
  .. '("message" "rfc822" NIL NIL NIL "7bit" 40 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL)'
  .. ' ("text" "plain" NIL NIL NIL "7bit" 5 1) 3) "mixed")'

local OPEN = [[
  S: * 3 EXISTS
  S: T1 OK [READ-ONLY] open
]]

local function sink()
  local chunks = {}
  return function(chunk) chunks[#chunks + 1] = chunk end, function() return table.concat(chunks) end
end

describe("download_message", function()
  it("takes the whole message as it is stored, in one turn", function()
    local message = "From: a\r\nSubject: \0\255 {5}\r\n\r\n)\r\n* BYE\r\n"
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 RFC822.SIZE 42 BODY[] {$message})
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ seq = 2, uid = 7, size = #message, content = message },
        conn:download_message { mailbox = "INBOX", uid = 7 })
    end, { values = { message = message } })
  end)

  it("gives a sink chunk after chunk, and progress their count", function()
    local message = ("0123456789abcde\n"):rep(3000)
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 RFC822.SIZE 48000 BODY[] {$message})
      S: T2 OK done
    ]], 1, function(conn)
      local take, all = sink()
      local last, of = 0, nil
      local result = assert(conn:download_message { mailbox = "INBOX", uid = 7, sink = take,
        progress = function(done, total)
          assert(done > last)
          last, of = done, total
        end })
      assert.are.same({ seq = 2, uid = 7, size = #message }, result)
      assert.are.equal(message, all())
      assert.are.equal(#message, last)
      assert.are.equal(#message, of)
    end, { values = { message = message } })
  end)

  it("ends the connection where what went to the sink was another message's", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
    ]] .. OPEN .. [[
      S: * 2 FETCH (BODY[] {$message} UID 8)
    ]], 1, function(conn)
      local _, _, err = conn:download_message { mailbox = "INBOX", uid = 7, sink = sink() }
      assert.are.equal("protocol", err.code)
      assert.is_false(conn:is_open())
    end, { values = { message = "not ours" } })
  end)

  -- The second message, which the server sends so, its octets being `content`.
  local function comes(sent, content, look)
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 FETCH 2 (UID RFC822.SIZE BODY.PEEK[])
    ]] .. OPEN .. [[
      S: * 2 FETCH (RFC822.SIZE ]] .. #content .. [[ BODY[] ${sent} UID 7)
      S: T2 OK done
    ]], 1, look, { values = { sent = sent } })
  end

  it("takes a quoted string, an empty one, and a literal8 as well", function()
    for sent, content in pairs { ['"hi"'] = "hi", ['""'] = "", ["{0}\r\n"] = "", ["~{2}\r\n\0a"] = "\0a" } do
      comes(sent, content, function(conn)
        assert.are.same({ seq = 2, uid = 7, size = #content, content = content },
          conn:download_message { mailbox = "INBOX", index = 2 })
      end)
      comes(sent, content, function(conn)
        local take, all = sink()
        assert.are.equal(#content, conn:download_message { mailbox = "INBOX", index = 2, sink = take }.size)
        assert.are.equal(content, all())
      end)
    end
  end)

  it("is not_found where no row names the UID", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
    ]] .. OPEN .. [[
      S: T2 OK done
    ]], 1, function(conn)
      local _, message, err = conn:download_message { mailbox = "INBOX", uid = 7 }
      assert.are.equal("not_found", err.code)
      assert.are.equal("UID FETCH", err.command)
      assert.are.equal("refused", err.outcome)
      assert.matches('download_message from "INBOX"', message, 1, true)
    end)
  end)

  it("is not_found where the message was expunged meanwhile", function()
    for _, body in ipairs { "NIL", '""' } do
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      ]] .. OPEN .. [[
        S: * 2 FETCH (UID 7 RFC822.SIZE 500 BODY[] ]] .. body .. [[)
        S: T2 OK done
      ]], 1, function(conn)
        local _, _, err = conn:download_message { mailbox = "INBOX", uid = 7 }
        assert.are.equal("not_found", err.code)
      end)
    end
  end)

  it("sets \\Seen where mark_read is given", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY[])
      S: * 3 EXISTS
      S: T1 OK [READ-WRITE] open
      S: * 2 FETCH (UID 7 FLAGS (\Seen) RFC822.SIZE 2 BODY[] "hi")
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.equal("hi", conn:download_message { mailbox = "INBOX", uid = 7, mark_read = true }.content)
    end)
  end)

  it("with mark_read is READ-ONLY where the mailbox opens so", function()
    converse([[
      C: T1 SELECT INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY[])
      S: * 3 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 2 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
      S: T2 OK done
    ]], 1, function(conn)
      local _, _, err = conn:download_message { mailbox = "INBOX", uid = 7, mark_read = true }
      assert.are.equal("no", err.code)
      assert.are.equal("READ-ONLY", err.response_code)
    end)
  end)

  it("is closed where the stream ends within the literal, and never looks whole", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 RFC822.SIZE 100 BODY[] {100}
      S: only this
      ! close
    ]], 1, function(conn)
      local value, _, err = conn:download_message { mailbox = "INBOX", uid = 7 }
      assert.is_nil(value)
      assert.are.equal("closed", err.code)
      assert.is_true(err.retryable)
    end)
  end)
end)

describe("download_message of a part", function()
  local function part(name, section, body, act, more)
    local inputs = { mailbox = "INBOX", uid = 7, part = name }
    for key, value in pairs(more or {}) do inputs[key] = value end
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
      C: T3 UID FETCH 7 (UID BODY.PEEK[]] .. section .. [[])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 BODYSTRUCTURE ${structure})
      S: T2 OK done
      S: * 2 FETCH (UID 7 BODY[]] .. section .. [[] ]] .. body .. [[)
      S: T3 OK done
    ]], 1, function(conn) act(conn:download_message(inputs)) end, { values = { structure = STRUCTURE } })
  end

  it("comes as it is stored, with what the structure says of it", function()
    part("1", "1", '"Gr=FC=DFe"', function(result)
      assert.are.same({ seq = 2, uid = 7, size = 9, content = "Gr=FC=DFe", content_type = "text/plain",
        charset = "iso-8859-1", encoding = "quoted-printable" }, result)
    end)
  end)

  it("is decoded, and its text turned into UTF-8", function()
    part("1", "1", '"Gr=FC=DFe"', function(result)
      assert.are.equal("Grüße", result.content)
      assert.is_true(result.converted)
      assert.are.equal(7, result.size)
    end, { decode = true })
  end)

  it("has its file name", function()
    part("2", "2", '"aGVsbG8="', function(result)
      assert.are.equal("hello", result.content)
      assert.are.equal("application/pdf", result.content_type)
      assert.are.equal("attachment", result.disposition)
      assert.are.equal("b.pdf", result.filename)
      assert.is_false(result.converted)
    end, { decode = true })
  end)

  it("may be a header, in any case", function()
    part("header", "HEADER", '"A: b"', function(result) assert.are.equal("A: b", result.content) end)
    part("3.header", "3.HEADER", '"A: b"', function(result) assert.are.equal("A: b", result.content) end)
    part("2.Mime", "2.MIME", '"A: b"', function(result) assert.are.equal("A: b", result.content) end)
  end)

  it("may be within an attached message", function()
    part("3.1", "3.1", '"hello"', function(result)
      assert.are.equal("hello", result.content)
      assert.are.equal("text/plain", result.content_type)
    end)
  end)

  it("may be empty, where it is the text of a message, or has no octets", function()
    part("3.TEXT", "3.TEXT", '""', function(result) assert.are.equal("", result.content) end)
    part("2", "2", '""', function(result) assert.is_nil(result) end)
  end)

  it("that the structure does not have is not_found, whatever the server answers", function()
    for _, body in ipairs { "NIL", '""', '"something"' } do
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
        C: T3 UID FETCH 7 (UID BODY.PEEK[9])
      ]] .. OPEN .. [[
        S: * 2 FETCH (UID 7 BODYSTRUCTURE ${structure})
        S: T2 OK done
        S: * 2 FETCH (UID 7 BODY[9] ]] .. body .. [[)
        S: T3 OK done
      ]], 1, function(conn)
        local _, message, err = conn:download_message { mailbox = "INBOX", uid = 7, part = "9" }
        assert.are.equal("not_found", err.code)
        assert.matches("part", message, 1, true)
      end, { values = { structure = STRUCTURE } })
    end
  end)

  it("is decoded on its way to a sink", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
      C: T3 UID FETCH 7 (UID BODY.PEEK[2])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 BODYSTRUCTURE ${structure})
      S: T2 OK done
      S: * 2 FETCH (UID 7 BODY[2] {8}
      S: aGVsbG8=)
      S: T3 OK done
    ]], 1, function(conn)
      local take, all = sink()
      assert(conn:download_message { mailbox = "INBOX", uid = 7, part = "2", decode = true, sink = take })
      assert.are.equal("hello", all())
    end, { values = { structure = STRUCTURE } })
  end)

  it("is asked for again where it comes before its structure, and a decoding sink waits", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
      C: T3 UID FETCH 7 (UID BODY.PEEK[2])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 BODY[2] {8}
      S: aGVsbG8=)
      S: T3 OK done
      S: * 2 FETCH (UID 7 BODYSTRUCTURE ${structure})
      S: T2 OK done
      C: T4 UID FETCH 7 (UID BODY.PEEK[2])
      S: * 2 FETCH (UID 7 BODY[2] {8}
      S: aGVsbG8=)
      S: T4 OK done
    ]], 2, function(conn)
      local take, all = sink()
      assert(conn:download_message { mailbox = "INBOX", uid = 7, part = "2", decode = true, sink = take })
      assert.are.equal("hello", all())
    end, { values = { structure = STRUCTURE } })
  end)

  it("is taken where it comes before its structure, in memory", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
      C: T3 UID FETCH 7 (UID BODY.PEEK[2])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 BODY[2] {8}
      S: aGVsbG8=)
      S: T3 OK done
      S: * 2 FETCH (UID 7 BODYSTRUCTURE ${structure})
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.equal("hello",
        conn:download_message { mailbox = "INBOX", uid = 7, part = "2", decode = true }.content)
    end, { values = { structure = STRUCTURE } })
  end)

  it("may come together with its structure in one row", function()
    converse([[
      C: T1 EXAMINE INBOX
      C: T2 UID FETCH 7 (UID BODYSTRUCTURE)
      C: T3 UID FETCH 7 (UID BODY.PEEK[2])
    ]] .. OPEN .. [[
      S: * 2 FETCH (UID 7 BODYSTRUCTURE ${structure} BODY[2] {8}
      S: aGVsbG8=)
      S: T2 OK done
      S: T3 OK done
    ]], 1, function(conn)
      assert.are.equal("hello",
        conn:download_message { mailbox = "INBOX", uid = 7, part = "2", decode = true }.content)
    end, { values = { structure = STRUCTURE } })
  end)

  it("with decode needs a part", function()
    converse("", 0, function(conn)
      local _, _, err = conn:download_message { mailbox = "INBOX", uid = 7, decode = true }
      assert.are.equal("invalid_argument", err.code)
      assert.are.equal("decode", err.field)
      for _, name in ipairs { "", "1..2", ".1", "1.", "MIME", "01", "1]\r\n", "1.2.FIELDS", 1, {} } do
        _, _, err = conn:download_message { mailbox = "INBOX", uid = 7, part = name }
        assert.are.equal("part", err.field)
      end
    end)
  end)
end)

describe("a failed sink", function()
  for name, fail in pairs {
    ["that raises"] = function(cause) error(cause, 0) end,
    ["that answers false"] = function() return false end,
    ["that answers nil and a message"] = function(cause) return nil, cause end,
  } do
    it(name .. " fails the call, the rest is dropped, and the connection goes on", function()
      local message = ("x"):rep(5000)
      converse([[
        C: T1 EXAMINE INBOX
        C: T2 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
      ]] .. OPEN .. [[
        S: * 2 FETCH (UID 7 RFC822.SIZE 5000 BODY[] {$message})
        S: T2 OK done
        C: T3 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[])
        S: * 2 FETCH (UID 7 RFC822.SIZE 2 BODY[] "hi")
        S: T3 OK done
      ]], 2, function(conn)
        local cause, calls = { "the cause" }, 0
        local _, text, err = conn:download_message { mailbox = "INBOX", uid = 7, sink = function()
          calls = calls + 1
          return fail(cause)
        end }
        assert.are.equal("callback", err.code)
        assert.are.equal(1, calls)
        assert.matches("sink", text, 1, true)
        if name ~= "that answers false" then assert.are.equal(cause, err.cause) end
        assert.are.equal("hi", conn:download_message { mailbox = "INBOX", uid = 7 }.content)
      end, { values = { message = message } })
    end)
  end
end)
