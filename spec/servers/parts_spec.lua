-- What is inside a message: structure, envelope and decoded parts, as three
-- servers tell them.

local mail = require "spec.support.mail"
local servers = require "spec.support.servers"

local same = assert.same

local BINARY = {}
for byte = 0, 255 do BINARY[#BINARY + 1] = string.char(byte) end
BINARY = table.concat(BINARY)

local function shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

-- Octets as base64 in lines; in octal escapes, for a shell has no NUL.
local function base64(octets)
  local escaped = octets:gsub("[%z\1-\255]", function(c) return ("\\%03o"):format(c:byte()) end)
  return (shell("printf '" .. escaped .. "' | openssl base64"):gsub("%s+$", ""))
end

local MESSAGE = mail.message({
  'From: =?iso-8859-1?Q?J=FCrgen_M=FCller?= <juergen@example.de>, "Doe, Jane" <jane@example.org>',
  "Sender: office@example.org",
  "Reply-To: =?utf-8?B?5Lu76KGj?= <reply@example.org>",
  "To: Friends: ann@example.org, =?utf-8?Q?Bj=C3=B6rn?= <b@example.se>;, single@example.net",
  "Cc: undisclosed-recipients:;",
  "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?IGF1cyBLw7ZsbiDlr7/lj7g=?=",
  "Date: Sat, 13 Jan 2024 23:30:00 -0500",
  "Message-ID: <parts-1@example.org>",
  "In-Reply-To: <before@example.org>",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="outer"',
}, table.concat({
  "preamble",
  "--outer",
  'Content-Type: multipart/alternative; boundary="inner"',
  "",
  "--inner",
  "Content-Type: text/plain; charset=iso-8859-15",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Preis: 5 =A4, sch=F6n=",
  "er Tag",
  "--inner",
  "Content-Type: text/html; charset=utf-8",
  "Content-Transfer-Encoding: 8bit",
  "",
  "<p>schöner Tag</p>",
  "--inner--",
  "--outer",
  "Content-Type: application/octet-stream; name=\"=?utf-8?Q?Entw=C3=BCrfe.bin?=\"",
  "Content-Transfer-Encoding: base64",
  "Content-Disposition: attachment; filename*0*=utf-8''Entw%C3%BCrfe; filename*1*=%20neu; filename*2=.bin",
  "Content-Description: all octets",
  "Content-ID: <octets@example.org>",
  "",
  base64(BINARY),
  "--outer",
  "Content-Type: text/plain; charset=shift_jis",
  "Content-Transfer-Encoding: base64",
  "Content-Disposition: inline; filename=\"=?iso-2022-jp?B?GyRCPHc7ShsoQi50eHQ=?=\"",
  "",
  "jvWOaQ0K",
  "--outer",
  "Content-Type: text/plain; charset=x-nobody-knows",
  "",
  "as it is",
  "--outer",
  "Content-Type: message/rfc822",
  "",
  "From: inner@example.org",
  "To: ann@example.org",
  "Subject: =?utf-8?Q?inner_=C3=A4?=",
  "Date: Mon, 1 Jan 2024 00:00:00 +0000",
  "Message-ID: <inner@example.org>",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="third"',
  "",
  "--third",
  "Content-Type: text/plain",
  "",
  "inner text",
  "--third--",
  "--outer--",
}, "\n"))

for _, kind in ipairs(mail.kinds) do
  describe("From #" .. kind, function()
    local server, conn, path, uid

    setup(function()
      server = servers[kind]()
      conn = mail.open(kind, "starttls")
      path = mail.box(conn, server.prefix .. "parts")
      uid = assert(conn:append_message { mailbox = path, content = MESSAGE }).uid
    end)

    teardown(function() conn:close() end)

    local function part(name, decode)
      return assert(conn:download_message { mailbox = path, uid = uid, part = name, decode = decode })
    end

    it("the envelope comes in UTF-8", function()
      local row = assert(conn:search_messages { mailbox = path })[1]
      local e = row.envelope
      same("Grüße aus Köln 寿司", e.subject)
      same({ "Sat, 13 Jan 2024 23:30:00 -0500", 1705206600 }, { e.date_text, e.date })
      same({ "<parts-1@example.org>", "<before@example.org>" }, { e.message_id, e.in_reply_to })
      same({ "Jürgen Müller", "Doe, Jane" }, mail.column(e.from, "name"))
      same({ "juergen@example.de", "jane@example.org" }, mail.column(e.from, "address"))
      same({ "office@example.org" }, mail.column(e.sender, "address"))
      same({ "任衣" }, mail.column(e.reply_to, "name"))
      local addresses, groups = {}, {}
      for _, address in ipairs(e.to) do
        if address.address then addresses[#addresses + 1] = address.address end
        if address.group then groups[address.group] = true end
      end
      same({ "ann@example.org", "b@example.se", "single@example.net" }, addresses)
      -- Courier flattens groups away.
      if kind ~= "courier" then same({ Friends = true }, groups) end
      same(#MESSAGE, row.size)
    end)

    it("the structure is a tree", function()
      local row = assert(conn:search_messages { mailbox = path, fields = { "body_structure" } })[1]
      local root = row.body_structure
      same("multipart/mixed", root.type)
      same({ "1", "2", "3", "4", "5" }, mail.column(root.parts, "part"))
      same({ "multipart/alternative", "application/octet-stream", "text/plain", "text/plain", "message/rfc822" },
        mail.column(root.parts, "type"))
      same({ "1.1", "1.2" }, mail.column(root.parts[1].parts, "part"))
      same({ charset = "iso-8859-15" }, root.parts[1].parts[1].params)
      same("quoted-printable", root.parts[1].parts[1].encoding)
      local attachment = root.parts[2]
      same({ "attachment", "Entwürfe neu.bin", "all octets", "<octets@example.org>", "base64" },
        { attachment.disposition, attachment.filename, attachment.description, attachment.id, attachment.encoding })
      same("Entwürfe.bin", attachment.params.name)
      same("寿司.txt", root.parts[3].filename)
      local inner = root.parts[5]
      same("inner ä", inner.envelope.subject)
      same("inner@example.org", inner.envelope.from[1].address)
      same("multipart/mixed", inner.parts[1].type)
      same("5.1", inner.parts[1].parts[1].part)
    end)

    it("quoted-printable in ISO 8859-15 becomes UTF-8", function()
      local got = part("1.1", true)
      same({ "Preis: 5 €, schöner Tag", "text/plain", "iso-8859-15", "quoted-printable", true },
        { got.content, got.content_type, got.charset, got.encoding, got.converted })
      same("Preis: 5 =A4, sch=F6n=\r\ner Tag", part("1.1").content)
      same("<p>schöner Tag</p>", part("1.2", true).content)
    end)

    it("base64 gives the octets, and the file's name", function()
      local got = part("2", true)
      assert.is_true(got.content == BINARY)
      same({ 256, "application/octet-stream", "attachment", "Entwürfe neu.bin", false },
        { got.size, got.content_type, got.disposition, got.filename, got.converted })
      local chunks = {}
      got = assert(conn:download_message { mailbox = path, uid = uid, part = "2", decode = true,
        sink = function(chunk) chunks[#chunks + 1] = chunk end })
      assert.is_true(table.concat(chunks) == BINARY and got.content == nil)
      same(256, got.size)
    end)

    it("Shift_JIS becomes UTF-8, and an unknown charset stays", function()
      local got = part("3", true)
      same({ "寿司\r\n", true, "寿司.txt" }, { got.content, got.converted, got.filename })
      got = part("4", true)
      same({ "as it is", false, "x-nobody-knows" }, { got.content, got.converted, got.charset })
    end)

    it("headers and inner messages are parts, too", function()
      assert.truthy(part("2.MIME").content:find("Content%-Description: all octets\r\n"))
      assert.truthy(part("HEADER").content:find("^From: =%?iso"))
      same("inner text", part("5.1", true).content)
      assert.truthy(part("5.HEADER").content:find("Subject: =?utf-8?Q?inner", 1, true))
      assert.truthy(part("5.TEXT").content:find("inner text", 1, true))
      for _, name in ipairs { "6", "1.3", "2.1", "5.2", "1.1.1", "2.HEADER" } do
        mail.fails("not_found", conn:download_message { mailbox = path, uid = uid, part = name })
      end
    end)
  end)
end
