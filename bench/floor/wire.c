/* wire.c - see wire.h. In plain C on a socket: the least that a client can do. */
#include "wire.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 262144, LONGEST_STATUS = 4096 };

static int fd = -1;

void wire_die(const char *what) {
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

void wire_send(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0) wire_die("send");
    bytes += n;
    length -= (size_t)n;
  }
}

void wire_sendf(const char *format, ...) {
  char line[4096];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  wire_send(line, (size_t)length);
}

size_t wire_receive(char *bytes, size_t room) {
  ssize_t n = recv(fd, bytes, room, 0);
  if (n <= 0) wire_die("recv");
  return (size_t)n;
}

/* Whether the bytes end with a whole line that begins with the tag. */
static int ends_with_tagged(const char *bytes, size_t length, const char *tag) {
  const char *line;
  size_t tag_length = strlen(tag);
  if (length < 2 || bytes[length - 1] != '\n') return 0;
  line = memrchr(bytes, '\n', length - 1);
  line = line == NULL ? bytes : line + 1;
  if ((size_t)(bytes + length - line) < tag_length || memcmp(line, tag, tag_length) != 0) return 0;
  if (memcmp(line + tag_length, " OK", 3) != 0) {
    fprintf(stderr, "%.*s", (int)(bytes + length - line), line);
    exit(1);
  }
  return 1;
}

/* Only the end is looked at: nothing else comes behind the line that is waited
** for. What came last is kept, since the line may come in two pieces. */
void wire_drain(const char *tag) {
  static char bytes[LONGEST_STATUS + CHUNK];
  size_t kept = 0;
  for (;;) {
    size_t length = kept + wire_receive(bytes + kept, CHUNK);
    if (ends_with_tagged(bytes, length, tag)) return;
    kept = length < LONGEST_STATUS ? length : LONGEST_STATUS;
    memmove(bytes, bytes + length - kept, kept);
  }
}

static void connect_to(const char *host, const char *port) {
  struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *target;
  int on = 1;
  if (getaddrinfo(host, port, &hints, &target) != 0) wire_die(host);
  fd = socket(target->ai_family, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, target->ai_addr, target->ai_addrlen) != 0) wire_die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  freeaddrinfo(target);
}

void wire_open(void) {
  char greeting[LONGEST_STATUS];
  connect_to(wire_setting("HOST"), wire_setting("PORT"));
  wire_receive(greeting, sizeof greeting);
  wire_sendf("in LOGIN %s %s\r\n", wire_setting("USER"), wire_setting("PASSWORD"));
  wire_drain("in");
}

void wire_close(void) {
  wire_sendf("out LOGOUT\r\n");
  wire_drain("out");
  close(fd);
}

static void say(const char *word) {
  puts(word);
  fflush(stdout);
  if (getchar() == EOF) wire_die("nobody measures");
}

void wire_start_clock(void) { say("ready"); }
void wire_stop_clock(void) { say("done"); }
