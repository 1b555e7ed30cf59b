-- What luacheck holds the Lua to: luacheck lua spec tools examples bench
std = "max" -- every Lua from 5.1 on
max_line_length = 120
files["spec"] = { std = "+busted" }
files["lua/imapconn/nginx.lua"] = { std = "+ngx_lua" }
files["examples/openresty"] = { std = "+ngx_lua" }
