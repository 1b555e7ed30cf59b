/* compat.h - where the Luas differ: 5.1, LuaJIT, 5.2, 5.3 and 5.4, in one
** place. Everything else is written for 5.4. */
#ifndef IMAPLUA_COMPAT_H
#define IMAPLUA_COMPAT_H

#include <stdbool.h>
#include <stdint.h>

#include <stdio.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
/* One value beside a userdata: its environment, which must be a table. */
#define imaplua_set_companion(L, i) lua_setfenv((L), (i))
#define imaplua_get_companion(L, i) lua_getfenv((L), (i))
#define luaL_setfuncs(L, funcs, n) luaL_register((L), NULL, (funcs))
#define lua_absindex(L, i) \
  ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)
/* What a file of io's is, and the open file in it, or NULL. */
typedef FILE *imaplua_stream;
#define imaplua_stream_file(s) (*(s))
#else
typedef luaL_Stream imaplua_stream;
#define imaplua_stream_file(s) ((s)->closef != NULL ? (s)->f : NULL)
#define imaplua_set_companion(L, i) lua_setuservalue((L), (i))
#define imaplua_get_companion(L, i) lua_getuservalue((L), (i))
#endif

/* Whole numbers: integers of 64 bits, or what a double holds exactly. */
#if LUA_VERSION_NUM < 503
#define IMAPLUA_EXACT (UINT64_C(1) << 53)
#define imaplua_push_whole(L, n) lua_pushnumber((L), (lua_Number)(n))
#define lua_isinteger(L, i) ((void)(L), (void)(i), false)
#else
#define IMAPLUA_EXACT (UINT64_MAX >> 1)
#define imaplua_push_whole(L, n) lua_pushinteger((L), (lua_Integer)(n))
#endif

#endif
