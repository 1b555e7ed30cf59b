-- imapconn.core.parse: what hostile and odd replies come to. Every reply here
-- is also read one byte at a time, with the same result.
local core = require "imapconn.core"
local corpus = require "spec.support.corpus"

local SMALL = 5000 -- octets up to which that is done

local function parse(bytes, limits)
  local responses, message, err = core.parse(bytes, { limits = limits })
  if not responses then assert.are.equal(message, err.message) end
  if #bytes <= SMALL then
    local splits = {}
    for at = 1, #bytes - 1 do splits[at] = at end
    local again, _, err_again = core.parse(bytes, { limits = limits, splits = splits })
    assert.are.equal(corpus.dump(responses or err), corpus.dump(again or err_again))
  end
  return responses, err
end

--- The one response that a line is.
local function read(line, limits)
  local responses, err = parse(line .. "\r\n", limits)
  assert.is_nil(err, err and err.message)
  assert.are.equal(1, #responses)
  return responses[1]
end

local function refuses(code, bytes, limits)
  local responses, err = parse(bytes, limits)
  assert.is_nil(responses, bytes:sub(1, 100))
  assert.are.equal(code, err.code, err.message)
  return err
end

local function fetch(items, limits)
  return read("* 1 FETCH (" .. items .. ")", limits).message
end

--- A FETCH row that is spoilt: says so, and has the bytes.
local function spoilt(items, what)
  local message = fetch(items)
  assert.are.equal(what, message.error)
  assert.are.equal("* 1 FETCH (" .. items .. ")", message.raw)
  return message
end

local function structure(body)
  local message = fetch("BODYSTRUCTURE " .. body)
  return corpus.outline(message.body_structure), message.error, message.body_structure
end

local function envelope(fields)
  local message = fetch("ENVELOPE (" .. fields .. ")")
  return message.envelope, message.error
end

describe("a quoted string", function()
  local function subject(quoted)
    return (envelope('NIL "' .. quoted .. '" NIL NIL NIL NIL NIL NIL NIL NIL')).subject
  end

  -- What stands in quotes, and what it comes to.
  local TEXTS = {
    ["a"] = "a", ["\t"] = "\t", ["="] = "=", ["=?"] = "=?", [ [[\"]] ] = '"', [ [[\\]] ] = "\\", ["\127"] = "\127",
    ["\1"] = "\1", ["\r y"] = " y", ["\195\169"] = "é", ["\233"] = "é", ["=?utf-8?Q?=C3=A9?="] = "é",
  }

  it("is read whatever stands in it, and wherever: before 0 to 34 letters, and behind as many", function()
    for quoted, text in pairs(TEXTS) do
      for before = 0, 34 do
        local letters = ("x"):rep(before)
        assert.are.equal(letters .. text, subject(letters .. quoted))
        assert.are.equal(text .. letters, subject(quoted .. letters))
        assert.are.equal(letters .. text .. letters, subject(letters .. quoted .. letters))
      end
    end
  end)

  it("has its end in its line", function()
    for before = 0, 34 do
      for _, last in ipairs { "", "=", "\233", "\\", [[\"]] } do
        refuses("protocol", '* 1 FETCH (ENVELOPE (NIL "' .. ("x"):rep(before) .. last .. "\r\n")
      end
    end
  end)
end)

describe("a literal", function()
  it("that is too large is refused by its announcement", function()
    for _, size in ipairs { "2147483648", "4294967296", "9223372036854775807", "18446744073709551617",
      ("9"):rep(1000) } do
      refuses("limit", "* 1 FETCH (BODY[] {" .. size .. "}\r\n")
    end
  end)

  it("has a number for its size", function()
    for _, size in ipairs { "-1", "", "abc", " 1", "1 ", "1-", "0x1" } do
      refuses("protocol", "* 1 FETCH (BODY[] {" .. size .. "}\r\nx)\r\n")
    end
    refuses("protocol", "* 1 FETCH (BODY[] {1\r\n")
    refuses("protocol", "* 1 FETCH (BODY[] {1}x)\r\n")
  end)

  it("may have zeros before it, be of LITERAL+ or of BINARY", function()
    assert.are.equal("abc", fetch("BODY[] {0003}\r\nabc").sections["BODY[]"])
    assert.are.equal("abc", fetch("BODY[] {3+}\r\nabc").sections["BODY[]"])
    assert.are.equal("a\0c", fetch("BODY[] ~{3}\r\na\0c").sections["BODY[]"])
    assert.are.equal("abc", fetch("BODY[] {3}\nabc").sections["BODY[]"])
  end)

  it("may be empty", function()
    assert.are.equal("", fetch("BODY[] {0}\r\n").sections["BODY[]"])
    assert.are.equal("", fetch("BODY[] {00}\r\n FLAGS ()").sections["BODY[]"])
  end)

  it("keeps whatever is in it", function()
    local text = "* 1 FETCH (\r\n)\"{5}\r\n\0\255"
    local message = fetch("BODY[] {" .. #text .. "}\r\n" .. text .. " UID 7")
    assert.are.equal(text, message.sections["BODY[]"])
    assert.are.equal(7, message.uid)
  end)

  it("is none at the end of a status line", function()
    local responses = parse "* OK [ALERT] {5}\r\n+ {5}\r\nA1 NO {5}\r\n* bye {5}\r\n* 1 EXISTS\r\n"
    assert.are.equal(5, #responses)
    assert.are.equal("{5}", responses[1].text)
    assert.are.equal(1, responses[5].number)
  end)
end)

describe("a number", function()
  it("of messages is within 32 bits", function()
    assert.are.equal(4294967295, read("* 4294967295 EXISTS").number)
    refuses("protocol", "* 4294967296 EXISTS\r\n")
    refuses("protocol", "* 99999999999999999999 EXISTS\r\n")
    assert.are.equal("3ABC", read("* 3abc 4").name)
  end)

  it("of 64 bits is exact: in digits where a Lua number is not", function()
    for digits, holds in pairs { ["9007199254740992"] = true, ["9007199254740993"] = math.type ~= nil,
      ["9223372036854775807"] = math.type ~= nil, ["9223372036854775808"] = false,
      ["18446744073709551615"] = false } do
      local modseq = fetch("MODSEQ (" .. digits .. ")").modseq
      assert.are.equal(holds and "number" or "string", type(modseq))
      assert.are.equal(digits, holds and ("%d"):format(modseq) or modseq)
      assert.are.equal(digits, core.number(modseq))
    end
    spoilt("MODSEQ (18446744073709551616)", "MODSEQ is no number")
  end)

  it("below zero is no MODSEQ (seen of Zoho)", function()
    local message = fetch("MODSEQ (-1) UID 3")
    assert.is_nil(message.error)
    assert.is_nil(message.modseq)
    assert.are.equal(3, message.uid)
    spoilt("MODSEQ (-)", "MODSEQ is no number")
  end)

  it("of an item that is none spoils the row, and only it", function()
    assert.is_nil(spoilt("UID 3 RFC822.SIZE -1", "RFC822.SIZE is no number").size)
    assert.is_nil(spoilt("RFC822.SIZE " .. ("9"):rep(1000), "RFC822.SIZE is no number").size)
    assert.are.equal(3, spoilt("UID 3 MODSEQ (x)", "MODSEQ is no number").uid)
    assert.are.equal(5, spoilt("UID 0 RFC822.SIZE 5 MODSEQ ()", "MODSEQ is no number").size)
    assert.is_nil(fetch("UID 0").uid)
    assert.is_nil(fetch("UID 4294967296").uid)
  end)

  it("may have any length, and nothing is read beyond", function()
    local message = spoilt('INTERNALDATE "' .. ("1"):rep(10000) .. '"', "INTERNALDATE is no date")
    assert.is_nil(message.internal_date)
    local name = ("n"):rep(1048576)
    local status = read(("* STATUS {%d}\r\n%s (MESSAGES 3)"):format(#name, name))
    assert.are.equal(name, status.raw_path)
    assert.are.equal(3, status.status.messages)
  end)
end)

describe("a line", function()
  it("ends with LF, with or without CR", function()
    local responses = parse "* 1 EXISTS\n* 2 EXISTS\r\n"
    assert.are.equal(2, #responses)
    assert.are.equal(2, responses[2].number)
  end)

  it("does not end with CR alone", function()
    refuses("closed", "* 1 EXISTS\r* 0 RECENT\r")
    refuses("protocol", "* 1 EXISTS\r* 0 RECENT\r\n")
    assert.are.equal("a\rb", read("* OK a\rb").text)
  end)

  it("that has no end is not whole", function()
    local err = refuses("closed", "* 1 EXISTS\r\n* 2 EX")
    assert.are.equal("parse: response 2: the bytes end inside a response", err.message)
    refuses("closed", "* 1 FETCH (BODY[] {5}\r\nabcd")
    assert.are.same({}, (parse ""))
  end)

  it("is empty, or of nothing", function()
    for _, line in ipairs { "", " ", "*", "* ", "hello", "A1", "A1 ", "A1 OKAY", "A1 PREAUTH x", " OK x",
      "A1 FETCH (UID 1)" } do
      refuses("protocol", line .. "\r\n")
    end
  end)

  it("ends its strings and lists", function()
    for _, line in ipairs { '* LIST () "/" "abc', '* LIST () "/" "abc\\"', "* LIST (\\Sent", "* 1 FETCH (UID 1",
      "* 1 FETCH (UID 1))", "* X )", '* "abc', "* 1 FETCH (BODY[TEXT" } do
      refuses("protocol", line .. "\r\n* 1 EXISTS\r\n")
    end
    refuses("protocol", '* LIST () "/" "ab{3}\r\nc" x\r\n')
  end)

  it("keeps NUL where it stands", function()
    assert.are.equal("a\0b", read("* OK a\0b").text)
    assert.are.equal("a\0b", read('* LIST () "/" "a\0b"').mailbox.raw_path)
    assert.are.equal("a\0b", read("* LIST () NIL a\0b").mailbox.raw_path)
  end)

  it("cut after any byte is read or refused", function()
    for _, line in ipairs {
      "* OK [PERMANENTFLAGS (a b)] text", "* PREAUTH x", "* CAPABILITY IMAP4rev1 IDLE", "* ENABLED CONDSTORE",
      '* LIST (\\Sent) "/" "a b" ("CHILDINFO" ("SUBSCRIBED"))', "* LSUB () NIL x", "* XLIST () NIL x",
      "* STATUS x (MESSAGES 1 MAILBOXID (m))", "* SEARCH 1 2 (MODSEQ 3)", "* SORT 2 1", "* THREAD (1 (2)(3))",
      '* ESEARCH (TAG "x") UID MIN 1 ALL 1:2 PARTIAL (1:2 3)', "* VANISHED (EARLIER) 1:3", "* ID (\"a\" NIL)",
      '* NAMESPACE (("" "/")) NIL NIL', "* FLAGS (\\Seen)", "* 3 EXISTS", "* 3 EXPUNGE", "* 3 RECENT",
      '* 3 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (5) EMAILID (M1) THREADID NIL INTERNALDATE "x" RFC822.SIZE 6 '
        .. 'ENVELOPE (NIL "s" ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL) BODY ("text" "plain" NIL NIL NIL '
        .. '"7bit" 1 1) BODY[HEADER.FIELDS ("A]" B)]<0> "x" PREVIEW NIL)',
      "A1 OK [COPYUID 1 2:3 4:5] done", "A1 NO", "[COPYUID 1 2 3]", "+ go on",
    } do
      for size = 1, #line do
        local responses, err = parse(line:sub(1, size) .. "\r\n")
        if not responses then assert.are.equal("protocol", err.code) end
      end
    end
  end)
end)

describe("a status response", function()
  it("may have no text", function()
    assert.are.equal("", read("* OK").text)
    assert.are.equal("", read("A1 NO").text)
    local response = read "* OK [UNSEEN 17]"
    assert.are.equal("", response.text)
    assert.are.equal(17, response.argument)
    assert.are.equal("", read("+").text)
    assert.are.equal("continuation", read("+ go").kind)
  end)

  it("may answer a LOGOUT with a tagged BYE (seen by MailKit)", function()
    assert.are.equal("BYE", read("A1 BYE see you").name)
  end)

  it("has a code only where there is one", function()
    for _, text in ipairs { '[Error="a b" Proxy=x] done', "[", "[]", "[ALERT", "[ ALERT] x", "[\1X] x", "a [ALERT]" } do
      local response = read("A1 OK " .. text)
      assert.is_nil(response.code)
      assert.are.equal(text, response.text)
    end
  end)

  it("has a code whose arguments make no sense", function()
    local response = read 'A1 NO [BADURL "x(] no'
    assert.are.equal("BADURL", response.code)
    assert.is_nil(response.data)
    assert.are.equal("no", response.text)
    for _, code in ipairs { "COPYUID", "APPENDUID", "UIDNEXT", "PERMANENTFLAGS", "CAPABILITY", "MODIFIED" } do
      response = read("A1 OK [" .. code .. "] done")
      assert.are.equal(code, response.code)
      assert.is_nil(response.argument)
    end
    assert.are.same({ uid_validity = 1 }, read("A1 OK [COPYUID 1 0 4:]").argument)
    assert.is_nil(read("* OK [UIDNEXT x]").argument)
  end)

  it("has a code with brackets in it", function()
    assert.are.same({ ["[css3-page]"] = true, ["\\*"] = true },
      read("* OK [PERMANENTFLAGS ([css3-page] \\*)] x").argument)
    assert.are.equal("m1", read("A1 OK [MAILBOXID (m1)] x").argument)
  end)

  it("may come as its code alone (seen of Exchange)", function()
    local response = read "[COPYUID 55 31 6]"
    assert.are.equal("untagged", response.kind)
    assert.are.equal("OK", response.name)
    assert.are.same({ uid_validity = 55, from = "31", to = "6" }, response.argument)
    refuses("protocol", "[\r\n")
    refuses("protocol", "[Error=\"x\"] y\r\n")
  end)
end)

describe("words", function()
  it("are the same in any case", function()
    assert.is_true(read("* capability starttls").capabilities.STARTTLS)
    assert.are.equal("OK", read("* ok hello").name)
    assert.are.equal(4, read("* oK [uIDnEXT 4] x").argument)
    assert.are.equal("a", read('* List (\\noselect) nil "a"').mailbox.raw_path)
    assert.is_false(read('* List (\\noselect) nil "a"').mailbox.selectable)
    assert.is_nil(read('* List (\\noselect) nil "a"').mailbox.delimiter)
    assert.is_true(fetch("uid 3 flags (\\SEEN)").flags["\\Seen"])
    assert.are.equal("1 text/plain 7bit 3 1", structure '("TEXT" "Plain" nil nil NiL "7BIT" 3 1)')
  end)

  it("may have more blanks between and behind them than one", function()
    assert.are.same({}, read("* SEARCH ").numbers)
    assert.are.same({ 1, 2 }, read("* SEARCH  1  2 ").numbers)
    assert.are.same({}, read("* STATUS x ()").status)
    assert.are.equal(1, read("* STATUS x (MESSAGES  1 ) ").status.messages)
    assert.are.equal(5, fetch(" UID  5  FLAGS ( ) ").uid)
    assert.is_nil(fetch("").error)
    assert.are.equal(3, read("*  3   EXISTS ").number)
    assert.is_true(read("* FLAGS (a  b )").flags.b)
  end)

  it("of a flag may have brackets", function()
    assert.are.same({ ["[x]"] = true, ["a]b"] = true }, fetch("FLAGS ([x] a]b)").flags)
    assert.are.equal("[Gmail]/All", read('* LIST () "/" [Gmail]/All').mailbox.raw_path)
  end)
end)

describe("the name of a mailbox", function()
  it("goes back as it came, whatever its encoding", function()
    for _, name in ipairs { "&", "&AAA", "&2D0-", "\255\254", "a&-b", "&AOQ-", "NIL" } do
      assert.are.equal(name, read('* LIST () "/" ' .. name).mailbox.raw_path)
    end
    assert.are.equal("ä", read('* LIST () "/" &AOQ-').mailbox.path)
    assert.are.equal("&2D0-", read('* LIST () "/" &2D0-').mailbox.path)
    assert.are.equal('a"b\\c', read('* LIST () "/" "a\\"b\\\\c"').mailbox.raw_path)
  end)

  it("may have brackets without quotes round it (seen by K-9 Mail)", function()
    assert.are.equal("a/b()", read('* LIST (\\Sent) "/" a/b()').mailbox.raw_path)
    assert.are.equal("a(b", read('* LSUB () "/" a(b').mailbox.raw_path)
    assert.are.equal("a", read('* LIST () "/" a (x)').mailbox.raw_path)
  end)
end)

describe("a FETCH row", function()
  it("may have brackets round an item (seen of Domino)", function()
    local message = fetch "UID 1 (ENVELOPE (NIL {1}\r\ns NIL NIL NIL NIL NIL NIL NIL NIL)) FLAGS (a)"
    assert.is_nil(message.error)
    assert.are.equal("s", message.envelope.subject)
    assert.is_true(message.flags.a)
  end)

  it("that is none spoils itself alone", function()
    local responses = parse "* 1 FETCH UID 5\r\n* 2 FETCH (UID 6) x\r\n* 3 FETCH (UID 7)\r\n* 4 FETCH\r\n"
    assert.are.equal("FETCH has no list of items", responses[1].message.error)
    assert.are.equal("FETCH has no list of items", responses[2].message.error)
    assert.are.same({ uid = 7 }, responses[3].message)
    assert.are.equal("* 4 FETCH", responses[4].message.raw)
  end)

  it("that lacks a name or value is read as far as it goes", function()
    local what = "an item of FETCH lacks its name or value"
    assert.are.equal(3, spoilt("UID 3 FLAGS", what).uid)
    assert.are.equal(3, spoilt("UID 3 (FLAGS () x) RFC822.SIZE 4", what).uid)
    assert.are.equal(3, spoilt('UID 3 "x" y', what).uid)
    spoilt("]", what)
  end)

  it("has sections by name, blanks, quotes and all", function()
    local name = 'BODY[HEADER.FIELDS ("A]b" C)]<0>'
    assert.are.equal("x", fetch(name .. " x").sections[name])
    assert.are.equal('a"b', fetch('BODY[1.MIME] "a\\"b"').sections["BODY[1.MIME]"])
    assert.is_nil(fetch("BODY[1] NIL").sections["BODY[1]"])
  end)
end)

describe("an envelope", function()
  local REST = " NIL NIL NIL NIL NIL NIL"

  it("may lack its last two fields (seen by MailKit)", function()
    local read_envelope, err = envelope('"Tue, 24 Sep 2019 09:48:05 +0800" "s" NIL NIL NIL NIL NIL NIL')
    assert.is_nil(err)
    assert.are.equal("s", read_envelope.subject)
    assert.are.equal(1569289685, read_envelope.date)
    assert.is_nil(read_envelope.message_id)
  end)

  it("that lacks more is read as far as it goes", function()
    local read_envelope, err = envelope 'NIL "s" NIL NIL NIL NIL NIL'
    assert.are.equal("ENVELOPE is malformed", err)
    assert.are.equal("s", read_envelope.subject)
    assert.are.same({}, read_envelope.bcc)
    spoilt("ENVELOPE ()", "ENVELOPE is malformed")
    spoilt("ENVELOPE x", "ENVELOPE is malformed")
    assert.is_nil(fetch("ENVELOPE NIL").error)
  end)

  it("may have more fields than ten", function()
    local read_envelope, err = envelope('NIL "s"' .. REST .. ' "<r>" "<i>" "x" (y)')
    assert.is_nil(err)
    assert.are.equal("<i>", read_envelope.message_id)
  end)

  it("has groups, with members and without", function()
    local to = envelope('NIL NIL NIL NIL NIL ((NIL NIL "boys" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL) '
      .. '(NIL NIL "none" NIL)(NIL NIL NIL NIL)("x" NIL "c" "d")) NIL NIL NIL NIL').to
    assert.are.same({ { mailbox = "a", host = "b", address = "a@b", group = "boys" }, { group = "none" },
      { name = "x", mailbox = "c", host = "d", address = "c@d" } }, to)
  end)

  it("has addresses of which a half is missing", function()
    local from, err = envelope('NIL NIL ((NIL NIL NIL "b") ("x" NIL "a" NIL))' .. REST .. " NIL")
    assert.is_nil(err)
    assert.are.same({ { host = "b", address = "@b" }, { name = "x", mailbox = "a", address = "a" } }, from.from)
  end)

  it("has addresses whose name fell apart (seen by MailKit)", function()
    local read_envelope, err = envelope('NIL NIL (({3}\r\nann "of" the NIL "a" "b")(NIL NIL "c" "d"))'
      .. REST .. " NIL")
    assert.are.equal("an address in ENVELOPE is malformed", err)
    assert.are.same({ { name = "ann", mailbox = "a", host = "b", address = "a@b" },
      { mailbox = "c", host = "d", address = "c@d" } }, read_envelope.from)
  end)

  it("has lists of addresses that are none", function()
    local read_envelope, err = envelope('NIL NIL "x" (y) (NIL) ((NIL NIL)) () NIL NIL NIL')
    assert.is_string(err)
    for _, list in ipairs { "from", "sender", "reply_to", "to", "cc" } do assert.are.same({}, read_envelope[list]) end
  end)
end)

describe("a body structure", function()
  it("of a part without its subtype is of the usual one (seen by MailKit)", function()
    assert.are.equal("1 text/plain base64 356 5", structure '("TEXT" ("CHARSET" "x") NIL NIL "base64" 356 5)')
    assert.are.equal("1 application/octet-stream base64 356", structure '("APPLICATION" NIL NIL NIL "base64" 356)')
    assert.are.equal("1 image/octet-stream base64 356", structure '("IMAGE" NIL NIL NIL "base64" 356)')
  end)

  it("of a part without its type is of an application (seen by MailKit)", function()
    assert.are.equal("1 application/x-zip base64 4096", structure '( "X-ZIP" ("A" "") NIL NIL "base64" 4096)')
    assert.are.equal("1 application/octet-stream 7bit 0", structure '(NIL NIL NIL NIL NIL "7BIT" 0 NIL NIL NIL NIL)')
    assert.are.equal("1 text/plain 7bit 9 1", structure '("TEXT" NIL NIL NIL NIL "7BIT" 9 1)')
  end)

  it("of a multipart may have no parts (seen of Gmail)", function()
    assert.are.equal("TEXT multipart/mixed []", structure '("MIXED")')
    assert.are.equal("TEXT multipart/mixed attachment []", structure '("MIXED" NIL ("ATTACHMENT" NIL) NIL)')
    assert.are.equal("TEXT multipart/alternative []", structure '(NIL "alternative" ("boundary" "x") NIL NIL NIL)')
    assert.are.equal("1 multipart/digest 7bit []", structure '("multipart" "digest" NIL NIL NIL "7BIT" -1 NIL)')
    assert.are.equal("1 related/x 7bit 3", structure '("RELATED" "x" NIL NIL NIL "7BIT" 3)')
  end)

  it("of a message may have no body (seen by MailKit)", function()
    local HEAD = '("message" "rfc822" NIL NIL NIL "7BIT" 787 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) '
    for _, body in ipairs { "()", "NIL" } do
      local outline, err, node = structure(HEAD .. body .. " 3 NIL)")
      assert.are.equal("1 message/rfc822 7bit 787 3 []", outline)
      assert.is_nil(err)
      assert.are.equal("s", node.envelope.subject)
    end
  end)

  it("of a message without a subtype has what is in it (seen of Stalwart)", function()
    assert.are.equal("1 message/rfc822 76 0 [1.1 text/plain 7bit 18 0]", structure('("message" NIL NIL NIL NIL NIL 76 '
      .. '(NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7bit" 18 0) 0 "md5" NIL NIL NIL)'))
    assert.are.equal("1 message/octet-stream 7bit 76",
      structure '("message" NIL NIL NIL NIL "7bit" 76 NIL NIL NIL NIL)')
    assert.are.equal("1 message/rfc822 7bit 76 attachment",
      structure '("message" "rfc822" NIL NIL NIL "7bit" 76 NIL ("attachment" NIL) NIL NIL)')
  end)

  it("keeps the numbers of the parts behind a broken one", function()
    local outline, err = structure '(() ("text" "plain" NIL NIL NIL "7bit" 3 1) "mixed")'
    assert.are.equal("TEXT multipart/mixed [1 application/octet-stream, 2 text/plain 7bit 3 1]", outline)
    assert.are.equal("BODYSTRUCTURE is malformed", err)
  end)

  it("may have empty brackets for NIL (seen of maddy)", function()
    local outline, err = structure '("text" "plain" () NIL NIL NIL 117 7 NIL ("attachment" ()) () ())'
    assert.are.equal("1 text/plain 117 7 attachment", outline)
    assert.is_nil(err)
  end)

  it("may lack the lines of a text, and have lines where there are none", function()
    local _, _, node = structure '("text" "plain" NIL NIL NIL "7bit" 100 NIL ("inline" NIL) ("en") NIL)'
    assert.are.same({ "inline", { "en" } }, { node.disposition, node.language })
    _, _, node = structure '("text" "plain" NIL NIL NIL "7bit" 100 NIL "md5" ("inline" NIL) "en" NIL)'
    assert.are.same({ "md5", "inline", { "en" } }, { node.md5, node.disposition, node.language })
    _, _, node = structure '("application" "x" NIL NIL NIL "7bit" 100 7 NIL ("inline" NIL))'
    assert.are.same({ 7, "inline" }, { node.lines, node.disposition })
  end)

  it("may have a bare word for a disposition, but no sentence", function()
    local _, _, node = structure '(("a" "b" NIL NIL NIL "7bit" 1) "mixed" NIL "INLINE")'
    assert.are.equal("inline", node.disposition)
    _, _, node = structure '(("a" "b" NIL NIL NIL "7bit" 1) "mixed" NIL "Multipart message")'
    assert.is_nil(node.disposition)
  end)

  it("may have literals and more fields than are known", function()
    local _, err, node = structure('("text" {5}\r\nplain ("name" {4}\r\na)"b "x") NIL NIL "7bit" 1 1 NIL NIL NIL '
      .. '"where" {3}\r\next 5 ("a" ("b")))')
    assert.is_nil(err)
    assert.are.same({ "text/plain", 'a)"b', "where" }, { node.type, node.params.name, node.location })
  end)

  it("that is none spoils the row", function()
    for _, body in ipairs { "()", "x", '("text")' } do
      spoilt("BODYSTRUCTURE " .. body, "BODYSTRUCTURE is malformed")
    end
    assert.is_nil(fetch("BODYSTRUCTURE NIL").error)
  end)

  it("is nested as deep as the limit", function()
    local function nested(depth)
      return "* 1 FETCH (BODY " .. ('("message" "rfc822" NIL NIL NIL "7bit" 9 (NIL) '):rep(depth) .. "NIL"
        .. (" 1)"):rep(depth) .. ")\r\n"
    end
    assert.is_table(core.parse(nested(98)))
    refuses("limit", nested(100))
    refuses("limit", nested(10000))
  end)
end)

describe("a limit", function()
  local function at(name, n, reply)
    local limits = { [name] = n }
    assert.is_table((parse(reply(n - 1), limits)))
    assert.is_table((parse(reply(n), limits)))
    local err = refuses("limit", reply(n + 1), limits)
    assert.matches("`" .. name .. "`", err.message, nil, true)
  end

  it("holds for a line, its end included", function()
    at("line", 100, function(n) return "* OK " .. ("a"):rep(n - 7) .. "\r\n* OK b\r\n" end)
    at("line", 100, function(n) return "* X {9}\r\n123456789" .. ("a"):rep(n - 2) .. "\r\n" end)
    refuses("limit", "* OK " .. ("a"):rep(200), { line = 100 })
  end)

  it("holds for a literal", function()
    at("literal", 10, function(n) return ("* X {%d}\r\n%s {1}\r\na\r\n"):format(n, ("a"):rep(n)) end)
  end)

  it("holds for a response, its end included", function()
    at("response", 100, function(n) return "* X {9}\r\n123456789" .. ("a"):rep(n - 20) .. "\r\n* OK b\r\n" end)
    at("response", 100, function(n)
      return "* X" .. (" {1}\r\na"):rep(13) .. ("b"):rep(n - 96) .. "\r\n"
    end)
  end)

  it("holds for nesting", function()
    at("nesting", 20, function(n) return "* X " .. ("("):rep(n) .. (")"):rep(n) .. "\r\n" end)
    at("nesting", 20, function(n) return "* OK [X " .. ("("):rep(n) .. (")"):rep(n) .. "] y\r\n" end)
    for _, name in ipairs { "1 FETCH (BODYSTRUCTURE ", "THREAD ", "X " } do
      refuses("limit", "* " .. name .. ("("):rep(100000) .. "\r\n")
    end
  end)

  it("holds for nodes", function()
    at("nodes", 50, function(n) return "* SEARCH" .. (" 1"):rep(n) .. "\r\n" end)
    at("nodes", 50, function(n) return "* X (" .. ("()"):rep(n - 1) .. ")\r\n" end)
  end)
end)
