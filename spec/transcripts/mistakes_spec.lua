-- Servers that are mistaken, or lie: what is believed of what they say.
local converse = require "spec.support.converse"
local imapconn = require "imapconn"
local transcript = require "spec.support.transcript"

local STATUS = "(MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"

local OPEN_A = [[
  C: T1 SELECT A
  C: T2 UID STORE 1 +FLAGS.SILENT (\Seen)
  S: * 100 EXISTS
  S: * OK [UIDNEXT 500] next
  S: T1 OK [READ-WRITE] open
  S: T2 OK stored
]]

local function open_a(conn)
  assert(conn:add_flags { mailbox = "A", uids = 1, flags = { "\\Seen" }, silent = true })
end

local function status(conn)
  return conn:get_mailbox_status { mailbox = "A" }
end

local function connect(script, options)
  local given = { host = "play", username = "ann", password = "hunter2", transport = transcript.play(script) }
  for name, value in pairs(options or {}) do given[name] = value end
  return imapconn.connect(given)
end

describe("What a line is", function()
  it('is told by its ends: a name may end in "}"', function()
    converse([[
      C: T1 LIST "" "*" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      S: * LIST () "/" foo}
      S: * LIST () "/" {4}
      S: bar}
      S: T1 OK done
    ]], 1, function(conn)
      local rows = assert(conn:list_mailboxes())
      assert.are.same({ "foo}", "bar}" }, { rows[1].path, rows[2].path })
    end)
  end)

  it("is told by its star: a code without one is no greeting", function()
    for _, code in ipairs { "CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "COPYUID 1 1 1" } do
      local _, _, err = connect("S: [" .. code .. "] hello")
      assert.are.equal("protocol", err and err.code, code)
    end
  end)

  it("is told by its star: of the codes without one, only COPYUID is known", function()
    converse("C: T1 STATUS A " .. STATUS .. "\n" .. [[
      S: [CAPABILITY IMAP4rev1] so
      ! close
    ]], 1, function(conn)
      assert.are.equal("protocol", select(3, status(conn)).code)
    end)
  end)

  it("is not told by the one before it that was broken", function()
    converse("C: T1 STATUS A " .. STATUS .. "\n" .. [[
      S: * OK [X "abc] hi
      S: * 1 FETCH (BODY[] {99999999999}
      ! close
    ]], 1, function(conn)
      local _, text, err = status(conn)
      assert.are.equal("limit", err.code)
      assert.matches("`literal`", text, 1, true)
    end)
  end)
end)

describe("Capabilities", function()
  it("that are cut short by a limit are none, and still can be shown", function()
    local conn = transcript.open("C: T1 STATUS A " .. STATUS .. "\nS: * CAPABILITY ${name}\nS: T1 OK\n",
      { values = { name = ("A"):rep(65536) } })
    assert.are.equal("limit", select(3, status(conn)).code)
    assert.are.same({}, conn:info().capabilities)
  end)
end)

describe("Before TLS", function()
  it("a BYE is not quoted afterwards", function()
    local conn = assert(connect([[
      S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello
      C: T1 STARTTLS
      S: * BYE [ALERT] call this number
      S: T1 OK go
      ! tls
      C: T2 CAPABILITY
      S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
      S: T2 OK
      C~ T3 AUTHENTICATE .*
      S: T3 OK [CAPABILITY IMAP4rev1] in
      C~ T4 STATUS .*
      ! close
    ]], { secure = "starttls" }))
    local _, text, err = status(conn)
    assert.are.equal("closed", err.code)
    assert.is_nil(err.response_code)
    assert.is_nil(text:find("number", 1, true))
  end)
end)

describe("A mailbox", function()
  it("is described before a command that was sent earlier is answered", function()
    converse("C: T1 STATUS A " .. STATUS .. "\n" .. [[
      C: T2 SELECT B
      C: T3 STORE 1:* +FLAGS.SILENT (\Seen)
      C: T4 FETCH 1:* (UID FLAGS MODSEQ)
      S: * 2 EXISTS
      S: T2 OK [READ-ONLY] open
      S: * STATUS A (MESSAGES 1)
      S: T1 OK done
      S: T3 NO read-only
      S: T4 OK done
    ]], 1, function(conn)
      local results = assert(conn:batch(function(b)
        b:get_mailbox_status { mailbox = "A" }
        b:add_flags { mailbox = "B", range = "1:*", flags = { "\\Seen" } }
      end))
      assert.are.equal(1, results[1].value.messages)
      assert.are.equal("READ-ONLY", results[2].err.response_code)
    end)
  end)

  for _, answer in ipairs { "NO", "BAD" } do
    it("is not said to be missing where LIST, asked whether it is, says " .. answer, function()
      converse("C: T1 STATUS A " .. STATUS .. "\n" .. [[
        S: T1 NO server busy
        C: T2 LIST "" A
        S: T2 ]] .. answer .. " server busy\n", 2, function(conn)
        local _, _, err = status(conn)
        assert.are.equal("no", err.code)
        assert.are.equal("server busy", err.response_text)
      end)
    end)
  end
end)

describe("VANISHED, which nobody asked for,", function()
  it("moves down the numbers of those behind it, also where no row has shown it", function()
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 1:* (UID)
      S: * 6 EXISTS
      S: T1 OK [READ-ONLY] open
      S: * 2 FETCH (UID 10)
      S: * 4 FETCH (UID 20)
      S: * 6 FETCH (UID 30)
      S: * VANISHED 15,21:22,30
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.same({ { uid = 10, seq = 2 }, { uid = 20, seq = 3 } },
        conn:search_messages { mailbox = "A", fields = { "uid", "seq" } })
    end)
  end)
end)

describe("A literal that flows to a sink", function()
  -- What reaches the sink of message 9's download.
  local function downloaded(conn)
    local pieces = {}
    assert(conn:download_message { mailbox = "A", uid = 9, sink = function(piece) pieces[#pieces + 1] = piece end })
    return table.concat(pieces)
  end

  it("is one of a FETCH row", function()
    for _, line in ipairs { "* 2 XYZZY (BODY[] {4}", "* LIST (BODY[] {4}", "* OK2 (BODY[] {4}" } do
      converse([[
        C: T1 EXAMINE A
        C: T2 UID FETCH 9 (UID RFC822.SIZE BODY.PEEK[])
        S: * 9 EXISTS
        S: T1 OK [READ-ONLY] open
        S: ]] .. line .. [[

        S: evil)
        S: * 2 FETCH (UID 9 RFC822.SIZE 4 BODY[] {4}
        S: good)
        S: T2 OK done
      ]], 1, function(conn) assert.are.equal("good", downloaded(conn)) end)
    end
  end)

  it("may stand behind any number of blanks", function()
    local big = ("x"):rep(5000)
    converse([[
      C: T1 EXAMINE A
      C: T2 UID FETCH 9 (UID RFC822.SIZE BODY.PEEK[])
      S: * 9 EXISTS
      S: T1 OK [READ-ONLY] open
      S: *  2  FETCH (UID 9 RFC822.SIZE 5000 BODY[] {$big})
      S: T2 OK done
    ]], 1, function(conn)
      assert.are.equal(big, downloaded(conn))
    end, { values = { big = big }, connect = { limits = { literal = 1000 } } })
  end)
end)

describe("A connection that is lost", function()
  -- What waits for the answer to CREATE before it can go on.
  local function beside(script, act)
    converse(OPEN_A .. script, nil, function(conn)
      open_a(conn)
      local results = conn:batch(function(b)
        act(b)
        b:create_mailbox { path = "New" }
      end)
      assert.are.same({ "closed", "closed" }, { results[1].err.code, results[2].err.code })
    end)
  end

  it("fails a change that had more to ask", function()
    beside([[
      C: T3 UID STORE 1,99 +FLAGS.SILENT (\Flagged)
      C: T4 UID FETCH 1,99 (UID FLAGS MODSEQ)
      C: T5 CREATE New
      S: T3 OK stored
      S: * 1 FETCH (UID 1 FLAGS (\Flagged) MODSEQ (5))
      S: T4 OK done
      ! close
    ]], function(b) b:add_flags { mailbox = "A", uids = { 1, 99 }, flags = { "\\Flagged" } } end)
  end)

  it("fails a download that had more to ask", function()
    beside([[
      C: T3 UID FETCH 99 (UID RFC822.SIZE BODY.PEEK[])
      C: T4 CREATE New
      S: T3 OK done
      ! close
    ]], function(b) b:download_message { mailbox = "A", uid = 99 } end)
  end)
end)

describe("More than the limit `messages`", function()
  local FEW = { connect = { limits = { messages = 10 } } }

  local function is_limit(script, act)
    converse(script, nil, function(conn)
      local _, text, err = act(conn)
      assert.are.equal("limit", err.code)
      assert.matches("`messages`", text, 1, true)
      assert.is_false(conn:is_open())
    end, FEW)
  end

  it("is not held back by MODIFIED", function()
    is_limit([[
      C: T1 SELECT A
      C: T2 UID STORE 7 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\Seen)
      C: T3 UID FETCH 7 (UID FLAGS MODSEQ)
      S: * 20 EXISTS
      S: T1 OK [READ-WRITE] open
      S: T2 OK [MODIFIED 7:17] some
    ]], function(conn)
      return conn:add_flags { mailbox = "A", uids = 7, flags = { "\\Seen" }, unchanged_since = 5 }
    end)
  end)

  it("is not there where rows come and go", function()
    is_limit("C: T1 EXAMINE A\nC: T2 UID FETCH 1:* (UID FLAGS)\nS: * 11 EXISTS\nS: T1 OK\n"
      .. ("S: * 1 FETCH (UID 7 FLAGS ())\nS: * 1 EXPUNGE\n"):rep(11),
      function(conn) return conn:search_messages { mailbox = "A", fields = { "uid", "flags" } } end)
  end)

  it("is not told by STATUS", function()
    is_limit('C~ T1 LIST "" "%*" RETURN .*\n' .. ("S: * STATUS b (MESSAGES 1)\n"):rep(11),
      function(conn) return conn:list_mailboxes { status = true } end)
  end)
end)
