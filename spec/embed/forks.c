/* forks.c - a host of Lua whose script may fork amid a connection (THREATS.md, H9).
** usage: forks FOLDER WORD...   (the top of the source; forks.lua's words) */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

static bool is_child;

/* fork(): true in the child; in the parent, once that has ended, false, and
** whether it ended well. */
static int fork_here(lua_State *L) {
  int status = -1;
  pid_t child = fork();
  if (child < 0) return luaL_error(L, "fork");
  is_child = child == 0;
  if (!is_child) waitpid(child, &status, 0);
  lua_pushboolean(L, is_child);
  lua_pushboolean(L, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return 2;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  bool done;
  if (argc < 2 || L == NULL) return 2;
  host_open(L);
  lua_register(L, "fork", fork_here);
  done = host_run(L, "forks.lua", argc - 1, argv + 1);
  if (!done) printf("%s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  if (is_child) _exit(!done); /* what it had of its parent's is left as it was */
  printf("%s\n", done ? "through" : "not through");
  return !done;
}
