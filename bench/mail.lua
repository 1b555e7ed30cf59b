--- Made-up mail, the same on every machine: encoded subjects and names, several
--- recipients, multiparts with attachments.
local mail = {}

local SENDERS = 200 -- different addresses that write

local NAMES = { "Ann Example", "Bob O'Neil", "=?utf-8?Q?J=C3=BCrg_M=C3=BCller?=", "=?iso-8859-1?Q?Zo=EB_Lef=E8vre?=",
  "Charlotte van der Berg", "=?utf-8?B?0JjQstCw0L0g0J/QtdGC0YDQvtCy?=", "Support", "Dr. Eve Adams" }
local SUBJECTS = {
  "Minutes of the meeting on Tuesday", "Re: Offer for the second half of the year", "Invoice",
  "=?utf-8?Q?Re:_Entw=C3=BCrfe_f=C3=BCr_M=C3=A4rz?=", "=?iso-8859-1?Q?R=E9union_de_jeudi?=",
  "=?utf-8?B?0L7RgtGH0ZHRgiDQt9CwINCz0L7QtA==?=",
  "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln,_und_eine_lange?=\r\n =?utf-8?Q?_Zeile_mit_zwei_W=C3=B6rtern?=",
}
local FLAGS = { { "\\Seen" }, {}, { "\\Seen", "\\Answered" }, { "\\Flagged", "$label1" }, { "\\Seen" } }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
local SENTENCE = "Please find attached what we spoke of; tell me by Friday whether it will do. "

local function pick(list, i) return list[i % #list + 1] end

-- Few write much, many write little.
local function sender(i)
  local chance = i * 7919 % 10007 / 10007
  return math.floor(SENDERS * chance * chance)
end

local function address(n) return ("%s <person%d@host%d.example.org>"):format(pick(NAMES, n):find("^=%?")
    and pick(NAMES, n) or '"' .. pick(NAMES, n) .. '"', n, n % 40)
end

local function addresses(first, count)
  local list = {}
  for n = 1, count do list[n] = address((first + n * 13) % SENDERS) end
  return table.concat(list, ",\r\n ")
end

local function header(i)
  local lines = {
    "Return-Path: <bounces@lists.example.org>",
    ("Received: from mx%d.example.org by mail.example.net with ESMTPS id %08x"):format(i % 9,
      i * 2654435761 % 4294967296),
    ("Date: %d %s 2024 %02d:%02d:%02d +0100"):format(i % 28 + 1, pick(MONTHS, i), i % 24, i % 60, i * 7 % 60),
    "From: " .. address(sender(i)),
    "To: " .. addresses(i, i % 3 + 1),
    "Subject: " .. pick(SUBJECTS, i),
    ("Message-ID: <%d.%x@mail.example.org>"):format(i, i * 48271 % 2147483647),
    "MIME-Version: 1.0",
  }
  if i % 4 > 0 then lines[#lines + 1] = "Cc: " .. addresses(i * 3, i % 4) end
  if i % 4 == 1 then lines[#lines + 1] = ("In-Reply-To: <%d.parent@mail.example.org>"):format(i - 1) end
  return table.concat(lines, "\r\n")
end

local function text(i, kind)
  local line = kind == "html" and "<p>" .. SENTENCE .. "</p>\r\n" or SENTENCE .. "\r\n"
  return ("Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"):format(kind)
    .. line:rep(i % 12 + 3)
end

local function multipart(kind, boundary, ...)
  local parts = { ("Content-Type: multipart/%s; boundary=\"%s\"\r\n"):format(kind, boundary) }
  for _, part in ipairs { ... } do parts[#parts + 1] = ("--%s\r\n%s"):format(boundary, part) end
  return table.concat(parts, "\r\n") .. ("\r\n--%s--\r\n"):format(boundary)
end

--- An attachment of so many octets, as its part.
local function attachment(name, size)
  local line = ("JVBERi0xLjQK"):rep(6) .. "AAAA\r\n" -- 57 octets
  return ('Content-Type: application/pdf; name="%s"\r\nContent-Transfer-Encoding: base64\r\n'):format(name)
    .. ('Content-Disposition: attachment; filename="%s"\r\n\r\n'):format(name) .. line:rep(math.ceil(size / 57))
end

local function body(i)
  if i % 3 == 0 then return text(i, "plain") end
  local both = multipart("alternative", "=_alt_" .. i, text(i, "plain"), text(i, "html"))
  if i % 3 == 1 then return both end
  return multipart("mixed", "=_mix_" .. i, both, attachment("report-" .. i .. ".pdf", i % 1000))
end

--- Message `i`, of 1 to 5 KB.
function mail.message(i) return header(i) .. "\r\n" .. body(i) end

--- Message `i` of about so many octets, most of them an attachment.
function mail.sized(i, octets)
  local rest = math.max(octets - #header(i) - 600, 0)
  return header(i) .. "\r\n" .. multipart("mixed", "=_big_" .. i, text(0, "plain"),
    attachment("data.pdf", math.floor(rest * 57 / 78)))
end

--- What message `i` is flagged with.
function mail.flags(i) return pick(FLAGS, i) end

--- When message `i` came.
function mail.internal_date(i) return 1704067200 + i * 1571 end

--- The address of whoever writes the `n`th most.
function mail.sender(n) return ("person%d@host%d.example.org"):format(n, n % 40) end

return mail
