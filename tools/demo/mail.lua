--- The mail of the demo: a few messages as people write them, in several
--- languages, scripts and charsets, and the mailboxes that hold them.

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Three octets as four letters; what is missing of the three is "=".
local function quartet(octets)
  local a, b, c = octets:byte(1, 3)
  local bits = a * 65536 + (b or 0) * 256 + (c or 0)
  local letters = ""
  for shift = 3, 0, -1 do
    local index = math.floor(bits / 64 ^ shift) % 64 + 1
    letters = letters .. ALPHABET:sub(index, index)
  end
  return letters:sub(1, #octets + 1) .. ("="):rep(3 - #octets)
end

local function base64(octets)
  return (octets:gsub("..?.?", quartet))
end

local function base64_lines(octets)
  return (base64(octets):gsub(("."):rep(76), "%0\n"))
end

-- Words of a header as RFC 2047 has them; the charset and the octets in it.
local function word(octets, charset)
  return ("=?%s?B?%s?="):format(charset or "UTF-8", base64(octets))
end

-- A file name as RFC 2231 has it.
local function extended(name)
  return "UTF-8''" .. name:gsub("[^%w.-]", function(octet)
    return ("%%%02X"):format(octet:byte())
  end)
end

-- A picture: a night sky over a river, 24 bits a pixel.
local function picture(width, height)
  local function number(value)
    return string.char(value % 256, math.floor(value / 256) % 256, math.floor(value / 65536) % 256, 0)
  end
  local rows = {}
  for y = 1, height do
    local dark = math.floor(200 * math.abs(y / height - 0.35))
    rows[y] = string.char(60 + dark, 20 + math.floor(dark / 2), 30):rep(width)
  end
  local pixels = table.concat(rows)
  return "BM" .. number(54 + #pixels) .. number(0) .. number(54) .. number(40) .. number(width)
    .. number(height) .. "\1\0\24\0" .. number(0) .. number(#pixels) .. ("\0"):rep(16) .. pixels
end

local function part(headers, body)
  return table.concat(headers, "\n") .. "\n\n" .. body .. "\n"
end

local boundaries = 0
local function multipart(kind, parts)
  boundaries = boundaries + 1
  local line = "--part-" .. boundaries
  return ('Content-Type: multipart/%s; boundary="%s"\n\n%s\n%s\n%s--\n'):format(
    kind, line:sub(3), line, table.concat(parts, line .. "\n"), line)
end

local function text(body, charset)
  return part({ "Content-Type: text/plain; charset=" .. (charset or "utf-8"),
    "Content-Transfer-Encoding: base64" }, base64_lines(body))
end

local function html(body)
  return part({ "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64" },
    base64_lines(body))
end

local ann = "To: Ann Example <ann@example.org>"

local function message(headers, body)
  return "MIME-Version: 1.0\n" .. table.concat(headers, "\n") .. "\n" .. body
end

-- --- The messages ----------------------------------------------------------------

local function photos()
  return message({
    "From: " .. word("Zoë Grün") .. " <zoe@example.org>", ann,
    "Subject: " .. word("Grüße aus Köln, mit Foto"),
    "Date: Sat, 02 Mar 2024 21:14:00 +0100", "Message-ID: <koeln@example.org>",
  }, multipart("mixed", {
    multipart("alternative", {
      text("Hallo Ann,\n\nschau mal, der Rhein bei Nacht!\n\nViele Grüße\nZoë\n"),
      html("<p>Hallo Ann,</p><p>schau mal, der <b>Rhein</b> bei Nacht!</p><p>Viele Grüße<br>Zoë</p>"),
    }),
    part({ "Content-Type: image/bmp",
      "Content-Disposition: attachment; filename*=" .. extended("Köln bei Nacht.bmp"),
      "Content-Transfer-Encoding: base64" }, base64_lines(picture(120, 80))),
  }))
end

local function report()
  return message({
    "From: " .. word("\233\215\193\206 \240\197\212\210\207\215", "KOI8-R") .. " <ivan@example.net>", ann,
    "Subject: " .. word("\239\212\222\163\212 \218\193 \205\193\210\212", "KOI8-R"),
    "Date: Mon, 01 Apr 2024 09:30:00 +0300", "Message-ID: <mart@example.net>",
  }, multipart("mixed", {
    text("\239\212\222\163\212 \215\207 \215\204\207\214\197\206\201\201.\n\n\233\215\193\206\n", "koi8-r"),
    part({ "Content-Type: text/csv; charset=utf-8", "Content-Disposition: attachment;",
      " filename*0*=" .. extended("Отчёт за") .. ";", " filename*1*=" .. extended(" март."):sub(8) .. ";",
      ' filename*2="csv"', "Content-Transfer-Encoding: base64" },
      base64_lines("Месяц;Сумма\nянварь;1200\nфевраль;1350\nмарт;1500\n")),
  }))
end

local function agenda()
  return message({
    "From: " .. word("\27$B:4F#\27(B \27$B2V;R\27(B", "ISO-2022-JP") .. " <hanako@example.jp>", ann,
    "Subject: " .. word("\27$B2q5D$N5DBj\27(B", "ISO-2022-JP"),
    "Date: Wed, 03 Apr 2024 10:05:00 +0900", "Message-ID: <gidai@example.jp>",
    "Content-Type: text/plain; charset=iso-2022-jp", "Content-Transfer-Encoding: 7bit",
  }, "\n\27$BMh=5$N2q5D$N5DBj$rAw$j$^$9!#\27(B\n1. \27$BM=;;\27(B\n2. \27$B?7$7$$AR8K\27(B\n")
end

local function meeting()
  return message({
    "From: =?ISO-8859-1?Q?Ren=E9_Lef=E8vre?= <rene@example.fr>", ann,
    "Subject: =?ISO-8859-1?Q?R=E9union_d=E9plac=E9e_=E0_jeudi?=",
    "Date: Tue, 05 Mar 2024 08:12:00 +0100", "Message-ID: <jeudi@example.fr>",
    "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable",
  }, "\nBonjour Ann,\n\nLa r=E9union est d=E9plac=E9e =E0 jeudi, 14 h.\n\nBonne journ=E9e\nRen=E9\n")
end

local function invoice()
  return message({
    "From: " .. word("ليلى حداد") .. " <layla@example.com>", ann,
    "Subject: " .. word("فاتورة شهر مارس"),
    "Date: Sun, 31 Mar 2024 16:40:00 +0200", "Message-ID: <fatura@example.com>",
  }, text("مرحبا آن،\n\nالفاتورة 2024-03: ‏480 يورو.\n\nليلى\n"))
end

local function newsletter()
  return message({
    "From: The Gardener <news@garden.example>", ann,
    "Subject: " .. word("🌱 Ten things to sow in April"), "List-Id: The Gardener <news.garden.example>",
    "Date: Fri, 29 Mar 2024 06:00:00 +0000", "Message-ID: <april@garden.example>",
  }, multipart("alternative", {
    text("Peas, beetroot, carrots …\n"),
    html('<h1>April</h1><p>Peas, beetroot, carrots …</p><img src="https://garden.example/pixel.gif">'),
  }))
end

local function lunch()
  return message({
    "From: Ben Okafor <ben@example.org>", ann, "Cc: zoe@example.org", "Subject: Lunch on Friday?",
    "Date: Thu, 04 Apr 2024 11:20:00 +0000", "Message-ID: <lunch@example.org>",
    "Content-Type: text/plain; charset=us-ascii",
  }, "\nThe usual place, at noon?\n\nBen\n")
end

local function forwarded()
  return message({
    "From: Ann Example <ann@example.org>", "To: Ben Okafor <ben@example.org>", "Subject: Fwd: Lunch on Friday?",
    "Date: Thu, 04 Apr 2024 11:31:00 +0000", "Message-ID: <fwd@example.org>",
  }, multipart("mixed", {
    text("Zoë comes too.\n"), part({ "Content-Type: message/rfc822" }, lunch()),
  }))
end

local function day(month, number)
  return os.time { year = 2024, month = month, day = number, hour = 12 }
end

local mail = {}

mail.mailboxes = { "Sent", "Drafts", "Trash", "Work", "Work/2023", "Work/2023/Été", "Семья" }

--- Fills an empty account over a connection: true, or nil and why not.
function mail.fill(conn)
  local results, reason = conn:batch(function(b)
    for _, path in ipairs(mail.mailboxes) do b:create_mailbox { path = path } end
    local function put(path, date, flags, content)
      b:append_message { path = path, internal_date = date, flags = flags, content = content }
    end
    put("INBOX", day(3, 2), { "\\Seen", "\\Answered" }, photos())
    put("INBOX", day(3, 5), { "\\Seen" }, meeting())
    put("INBOX", day(3, 29), {}, newsletter())
    put("INBOX", day(3, 31), {}, invoice())
    put("INBOX", day(4, 1), { "\\Flagged" }, report())
    put("INBOX", day(4, 3), {}, agenda())
    put("INBOX", day(4, 4), { "\\Seen" }, lunch())
    put("Sent", day(4, 4), { "\\Seen", "$Forwarded" }, forwarded())
    put("Work/2023/Été", day(3, 5), { "\\Seen" }, meeting())
  end)
  if not results then return nil, reason end
  for _, result in ipairs(results) do
    if result.err then return nil, result.message end
  end
  return true
end

return mail
