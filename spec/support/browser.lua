--- Headless Chromium, by ChromeDriver's HTTP (WebDriver, www.w3.org/TR/webdriver2).
---
---     local page = browser.open()
---     page:go(url)
---     page:click ".star"
---     page:evaluate "return document.title"
---     page:quit()
local json = require "dkjson"

local LIFETIME = 240 -- seconds, whatever happens
local TRIES = 200 -- of 50 ms, until a page is loaded

local browser = {}

local Page = {}
Page.__index = Page

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

-- Calls ChromeDriver: what it answers, or an error.
local function call(page, method, path, body)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(body and json.encode(body) or "")
  file:close()
  local pipe = assert(io.popen("curl --silent --show-error --max-time 60 --header 'Content-Type: application/json'"
    .. " --request " .. method .. " --data-binary @" .. name .. " " .. quote(page.url .. path) .. " 2>&1"))
  local text = pipe:read("*a")
  pipe:close()
  os.remove(name)
  local answer = json.decode(text)
  local value = answer and answer.value
  if not answer or type(value) == "table" and value.error then
    error(path .. ": " .. (answer and value.message or text), 2)
  end
  return value
end

local OBJECT = { __jsontype = "object" }

-- Chromium's own sandbox is not for root.
local function arguments()
  local list = { "--headless=new", "--disable-gpu", "--disable-dev-shm-usage" }
  local pipe = assert(io.popen "id -u")
  if pipe:read("*l") == "0" then list[#list + 1] = "--no-sandbox" end
  pipe:close()
  return list
end

--- Starts a browser with one page.
function browser.open()
  local pipe = assert(io.popen(("echo $$; exec timeout %d chromedriver --port=0 2>&1"):format(LIFETIME)))
  local page = setmetatable({ pipe = pipe, id = pipe:read("*l"), url = "" }, Page)
  local said = {}
  for line in pipe:lines() do
    said[#said + 1] = line
    page.port = line:match("successfully on port (%d+)")
    if page.port then break end
  end
  assert(page.port, table.concat(said, "\n"))
  page.url = "http://127.0.0.1:" .. page.port
  local session = call(page, "POST", "/session", { capabilities = { alwaysMatch = {
    ["goog:chromeOptions"] = { args = arguments() } } } })
  page.url = page.url .. "/session/" .. session.sessionId
  return page
end

--- Ends it.
function Page:quit()
  pcall(call, self, "DELETE", "")
  os.execute("kill " .. self.id)
  self.pipe:close()
end

--- Opens an address, and waits until the page with its frames is loaded.
function Page:go(url)
  call(self, "POST", "/url", { url = url })
end

--- What a function's body returns in the page.
function Page:evaluate(script, ...)
  return call(self, "POST", "/execute/sync", { script = script, args = { n = select("#", ...), ... } })
end

local function find(page, selector)
  local _, id = next(call(page, "POST", "/element", { using = "css selector", value = selector }))
  return "/element/" .. id
end

--- Clicks on the first element of a CSS selector, and waits until the page that
--- it leads to is loaded: ChromeDriver may answer while the old one still shows.
function Page:click(selector)
  self:evaluate "window.clicked = true"
  call(self, "POST", find(self, selector) .. "/click", setmetatable({}, OBJECT))
  for _ = 1, TRIES do
    if self:evaluate "return !window.clicked && document.readyState === 'complete'" then return end
    os.execute "sleep 0.05"
  end
  error(selector .. " leads nowhere", 2)
end

--- Types into it.
function Page:type(selector, text)
  call(self, "POST", find(self, selector) .. "/value", { text = text })
end

--- The text that it shows.
function Page:text(selector)
  return call(self, "GET", find(self, selector) .. "/text")
end

--- Goes on inside the frame of a selector; out of it again without one.
function Page:enter(selector)
  local id = selector and find(self, selector):match("[^/]+$")
  call(self, "POST", "/frame", { id = id and { ["element-6066-11e4-a52e-4f735466cecf"] = id } or json.null })
end

--- The size of the page's window.
function Page:resize(width, height)
  call(self, "POST", "/goog/cdp/execute", { cmd = "Emulation.setDeviceMetricsOverride",
    params = { width = width, height = height, deviceScaleFactor = 1, mobile = false } })
end

--- Puts a picture of what it shows into a file.
function Page:screenshot(path)
  local pipe = assert(io.popen("base64 --decode >" .. quote(path), "w"))
  pipe:write(call(self, "GET", "/screenshot"))
  pipe:close()
end

return browser
