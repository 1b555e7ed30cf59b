/* threads.c - a host of Lua with a state for each of eight threads (THREATS.md
** H8): all load the module and connect at the same moment, then each runs
** threads.lua. Built by `make threads` with Lua, libcurl and Mbed TLS under
** ThreadSanitizer, it ends with an error where two of them touch the same memory.
** usage: threads FOLDER WORD...   (the top of the source; the script's words) */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 8 };

int luaopen_imapconn_core(lua_State *L);

static struct {
  int count;
  char **words;
  pthread_barrier_t start;
} given;

struct worker {
  pthread_t thread;
  int number;
  int failed;
};

static void open_libraries(lua_State *L) {
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_imapconn_core);
  lua_setfield(L, -2, "imapconn.core");
  lua_settop(L, 0);
}

/* The script is given its thread's number, then the words. */
static int run_script(lua_State *L, int number) {
  lua_pushfstring(L, "%s/spec/embed/threads.lua", given.words[0]);
  if (luaL_loadfile(L, lua_tostring(L, 1)) != LUA_OK) return LUA_ERRRUN;
  lua_pushinteger(L, number);
  luaL_checkstack(L, given.count, NULL);
  for (int i = 0; i < given.count; i++) lua_pushstring(L, given.words[i]);
  return lua_pcall(L, given.count + 1, 0, 0);
}

static void *work(void *data) {
  struct worker *w = data;
  lua_State *L = luaL_newstate();
  open_libraries(L);
  pthread_barrier_wait(&given.start);
  w->failed = run_script(L, w->number) != LUA_OK;
  if (w->failed) printf("thread %d: %s\n", w->number, luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return NULL;
}

int main(int argc, char **argv) {
  struct worker workers[THREADS];
  int failed = 0;
  if (argc < 2) return 2;
  given.count = argc - 1;
  given.words = argv + 1;
  pthread_barrier_init(&given.start, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){.number = i + 1};
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return 2;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    failed += workers[i].failed;
  }
  printf("%d threads, %d failed\n", THREADS, failed);
  return failed > 0;
}
