--- Messages and short cuts that the specs against real servers share.
local imapconn = require "imapconn"
local servers = require "spec.support.servers"

local mail = {}

mail.kinds = { "dovecot", "cyrus", "courier" }
mail.securities = { "tls", "starttls", "plain" }

--- With busted's describe: test(kind, security) for every server and security.
function mail.in_each_way(describe, test)
  for _, kind in ipairs(mail.kinds) do
    for _, security in ipairs(mail.securities) do
      describe(("#%s over %s"):format(kind, security), function() test(kind, security) end)
    end
    if kind ~= "courier" then                         -- which has no COMPRESS
      describe(("#%s over tls, compressed"):format(kind), function() test(kind, "compressed") end)
    end
  end
end

--- The options of an account, with more of them.
function mail.with(account, more)
  local options = {}
  for name, value in pairs(account) do options[name] = value end
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

--- A connection to a new account: conn, account, lines. `lines` are what the
-- client sent since, as its trace tells.
function mail.open(kind, security, more, at)
  local account = servers[kind]():account(security, at)
  local lines = {}
  local options = mail.with(account, more)
  options.trace = options.trace or function(direction, line)
    if direction == "C" then lines[#lines + 1] = line end
  end
  return assert(imapconn.connect(options)), account, lines
end

--- A message of a header table and a body, with CRLF.
function mail.message(header, body)
  local lines = {}
  for _, field in ipairs(header) do lines[#lines + 1] = field end
  lines[#lines + 1] = ""
  lines[#lines + 1] = body or "Hello."
  return (table.concat(lines, "\n") .. "\n"):gsub("\r?\n", "\r\n"), nil
end

--- A short message with this subject.
function mail.short(subject, more)
  local header = {
    "From: Ann Example <ann@example.org>",
    "To: Bob <bob@example.net>",
    "Subject: " .. subject,
    "Date: Wed, 17 Jan 2024 12:00:00 +0100",
    "Message-ID: <" .. subject:gsub("%W", "-") .. "@example.org>",
  }
  for _, field in ipairs(more or {}) do header[#header + 1] = field end
  return (mail.message(header, "This is " .. subject .. "."))
end

--- A new mailbox with short messages of these subjects: its name, their UIDs.
function mail.box(conn, name, ...)
  assert(conn:create_mailbox { path = name })
  local uids = {}
  for _, subject in ipairs { ... } do
    uids[#uids + 1] = assert(conn:append_message { mailbox = name, content = mail.short(subject) }).uid
  end
  return name, uids
end

--- The values of one field of an array of tables.
function mail.column(rows, field)
  local values = {}
  for i, row in ipairs(rows) do values[i] = row[field] end
  return values
end

--- The sorted keys of a set, but for \Recent.
function mail.keys(set)
  local keys = {}
  for key, on in pairs(set) do
    assert(on == true, "a set holds nothing but true")
    if key ~= "\\Recent" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

--- The UIDs that a search finds.
function mail.found(conn, mailbox, keys)
  local inputs = { mailbox = mailbox, fields = { "uid" } }
  for name, value in pairs(keys or {}) do inputs[name] = value end
  return mail.column(assert(conn:search_messages(inputs)), "uid")
end

--- The subjects in a mailbox, by sequence number.
function mail.subjects(conn, mailbox)
  local rows = assert(conn:search_messages { mailbox = mailbox, fields = { "envelope" } })
  local subjects = {}
  for i, row in ipairs(rows) do subjects[i] = row.envelope.subject end
  return subjects
end

--- Checks that a call failed with this code; answers its error.
-- Call it as mail.fails("no", conn:rename_mailbox { … }).
function mail.fails(code, value, message, err)
  assert(value == nil, "it succeeded")
  assert(type(err) == "table" and err.code == code,
    ("not %s, but %s: %s"):format(code, err and err.code or "no error", tostring(message)))
  assert(err.message == message and tostring(err) == message and not message:find("\n"))
  return err
end

--- A temporary file with this content, open at its beginning.
function mail.file(content)
  local file = assert(io.tmpfile())
  assert(file:write(content or ""))
  file:seek("set", 0)
  return file
end

return mail
