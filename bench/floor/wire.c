/* wire.c - see wire.h. In plain C: the least that a client can do. */
#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

enum { CHUNK = 262144, LONGEST_STATUS = 4096 };

_Noreturn void wire_die(const char *what) {
  perror(what);
  exit(1);
}

const char *wire_setting(const char *name) {
  char full[64];
  snprintf(full, sizeof full, "BENCH_%s", name);
  const char *value = getenv(full);
  if (value == NULL) wire_die(full);
  return value;
}

int wire_count(void) { return atoi(wire_setting("COUNT")); }

void wire_sendf(const char *format, ...) {
  char line[4096];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  link_send(line, (size_t)length);
}

/* A tagged line that does not say OK is the end. */
static void need_ok(const char *line, const char *end) {
  if (memcmp(strchr(line, ' '), " OK", 3) == 0) return;
  fprintf(stderr, "%.*s", (int)(end - line), line);
  exit(1);
}

/* Whether the bytes end with a whole line that begins with the tag. */
static int ends_with_tagged(const char *bytes, size_t length, const char *tag) {
  const char *line;
  size_t tag_length = strlen(tag);
  if (length < 2 || bytes[length - 1] != '\n') return 0;
  line = memrchr(bytes, '\n', length - 1);
  line = line == NULL ? bytes : line + 1;
  if ((size_t)(bytes + length - line) < tag_length || memcmp(line, tag, tag_length) != 0) return 0;
  need_ok(line, bytes + length);
  return 1;
}

/* Only the end is looked at: nothing else comes behind the line that is waited
** for. What came last is kept, since the line may come in two pieces. */
void wire_drain(const char *tag) {
  static char bytes[LONGEST_STATUS + CHUNK];
  size_t kept = 0;
  for (;;) {
    size_t length = kept + link_receive(bytes + kept, CHUNK);
    if (ends_with_tagged(bytes, length, tag)) return;
    kept = length < LONGEST_STATUS ? length : LONGEST_STATUS;
    memmove(bytes, bytes + length - kept, kept);
  }
}

/* What came and was not asked for yet begins with the LF of the line before. */
void wire_await(const char *tag) {
  static char bytes[LONGEST_STATUS + CHUNK] = "\n";
  static size_t held = 1;
  char start[16];
  size_t length = (size_t)snprintf(start, sizeof start, "\n%s ", tag);
  for (;;) {
    char *line = memmem(bytes, held, start, length);
    char *end = line == NULL ? NULL : memchr(line + 1, '\n', (size_t)(bytes + held - line - 1));
    const char *rest = end;
    if (end != NULL) need_ok(line + 1, end);
    else rest = held > LONGEST_STATUS ? bytes + held - LONGEST_STATUS : bytes;
    held -= (size_t)(rest - bytes);
    memmove(bytes, rest, held);
    if (end != NULL) return;
    held += link_receive(bytes + held, CHUNK);
  }
}

void wire_open(void) {
  char greeting[LONGEST_STATUS];
  link_open(wire_setting("HOST"), wire_setting("PORT"));
  if (!link_has_greeting) link_receive(greeting, sizeof greeting);
  wire_sendf("in LOGIN %s %s\r\n", wire_setting("USER"), wire_setting("PASSWORD"));
  wire_drain("in");
}

void wire_close(void) {
  wire_sendf("out LOGOUT\r\n");
  wire_drain("out");
  link_close();
}

static void say(const char *word) {
  puts(word);
  fflush(stdout);
  if (getchar() == EOF) wire_die("nobody measures");
}

void wire_start_clock(void) { say("ready"); }
void wire_stop_clock(void) { say("done"); }
