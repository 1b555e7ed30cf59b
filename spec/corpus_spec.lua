-- Recorded replies of real servers, and cases of other parsers' own tests, go
-- through the parser: whole, one byte at a time, and at random cuts.
local core = require "imapconn.core"
local corpus = require "spec.support.corpus"

if not corpus.folder then
  describe("the corpus", function()
    it("is not there", function()
      print(("no corpus at %q: %d replies did not go through the parser"):format(os.getenv "CORPUS" or "",
        corpus.RESPONSES))
    end)
  end)
  return
end

local json = require "dkjson"
local net_imap = require "spec.support.net_imap"

-- Where another project's verdict is not ours: what we do, and why. Where it
-- gives none, we accept what is not named here.
local CODE = "a status line never ends a connection by its wording: what is no code is text"
local SET = "a set that makes no sense is the command's affair: it has no shape here"
local ITEMS = "what is no list of items spoils its own row"
local DATA = "unknown data is data"
local CUT = "its literals are handed over beside the line there, and are not in the file"
local COUNT = "a literal in the recording is longer than announced"
local CR = "a line ends with LF; a CR alone is data"
local OPEN = "only its first part is in the file"
local DIFFERS = {
  ["imapflow/imap-parser--IMAP-Parser-a-parse-failure-after-the-tag-exposes-the-parsed-tag"] = { "accepts", CODE },
  ["imapflow/token-parser--Token-Parser-E11-unexpected-throws-ParserError11"] = { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E12-not-followed-by-throws-ParserError12"] = { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E16-followed-by-char-throws-ParserError17"] = { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E16-invalid-char-in-atom-throws-ParserError16"] = { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E19-partial-ending-with-.-throws-ParserError19"] = { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E22-invalid-leading-zero-partial-throws-ParserError22"] =
    { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E27-whitespace-mid-sequence-throws-ParserError27"] = { "spoils", ITEMS },
  ["imapflow/token-parser--Token-Parser-E29-range-separator-after-non-digit-non-star-throws-ParserError"] =
    { "accepts", DATA },
  ["imapflow/token-parser--Token-Parser-E33-non-digit-non-special-char-in-sequence-throws-ParserError33"] =
    { "accepts", DATA },
  ["imapflow/token-parser--Token-Parser-E34-digit-after-star-throws-ParserError34"] = { "accepts", DATA },
  ["imapflow/tools--Tools-formatMessageResponse-parses-the-full-attribute-set"] = { "rejects", CUT },
  ["mailkit/ImapClientTests--TestUnexpectedGreeting"] =
    { "accepts", "unknown data is data; that it is no greeting is the session's affair" },
  ["mailkit/gmail--headers.1+unsolicited-info"] = { "rejects", COUNT },
  ["net-imap/fetch_responses--invalid_fetch_msg_att_unknown_fails"] = { "accepts", DATA },
  ["net-imap/uidplus-code---copyUID-1-1-1-Done-r-n"] = { "accepts", SET },
  ["swift-nio-imap/FramingParserTests--singleQuoteInLineCRLineBreak"] = { "incomplete", CR },
  ["swift-nio-imap/FramingParserTests--singleQuoteInLineCRLineBreak-2"] = { "incomplete", CR },
  ["swift-nio-imap/IMAPClientHandlerTests--crOnlyResponseEndsBuffer"] = { "incomplete", CR },
  ["swift-nio-imap/IMAPClientHandlerTests--crOnlyResponseFollowedByAnotherResponse"] = { "incomplete", CR },
  ["swift-nio-imap/IMAPClientHandlerTests--handleResponsesSplitBetweenCRAndLF"] = { "incomplete", CR },
  ["swift-nio-imap/IMAPClientHandlerTests--responsesWithCROnlyLineEndings"] = { "incomplete", CR },
  ["swift-nio-imap/IMAPClientHandlerTests--responsesWithCROnlyLineEndings-2"] = { "incomplete", CR },
  ["swift-nio-imap/ResponseParser+Tests--attemptToStreamBytesFromEmptyBuffer"] = { "incomplete", OPEN },
  ["swift-nio-imap/ResponseParser+Tests--attributeLimitFailsOnStreaming"] = { "incomplete", OPEN },
  ["swift-nio-imap/ResponseParser+Tests--rejectLargeBodies"] = { "incomplete", OPEN },
  ["swift-nio-imap/ResponseParser+Tests--stateIsEnforced"] = { "rejects", "a list has no end" },
  ["thunderbird-android/list-as-first-token"] = { "accepts", DATA },
  ["thunderbird-android/list-name-parens-unquoted"] = { "accepts", "the brackets belong to the name" },
}

-- Rows that are accepted and spoilt: what their `error` says.
local BODY = "BODYSTRUCTURE is malformed"
local LIST = "FETCH has no list of items"
local ADDRESS = "an address in ENVELOPE is malformed"
local SPOILT = {
  ["imapflow/imap-parser--IMAP-Parser-escaped-quotes"] = "ENVELOPE is malformed",
  ["imapflow/parser-limits--Parser-limits-maxLiteralSize-0-rejects-any-non-empty-inline-literal"] = LIST,
  ["imapflow/token-parser--Token-Parser-followed-by-atom-chars-becomes-an-ATOM"] = LIST,
  ["imapflow/token-parser--Token-Parser-literal-prefix-terminated-by-bare-LF-is-accepted"] = LIST,
  ["imapflow/tools--Tools-formatMessageResponse-ignores-a-non-numeric-MODSEQ"] = "MODSEQ is no number",
  ["imapflow/tools--Tools-formatMessageResponse-keeps-invalid-INTERNALDATE-as-raw-string"] =
    "INTERNALDATE is no date",
  ["imapflow/tools--Tools-formatMessageResponse-with-no-data-list-returns-just-seq"] = LIST,
  ["mailkit-fragments/EnvelopeWithMiscalculatedLiteralMailboxName"] = ADDRESS,
  ["mailkit-fragments/GMailMalformedSenderInEnvelope"] = ADDRESS,
  ["mailkit/yandex--getbodypart-missing-content"] = "an item of FETCH lacks its name or value",
  ["swift-nio-fragments/BodyStructure+Tests--parse-invalid-body-6"] = BODY,
  ["swift-nio-fragments/MessageAtributesTests--parseMessageAttributeFixtures-12"] = BODY,
  ["swift-nio-fragments/MessageAtributesTests--x-16"] = BODY,
  ["swift-nio-fragments/MessageAtributesTests--x-17"] = BODY,
}

-- What these servers recorded never ends a connection.
local REAL = { mailkit = true, ["mailkit-fragments"] = true, ["server-comparison"] = true,
  imapclient = true, imaptest = true, libetpan = true }

local OUTCOMES = { protocol = "rejects", limit = "rejects", closed = "incomplete" }

local function spoilt(responses)
  for _, response in ipairs(responses) do
    local what = response.message and response.message.error
    if what then return what, response.message end
  end
end

local function outcome(responses, err)
  if not responses then return OUTCOMES[err.code] end
  return spoilt(responses) and "spoils" or "accepts"
end

local function parse(bytes, splits)
  local responses, message, err = core.parse(bytes, { splits = splits })
  if not responses then assert.are.equal(message, err.message) end
  return responses, err
end

local function dump(bytes, splits)
  local responses, err = parse(bytes, splits)
  return corpus.dump(responses or err)
end

-- The same cuts for the same file, in ascending order.
local function random_cuts(size, seed)
  local cuts, at = {}, 0
  while at < size do
    seed = (seed * 1103515245 + 12345) % 2147483648
    at = at + 1 + math.floor(seed / 65536) % 40
    cuts[#cuts + 1] = at
  end
  return cuts
end

local function every_byte(size)
  local cuts = {}
  for at = 1, size - 1 do cuts[at] = at end
  return cuts
end

local cases = corpus.cases()

describe("the corpus", function()
  it("is all there", function()
    assert.is_true(#cases >= corpus.RESPONSES)
  end)

  it("has every file that the tables name", function()
    local names = {}
    for _, case in ipairs(cases) do names[case.name] = case end
    for name, differs in pairs(DIFFERS) do
      assert.is_table(names[name], name)
      assert.are_not.equal(differs[1], names[name].verdict, name)
    end
    for name in pairs(SPOILT) do assert.is_table(names[name], name) end
  end)

  it("gives the same result at every split point", function()
    local pipe = assert(io.popen(os.getenv "IMAPCONN_BUILD" .. "/c/corpus_test"))
    local said = pipe:read "*a"
    pipe:close()
    assert.matches("^%d%d%d+ checks, 0 failed\n$", said)
  end)
end)

describe("a reply", function()
  for _, case in ipairs(cases) do
    it(case.name, function()
      local bytes = corpus.bytes(case)
      local responses, err = parse(bytes)
      local wanted = case.verdict == "unknown" and "accepts" or case.verdict
      if DIFFERS[case.name] then wanted = DIFFERS[case.name][1] end
      if SPOILT[case.name] then wanted = "spoils" end
      assert.are.equal(wanted, outcome(responses, err), err and err.message or responses and spoilt(responses))
      if REAL[case.source] and not DIFFERS[case.name] then assert.is_table(responses) end
      if SPOILT[case.name] then
        local what, message = spoilt(responses)
        assert.are.equal(SPOILT[case.name], what)
        assert.is_truthy(bytes:find(message.raw, 1, true))
      end

      local whole = dump(bytes)
      assert.are.equal(whole, dump(bytes, every_byte(#bytes)))
      for seed = 1, 3 do
        assert.are.equal(whole, dump(bytes, random_cuts(#bytes, seed)))
      end
    end)
  end
end)

describe("net-imap reads the same in", function()
  local compared = 0
  for _, case in ipairs(cases) do
    local expected = case.expected and json.decode(corpus.read(case.expected), 1, json.null)
    if expected and expected.outcome == "ok" then
      it(case.name:match "/(.*)", function()
        local responses = assert(parse(corpus.bytes(case)))
        net_imap.compare(expected.result, responses[1], function(name, theirs, ours)
          compared = compared + 1
          assert.are.same(theirs, ours, name)
        end)
      end)
    end
  end

  it("some hundreds of places", function()
    assert.is_true(compared > 500, compared)
  end)
end)

-- Body structures in one line, checked by eye against what the server sent.
local OUTLINES = {
  ["mailkit-fragments/BadlyFormedBodyStructureWithEmptyStringMediaType"] =
    "TEXT multipart/mixed [1 text/plain base64 356 5, 2 application/x-zip base64 4096]",
  ["mailkit-fragments/BadlyFormedBodyStructureWithMissingMediaSubtypeApplication"] =
    "TEXT multipart/mixed [1 application/octet-stream base64 356]",
  ["mailkit-fragments/BadlyFormedBodyStructureWithMissingMediaSubtypeAudio"] =
    "TEXT multipart/mixed [1 audio/octet-stream base64 356]",
  ["mailkit-fragments/BadlyFormedBodyStructureWithMissingMediaSubtypeText"] =
    "TEXT multipart/mixed [1 text/plain base64 356 5]",
  ["mailkit-fragments/BadlyFormedGMailMultipartBodyResponseWithNoChildren"] =
    "TEXT multipart/report [1 text/plain quoted-printable 211 5, 2 message/delivery-status 7bit 344, " ..
    "3 message/rfc822 7bit 2942 51 [3.TEXT multipart/alternative []]]",
  ["mailkit-fragments/BodyStructureWithBodyExtensions"] =
    "TEXT multipart/alternative inline alternative.txt [1 text/plain quoted-printable 28 2 inline body.txt, " ..
    "2 text/html quoted-printable 1707 65 inline body.html]",
  ["mailkit-fragments/BodyStructureWithEmptyParenListAsMessageRfc822BodyToken"] =
    "TEXT multipart/report [1 text/plain base64 232 4, 2 message/delivery-status 7bit 421, " ..
    "3 message/rfc822 7bit 787 0 []]",
  ["mailkit-fragments/BodyStructureWithNegativeOctetValue"] = "1 multipart/digest 7bit []",
  ["mailkit-fragments/BodyStructureWithNilMultipartBody"] =
    "TEXT multipart/report [1 text/plain 7bit 727 16, 2 message/delivery-status 7bit 416 Delivery status, " ..
    "3 message/rfc822 7bit 903 17 Message headers [3.TEXT multipart/alternative []]]",
  ["mailkit-fragments/ExampleMultiLevelDovecotBodyStructure"] =
    "TEXT multipart/mixed [1 multipart/alternative [1.1 text/plain quoted-printable 28 2, " ..
    "1.2 text/html quoted-printable 1707 65], 2 message/rfc822 7bit 641 31 attachment " ..
    "[2.1 text/plain quoted-printable 185 18], 3 message/rfc822 7bit 50592 1669 attachment " ..
    "[3.TEXT multipart/alternative [3.1 text/plain quoted-printable 4296 345, " ..
    "3.2 text/html quoted-printable 45069 1295]]]",
  ["mailkit-fragments/GMailBadlyFormedMultipartBodyStructure2"] =
    "TEXT multipart/mixed [1 multipart/alternative [1.1 text/plain base64 10418 133, " ..
    "1.2 text/html base64 34544 442], 2 multipart/related attachment [], 3 multipart/related attachment [], " ..
    "4 multipart/related attachment [], 5 multipart/related attachment []]",
  ["mailkit-fragments/MultipartBodyStructureWithNilBodyFldParam"] =
    "TEXT multipart/mixed [1 multipart/alternative [1.1 text/plain 7bit 148 12, " ..
    "1.2 text/html quoted-printable 337 6], 2 multipart/x-zip attachment YSOZ 265230.ZIP [2.1 text/plain 7bit 0 0]]",
  ["mailkit-fragments/MultipartBodyStructureWithoutBodyFldDsp"] =
    "TEXT multipart/mixed [1 text/plain quoted-printable 209 6 inline, " ..
    "2 text/xml base64 10642 137 inline 4441004299066.xml, 3 application/pdf base64 48448 inline 4441004299066.pdf]",
  ["server-comparison/0003_mime-in-mime--maddy"] =
    "TEXT multipart/mixed [1 multipart/mixed [1.1 text/plain 9 1, 1.2 text/plain 9 1], 2 text/plain 9 1]",
  ["server-comparison/0005_nested-message--cyrus"] =
    "TEXT multipart/mixed [1 text/html base64 242 3, 2 message/rfc822 7bit 744 20 [2.TEXT multipart/mixed " ..
    "[2.1 text/plain quoted-printable 231 3, 2.2 image/gif base64 56 attachment Book about ]]]",
  ["server-comparison/0005_nested-message--maddy"] =
    "TEXT multipart/mixed [1 text/html base64 242 4, 2 message/rfc822 742 21 [2.TEXT multipart/mixed " ..
    "[2.1 text/plain quoted-printable 231 4, 2.2 text/plain base64 56 1 attachment]]]",
  ["server-comparison/0005_nested-message--stalwart"] =
    "TEXT multipart/mixed [1 text/html base64 242 3, 2 message/rfc822 732 0 [2.TEXT multipart/mixed " ..
    "[2.1 text/plain quoted-printable 231 3, 2.2 image/gif base64 56 attachment Book about coffe tables.gif]]]",
  ["server-comparison/0007_raw-message-in-rfc822--cyrus"] =
    "TEXT multipart/mixed [1 message/rfc822 7bit 127 3 [1.1 text/plain 7bit 47 0]]",
  ["server-comparison/0007_raw-message-in-rfc822--dovecot"] =
    "TEXT multipart/mixed [1 message/rfc822 7bit 127 3 [1.1 text/plain 7bit 47 0]]",
  ["server-comparison/0007_raw-message-in-rfc822--stalwart"] =
    "TEXT multipart/mixed [1 message/rfc822 127 0 [1.1 text/plain 7bit 47 0]]",
  ["server-comparison/malformed-012_nested-empty--stalwart"] =
    "TEXT multipart/mixed [1 multipart/mixed [1.1 message/rfc822 29 0 [1.1.1 text/plain 7bit 1 0], " ..
    "1.2 message/rfc822 104 0 [1.2.1 text/plain 7bit 76 8]]]",
  ["server-comparison/malformed-016_long-boundaries--stalwart"] =
    "TEXT multipart/mixed [1 multipart/mixed [1.1 multipart/mixed [1.1.1 text/plain 7bit 1 0, " ..
    "1.1.2 text/plain 7bit 2 0, 1.1.3 text/plain 7bit 3 0, 1.1.4 text/plain 7bit 8 2]]]",
  ["server-comparison/thirdparty-007_digest--stalwart"] =
    "TEXT multipart/digest [1 message/rfc822 76 0 [1.1 text/plain 7bit 18 0], " ..
    "2 message/rfc822 77 0 [2.1 text/plain 7bit 21 0], 3 message/rfc822 332 0 [3.TEXT multipart/mixed " ..
    "[3.1 text/plain binary 25 0, 3.2 application/octet-stream binary 6 test.txt]]]",
  ["server-comparison/thirdparty-009_partial--stalwart"] =
    "TEXT multipart/mixed [1 text/plain binary 48 0, 2 message/partial 247]",
  ["server-comparison/thirdparty-010_language--cyrus"] = "TEXT multipart/mixed [1 text/plain binary 18 0]",
  ["server-comparison/thirdparty-010_language--maddy"] = "1 text/plain 117 7",
}

describe("a body structure", function()
  for name, outline in pairs(OUTLINES) do
    it("of " .. name .. " is read", function()
      local message = assert(parse(corpus.bytes { name = name }))[1].message
      assert.are.equal(outline, corpus.outline(message.body_structure))
      assert.is_nil(message.error)
    end)
  end
end)
