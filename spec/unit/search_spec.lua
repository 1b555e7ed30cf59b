-- Search keys by name become the keys of RFC 9051 6.4.4.
local check = require "imapconn.check"
local search = require "imapconn.search"

-- A server that offers all but what `lacks` names.
local function server_without(lacks, utf8)
  return {
    has = function(_, name) return name ~= lacks end,
    utf8_names = function() return utf8 or false end,
  }
end

local function read(keys, server)
  local input = check.inputs(check.form("search_messages", search.read), keys, server or server_without())
  local query = search.read(input)
  return query, input:failed()
end

-- The terms as a line: words bare, strings in quotes.
local function line(keys)
  local query, err = read(keys)
  assert.is_nil(err, err and err.message)
  local words = {}
  for i, term in ipairs(query.terms) do
    local kind, text = term:sub(1, 1), term:sub(2)
    words[i] = kind == "s" and '"' .. text .. '"' or text ~= "" and text or kind
  end
  return (table.concat(words, " "):gsub("%( ", "("):gsub(" %)", ")")), query
end

local function refused(keys, field, code)
  local _, err = read(keys)
  assert.is_table(err)
  assert.are.equal(code or "invalid_argument", err.code, err.message)
  assert.are.equal(field, err.field, err.message)
end

describe("a search", function()
  it("without keys has no terms", function()
    assert.are.equal("", line {})
    assert.are.equal("", line { read_filter = "all" })
    assert.are.equal("", line { uids = "1:5" })
  end)

  it("asks for read or unread mail", function()
    assert.are.equal("SEEN", line { read_filter = "read" })
    assert.are.equal("UNSEEN", line { read_filter = "unread" })
    refused({ read_filter = "some" }, "read_filter")
    refused({ read_filter = true }, "read_filter")
  end)

  it("asks for flags that are set or not", function()
    for name, words in pairs {
      answered = { "ANSWERED", "UNANSWERED" }, unanswered = { "UNANSWERED", "ANSWERED" },
      deleted = { "DELETED", "UNDELETED" }, undeleted = { "UNDELETED", "DELETED" },
      draft = { "DRAFT", "UNDRAFT" }, undraft = { "UNDRAFT", "DRAFT" },
      flagged = { "FLAGGED", "UNFLAGGED" }, unflagged = { "UNFLAGGED", "FLAGGED" },
      seen = { "SEEN", "UNSEEN" }, unseen = { "UNSEEN", "SEEN" },
      recent = { "RECENT", "OLD" }, old = { "OLD", "RECENT" },
      new = { "NEW", "NOT NEW" }, all = { "ALL", "NOT ALL" },
    } do
      assert.are.equal(words[1], line { [name] = true })
      assert.are.equal(words[2], line { [name] = false })
      refused({ [name] = "yes" }, name)
    end
    assert.are.equal("KEYWORD work UNKEYWORD $Junk", line { keyword = "work", unkeyword = "$Junk" })
    refused({ keyword = "\\Seen" }, "keyword")
    refused({ keyword = "a b" }, "keyword")
  end)

  it("asks for text, in strings", function()
    for _, name in ipairs { "from", "to", "cc", "bcc", "subject", "body", "text" } do
      assert.are.equal(name:upper() .. ' "x"', line { [name] = "x" })
      refused({ [name] = "a\r\nb" }, name)
      refused({ [name] = "a\0b" }, name)
      refused({ [name] = "\255" }, name)
      refused({ [name] = 7 }, name)
      refused({ [name] = {} }, name)
      refused({ [name] = { "x", false } }, name)
    end
    assert.are.equal('SUBJECT "a" SUBJECT "b"', line { subject = { "a", "b" } })
    assert.are.equal('HEADER "List-Id" "x" HEADER "X-A" "1" HEADER "X-A" "2"',
      line { header = { ["X-A"] = { "1", "2" }, ["List-Id"] = "x" } })
    refused({ header = { ["a:b"] = "x" } }, "header")
    refused({ header = { ["a\r\n"] = "x" } }, "header")
    refused({ header = { [""] = "x" } }, "header")
    refused({ header = { "x" } }, "header")
    refused({ header = {} }, "header")
    refused({ header = { a = {} } }, "header")
    refused({ header = "x" }, "header")
  end)

  it("names the charset only where it is needed", function()
    local _, ascii = line { subject = "x" }
    local _, utf8 = line { ["not"] = { ["or"] = { { subject = "ö" }, { body = "x" } } } }
    assert.is_false(ascii.charset)
    assert.are.equal("UTF-8", utf8.charset)
    local query = read({ subject = "ö" }, server_without(nil, true))
    assert.is_false(query.charset)
  end)

  it("asks for days", function()
    for name, word in pairs {
      since = "SINCE", on = "ON", before = "BEFORE", sent_since = "SENTSINCE", sent_on = "SENTON",
      sent_before = "SENTBEFORE", saved_since = "SAVEDSINCE", saved_on = "SAVEDON", saved_before = "SAVEDBEFORE",
    } do
      assert.are.equal(word .. " 29-Feb-2024", line { [name] = "2024-02-29" })
      assert.are.equal(word .. " 29-Feb-2024", line { [name] = 1709251199 })
      assert.are.equal(word .. " 29-Feb-2024", line { [name] = 1709251199.75 })
      for _, wrong in ipairs { "2023-02-29", "29-Feb-2024", "", true, 0 / 0, 1 / 0, -1 / 0, 1e15, {} } do
        refused({ [name] = wrong }, name)
      end
    end
  end)

  it("asks for sizes, ages, ids and a modseq", function()
    assert.are.equal("LARGER 1000 SMALLER 9007199254740993", line { larger = 1000, smaller = "9007199254740993" })
    assert.are.equal("YOUNGER 60 OLDER 3600", line { younger = 60, older = 3600.0 })
    assert.are.equal("MODSEQ 7", line { modseq = 7 })
    assert.are.equal("EMAILID M1 THREADID T-1", line { email_id = "M1", thread_id = "T-1" })
    for _, wrong in ipairs { -1, 1.5, 0 / 0, 1 / 0, "x", true } do refused({ larger = wrong }, "larger") end
    refused({ older = 0 }, "older")
    refused({ email_id = "a b" }, "email_id")
  end)

  it("asks for sets, of which an empty one matches nothing", function()
    assert.are.equal("1:3,7 SEEN", line { range = { 1, 2, 3, 7 }, seen = true })
    assert.are.equal("NOT (UID 5 SEEN)", line { ["not"] = { uids = 5, seen = true } })
    assert.are.equal("NOT (NOT ALL)", line { ["not"] = { uids = {} } })
    local _, query = line { uids = {}, from = "x" }
    assert.is_true(query.empty)
    local text = {}
    for i = 1, 3000 do text[i] = i * 2 end
    refused({ ["not"] = { uids = text } }, "uids")
    assert.is_true(#read({ uids = text }).uids.text > 6000)
  end)

  it("takes texts of 65536 octets together", function()
    local half = ("x"):rep(32768)
    assert.are.equal(65536, select(2, (line { from = { half, half } }):gsub("x", "")))
    refused({ from = { half, half, "y" } }, "from")
    refused({ subject = half, ["not"] = { { body = half }, { text = "y" } } }, "text")
    refused({ keyword = half .. half .. "y" }, "keyword")
  end)

  it("nests `not` and `or`", function()
    assert.are.equal('NOT FROM "a"', line { ["not"] = { from = "a" } })
    assert.are.equal('NOT FROM "a" NOT (SEEN TO "b")',
      line { ["not"] = { { from = "a" }, { to = "b", seen = true } } })
    assert.are.equal('FROM "a"', line { ["or"] = { { from = "a" } } })
    assert.are.equal('OR OR FROM "a" FROM "b" FROM "c"',
      (line { ["or"] = { { from = "a" }, { from = "b" }, { from = "c" } } }))
    assert.are.equal('OR (FLAGGED FROM "a") NOT FROM "b"',
      line { ["or"] = { { from = "a", flagged = true }, { ["not"] = { from = "b" } } } })
    assert.are.equal("NOT ALL", line { ["not"] = { read_filter = "all" } })
  end)

  it("never widens where `not` and `or` say nothing", function()
    refused({ ["not"] = {} }, "not")
    refused({ ["not"] = { {} } }, "not")
    refused({ ["not"] = "x" }, "not")
    refused({ ["or"] = {} }, "or")
    refused({ ["or"] = { from = "a" } }, "or")
    refused({ ["or"] = { { from = "a" }, {} } }, "or")
    refused({ ["or"] = { 1 } }, "or")
    refused({ ["not"] = { form = "x" } }, "form")
    refused({ ["not"] = { limit = 1 } }, "limit")
  end)

  it("is no endless loop", function()
    local keys = { seen = true }
    keys["not"] = keys
    refused(keys, "not")
    local many = {}
    for i = 1, 1000 do many[i] = { from = "a" } end
    assert.are.equal(999, select(2, line({ ["or"] = many }):gsub("OR ", "")))
  end)

  it("is unsupported where the server cannot evaluate a key", function()
    for name, capability in pairs {
      older = "WITHIN", younger = "WITHIN", modseq = "CONDSTORE", new = "IMAP4REV1", recent = "IMAP4REV1",
    } do
      local value = name == "modseq" and 1 or name:find("er$") and 60 or true
      local _, err = read({ [name] = value }, server_without(capability))
      assert.are.equal("unsupported", err.code)
      assert.are.equal(name, err.field)
    end
  end)
end)
