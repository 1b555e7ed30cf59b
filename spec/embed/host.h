/* host.h - what the hosts of Lua have in common: a state that has the module
** built in, and a script that is run in it. */
#ifndef SPEC_HOST_H
#define SPEC_HOST_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>

int luaopen_imapconn_core(lua_State *L);

static inline void host_open(lua_State *L) {
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_imapconn_core);
  lua_setfield(L, -2, "imapconn.core");
  lua_settop(L, 0);
}

/* Runs FOLDER/spec/embed/SCRIPT with these words, the first of which is the
** folder; what the stack holds comes before them. False: the message is on top. */
static inline bool host_run(lua_State *L, const char *script, int count,
                            char **words) {
  int before = lua_gettop(L);
  luaL_checkstack(L, count + 2, NULL);
  lua_pushfstring(L, "%s/spec/embed/%s", words[0], script);
  if (luaL_loadfile(L, lua_tostring(L, -1)) != LUA_OK) return false;
  lua_insert(L, 1);
  lua_pop(L, 1);
  for (int i = 0; i < count; i++) lua_pushstring(L, words[i]);
  return lua_pcall(L, before + count, 0, 0) == LUA_OK;
}

#endif
