--- Writes what the fuzz targets start from, a file each, below OUT/<target>.
--- usage: lua seeds.lua OUT CORPUS   (without a corpus, only what is written here)
local out, corpus = arg[1], arg[2] or ""

local counts = {}
local function seed(target, bytes)
  counts[target] = (counts[target] or 0) + 1
  local file = assert(io.open(("%s/%s/%04d"):format(out, target, counts[target]), "wb"))
  file:write(bytes)
  file:close()
end

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return text:gmatch("[^\n]+")
end

for _, target in ipairs { "responses", "session", "encoder", "names", "mime" } do
  assert(os.execute(("mkdir -p '%s/%s'"):format(out, target)))
end

-- --- The session: its settings, its actions, and what the server says -----------

local LOGIN, TOGETHER = 1, 16
local ALL, NONE = 0x7fff, 0 -- of the capabilities that session.c names
local KINDS = { "connect", "store", "append", "copy", "create", "delete", "download",
  "status", "list", "rename", "search", "noop", "logout" }

local function kind_of(name)
  for i, kind in ipairs(KINDS) do if kind == name then return i - 1 end end
  error(name)
end

-- `script`: lines that get CR LF, with \1 and \2 for tags.
local function session(settings, caps, actions, script)
  local bytes = { string.char(settings, caps % 256, caps // 256, #actions // 2) }
  for i = 1, #actions, 2 do
    bytes[#bytes + 1] = string.pack(">I1I4", kind_of(actions[i]), actions[i + 1])
  end
  bytes[#bytes + 1] = script:gsub("^%s+", ""):gsub("\n%s*", "\r\n")
  seed("session", table.concat(bytes))
end

local INBOX, WORK = 0, 1
local ONE, TWO, RANGE, STAR, FROM, LONG = 0, 4, 8, 12, 16, 28 -- the sets of sample.h
local UID, VALID = 32, 192

local OPEN = [[
  * 9 EXISTS
  * OK [UIDVALIDITY 7] x
  * OK [UIDNEXT 20] x
  \1 OK [READ-WRITE] x
]]

local function both(settings, actions, script)
  script = script:gsub("\\([12])", function(n) return string.char(n) end)
  session(settings, ALL, actions, script)
  session(settings, NONE, actions, script)
end

for _, set in ipairs { ONE, TWO, RANGE, STAR, FROM, LONG } do
  for _, how in ipairs { 0, UID, UID + VALID } do
    local messages = INBOX + set + how
    both(TOGETHER, { "store", messages }, OPEN .. [[
      \1 OK x
      * 7 FETCH (UID 7 FLAGS (\Seen) MODSEQ (12))
      \1 OK x
    ]])
    both(TOGETHER, { "copy", messages, "store", messages }, OPEN .. [[
      * 1 FETCH (UID 1)
      * 7 FETCH (UID 7)
      \1 OK x
      \1 OK [COPYUID 7 7,9 1:2] x
    ]])
    both(TOGETHER, { "delete", messages + 256, "search", INBOX }, OPEN .. [[
      * 7 FETCH (UID 7 FLAGS ())
      * SEARCH 8
      \1 OK x
      \1 OK x
      * SEARCH 7
      \1 OK x
      * 7 EXPUNGE
      * VANISHED 9
      \1 OK x
      \1 NO x
    ]])
    for choice = 0, 15 do
      both(TOGETHER, { "download", messages + choice * 256 }, OPEN .. [[
        * 7 FETCH (UID 7 BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 1))
        \1 OK x
        * 7 FETCH (UID 7 RFC822.SIZE 3 BODY[] {3}
        abc BODY[1.2] {3}
        abc)
        \1 OK x
      ]])
    end
  end
end

both(TOGETHER, { "append", 0x1c4, "append", 0x3c5 }, [[
  + go
  + go
  \1 OK [APPENDUID 7 3:6] x
  + go
  \1 NO [TRYCREATE] x
]])
both(TOGETHER, { "create", WORK, "rename", WORK, "status", WORK + 1020, "list", 1020 }, [[
  \1 OK [MAILBOXID (F1)] x
  \1 OK x
  \1 NO [ALREADYEXISTS] x
  * STATUS Work (MESSAGES 1 UIDNEXT 4 HIGHESTMODSEQ 9 SIZE 4 MAILBOXID (F1))
  \1 OK x
  * LIST (\HasNoChildren \Subscribed) "/" INBOX
  * LIST (\Noselect) "/" "Wo\"rk"
  * LSUB () "/" {4}
  Work
  \1 OK x
  \1 OK x
  * STATUS INBOX (MESSAGES 1)
  \1 OK x
]])
both(TOGETHER, { "create", INBOX }, [[
  \1 NO x
  * LIST () "/" INBOX
  \1 OK x
  \1 OK x
]])

-- A SELECT that is refused while another mailbox is open: no change may follow.
for _, answer in ipairs { "NO", "BAD", "NO [NONEXISTENT]", "OK [READ-ONLY]" } do
  both(TOGETHER, { "store", INBOX + TWO + UID, "store", WORK + TWO + UID, "delete", WORK + TWO }, OPEN .. [[
    \1 OK x
    \1 OK x
    * OK [CLOSED] x
    \1 ]] .. answer .. [[ x
    \1 OK x
  ]])
end

for variant = 0, 4095, 13 do
  session(TOGETHER, variant * 8, { "search", variant * 8 }, (OPEN .. [[
    * SEARCH 7 9
    * ESEARCH (TAG "\1") UID ALL 7,9 PARTIAL (1:2 7,9)
    \1 OK x
    * 7 FETCH (UID 7 FLAGS (\Seen) RFC822.SIZE 3 INTERNALDATE "17-Jul-1996 02:44:25 -0700")
    * 9 FETCH (UID 9 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODY[HEADER] {2}
    x)
    \1 OK x
  ]]):gsub("\\1", "\1"))
end

-- Logging in, by each mechanism (bits as in sample_connect).
for mechanism = 0, 9 do
  for _, bits in ipairs { 0x100, 0x180, 0x200, 0x300 } do
    session(LOGIN, NONE, { "connect", (mechanism + (bits << 2)) << 2, "noop", 0 }, ([[
      * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=PLAIN AUTH=LOGIN]] ..
      [[ AUTH=CRAM-MD5 AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=EXTERNAL AUTH=ANONYMOUS] x
      + =
      + cj1BQUFBLHM9UVNYQ1IrUTZzZWs4YmY5MixpPTQwOTY=
      + VXNlcm5hbWU6
      \1 OK x
      * CAPABILITY IMAP4rev1 UIDPLUS
      \1 OK x
      \1 OK x
    ]]):gsub("\\1", "\1"))
  end
end

-- SCRAM up to its end, for the nonce and the password that the target has.
for mechanism, signature in ipairs {
  "dj1QZlZoR2R3U2MzbWpCZzU3SXRVMnE3UXBPenlid1VWR1dDQndTTiswQWNRPQ==", -- SHA-256
  "dj1RdnF5OU40NTVPRERBZ0N1OUZ4K0RmWXZ1RE09", -- SHA-1
} do
  session(LOGIN, NONE, { "connect", (mechanism + (0x200 << 2)) << 2, "noop", 0 }, ([[
    * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1] x
    + =
    + cj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQXgscz1RUT09LGk9NDA5Ng==
    + ]] .. signature .. [[

    \1 OK [CAPABILITY IMAP4rev1] x
    \1 OK x
  ]]):gsub("\\1", "\1"))
end

-- --- The rest --------------------------------------------------------------------

for path in lines_of(("find '%s/responses' -name '*.txt' 2>/dev/null | sort"):format(corpus)) do
  local bytes = assert(io.open(path, "rb")):read("*a")
  seed("responses", "\0\0" .. bytes)
  seed("responses", "\2\4\7\30\1\90" .. bytes)
  local said = bytes:gsub("%f[^\n\0]A########", "\1")
  session(TOGETHER, ALL, { "search", INBOX, "list", 1020 }, "")
  seed("session", string.char(TOGETHER, 0xff, 0x7f, 2)
    .. string.pack(">I1I4I1I4", 10, 0, 8, 1020) .. said)
end

for path in lines_of(("find '%s/messages' -name '*.eml' 2>/dev/null | sort"):format(corpus)) do
  local bytes = assert(io.open(path, "rb")):read("*a"):sub(1, 4000)
  for encoding = 0, 5 do seed("mime", string.char(encoding, encoding + 2, 2, 5, 70) .. bytes) end
end
seed("mime", "\0\2\1\5=?utf-8?q?a=C3=BCb?= =?iso-2022-jp?b?GyRCJCIbKEI=?=")
seed("mime", "\1\2\1\5filename*0*\nutf-8'en'a%20\nfilename*1\nb\nname\n=?utf-8?b?w7w=?=")
seed("mime", "\5\0\1\5begin 644 x\n#0V%T\n`\nend\n")
for charset = 0, 27 do seed("mime", string.char(3, charset, 3, 1, 2, 3) .. "\27$B$\"\27(B \130\160\176\161 +AGE-") end

for _, name in ipairs { "INBOX", "Entw&APw-rfe", "&2D3eAA-", "&-", "\195\188", "&AGE-", "1:3,5,7:*",
  "4294967295", "9:1,2,4:2", "17-Jul-1996 02:44:25 -0700", " 7-Feb-2024 00:00:00 +0000",
  "Mon, 7 Feb 94 21:52:25 EST (x)", "2024-02-29", "AGFubgBwYXNz" } do
  seed("names", "\5" .. name)
end

for settings = 0, 11 do
  seed("encoder", string.char(settings) .. "\9\0\0\4Work\1\5\0\0\0\0\0\0\1\0\2\5a\"b\\c\10\0\3\3NIL\5\3a b\6\3"
    .. "1:3\7\5\\Seen\8\20\0\0\255\255\4\3sec\2\2\195\188")
end

for target, count in pairs(counts) do print(("%-10s %d seeds"):format(target, count)) end
