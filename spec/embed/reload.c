/* reload.c - a host that takes the module up and lets go of it, again and again.
** A round is: two Lua states at once, which close with connections open; then the
** module alone, by dlopen and dlclose. No descriptor and no thread may be left.
** What is left of memory is for valgrind or LeakSanitizer to tell.
** usage: reload ROUNDS MODULE FOLDER WORD...
** (MODULE is core.so; the others are the top of the source and reload.lua's words) */
#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

enum {
  LOOKUP = 50000,  /* microseconds until a name is known not to be there */
  PATIENCE = 30000 /* ms for a resolver's thread to end by itself */
};

static const char *module;
static int count;
static char **words;

/* In the place of libc's: states close, and the module is let go of, while a
** thread of the module is in here. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
  (void)name, (void)service, (void)hints, (void)found;
  usleep(LOOKUP);
  return EAI_NONAME;
}

static int entries(const char *path) {
  DIR *folder = opendir(path);
  int number = 0;
  if (folder == NULL) return -1;
  while (readdir(folder) != NULL) number++;
  closedir(folder);
  return number - 2; /* . and .. */
}

static bool alone(void) {
  for (int ms = 0; ms < PATIENCE && entries("/proc/self/task") > 1; ms++)
    usleep(1000);
  return entries("/proc/self/task") == 1;
}

static bool complain(lua_State *L) {
  printf("%s\n", luaL_tolstring(L, -1, NULL));
  return false;
}

static bool two_states(void) {
  lua_State *first = luaL_newstate(), *second = luaL_newstate();
  bool good = first != NULL && second != NULL;
  if (!good) return false;
  luaL_openlibs(first);
  luaL_openlibs(second);
  good = host_run(first, "reload.lua", count, words) || complain(first);
  good = good && (host_run(second, "reload.lua", count, words) || complain(second));
  lua_close(first);
  good = good && (luaL_dostring(second, "use_all()") == LUA_OK || complain(second));
  lua_close(second);
  return good;
}

static bool by_hand(void) {
  void *library = dlopen(module, RTLD_NOW);
  lua_State *L = luaL_newstate();
  lua_CFunction open;
  bool good = library != NULL && L != NULL;
  if (!good) return false;
  *(void **)&open = dlsym(library, "luaopen_imapconn_core");
  lua_pushcfunction(L, open);
  good = lua_pcall(L, 0, 1, 0) == LUA_OK || complain(L);
  lua_close(L);
  return dlclose(library) == 0 && good;
}

int main(int argc, char **argv) {
  int rounds = argc > 3 ? atoi(argv[1]) : 0, first = 0;
  if (rounds < 1) return 2;
  module = argv[2];
  count = argc - 3;
  words = argv + 3;
  for (int i = 1; i <= rounds; i++) {
    int open;
    if (!two_states() || !by_hand() || !alone()) return 1;
    open = entries("/proc/self/fd");
    if (i == 1) first = open;
    if (open == first) continue;
    printf("round %d: %d descriptors, %d after the first\n", i, open, first);
    return 1;
  }
  printf("%d rounds, nothing left open\n", rounds);
  return 0;
}
