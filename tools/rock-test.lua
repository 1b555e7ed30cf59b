--- What `luarocks test` runs: `make test` with the Lua that LuaRocks uses. Words
--- behind `--` go to make: luarocks test -- SPEC=spec/unit
local words = { "make", "test", "LUA=" .. arg[-1] }
for i, word in ipairs(arg) do words[i + 3] = word end
for i, word in ipairs(words) do words[i] = "'" .. word:gsub("'", "'\\''") .. "'" end

local ok = os.execute(table.concat(words, " ")) -- a number in Lua 5.1
os.exit((ok == true or ok == 0) and 0 or 1)
