--- The mail reader: what each address answers. Reading never changes anything;
--- changes are POST, with the token of the session.
local html = require "html"
local mail = require "mail"
local pages = require "pages"
local session = require "session"

local PAGE = 50          -- messages in a list
local TEXT = 256 * 1024  -- octets of a text shown in a page
local FLAGS = { ["\\Flagged"] = true, ["\\Seen"] = true }
local POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
  .. "base-uri 'none'; frame-ancestors 'none'"
local MESSAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
  .. "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

-- --- Small parts ---------------------------------------------------------------------

-- The value; without one the page ends here, with what `err` is about.
local function need(value, _, err)
  if not value then error(err, 0) end
  return value
end

local function address(path, args)
  return path .. "?" .. ngx.encode_args(args)
end

local function send(title, body, status)
  ngx.status = status or 200
  ngx.header["Content-Security-Policy"] = POLICY
  ngx.print(html.fill(pages.page, { title = title, body = body }))
end

local function see_other(url)
  return ngx.redirect(url, 303)
end

local function fail(text, status)
  send("Mail", '<main class="login">' .. html.fill(pages.notice, { text = text })
    .. html.fill(pages.link, { url = "/", text = "Back" }) .. "</main>", status)
end

-- The one value of an argument, as text; nil where it is missing, empty or given twice.
local function word(args, name)
  return type(args[name]) == "string" and args[name] ~= "" and args[name] or nil
end

-- Which list an address means: a mailbox, what is searched there, and from where on.
local function list_place(args)
  return { box = word(args, "box") or "INBOX", q = word(args, "q"), before = tonumber(word(args, "before")) }
end

-- Which message of a list an address means; nil where it names none.
local function place(args)
  local where = list_place(args)
  where.uid, where.validity = tonumber(word(args, "uid")), tonumber(word(args, "validity"))
  return word(args, "box") and where.uid and where.validity and where
end

local function list_url(where, before)
  return address("/box", { box = where.box, q = where.q, before = before or where.before })
end

local function message_url(where, as)
  return address("/message", { box = where.box, uid = where.uid, validity = where.validity,
    q = where.q, before = where.before, as = as })
end

local function people(list)
  local names = {}
  for i, person in ipairs(list) do
    local there = person.address or ""
    names[i] = person.name and ("%s <%s>"):format(person.name, there) or there
  end
  return table.concat(names, ", ")
end

local function size_text(octets)
  if octets < 1024 then return octets .. " bytes" end
  return octets < 1048576 and ("%.0f KB"):format(octets / 1024) or ("%.1f MB"):format(octets / 1048576)
end

local function day(seconds)
  return (os.date("!%d %b %Y", seconds):gsub("^0", ""))
end

local function count_text(count)
  return count == 1 and "1 message" or count .. " messages"
end

-- A button that sets or lifts a flag.
local function flag_form(request, where, message, look)
  local on = message.flags[look.flag]
  local way = on and "lift" or "set"
  return html.fill(pages.flag, {
    token = request.user.token, box = where.box, uid = message.uid, validity = where.validity, flag = look.flag,
    on = on and "no" or "yes", q = where.q or "", before = where.before or "", back = look.back,
    class = look.class .. (on and " on" or ""), label = look[way], text = (look.text or look)[way],
  })
end

local STAR = { flag = "\\Flagged", set = "Add a star", lift = "Remove the star" }
local SEEN = { flag = "\\Seen", set = "Mark as read", lift = "Mark as unread", class = "", back = "message" }

-- --- The frame around the pages --------------------------------------------------------

local function sidebar(rows, here)
  local list = {}
  for _, row in ipairs(rows) do
    if row.selectable then
      local unseen = row.status and row.status.unseen or 0
      list[#list + 1] = { name = row.path, url = address("/box", { box = row.path }),
        current = row.path == here and "page" or "false", unseen = unseen > 0 and unseen or "" }
    end
  end
  table.sort(list, function(a, b)
    if (a.name == "INBOX") ~= (b.name == "INBOX") then return a.name == "INBOX" end
    return a.name < b.name
  end)
  return html.rows(pages.box, list)
end

local function send_mail(request, box, title, main)
  local rows = need(request.conn:list_mailboxes { status = { "unseen" } })
  send(title, html.fill(pages.frame, { box = box, q = word(request.args, "q") or "", token = request.user.token,
    username = request.user.username, boxes = sidebar(rows, box), main = main }))
end

-- --- A mailbox ---------------------------------------------------------------------------

local function row_of(request, where, message)
  local sender = message.envelope.from[1] or {}
  local look = setmetatable({ class = "star", text = { set = "☆", lift = "★" }, back = "box" }, { __index = STAR })
  return {
    class = message.flags["\\Seen"] and "read" or "unread",
    flag = flag_form(request, where, message, look),
    url = message_url(setmetatable({ uid = message.uid }, { __index = where })),
    from = sender.name or sender.address or "(nobody)", subject = message.envelope.subject or "(no subject)",
    date = day(message.internal_date),
  }
end

local function older(where, messages)
  local lowest = messages[PAGE] and messages[PAGE].uid
  if not lowest or lowest == 1 then return "" end
  return html.fill(pages.older, { url = list_url(where, lowest) })
end

-- What is listed: what a search found, or all that the mailbox holds.
local function heading_of(where, status)
  if not where.q then
    return html.fill(pages.heading, { box = where.box, count = count_text(status.messages) })
  end
  return html.fill(pages.found, { q = where.q, box = where.box, all = list_url { box = where.box } })
end

local function show_box(request)
  local where, rows = list_place(request.args), {}
  local status = need(request.conn:get_mailbox_status { mailbox = where.box })
  local messages = need(request.conn:search_messages {
    mailbox = where.box, text = where.q, uids = where.before and "1:" .. where.before - 1 or nil,
    limit = PAGE, newest_first = true,
  })
  where.validity = status.uid_validity
  for i, message in ipairs(messages) do rows[i] = row_of(request, where, message) end
  local main = heading_of(where, status) .. html.fill(pages.list, { rows = html.rows(pages.row, rows),
    older = older(where, messages) })
  if #rows == 0 then
    main = main .. html.fill(pages.empty, { text = where.q and "No message has these words." or "Nothing is here." })
  end
  send_mail(request, where.box, where.box .. " – Mail", main)
end

-- --- A message ---------------------------------------------------------------------------

local function part_url(path, where, node)
  return address(path, { box = where.box, uid = where.uid, validity = where.validity, part = node.part })
end

-- What a message shows: its text where there is one; HTML where there is no other,
-- or it is asked for. Also a link to the other of the two.
local function body_of(request, where, message)
  local plain = mail.readable(message.body_structure, "text/plain")
  local formatted = mail.readable(message.body_structure, "text/html")
  if formatted and (not plain or request.args.as == "html") then
    return html.fill(pages.formatted, { url = part_url("/frame", where, formatted) }),
      plain and html.fill(pages.link, { text = "Show as text", url = message_url(where) })
  end
  local other = formatted and html.fill(pages.link, { text = "Show formatted", url = message_url(where, "html") })
  if not plain then
    return html.fill(pages.empty, { text = "This message has no text to show." }), other
  elseif plain.size > TEXT then
    return html.fill(pages.empty, { text = "The text is long: it can be downloaded below." }), other
  end
  local text = need(request.conn:download_message { mailbox = where.box, uid = where.uid,
    uid_validity = where.validity, part = plain.part, decode = true })
  return html.fill(pages.text, { text = text.content }), other
end

local function fields_of(envelope, date)
  local rows = { { name = "From", value = people(envelope.from) }, { name = "To", value = people(envelope.to) } }
  if envelope.cc[1] then rows[#rows + 1] = { name = "Cc", value = people(envelope.cc) } end
  date = envelope.date or date
  rows[#rows + 1] = { name = "Date", value = day(date) .. os.date("!, %H:%M UTC", date) }
  return html.rows(pages.field, rows)
end

-- How a part without a file name is called.
local NAMES = { ["text/plain"] = "Text", ["text/html"] = "Formatted text", ["message/rfc822"] = "Message" }

local function part_list(heading, rows)
  return rows[1] and html.fill(pages.parts, { heading = heading, rows = html.rows(pages.part, rows) }) or ""
end

-- All parts, the files first, each to be downloaded.
local function parts_of(where, message)
  local files, others = {}, {}
  for _, node in ipairs(mail.leaves(message.body_structure)) do
    local rows = node.filename and files or others
    rows[#rows + 1] = { url = part_url("/part", where, node), type = node.type, size = size_text(node.size or 0),
      name = node.filename or NAMES[node.type] or "Part " .. node.part }
  end
  return part_list("Attachments", files) .. part_list(files[1] and "Other parts" or "Parts", others)
end

local function show_message(request)
  local where = place(request.args)
  if not where then return fail("This address names no message.", 400) end
  local message = need(mail.message(request.conn, where))
  local body, other = body_of(request, where, message)
  local star = setmetatable({ class = "", back = "message" }, { __index = STAR })
  local actions = flag_form(request, where, message, star) .. flag_form(request, where, message, SEEN)
    .. (other or "")
  local subject = message.envelope.subject or "(no subject)"
  send_mail(request, where.box, subject .. " – Mail", html.fill(pages.message, {
    back = list_url(where), box = where.box, subject = subject,
    fields = fields_of(message.envelope, message.internal_date), actions = actions, body = body,
    parts = parts_of(where, message),
  }))
end

-- The node that an address names, and where it is.
local function find_part(request)
  local where = place(request.args)
  if not where then return nil end
  local message = need(mail.message(request.conn, where))
  return mail.part(message.body_structure, word(request.args, "part")), where
end

local function download(request, node, where, sink)
  return request.conn:download_message { mailbox = where.box, uid = where.uid, uid_validity = where.validity,
    part = node.part, decode = true, sink = sink }
end

-- Where something was blocked, nothing is shown.
local HIDDEN = [[<style>img:not([src^="data:" i]), iframe, object, embed { display: none !important }</style>]]

-- HTML by itself, for the frame: without origin, scripts, forms and remote content.
local function show_frame(request)
  local node, where = find_part(request)
  if not node or node.type ~= "text/html" then return fail("There is no such part.", 404) end
  local part = need(download(request, node, where))
  ngx.header["Content-Security-Policy"] = MESSAGE_POLICY
  ngx.header["Referrer-Policy"] = "no-referrer"
  ngx.print(part.content, HIDDEN)
end

-- A name that no system takes for a path or a hidden file.
local function safe_name(node)
  local name = (node.filename or node.type:gsub("/", ".")):gsub("[%c\127/\\:*?\"<>|]", "_")
  name = name:gsub("\226\128[\142\143\170-\174]", ""):gsub("\226\129[\166-\169]", "")
  name = name:sub(-120):gsub("^[\128-\191]+", ""):gsub("^[%. ]+", "")
  return name == "" and "part" or name
end

-- Percent-encoded, but for what RFC 8187 (3.2.1) allows as it is.
local function encoded(name)
  return (ngx.escape_uri(name):gsub("['()*!]", function(octet) return ("%%%02X"):format(octet:byte()) end))
end

local function send_file(request)
  local node, where = find_part(request)
  if not node then return fail("There is no such part.", 404) end
  ngx.header["Content-Type"] = "application/octet-stream"
  ngx.header["Content-Disposition"] = "attachment; filename*=UTF-8''" .. encoded(safe_name(node))
  ngx.header["Content-Security-Policy"] = "sandbox; default-src 'none'"
  local done, message = download(request, node, where, function(chunk) return ngx.print(chunk) end)
  if not done then
    ngx.log(ngx.ERR, "download: ", message)
    return ngx.exit(ngx.ERROR) -- what was sent must not look whole
  end
end

-- --- Changes -----------------------------------------------------------------------------

local function change_flag(request)
  local args = request.args
  local where, flag = place(args), word(args, "flag")
  if not where or not FLAGS[flag] then return fail("This form is not complete.", 400) end
  local action = args.on == "yes" and "add_flags" or "remove_flags"
  need(request.conn[action](request.conn, { mailbox = where.box, uids = where.uid,
    uid_validity = where.validity, flags = { flag } }))
  request.after = args.back == "message" and message_url(where) or list_url(where)
end

local function show_login(notice, status)
  send("Log in – Mail", html.fill(pages.login,
    { notice = notice and html.fill(pages.notice, { text = notice }) or "" }), status)
end

local function log_in(args)
  local username, password = word(args, "username"), word(args, "password")
  if not username or not password then return show_login("Name and password are needed.", 400) end
  local conn, message, err = mail.connect(username, password)
  if not conn then
    local refused = err.code == "auth"
    if not refused then ngx.log(ngx.ERR, message) end
    return show_login(refused and "Name or password is wrong." or "The mail server does not answer.",
      refused and 403 or 502)
  end
  mail.keep(conn)
  session.start(username, password)
  return see_other "/"
end

-- --- Which is asked for --------------------------------------------------------------------

local GET = { ["/"] = show_box, ["/box"] = show_box, ["/message"] = show_message, ["/frame"] = show_frame,
  ["/part"] = send_file }
local POST = { ["/flag"] = change_flag }

-- What the user is told where a page could not be made: `problem` is an error of
-- imapconn's, or a mistake of ours.
local function explain(problem)
  if type(problem) == "table" and problem.code == "not_found" then
    return fail("This message or mailbox is not there any more.", 404)
  end
  ngx.log(ngx.ERR, tostring(problem))
  return fail("The mail server could not do that.", 502)
end

-- Runs a handler with a connection, which is kept for the next request.
local function with_connection(handler, request)
  local conn, _, err = mail.connect(request.user.username, request.user.password)
  if not conn and err.code == "auth" then -- the password was changed meanwhile
    session.stop()
    return see_other "/login"
  elseif not conn then
    return explain(err)
  end
  request.conn = conn
  local ok, problem = pcall(handler, request)
  mail.keep(conn)
  if not ok then return explain(problem) end
  if request.after then return see_other(request.after) end
end

-- A form from elsewhere is refused, before anybody is logged in, too.
local function from_here()
  local origin = ngx.var.http_origin
  return origin == nil or origin == ngx.var.scheme .. "://" .. ngx.var.http_host
end

local function answer_post(user, args)
  if not from_here() then return fail("This form comes from elsewhere.", 403) end
  if ngx.var.uri == "/login" then return log_in(args) end
  if not user then return see_other "/login" end
  if not session.allows(user, args.token) then return fail("This form is too old, or comes from elsewhere.", 403) end
  if ngx.var.uri == "/logout" then
    session.stop()
    return see_other "/login"
  end
  local handler = POST[ngx.var.uri]
  if not handler then return fail("There is no such page.", 404) end
  return with_connection(handler, { user = user, args = args })
end

local reader = {}

--- Answers the request that nginx is at.
function reader.answer()
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["X-Content-Type-Options"] = "nosniff"
  ngx.header["Referrer-Policy"] = "same-origin"
  local user = session.current()
  if ngx.req.get_method() == "POST" then
    ngx.req.read_body()
    return answer_post(user, ngx.req.get_post_args())
  end
  if ngx.var.uri == "/login" then return show_login() end
  if not user then return see_other "/login" end
  local handler = GET[ngx.var.uri]
  if not handler then return fail("There is no such page.", 404) end
  return with_connection(handler, { user = user, args = ngx.req.get_uri_args() })
end

return reader
