/* torture.c - a host of Lua in which memory runs out (THREATS.md E9, H2): each
** allocation of the Lua state, and each of the module, fails in its turn while
** torture.lua runs an action. It must end in Lua's memory error or in nil,
** message, err; nothing may leak, and the next time the action must succeed.
** usage: torture FOLDER   (the top of the source) */
#include <stdio.h>
#include <string.h>

#include "../c/failing.h"
#include "host.h"

/* --- Lua's own memory --- */

struct meter {
  size_t used;
  unsigned long left; /* requests for more until one fails; 0: none will */
  int denials;        /* it and those that follow: Lua tries twice */
  bool failed;
};

static void *allocate(void *data, void *block, size_t old, size_t size) {
  struct meter *m = data;
  void *moved;
  if (block == NULL) old = 0;
  if (size == 0) {
    m->used -= old;
    __real_free(block);
    return NULL;
  }
  if (size > old && m->left > 0 && --m->left == 0) m->denials = 2;
  if (size > old && m->denials > 0) {
    m->denials--;
    m->failed = true;
    return NULL;
  }
  moved = __real_realloc(block, size);
  if (moved != NULL) m->used += size - old;
  return moved;
}

/* --- one run: index 1 holds the functions --- */

enum verdict { GOOD, ERROR_VALUE, MEMORY_ERROR, WRONG };

static const char *what_came(lua_State *L, int from) {
  const char *text = lua_tostring(L, from);
  return text != NULL ? text : luaL_typename(L, from);
}

static enum verdict act(lua_State *L, const char *name, bool tell) {
  int top = lua_gettop(L), status;
  enum verdict verdict = WRONG;
  lua_getfield(L, 1, name);
  status = lua_pcall(L, 0, 3, 0);
  if (status == LUA_ERRMEM ||
      (status != LUA_OK && lua_type(L, -1) == LUA_TSTRING &&
       strcmp(lua_tostring(L, -1), "not enough memory") == 0))
    verdict = MEMORY_ERROR;
  else if (status == LUA_OK && lua_toboolean(L, top + 1))
    verdict = GOOD;
  else if (status == LUA_OK && lua_isstring(L, top + 2) && lua_istable(L, top + 3))
    verdict = ERROR_VALUE;
  if (verdict == WRONG || (tell && verdict != GOOD))
    printf("    %s\n", what_came(L, status == LUA_OK ? top + 2 : -1));
  lua_settop(L, top);
  return verdict;
}

static unsigned runs, failures;

static void judge(lua_State *L, const char *name, const char *whose,
                  unsigned long number, enum verdict verdict) {
  runs++;
  if (verdict == WRONG) {
    failures++;
    printf("%s, allocation %lu of %s: neither a result nor an error\n", name,
           number, whose);
  }
  verdict = act(L, name, true);
  if (verdict == GOOD) return;
  failures++;
  printf("%s, after allocation %lu of %s: does not work again\n", name, number,
         whose);
}

static void torture(lua_State *L, struct meter *m, const char *name) {
  unsigned long number = 0;
  for (m->failed = true; m->failed;) {
    enum verdict verdict;
    m->failed = false;
    m->left = ++number;
    verdict = act(L, name, false);
    m->left = 0;
    m->denials = 0;
    judge(L, name, "Lua", number, verdict);
  }
  for (number = 0;;) {
    enum verdict verdict;
    failing_begin(++number);
    verdict = act(L, name, false);
    if (!failing_end()) break;
    judge(L, name, "the module", number, verdict);
  }
}

/* --- the host --- */

static int load(lua_State *L, const char *folder) {
  host_open(L);
  lua_pushstring(L, folder);
  lua_setglobal(L, "TORTURE_FOLDER");
  lua_pushfstring(L, "%s/spec/embed/torture.lua", folder);
  if (luaL_loadfile(L, lua_tostring(L, 1)) != LUA_OK ||
      lua_pcall(L, 0, 2, 0) != LUA_OK) {
    printf("%s\n", lua_tostring(L, -1));
    return 1;
  }
  lua_remove(L, 1);
  lua_insert(L, 1); /* the functions; above, their names */
  return 0;
}

static void torture_all(lua_State *L, struct meter *m) {
  lua_Integer count = luaL_len(L, 2);
  for (lua_Integer i = 1; i <= count; i++) {
    const char *name;
    lua_geti(L, 2, i);
    name = lua_tostring(L, -1);
    if (act(L, name, true) == GOOD) {
      torture(L, m, name);
    } else {
      failures++;
      printf("%s does not succeed\n", name);
    }
    lua_pop(L, 1);
  }
}

int main(int argc, char **argv) {
  struct meter meter = {0, 0, 0, false};
  lua_State *L = lua_newstate(allocate, &meter);
  if (L == NULL || load(L, argc > 1 ? argv[1] : ".") != 0) return 2;
  torture_all(L, &meter);
  lua_close(L);
  if (meter.used > 0 || failing.live != 0) {
    failures++;
    printf("%zu octets of Lua, %ld blocks of the module are left\n", meter.used,
           failing.live);
  }
  printf("%u failures of an allocation, %u failed\n", runs, failures);
  return failures > 0;
}
