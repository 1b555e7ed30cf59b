/* threads.c - a host of Lua with a state for each of eight threads (THREATS.md
** H8): all load the module and connect at the same moment, then each runs
** threads.lua. Built by `make threads` with Lua, libcurl and Mbed TLS under
** ThreadSanitizer, it ends with an error where two of them touch the same memory.
** usage: threads FOLDER WORD...   (the top of the source; the script's words) */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "host.h"

enum { THREADS = 8 };

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

static void *work(void *data) {
  struct worker *w = data;
  lua_State *L = luaL_newstate();
  host_open(L);
  pthread_barrier_wait(&given.start);
  lua_pushinteger(L, w->number);
  w->failed = !host_run(L, "threads.lua", given.count, given.words);
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
