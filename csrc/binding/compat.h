/* compat.h - where the Luas differ: 5.1, LuaJIT, 5.2, 5.3 and 5.4, in one
** place. Everything else is written for 5.4. */
#ifndef IMAPLUA_COMPAT_H
#define IMAPLUA_COMPAT_H

#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
/* One value beside a userdata: its environment, which must be a table. */
#define imaplua_set_companion(L, i) lua_setfenv((L), (i))
#define imaplua_get_companion(L, i) lua_getfenv((L), (i))
#define luaL_setfuncs(L, funcs, n) luaL_register((L), NULL, (funcs))
#define lua_absindex(L, i) \
  ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)
#else
#define imaplua_set_companion(L, i) lua_setuservalue((L), (i))
#define imaplua_get_companion(L, i) lua_getuservalue((L), (i))
#endif

/* A whole number that may not fit a Lua number: then a decimal string. */
void imaplua_push_u64(lua_State *L, uint64_t number);
void imaplua_push_i64(lua_State *L, int64_t number);

#endif
