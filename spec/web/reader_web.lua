-- The mail reader of examples/openresty in Chromium: it shows, searches and flags, and
-- a message with a script does nothing. `make test-web` runs this, and leaves
-- pictures in build/web.
local browser = require "spec.support.browser"
local mail = dofile "tools/demo/mail.lua"
local reader = require "spec.support.reader"
local site = require "spec.support.site"

local PICTURES = assert(os.getenv("IMAPCONN_BUILD")) .. "/web/"

-- HTML that tries to be noticed in each way that it has.
local HOSTILE = [[<p id="shown">Harmless words</p><a href="@BEACON@/link">Go</a>
<script>document.title = "taken"; try { top.document.title = "taken" } catch (e) {}
new Image().src = "@BEACON@/script"</script>
<img src="@BEACON@/image"><img src="x" onerror="new Image().src='@BEACON@/error'">
<link rel="stylesheet" href="@BEACON@/style"><iframe src="@BEACON@/frame"></iframe>
<style>body { background: url(@BEACON@/background) }</style>
<meta http-equiv="refresh" content="0;url=@BEACON@/refresh">
]]
local WAYS = { "script", "image", "error", "style", "frame", "background", "refresh" }

-- An nginx that notes whoever asks it for anything; /open is the hostile HTML,
-- unprotected.
local function start_beacon(account)
  local open = HOSTILE:gsub("@BEACON@", "")
  return site.serve({
    hits = [[ ngx.say(table.concat(hits, " ")) ]],
    open = [[ ngx.header["Content-Type"] = "text/html" ngx.print(hostile) ]],
  }, account, {
    init = "hits = {} hostile = [==[" .. open .. "]==]",
    locations = [[ location / { content_by_lua_block { hits[#hits + 1] = ngx.var.uri:sub(2) ngx.exit(204) } } ]],
  })
end

describe("the mail reader in Chromium", function()
  local app, page, beacon

  setup(function()
    os.execute("mkdir -p '" .. PICTURES .. "'")
    app = reader.start()
    local conn = app:connect()
    assert(mail.fill(conn))
    conn:close()
    beacon = start_beacon(app.account)
    app:store({ "From: Mallory <mallory@example.org>", "To: ann@example.org", "Subject: A <script> for you",
      "Content-Type: text/html; charset=utf-8" }, (HOSTILE:gsub("@BEACON@", beacon.url)))
    page = browser.open()
    page:resize(1200, 800)
    page:go(app.url)
    page:screenshot(PICTURES .. "login.png")
    page:type("[name=username]", app.account.username)
    page:type("[name=password]", app.account.password)
    page:click "button"
  end)

  teardown(function()
    if page then page:quit() end
    app:stop()
  end)

  local function subjects()
    return page:evaluate "return [...document.querySelectorAll('.subject')].map(e => e.textContent)"
  end

  local function follow(subject)
    page:go(app.url)
    local link = page:evaluate([[return [...document.querySelectorAll('.messages li > a')]
      .find(a => a.textContent.includes(arguments[0])).href]], subject)
    page:go(link)
  end

  local function contains(list, wanted)
    for _, item in ipairs(list) do
      if item == wanted then return true end
    end
    return false
  end

  it("lists mailboxes and messages", function()
    page:go(app.url)
    for _, subject in ipairs { "Grüße aus Köln, mit Foto", "会議の議題", "فاتورة شهر مارس", "A <script> for you" } do
      assert.is_true(contains(subjects(), subject), subject)
    end
    assert.matches("Work/2023/Été", page:text "nav", 1, true)
    page:screenshot(PICTURES .. "list.png")
  end)

  it("fits on a narrow screen", function()
    page:go(app.url)
    page:resize(390, 800)
    local width = page:evaluate "return document.documentElement.scrollWidth"
    page:screenshot(PICTURES .. "narrow.png")
    page:resize(1200, 800)
    assert.is_true(width <= 390, width)
  end)

  it("searches", function()
    page:go(app.url)
    page:type("[name=q]", "déplacée")
    page:click ".search button"
    assert.are.same({ "Réunion déplacée à jeudi" }, subjects())
    page:screenshot(PICTURES .. "search.png")
    page:click ".messages li > a"
    page:click "article a" -- back to what was found
    assert.are.same({ "Réunion déplacée à jeudi" }, subjects())
    page:click ".star"
    page:click ".star"
    assert.are.same({ "Réunion déplacée à jeudi" }, subjects())
    page:click "h1 .button"
    assert.are.equal(8, #subjects())
  end)

  it("flags by a click, and not with a guessed token", function()
    local star = ".messages li:last-child .star"
    local function is_on() return page:evaluate("return document.querySelector(arguments[0]).matches('.on')", star) end
    page:go(app.url)
    assert.is_false(is_on())
    page:click(star)
    assert.is_true(is_on())
    page:evaluate("document.querySelector(arguments[0]).form.token.value = 'guessed'", star)
    page:click(star)
    assert.matches("comes from elsewhere", page:text "body", 1, true)
    page:go(app.url)
    assert.is_true(is_on())
  end)

  it("shows a message with its parts", function()
    follow "Köln"
    assert.matches("der Rhein bei Nacht", page:text ".text", 1, true)
    assert.matches("Köln bei Nacht.bmp", page:text ".parts", 1, true)
    page:screenshot(PICTURES .. "message.png")
    page:click ".actions a"
    page:enter "iframe"
    assert.are.equal("Rhein", page:text "b")
    page:enter()
    page:screenshot(PICTURES .. "formatted.png")
    page:click ".actions a"
    assert.matches("der Rhein bei Nacht", page:text ".text", 1, true)
  end)

  it("shows Japanese and Arabic, each in its direction", function()
    follow "会議"
    assert.matches("来週の会議の議題", page:text ".text", 1, true)
    page:screenshot(PICTURES .. "japanese.png")
    follow "فاتورة"
    assert.are.equal("rtl", page:evaluate "return getComputedStyle(document.querySelector('.text')).direction")
    page:screenshot(PICTURES .. "arabic.png")
  end)

  -- For what must not come there is nothing to wait for but time; that it would come
  -- otherwise shows the next one.
  it("lets a message with a script do nothing", function()
    follow "A <script>"
    assert.are.equal("A <script> for you", page:text "h1")
    page:enter "iframe"
    assert.are.equal("Harmless words", page:text "#shown")
    assert.are.equal("none", page:evaluate "return getComputedStyle(document.querySelector('img')).display")
    page:screenshot(PICTURES .. "script.png")
    page:click "a"
    page:enter()
    os.execute "sleep 1"
    local frame = page:evaluate "return document.querySelector('iframe').src"
    assert.are.equal("A <script> for you – Mail", page:evaluate "return document.title")
    page:go(frame)
    assert.are.equal("Harmless words", page:text "#shown")
    os.execute "sleep 1"
    assert.are_not.equal("taken", page:evaluate "return document.title")
    assert.are.equal("\n", beacon.nginx:get "/hits")
  end)

  it("is not lucky there: without protection each way is taken", function()
    page:go(beacon.url .. "/open")
    local hits = " " .. beacon.nginx:get "/hits" .. " "
    for _ = 1, 50 do
      if hits:find("refresh", 1, true) then break end
      os.execute "sleep 0.1"
      hits = " " .. beacon.nginx:get "/hits" .. " "
    end
    for _, way in ipairs(WAYS) do assert.matches(way, hits, 1, true) end
  end)
end)
