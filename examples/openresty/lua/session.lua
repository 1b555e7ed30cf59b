--- Who is logged in. The cookie is 256 random bits and nothing else. The password
--- stands in nginx's shared memory, under that number's hash, for half an hour
--- after the last request: never in a file, a log, a page or the cookie.
local session = { seconds = 1800 }

local store = ngx.shared.sessions

local function random()
  local source = assert(io.open("/dev/urandom", "rb"))
  local octets = assert(source:read(32))
  source:close()
  return (octets:gsub(".", function(octet) return ("%02x"):format(octet:byte()) end))
end

local function set_cookie(value, seconds)
  ngx.header["Set-Cookie"] = ("session=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s"):format(
    value, seconds, ngx.var.scheme == "https" and "; Secure" or "")
end

local function key(number)
  return ngx.encode_base64(ngx.sha1_bin(number))
end

--- Begins a session: a new number, so that none can be planted beforehand.
function session.start(username, password)
  local number = random()
  local fields = ngx.encode_args { username = username, password = password, token = random() }
  assert(store:set(key(number), fields, session.seconds))
  set_cookie(number, session.seconds)
end

--- The session of this request: { username, password, token }, or nil.
function session.current()
  local number = ngx.var.cookie_session
  local fields = number and store:get(key(number))
  if not fields then return nil end
  store:expire(key(number), session.seconds)
  set_cookie(number, session.seconds)
  return ngx.decode_args(fields)
end

--- Ends it, here and in the browser.
function session.stop()
  if ngx.var.cookie_session then store:delete(key(ngx.var.cookie_session)) end
  set_cookie("", 0)
end

--- True if a form came from a page of this session.
function session.allows(current, token)
  return type(token) == "string" and key(token) == key(current.token)
end

return session
