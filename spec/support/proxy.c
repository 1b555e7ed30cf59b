/* proxy.c - a TCP proxy for the specs: it delays, cuts, drips and counts.
** usage: proxy HOST PORT LISTEN-PORT LOG [NAME=NUMBER ...]
**
** Listens on 127.0.0.1. Every byte waits `delay` ms on its way, in either
** direction, however many are on their way: a long line, not a thin one.
**   drip=MS        one byte at a time in either direction, MS apart
**   cut-client=N   end the connection after N bytes from the client,
**   cut-server=N   or from the server; with reset=1, by RST instead of FIN
**
** Each turn of waiting adds a line to LOG: the number of the connection, its
** turns so far, bytes from the client, bytes to the client. A turn is a flight
** of the client's, in however many packets, of which the client has begun to
** see the answer: bytes that the server sent after it saw some of the flight. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENT, SERVER, CONNECTIONS = 400, PACKET = 65536, HELD = 32 << 20 };

struct chunk {
  struct chunk *next;
  int64_t due;        /* in ms, on the monotonic clock */
  int flight;         /* the latest that the server had seen by then */
  size_t length;      /* 0: the end */
  size_t sent;
  char bytes[];
};

struct way {          /* one direction, named after where it comes from */
  struct chunk *first, *last;
  size_t held;        /* bytes on their way */
  int64_t passed;     /* bytes handed on */
  int64_t next_drip;
  bool read_all;
  bool blocked;       /* the receiver takes no more at the moment */
};

struct connection {
  int number;         /* 0: a free slot */
  int fd[2];
  struct way way[2];
  int flight;         /* the client's latest */
  int arrived;        /* the latest of which the server has seen something */
  bool answered;      /* the client has seen part of an answer to its latest */
  bool cut;
};

static struct connection connections[CONNECTIONS];
static struct addrinfo *target;
static FILE *log_file;
static int64_t delay, drip, cut_after[2] = { -1, -1 }, by_reset;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void drop_chunks(struct connection *c) {
  for (int i = CLIENT; i <= SERVER; i++)
    for (struct chunk *next; c->way[i].first != NULL; c->way[i].first = next) {
      next = c->way[i].first->next;
      free(c->way[i].first);
    }
}

static void end(struct connection *c) {
  drop_chunks(c);
  for (int i = CLIENT; i <= SERVER; i++) close(c->fd[i]);
  c->number = 0;
}

/* Unread bytes would turn a close into a reset: where FIN is wanted, both sides
** go on being read, to nowhere, until they close. */
static void cut(struct connection *c) {
  struct linger linger = { 1, 0 };
  c->cut = true;
  drop_chunks(c);
  for (int i = CLIENT; i <= SERVER; i++) {
    if (!by_reset) shutdown(c->fd[i], SHUT_WR);
    else setsockopt(c->fd[i], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    c->way[i].read_all |= by_reset != 0;
  }
}

static void accept_one(int listener) {
  static int number, on = 1;
  struct connection *c = connections;
  int client = accept(listener, NULL, NULL);
  int server = socket(target->ai_family, SOCK_STREAM, 0);
  while (c->number != 0)
    if (++c == connections + CONNECTIONS) die("proxy: too many connections");
  *c = (struct connection){ .fd = { client, server }, .answered = true };
  if (client < 0 || server < 0 ||
      connect(server, target->ai_addr, target->ai_addrlen) != 0) {
    perror("proxy: connection dropped");
    end(c);
    return;
  }
  c->number = ++number;
  for (int i = CLIENT; i <= SERVER; i++) {
    setsockopt(c->fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd[i], F_SETFL, O_NONBLOCK);
  }
}

/* Takes what has arrived; false when that side is broken. */
static bool take(struct connection *c, int from) {
  static char bytes[PACKET];
  struct way *w = &c->way[from];
  ssize_t n = read(c->fd[from], bytes, sizeof bytes);
  struct chunk *chunk;
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) w->read_all = true;
  if (c->cut) return true;
  if (from == CLIENT && n > 0 && c->answered) {
    c->flight++;
    c->answered = false;
  }
  if ((chunk = malloc(sizeof *chunk + (size_t)n)) == NULL) die("proxy");
  *chunk = (struct chunk){ .due = now() + delay, .flight = c->arrived,
                           .length = (size_t)n };
  memcpy(chunk->bytes, bytes, (size_t)n);
  if (w->first == NULL) w->first = chunk; else w->last->next = chunk;
  w->last = chunk;
  w->held += chunk->length;
  return true;
}

/* Before bytes are handed on, so that who sees them finds them counted. */
static void count(struct connection *c, int from, int flight) {
  if (from == CLIENT) c->arrived = c->flight;
  if (from == CLIENT || flight != c->flight || c->answered) return;
  c->answered = true;
  fprintf(log_file, "%d %d %lld %lld\n", c->number, c->flight,
          (long long)c->way[CLIENT].passed, (long long)c->way[SERVER].passed);
  fflush(log_file);
}

/* Hands on what is due; false when the receiver is gone. */
static bool hand_on(struct connection *c, int from) {
  struct way *w = &c->way[from];
  int to = c->fd[!from];
  int64_t t = now();
  for (struct chunk *chunk; (chunk = w->first) != NULL;) {
    size_t length = chunk->length - chunk->sent;
    int64_t left = cut_after[from] - w->passed;
    if (chunk->due > t || w->next_drip > t) break;
    if (drip > 0 && length > 1) length = 1;
    if (left >= 0 && (int64_t)length > left) length = (size_t)left;
    if (length > 0) {
      count(c, from, chunk->flight);
      ssize_t n = send(to, chunk->bytes + chunk->sent, length, MSG_NOSIGNAL);
      w->blocked = n < 0 && (errno == EAGAIN || errno == EINTR);
      if (n < 0) return w->blocked;
      chunk->sent += (size_t)n;
      w->passed += n;
      w->held -= (size_t)n;
      w->next_drip = t + drip;
    }
    if (w->passed == cut_after[from]) {
      cut(c);
      break;
    }
    if (chunk->sent < chunk->length) continue;
    if (chunk->length == 0) shutdown(to, SHUT_WR);
    w->first = chunk->next;
    free(chunk);
  }
  return true;
}

/* What to wait for on one side, and when its way next has something due. */
static struct pollfd wishes(struct connection *c, int from, int64_t *soonest) {
  const struct way *in = &c->way[from], *out = &c->way[!from];
  int events = 0;
  if (c->number == 0) return (struct pollfd){ .fd = -1 };
  if (in->first != NULL && !in->blocked) {
    int64_t due = in->first->due;
    if (due < in->next_drip) due = in->next_drip;
    if (due < *soonest) *soonest = due;
  }
  if (!in->read_all && in->held < HELD) events |= POLLIN;
  if (out->blocked) events |= POLLOUT;
  return (struct pollfd){ .fd = events ? c->fd[from] : -1, .events = (short)events };
}

static void turn(struct connection *c, const struct pollfd *polled) {
  bool going = true;
  for (int i = CLIENT; i <= SERVER && going; i++)
    if (polled[i].fd >= 0 && (polled[i].revents & ~POLLOUT)) going = take(c, i);
  for (int i = CLIENT; i <= SERVER && going; i++) going = hand_on(c, i);
  for (int i = CLIENT; i <= SERVER && going; i++)
    if (!c->way[i].read_all || c->way[i].first != NULL) return;
  end(c);
}

static void serve(int listener) {
  static struct pollfd polled[2 * CONNECTIONS + 1], *p;
  polled[2 * CONNECTIONS] = (struct pollfd){ .fd = listener, .events = POLLIN };
  for (;;) {
    int64_t soonest = INT64_MAX, wait = -1;
    for (int i = 0; i < 2 * CONNECTIONS; i++)
      polled[i] = wishes(&connections[i / 2], i % 2, &soonest);
    if (soonest != INT64_MAX) wait = soonest > now() ? soonest - now() : 0;
    if (poll(polled, 2 * CONNECTIONS + 1, (int)wait) < 0) continue;
    p = polled;
    for (struct connection *c = connections; c < connections + CONNECTIONS; c++, p += 2)
      if (c->number != 0) turn(c, p);
    if (p->revents) accept_one(listener);
  }
}

static void option(char *argument) {
  char *names[] = { "delay", "drip", "cut-client", "cut-server", "reset", NULL };
  int64_t *values[] = { &delay, &drip, &cut_after[0], &cut_after[1], &by_reset };
  char *value;
  int which = getsubopt(&argument, names, &value);
  if (which < 0 || value == NULL) die("proxy: option");
  *values[which] = strtoll(value, NULL, 10);
}

int main(int argc, char **argv) {
  struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
  struct sockaddr_in address = { .sin_family = AF_INET };
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (argc < 5) die("usage: proxy HOST PORT LISTEN-PORT LOG [NAME=NUMBER ...]");
  for (int i = 5; i < argc; i++) option(argv[i]);
  if (getaddrinfo(argv[1], argv[2], &hints, &target) != 0) die(argv[1]);
  if ((log_file = fopen(argv[4], "a")) == NULL) die(argv[4]);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 64) != 0)
    die("proxy: listen");
  serve(listener);
}
