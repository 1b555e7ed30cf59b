/* signals.c - a host of Lua that a signal interrupts two thousand times a second
** (THREATS.md, F7): each call of the system's that waits may end with EINTR.
** usage: signals FOLDER WORD...   (the top of the source; signals.lua's words) */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/time.h>

#include "host.h"

static volatile sig_atomic_t signals;

static void on_signal(int signal) {
  (void)signal;
  signals++;
}

int main(int argc, char **argv) {
  static const struct itimerval often = {{0, 500}, {0, 500}}, never;
  struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
  lua_State *L = luaL_newstate();
  bool done;
  if (argc < 2 || L == NULL) return 2;
  host_open(L);
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL);
  done = host_run(L, "signals.lua", argc - 1, argv + 1);
  setitimer(ITIMER_REAL, &never, NULL);
  if (!done) printf("%s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  printf("%s\n", done && signals > 100 ? "through" : "not through");
  return !done;
}
