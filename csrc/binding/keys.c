/* keys.c - strings that recur in results. */
#include "binding/keys.h"

void imaplua_set_maker(lua_State *L, const char *name, lua_CFunction maker) {
#define IMAPLUA_TEXT(key, text) text,
  static const char *const texts[] = {IMAPLUA_KEYS(IMAPLUA_TEXT)};
#undef IMAPLUA_TEXT
  luaL_checkstack(L, KEY_COUNT + 1, "keys");
  for (int i = 0; i < KEY_COUNT - 1; i++) lua_pushstring(L, texts[i]);
  lua_pushcclosure(L, maker, KEY_COUNT - 1);
  lua_setfield(L, -2, name);
}
