/* hostile.h - a server that does not mean it well, and a client to try it on.
** A thread plays each server on loopback, step by step. For the C specs of the
** transport; no TLS is spoken here. */
#ifndef SPEC_HOSTILE_H
#define SPEC_HOSTILE_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "transport/transport.h"

/* --- The server -------------------------------------------------------------- */

/* A step: 'S' sends the text in one piece, with "\x01" for the tag that came
** last; '1' the same a byte at a time; 'C' waits for a line that has the text
** in it; 'W' waits a while; 'R' ends with a reset. At the end of the steps it
** reads on until the client closes, but with 'F' it closes first. */
struct step {
  char what;
  const char *text;
};

struct server {
  const struct step *steps; /* the last one has what == 0 */
  int listener;
  unsigned port;
  char tag[32];
  char got[4096]; /* what the client sent, all of it */
  size_t got_size;
  bool expected; /* every 'C' was met */
  pthread_t thread;
};

static inline void pause_for(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* False: the client has closed. */
static inline bool take_byte(struct server *s, int client, char *byte) {
  if (recv(client, byte, 1, 0) != 1) return false;
  if (s->got_size < sizeof s->got) s->got[s->got_size++] = *byte;
  return true;
}

static inline void await_line(struct server *s, int client, const char *wanted) {
  char line[256], byte;
  size_t size = 0;
  while (size < sizeof line - 1 && take_byte(s, client, &byte) && byte != '\n')
    line[size++] = byte;
  line[size] = '\0';
  snprintf(s->tag, sizeof s->tag, "%.*s", (int)strcspn(line, " "), line);
  if (strstr(line, wanted) == NULL) s->expected = false;
}

static inline void send_text(struct server *s, int client, const char *text,
                      bool slowly) {
  char out[2048];
  size_t size = 0, each;
  for (; *text != '\0' && size < sizeof out - sizeof s->tag; text++) {
    if (*text == '\x01') {
      memcpy(out + size, s->tag, strlen(s->tag));
      size += strlen(s->tag);
    } else {
      out[size++] = *text == '\x02' ? '\0' : *text;
    }
  }
  each = slowly ? 1 : size;
  for (size_t at = 0; at < size; at += each) {
    if (send(client, out + at, each, MSG_NOSIGNAL) < 0) return;
    if (slowly) pause_for(1);
  }
}

static inline void reset(int client) {
  struct linger at_once = {1, 0};
  setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static inline void *serve(void *data) {
  struct server *s = data;
  int client = accept(s->listener, NULL, NULL), on = 1;
  bool wait = true;
  char byte;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (const struct step *step = s->steps; step->what != 0; step++) {
    switch (step->what) {
      case 'S': send_text(s, client, step->text, false); break;
      case '1': send_text(s, client, step->text, true); break;
      case 'C': await_line(s, client, step->text); break;
      case 'W': pause_for(atoi(step->text)); break;
      case 'R': reset(client); wait = false; break;
      default: wait = false; break;
    }
  }
  if (!wait && s->steps[0].what != 'R') shutdown(client, SHUT_WR);
  while (wait && take_byte(s, client, &byte)) continue;
  close(client);
  return NULL;
}

static inline void start_server(struct server *s, const struct step *steps) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  memset(s, 0, sizeof *s);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  s->steps = steps;
  s->expected = true;
  s->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(s->listener, (struct sockaddr *)&address, size) != 0 ||
      listen(s->listener, 1) != 0 ||
      getsockname(s->listener, (struct sockaddr *)&address, &size) != 0)
    abort();
  s->port = ntohs(address.sin_port);
  if (steps != NULL && pthread_create(&s->thread, NULL, serve, s) != 0) abort();
}

static inline void stop_server(struct server *s) {
  if (s->steps != NULL) pthread_join(s->thread, NULL);
  close(s->listener);
}

static inline bool server_got(const struct server *s, const char *text) {
  size_t size = strlen(text);
  for (size_t at = 0; at + size <= s->got_size; at++)
    if (memcmp(s->got + at, text, size) == 0) return true;
  return false;
}

/* --- The client -------------------------------------------------------------- */

static struct imap_transport_shared *shared;

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline struct imap_transport_options plain_options(unsigned port) {
  struct imap_transport_options options;
  memset(&options, 0, sizeof options);
  options.host = "127.0.0.1";
  options.port = port;
  options.security = IMAP_PLAIN;
  options.min_tls_version = IMAP_TLS_1_1;
  options.max_tls_version = IMAP_TLS_1_3;
  options.min_dh_size = 1024;
  options.line_limit = 32u << 20;
  options.trace = true;
  return options;
}

/* In clear, with the upgrade that must follow. No trust anchors are needed:
** nobody here gets as far as a certificate. */
static inline struct imap_transport_options starttls_options(unsigned port) {
  struct imap_transport_options options = plain_options(port);
  options.security = IMAP_STARTTLS;
  return options;
}

/* False: `seconds` went by first. */
static inline bool wait_for(struct imap_transport *t, double seconds, bool writing) {
  struct pollfd ready = {imap_transport_fd(t), POLLIN, 0};
  CHECK(imap_transport_arm(t, seconds, writing) == IMAP_OK);
  return poll(&ready, 1, 5000) > 0;
}

static inline int connect_within(struct imap_transport *t, double seconds) {
  double deadline = now() + seconds;
  int status;
  while ((status = imap_transport_connect(t)) == IMAP_MORE && now() < deadline)
    CHECK(wait_for(t, deadline - now(), false));
  return status;
}

/* How one attempt to connect ended. */
struct attempt {
  int status;
  struct imap_transport_failure failure;
  char prelude[4096];
  char trace[4096];
};

static inline void copy_text(char *to, size_t size, struct imap_span from) {
  size_t shown = from.size < size ? from.size : size - 1;
  if (shown > 0) memcpy(to, from.data, shown);
  to[shown] = '\0';
}

static inline struct attempt attempt(const struct imap_transport_options *options) {
  struct attempt a;
  struct imap_transport *t = NULL;
  bool judged;
  memset(&a, 0, sizeof a);
  a.status = imap_transport_open(shared, options, &t, &a.failure);
  if (t == NULL) return a;
  a.status = connect_within(t, 3);
  a.failure = *imap_transport_failure(t);
  copy_text(a.prelude, sizeof a.prelude, imap_transport_prelude(t, &judged));
  copy_text(a.trace, sizeof a.trace, imap_buffer_span(imap_transport_trace(t)));
  imap_transport_close(t, false);
  return a;
}

/* One attempt against one server; `starttls`: with the upgrade asked for. */
static inline struct attempt play(struct server *s, const struct step *steps,
                           bool starttls) {
  struct imap_transport_options options;
  struct attempt a;
  start_server(s, steps);
  options = starttls ? starttls_options(s->port) : plain_options(s->port);
  a = attempt(&options);
  stop_server(s);
  return a;
}

static inline void check_stage(const char *row, const struct attempt *a,
                        enum imap_stage wanted) {
  if (CHECK(a->status < 0 && a->failure.stage == wanted)) return;
  printf("  %s: status %d, stage %d: %s\n", row, a->status, a->failure.stage,
         a->failure.text);
}

/* A connection to that server, open. */
static inline struct imap_transport *connected(struct server *s,
                                        const struct step *steps) {
  struct imap_transport_options options;
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  start_server(s, steps);
  options = plain_options(s->port);
  CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
  CHECK(connect_within(t, 3) == IMAP_OK);
  return t;
}

/* The next bytes, waiting for them; empty where none come. */
static inline struct imap_span receive(struct imap_transport *t, char *data,
                                       size_t size) {
  size_t moved = 0;
  while (imap_transport_receive(t, data, size, &moved) == IMAP_MORE)
    if (!wait_for(t, 1, false)) break;
  return (struct imap_span){data, moved};
}

#define GREETING {'S', "* OK hello\r\n"}
#define CAPABILITY \
  {'C', " CAPABILITY"}, {'S', "* CAPABILITY IMAP4rev1 STARTTLS\r\n\x01 OK\r\n"}
#define END {0, NULL}

#endif
