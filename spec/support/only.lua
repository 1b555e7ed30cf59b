--- `it` for specs that not every Lua can run. Where this one cannot, the spec does
--- not run, and the output says so, with the reason.
---
---   local host_it = only.with_hosts(it)
---   host_it("…", function() program.ends(only.hosts .. "/torture", "…") end)
local only = {}

local hosts = os.getenv("IMAPCONN_HOSTS")

--- The folder of what spec/embed is built to; nil where it is not built.
only.hosts = hosts ~= "" and hosts or nil

local function where(possible, it, reason)
  if possible then return it end
  local lua = rawget(_G, "jit") and "LuaJIT" or _VERSION
  return function(name) print(("not run on %s: %s (%s)"):format(lua, name, reason)) end
end

--- What runs a host that embeds Lua.
function only.with_hosts(it)
  return where(only.hosts, it, "the Makefile builds spec/embed for lua5.4 alone")
end

--- What needs <close> or coroutine.close.
function only.since_54(it)
  return where(coroutine.close, it, "<close> and coroutine.close came with Lua 5.4")
end

return only
