--- An nginx of one worker for the specs: each page is Lua that runs there.
---
---     local site = site.serve({ list = [[ print_list(try()) ]] }, account)
---     site:gives("^INBOX", "list")
---
--- Pages see options(more), which names the account with `more` on top (a value
--- `none` takes an option away); try(more), a connection, or nil where it said why
--- not; print_list(conn).
local servers = require "spec.support.servers"

local site = {}

local CONF = [[
worker_processes 1;
events { worker_connections 1024; }
http {
  resolver 127.0.0.1:1 ipv6=off;
  resolver_timeout 1s;
  lua_ssl_trusted_certificate @CA_FILE@;
  lua_ssl_verify_depth 2;
  lua_socket_log_errors off;
  init_by_lua_block {
    none = {}
    function options(more)
      local all = { host = "127.0.0.1", server_name = "localhost", port = @ACCOUNT_PORT@, username = "@USER@",
        password = "@PASSWORD@" }
      for name, value in pairs(more or {}) do all[name] = value ~= none and value or nil end
      if more and more.verify == false then all.verify = false end
      if more and more.secure == false then all.secure = false end
      return all
    end
    function try(more)
      local conn, message, err = require "imapconn.nginx".connect(options(more))
      if not conn then ngx.say(err.code, " ", err.field or "-", " ", message) end
      return conn
    end
    function print_list(conn)
      if not conn then return end
      local rows, message = conn:list_mailboxes {}
      ngx.say(rows and "INBOX of " .. #rows or message)
    end
@INIT@
  }
  server {
    listen 127.0.0.1:@PORT@;
@LOCATIONS@
  }
}
]]

local function locations(pages)
  local list = {}
  for name, code in pairs(pages) do
    list[#list + 1] = ("    location = /%s { content_by_lua_block {%s} }"):format(name, code)
  end
  return table.concat(list, "\n")
end

local Site = {}
Site.__index = Site

--- The page answers what is like `pattern`, and is returned.
function Site:gives(pattern, page)
  local answer = self.nginx:get("/" .. page)
  if not answer:find(pattern) then
    error(("/%s is not like %s, but: %s\n%s"):format(page, pattern, answer, self.nginx:log()), 2)
  end
  return answer
end

--- Serves `pages` over `account`. `more`: `values` for @NAME@ in pages, `init`, Lua
--- that runs first, and `locations`, more of them as nginx.conf has them.
function site.serve(pages, account, more)
  more = more or {}
  local values = { ACCOUNT_PORT = account.port, USER = account.username }
  for name, value in pairs(more.values or {}) do values[name] = value end
  local parts = { INIT = more.init or "", LOCATIONS = locations(pages) .. (more.locations or "") }
  local nginx = servers.nginx(CONF:gsub("@(%u+)@", parts), values)
  return setmetatable({ nginx = nginx, url = nginx.url }, Site)
end

return site
