/* measure.c - runs a client of the bench and measures the middle of it.
** usage: measure FILE COMMAND...   (FILE takes what the client delivered)
**
** The client says "ready", waits for a line, works, says "done", waits for a
** line, and prints what was delivered. Printed is one line: wall seconds and CPU
** seconds (user and system, all threads) from the first line to "done", peak
** memory in KiB and turns of waiting until then (the lines that the file
** BENCH_TURNS grew by; 0 without one), a hash of what was delivered. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;
static int to_child, from_child;

struct moment {
  double wall, cpu;
  long turns;
};

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void start(char **command) {
  int in[2], out[2];
  if (pipe(in) != 0 || pipe(out) != 0 || (child = fork()) < 0) die("measure");
  if (child == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close(in[1]);
    close(out[0]);
    execvp(command[0], command);
    die(command[0]);
  }
  close(in[0]);
  close(out[1]);
  to_child = in[1];
  from_child = out[0];
}

/* The client must say this line next. */
static void expect(const char *line) {
  char said[64];
  size_t length = 0;
  while (length < sizeof said - 1 && read(from_child, said + length, 1) == 1)
    if (said[length++] == '\n') break;
  said[length] = '\0';
  if (strcmp(said, line) == 0) return;
  fprintf(stderr, "measure: '%s' is not '%s'\n", said, line);
  exit(1);
}

static void let_go_on(void) {
  if (write(to_child, "\n", 1) != 1) die("measure: the client is gone");
}

static double seconds(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) die("measure");
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long count_turns(void) {
  const char *path = getenv("BENCH_TURNS");
  FILE *file = path != NULL && *path != '\0' ? fopen(path, "r") : NULL;
  long lines = 0;
  if (file == NULL) return 0;
  for (int c; (c = getc(file)) != EOF;) lines += c == '\n';
  fclose(file);
  return lines;
}

static struct moment now(void) {
  clockid_t cpu;
  if (clock_getcpuclockid(child, &cpu) != 0) die("measure");
  return (struct moment){ seconds(CLOCK_MONOTONIC), seconds(cpu), count_turns() };
}

static long peak_memory(void) {
  char path[64], line[256];
  long peak = -1;
  snprintf(path, sizeof path, "/proc/%ld/status", (long)child);
  FILE *file = fopen(path, "r");
  if (file == NULL) die(path);
  while (fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, "VmHWM: %ld", &peak) == 1) break;
  fclose(file);
  return peak;
}

/* All that is still said, into the file; FNV-1a over it. */
static uint64_t collect(const char *path) {
  static unsigned char bytes[65536];
  uint64_t hash = UINT64_C(14695981039346656037);
  FILE *file = fopen(path, "w");
  if (file == NULL) die(path);
  for (ssize_t n; (n = read(from_child, bytes, sizeof bytes)) > 0;) {
    fwrite(bytes, 1, (size_t)n, file);
    for (ssize_t i = 0; i < n; i++) hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
  }
  if (fclose(file) != 0) die(path);
  return hash;
}

int main(int argc, char **argv) {
  int status;
  if (argc < 3) die("usage: measure FILE COMMAND...");
  start(argv + 2);
  expect("ready\n");
  struct moment before = now();
  let_go_on();
  expect("done\n");
  struct moment after = now();
  long peak = peak_memory();
  let_go_on();
  uint64_t hash = collect(argv[1]);
  if (waitpid(child, &status, 0) != child || status != 0) die("measure: the client failed");
  printf("%.6f %.6f %ld %ld %016" PRIx64 "\n", after.wall - before.wall,
         after.cpu - before.cpu, peak, after.turns - before.turns, hash);
  return 0;
}
