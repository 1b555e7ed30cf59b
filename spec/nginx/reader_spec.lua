-- The mail reader of examples/openresty without a browser: who gets in, what its
-- answers forbid, what is gone, and names and forms from hostile people.
local reader = require "spec.support.reader"
local servers = require "spec.support.servers"

local POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
  .. "base-uri 'none'; frame-ancestors 'none'"
local FRAME_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
  .. "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

local SCRIPT = { "From: Mallory <mallory@example.org>", "Subject: <script>alert(1)</script> \"quoted\" & more",
  "Content-Type: text/html; charset=utf-8" }

local function with(place, more)
  local all = {}
  for name, value in pairs(place) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

local function pause(seconds)
  require("imapconn.core").wait(-1, seconds)
end

describe("the mail reader", function()
  local app, visitor, script

  setup(function()
    app = reader.start()
    script = app:store(SCRIPT, "<p>Harmless words</p><script>alert(1)</script>\n")
    visitor = app:visitor()
    assert.are.equal(303, visitor:log_in().status)
  end)
  teardown(function() app:stop() end)

  local function is_starred(place)
    local conn = app:connect()
    local rows = assert(conn:search_messages { mailbox = place.box, uids = place.uid, fields = { "flags" } })
    conn:close()
    return rows[1].flags["\\Flagged"] or false
  end

  -- --- Who gets in -------------------------------------------------------------------

  it("shows nothing to who is not logged in", function()
    local stranger = app:visitor()
    for _, path in ipairs { "/", "/box", "/message", "/frame", "/part", "/nowhere" } do
      local answer = stranger:get(path, script)
      assert.are.same({ 303, "/login" }, { answer.status, answer.headers.location })
    end
    assert.are.equal(200, stranger:get("/login").status)
  end)

  it("refuses a wrong password, and gives it no session", function()
    local stranger = app:visitor()
    local answer = stranger:log_in("wrong")
    assert.are.equal(403, answer.status)
    assert.matches("Name or password is wrong", answer.body, 1, true)
    assert.is_nil(answer.headers["set-cookie"])
    assert.are.equal(400, stranger:post("/login", { username = "ann" }).status)
  end)

  it("gives a session a number of its own, which scripts and other sites do not see", function()
    local other = app:visitor()
    local cookie = other:post("/login", { username = app.account.username, password = app.account.password },
      "Cookie: session=" .. ("0"):rep(64)).headers["set-cookie"]
    assert.matches("^session=%x+; Path=/; HttpOnly; SameSite=Strict; Max%-Age=1800$", cookie)
    assert.are_not.equal(("0"):rep(64), cookie:match("%x+;"))
  end)

  it("logs in once, and keeps its connection", function()
    local function logins()
      local wanted = "Login: user=<" .. app.account.username:gsub("%p", "%%%0") .. ">"
      return (select(2, servers.dovecot():log():gsub(wanted, "")))
    end
    visitor:get("/")
    local before = logins()
    for _ = 1, 3 do visitor:get("/message", script) end
    assert.are.equal(before, logins())
    assert.is_true(before > 0)
  end)

  it("ends a session at its logout, also for who has copied the cookie", function()
    local leaving = app:visitor()
    leaving:log_in()
    local copy = app:visitor()
    os.execute(("cp '%s' '%s'"):format(leaving.jar, copy.jar))
    assert.are.equal(200, copy:get("/").status)
    assert.are.equal("/login", leaving:post("/logout", { token = leaving:token() }).headers.location)
    assert.are.equal("/login", copy:get("/").headers.location)
    assert.are.equal("/login", leaving:get("/").headers.location)
  end)

  -- --- What its answers forbid ----------------------------------------------------------

  it("lets its pages run no script, and load nothing from elsewhere", function()
    for path, args in pairs { ["/"] = {}, ["/message"] = script, ["/login"] = {}, ["/nowhere"] = {} } do
      local headers = visitor:get(path, args).headers
      assert.are.equal(POLICY, headers["content-security-policy"], path)
      assert.are.equal("nosniff", headers["x-content-type-options"], path)
      assert.are.equal("same-origin", headers["referrer-policy"], path)
      assert.are.equal("no-store", headers["cache-control"], path)
    end
  end)

  it("shows HTML in a frame that is a sandbox, by its attribute and by its policy", function()
    local page = visitor:get("/message", script).body
    local frame = assert(page:match("<iframe[^>]*>"))
    assert.matches(' sandbox="" ', frame, 1, true)
    assert.is_nil(page:find("Harmless words", 1, true))
    local address = frame:match('src="([^"]*)"'):gsub("&amp;", "&")
    local answer = visitor:get(address)
    assert.matches("Harmless words", answer.body, 1, true)
    assert.are.equal(FRAME_POLICY, answer.headers["content-security-policy"])
    assert.are.equal("no-referrer", answer.headers["referrer-policy"])
  end)

  it("escapes subjects and names", function()
    local place = app:store({ 'From: "<b>Bold</b>" <b@example.org>', "Subject: <i>'x'</i>",
      'Content-Type: application/pdf; name="<u>.pdf"' }, "x\n")
    for _, page in ipairs { visitor:get("/"), visitor:get("/message", place) } do
      for _, tag in ipairs { "<b>", "<i>", "<u>", "<script" } do
        assert.is_nil(page.body:find(tag, 1, true), tag)
      end
      assert.matches("&lt;i&gt;&#39;x&#39;&lt;/i&gt;", page.body, 1, true)
    end
    local _, found = visitor:get("/", { box = "INBOX", q = '"><script>' }).body:gsub('"&gt;&lt;script', "")
    assert.are.equal(0, found)
  end)

  it("lists fifty messages at a time, and comes back to where it was", function()
    local conn = app:connect()
    assert(conn:create_mailbox { path = "Many" })
    assert(conn:batch(function(b)
      for i = 1, 51 do b:append_message { mailbox = "Many", content = "Subject: Number " .. i .. ".\n\nx\n" } end
    end))
    conn:close()
    local first = visitor:get("/box", { box = "Many" }).body
    assert.matches("51 messages", first, 1, true)
    assert.matches("Number 2.", first, 1, true)
    assert.is_nil(first:find("Number 1.", 1, true))
    local older = assert(first:match('<a class="button" href="([^"]*)">Older')):gsub("&amp;", "&")
    local second = visitor:get(older).body
    assert.matches("Number 1.", second, 1, true)
    assert.is_nil(second:find("Older", 1, true))
    local form = { flag = "\\Flagged", on = "yes", token = visitor:token() }
    for name, value in second:gmatch '<input type="hidden" name="(%l+)" value="([^"]*)">' do
      form[name] = form[name] or value
    end
    assert.are.equal("2", form.before)
    local after = visitor:post("/flag", form).headers.location
    assert.matches("Number 1.", visitor:get(after).body, 1, true)
  end)

  -- --- What is gone ----------------------------------------------------------------------

  it("answers 404 where a message, a part or a mailbox is not there", function()
    local gone = app:store(SCRIPT, "x\n")
    local conn = app:connect()
    assert(conn:delete_message { mailbox = "INBOX", uid = gone.uid })
    conn:close()
    for _, place in ipairs { gone, with(script, { validity = 1 }), with(script, { box = "Nowhere" }) } do
      for _, path in ipairs { "/message", "/frame", "/part" } do
        assert.are.equal(404, visitor:get(path, with(place, { part = "1" })).status, path)
      end
    end
    local form = with(script, { validity = 1, flag = "\\Flagged", on = "yes", token = visitor:token() })
    assert.are.equal(404, visitor:post("/flag", form).status)
    assert.are.equal(404, visitor:get("/box", { box = "Nowhere" }).status)
    assert.are.equal(404, visitor:get("/part", with(script, { part = "9" })).status)
    assert.are.equal(404, visitor:get("/nowhere").status)
    assert.are.equal(200, visitor:get("/").status)
  end)

  it("answers 400 to an address that names none", function()
    for _, more in ipairs { { uid = "x" }, { validity = "" }, { uid = "1:*" } } do
      assert.are.equal(400, visitor:get("/message", with(script, more)).status)
    end
  end)

  -- --- Hostile names and forms --------------------------------------------------------------

  -- The file name that a download is given, decoded; `name` is a MIME parameter.
  local function offered(name)
    local place = app:store({ "From: m@example.org", "Subject: file", "Content-Type: application/pdf",
      "Content-Disposition: attachment; " .. name }, "x\n")
    local answer = visitor:get("/part", with(place, { part = "1" }))
    assert.are.equal(200, answer.status)
    assert.are.equal("application/octet-stream", answer.headers["content-type"])
    assert.are.equal("nosniff", answer.headers["x-content-type-options"])
    assert.are.equal("sandbox; default-src 'none'", answer.headers["content-security-policy"])
    local disposition = answer.headers["content-disposition"]
    local encoded = assert(disposition:match("^attachment; filename%*=UTF%-8''([%w%%._~-]+)$"), disposition)
    return (encoded:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
  end

  it("offers no file under a name that is a path, a header or a disguise", function()
    assert.are.equal("Köln bei Nacht.bmp", offered "filename*=UTF-8''K%C3%B6ln%20bei%20Nacht.bmp")
    assert.are.equal("_.._etc_passwd", offered 'filename="../../etc/passwd"')
    assert.are.equal("C__Windows_x.exe", offered [[filename="C:\\Windows\\x.exe"]])
    assert.are.equal("profile", offered 'filename="...profile"')
    assert.are.equal("a_b; x='(1)_'.txt", offered [[filename="a\"b; x='(1)*'.txt"]])
    assert.are.equal("a__Set-Cookie_ session=1.txt", offered "filename*=UTF-8''a%0D%0ASet-Cookie%3A%20session%3D1.txt")
    assert.are.equal("harmlessfdp.exe", offered "filename*=UTF-8''harmless%E2%80%AEfdp.exe")
    assert.are.equal("part", offered 'filename=".."')
    assert.are.equal(120, #offered('filename="' .. ("x"):rep(300) .. '.txt"'))
  end)

  it("takes no form from another site, or without the session's token", function()
    local token, form = visitor:token(), with(script, { flag = "\\Flagged", on = "yes" })
    local other = app:visitor()
    other:log_in()
    local function refused(more, header)
      assert.are.equal(403, visitor:post("/flag", with(form, more), header).status)
      assert.is_false(is_starred(script))
    end
    refused { token = "" }
    refused { token = other:token() }
    refused { token = ("0"):rep(64) }
    for _, origin in ipairs { "null", "http://evil.example", app.url .. ".evil.example", "https" .. app.url:sub(5) } do
      refused({ token = token }, "Origin: " .. origin)
      local answer = other:post("/login", { username = "ann", password = "secret" }, "Origin: " .. origin)
      assert.are.equal(403, answer.status)
    end
    assert.are.equal(404, visitor:get("/flag", with(form, { token = token })).status)
    assert.is_false(is_starred(script))
    assert.are.equal(303, visitor:post("/flag", with(form, { token = token }), "Origin: " .. app.url).status)
    assert.is_true(is_starred(script))
  end)

  it("sets and lifts two flags, and no other", function()
    local token = visitor:token()
    for _, flag in ipairs { "\\Deleted", "\\Draft", "x" } do
      local answer = visitor:post("/flag", with(script, { flag = flag, on = "yes", token = token }))
      assert.are.equal(400, answer.status)
    end
  end)
end)

describe("make demo-web", function()
  it("says where the mail reader is, and leaves nothing behind where it is interrupted", function()
    local pipe = assert(io.popen [[folder=$(mktemp -d -t imapconn.XXXXXX); chmod 755 "$folder"
      TMPDIR=$folder sh tools/demo-web.sh >"$folder/said" 2>&1 & demo=$!
      until grep 'mail reader' "$folder/said" || ! kill -0 $demo; do sleep 0.05; done
      url=$(sed -n 's/.* is at \(http[^,]*\), .*/\1/p' "$folder/said")
      curl --silent --cookie-jar "$folder/jar" --data 'username=ann&password=secret' "$url/login"
      curl --silent --cookie "$folder/jar" "$url/"
      kill -TERM $demo
      wait $demo
      echo "ended with $?"
      rm -f "$folder/said" "$folder/jar"
      rmdir "$folder" && echo "and nothing is left"]])
    local output = pipe:read("*a")
    pipe:close()
    assert.matches("Grüße aus Köln, mit Foto", output, 1, true)
    assert.matches("ended with 143\nand nothing is left\n$", output)
  end)
end)

describe("a session of the mail reader", function()
  it("ends by itself", function()
    local app = reader.start 'require "session".seconds = 1'
    local visitors = { app:visitor(), app:visitor() }
    for _, visitor in ipairs(visitors) do visitor:log_in() end
    assert.are.equal(200, visitors[1]:get("/").status)
    pause(1.2)
    for _, visitor in ipairs(visitors) do
      -- The browser would forget the cookie; here it is kept, as by a thief.
      os.execute(("sed -i 's/\\t[0-9]*\\tsession/\\t0\\tsession/' '%s'"):format(visitor.jar))
      local answer = visitor:get("/")
      assert.are.same({ 303, "/login" }, { answer.status, answer.headers.location })
    end
    app:stop()
  end)
end)
