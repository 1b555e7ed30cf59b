/* transport_test.c - the transport against servers that do not mean it well.
** A thread plays each server on loopback, step by step; no TLS server is
** needed, as all of these must end before TLS, or never ask for it. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

static void pause_for(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* False: the client has closed. */
static bool take_byte(struct server *s, int client, char *byte) {
  if (recv(client, byte, 1, 0) != 1) return false;
  if (s->got_size < sizeof s->got) s->got[s->got_size++] = *byte;
  return true;
}

static void await_line(struct server *s, int client, const char *wanted) {
  char line[256], byte;
  size_t size = 0;
  while (size < sizeof line - 1 && take_byte(s, client, &byte) && byte != '\n')
    line[size++] = byte;
  line[size] = '\0';
  snprintf(s->tag, sizeof s->tag, "%.*s", (int)strcspn(line, " "), line);
  if (strstr(line, wanted) == NULL) s->expected = false;
}

static void send_text(struct server *s, int client, const char *text,
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

static void reset(int client) {
  struct linger at_once = {1, 0};
  setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void *serve(void *data) {
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

static void start_server(struct server *s, const struct step *steps) {
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

static void stop_server(struct server *s) {
  if (s->steps != NULL) pthread_join(s->thread, NULL);
  close(s->listener);
}

static bool server_got(const struct server *s, const char *text) {
  size_t size = strlen(text);
  for (size_t at = 0; at + size <= s->got_size; at++)
    if (memcmp(s->got + at, text, size) == 0) return true;
  return false;
}

/* --- The client -------------------------------------------------------------- */

static struct imap_transport_shared *shared;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static struct imap_transport_options plain_options(unsigned port) {
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
static struct imap_transport_options starttls_options(unsigned port) {
  struct imap_transport_options options = plain_options(port);
  options.security = IMAP_STARTTLS;
  return options;
}

/* False: `seconds` went by first. */
static bool wait_for(struct imap_transport *t, double seconds, bool writing) {
  struct pollfd ready = {imap_transport_fd(t), POLLIN, 0};
  CHECK(imap_transport_arm(t, seconds, writing) == IMAP_OK);
  return poll(&ready, 1, 5000) > 0;
}

static int connect_within(struct imap_transport *t, double seconds) {
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

static void copy_text(char *to, size_t size, struct imap_span from) {
  size_t shown = from.size < size ? from.size : size - 1;
  if (shown > 0) memcpy(to, from.data, shown);
  to[shown] = '\0';
}

static struct attempt attempt(const struct imap_transport_options *options) {
  struct attempt a;
  struct imap_transport *t = NULL;
  memset(&a, 0, sizeof a);
  a.status = imap_transport_open(shared, options, &t, &a.failure);
  if (t == NULL) return a;
  a.status = connect_within(t, 3);
  a.failure = *imap_transport_failure(t);
  copy_text(a.prelude, sizeof a.prelude, imap_transport_prelude(t));
  copy_text(a.trace, sizeof a.trace, imap_buffer_span(imap_transport_trace(t)));
  imap_transport_close(t, false);
  return a;
}

/* One attempt against one server; `starttls`: with the upgrade asked for. */
static struct attempt play(struct server *s, const struct step *steps,
                           bool starttls) {
  struct imap_transport_options options;
  struct attempt a;
  start_server(s, steps);
  options = starttls ? starttls_options(s->port) : plain_options(s->port);
  a = attempt(&options);
  stop_server(s);
  return a;
}

static void check_stage(const char *row, const struct attempt *a,
                        enum imap_stage wanted) {
  if (CHECK(a->status < 0 && a->failure.stage == wanted)) return;
  printf("  %s: status %d, stage %d: %s\n", row, a->status, a->failure.stage,
         a->failure.text);
}

#define GREETING {'S', "* OK hello\r\n"}
#define CAPABILITY \
  {'C', " CAPABILITY"}, {'S', "* CAPABILITY IMAP4rev1 STARTTLS\r\n\x01 OK\r\n"}
#define END {0, NULL}

/* --- A: before TLS ------------------------------------------------------------ */

/* A1 and A2: what stands behind STARTTLS's OK, whole lines or not. */
static void test_injection(void) {
  static const char *const injected[] = {
    "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA003 OK x\r\n", "* CAPABILITY X", "x",
    "\r\n", "\x02", "\x16\x03\x01"};
  for (size_t i = 0; i < sizeof injected / sizeof *injected; i++) {
    char reply[256];
    struct step steps[] = {
      GREETING, CAPABILITY, {'C', " STARTTLS"}, {'S', reply}, END};
    struct server s;
    struct attempt a;
    snprintf(reply, sizeof reply, "\x01 OK go\r\n%s", injected[i]);
    a = play(&s, steps, true);
    check_stage("A1, A2", &a, IMAP_STAGE_TLS);
    CHECK(s.expected);
    CHECK(!server_got(&s, "\x16\x03")); /* no ClientHello */
    CHECK(a.prelude[0] == '\0');
  }
}

/* A3: what is said in clear is not handed on. */
static void test_data_in_clear(void) {
  static const struct step steps[] = {
    GREETING, {'C', " CAPABILITY"},
    {'S', "* LIST () \"/\" evil\r\n* 9 EXISTS\r\n* OK [ALERT] call us\r\n"
          "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n\x01 OK\r\n"},
    {'C', " STARTTLS"}, {'S', "\x01 NO not today\r\n"}, END};
  struct server s;
  struct attempt a = play(&s, steps, true);
  check_stage("A3", &a, IMAP_STAGE_TLS);
  CHECK(s.expected);
  CHECK(a.prelude[0] == '\0');
}

/* A4: PREAUTH leaves no room for STARTTLS; without TLS it is welcome. */
static void test_preauth(void) {
  static const struct step refused[] = {{'S', "* PREAUTH hi\r\n"}, END};
  static const struct step taken[] = {
    {'S', "* PREAUTH hi\r\n"}, {'C', " CAPABILITY"}, {'S', "\x01 OK\r\n"}, END};
  struct server s;
  struct attempt a = play(&s, refused, true);
  check_stage("A4", &a, IMAP_STAGE_TLS);
  CHECK(s.got_size == 0);
  a = play(&s, taken, false);
  CHECK(a.status == IMAP_OK);
  CHECK(strcmp(a.prelude, "* PREAUTH hi\r\n") == 0);
}

/* A5 and A7: STARTTLS is not offered, or capabilities cannot be had. */
static void test_stripping(void) {
  static const struct step stripped[] = {
    {'S', "* OK [CAPABILITY IMAP4 AUTH=PLAIN] x\r\n"}, {'C', " CAPABILITY"},
    {'S', "* CAPABILITY IMAP4 AUTH=PLAIN\r\n\x01 OK\r\n"}, END};
  static const struct step failing[] = {
    GREETING, {'C', " CAPABILITY"}, {'S', "\x01 BAD x\r\n"}, END};
  struct server s;
  struct attempt a = play(&s, stripped, true);
  check_stage("A5", &a, IMAP_STAGE_TLS);
  CHECK(!server_got(&s, "LOGIN") && !server_got(&s, "AUTHENTICATE"));
  a = play(&s, failing, true);
  check_stage("A7", &a, IMAP_STAGE_TLS);
  CHECK(!server_got(&s, "LOGIN") && !server_got(&s, "AUTHENTICATE"));
}

/* A6: only a tagged OK starts TLS. */
static void test_refused_upgrade(void) {
  static const char *const replies[] = {"\x01 NO x\r\n", "\x01 BAD x\r\n",
                                        "\x01 FOO x\r\n", "* BYE x\r\n",
                                        "\x01 ok x\r\n"};
  for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
    struct step steps[] = {
      GREETING, CAPABILITY, {'C', " STARTTLS"}, {'S', replies[i]}, END};
    struct server s;
    struct attempt a = play(&s, steps, true);
    check_stage("A6", &a, IMAP_STAGE_TLS);
    CHECK(s.expected && !server_got(&s, "\x16\x03"));
  }
}

/* A8: an answer that was there before its command. libcurl's tags can be
** guessed, so these are the ones that it sends. */
static void test_early_answers(void) {
  static const struct step at_once[] = {
    {'S', "* OK hi\r\nA001 OK\r\nA002 OK\r\n"}, END};
  static const struct step with_capability[] = {
    {'S', "* OK hi\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\nA001 OK\r\n"
          "A002 OK\r\n"}, END};
  static const struct step upgrade_answered[] = {
    GREETING, {'C', " CAPABILITY"},
    {'S', "* CAPABILITY IMAP4rev1 STARTTLS\r\n\x01 OK\r\nA002 OK\r\n"}, END};
  static const struct step by_itself[] = {{'S', "* OK hi\r\nA001 OK\r\n"}, END};
  struct server s;
  struct attempt a = play(&s, at_once, true);
  check_stage("A8", &a, IMAP_STAGE_PROTOCOL);
  a = play(&s, with_capability, true);
  check_stage("A8", &a, IMAP_STAGE_PROTOCOL);
  CHECK(!server_got(&s, "STARTTLS"));
  a = play(&s, upgrade_answered, true);
  check_stage("A8", &a, IMAP_STAGE_PROTOCOL);
  CHECK(!server_got(&s, "\x16\x03"));
  a = play(&s, by_itself, false);
  check_stage("A8", &a, IMAP_STAGE_PROTOCOL);
}

/* A9: a greeting is OK, PREAUTH or BYE, with and without an upgrade to come. */
static void test_bad_greetings(void) {
  static const char *const greetings[] = {"hello\r\n", "* FOO x\r\n",
                                          "* BAD x\r\n", "A001 OK\r\n",
                                          "+ go\r\n", "\r\n", "*\r\n",
                                          "* OKAY x\r\n"};
  for (size_t i = 0; i < 2 * (sizeof greetings / sizeof *greetings); i++) {
    struct step steps[] = {{'S', greetings[i / 2]}, END};
    struct server s;
    struct attempt a = play(&s, steps, i % 2 == 0);
    check_stage("A9", &a, IMAP_STAGE_PROTOCOL);
    CHECK(s.got_size == 0);
  }
}

/* --- Without TLS -------------------------------------------------------------- */

static void test_good_server(void) {
  static const struct step steps[] = {
    {'S', "* OK [CAPABILITY IMAP4rev1] hello\r\n"}, {'C', " CAPABILITY"},
    {'S', "* CAPABILITY IMAP4rev1 IDLE\r\n\x01 OK done\r\n"},
    {'C', "x NOOP"}, {'S', "x OK done\r\n"}, END};
  struct server s;
  struct imap_transport_options options;
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  struct imap_tls_info tls;
  char data[64];
  size_t moved;
  int status;
  start_server(&s, steps);
  options = plain_options(s.port);
  CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
  CHECK(connect_within(t, 3) == IMAP_OK);
  CHECK_TEXT(imap_transport_prelude(t), "* OK [CAPABILITY IMAP4rev1] hello\r\n"
                                        "* CAPABILITY IMAP4rev1 IDLE\r\n");
  CHECK_TEXT(imap_buffer_span(imap_transport_trace(t)),
             "S: * OK [CAPABILITY IMAP4rev1] hello\nC: A001 CAPABILITY\n"
             "S: * CAPABILITY IMAP4rev1 IDLE\nS: A001 OK done\n");
  imap_transport_tls(t, &tls);
  CHECK(tls.version[0] == '\0');
  CHECK(imap_transport_send(t, "x NOOP\r\n", 8, &moved) == IMAP_OK && moved == 8);
  while ((status = imap_transport_receive(t, data, sizeof data, &moved)) ==
         IMAP_MORE)
    CHECK(wait_for(t, 3, false));
  CHECK(status == IMAP_OK);
  CHECK_TEXT(((struct imap_span){data, moved}), "x OK done\r\n");
  imap_transport_close(t, false);
  stop_server(&s);
  CHECK(s.expected);
}

/* The borders of packets make no difference. */
static void test_slow_server(void) {
  static const struct step steps[] = {
    {'1', "* OK hello\r\n"}, {'C', " CAPABILITY"},
    {'1', "* CAPABILITY IMAP4rev1\r\n\x01 OK done\r\n"}, END};
  static const struct step injecting[] = {
    {'1', "* OK hello\r\n"}, {'C', " CAPABILITY"},
    {'1', "* CAPABILITY STARTTLS\r\n\x01 OK\r\n"}, {'C', " STARTTLS"},
    {'1', "\x01 OK\r\n* CAPABILITY IMAP4rev1\r\n"}, END};
  struct server s;
  struct attempt a = play(&s, steps, false);
  CHECK(a.status == IMAP_OK);
  CHECK(strcmp(a.prelude, "* OK hello\r\n* CAPABILITY IMAP4rev1\r\n") == 0);
  a = play(&s, injecting, true);
  check_stage("A1, slowly", &a, IMAP_STAGE_TLS);
}

/* Bytes behind the capabilities that libcurl swallowed: not lost in silence. */
static void test_leftover(void) {
  static const char *const leftovers[] = {"* 3 EXISTS\r\n", "* 3 EX", "x", "\r",
                                          "\x02", "\n", "A001 OK again\r\n"};
  for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
    char reply[256];
    struct step steps[] = {GREETING, {'C', " CAPABILITY"}, {'S', reply}, END};
    struct server s;
    struct attempt a;
    snprintf(reply, sizeof reply, "* CAPABILITY IMAP4rev1\r\n\x01 OK\r\n%s",
             leftovers[i]);
    a = play(&s, steps, false);
    check_stage("leftover", &a, IMAP_STAGE_PROTOCOL);
  }
}

/* libcurl reads some 900 bytes at a time: the capabilities end just before,
** at and behind such a border, and a byte follows or does not. What libcurl
** leaves unread is not lost, so there it need not be an error. */
static void test_leftover_at_borders(void) {
  for (int padding = 820; padding < 880; padding++) {
    char reply[1100];
    struct step steps[] = {GREETING, {'C', " CAPABILITY"}, {'S', reply}, END};
    struct server s;
    struct imap_transport_options options;
    struct attempt a;
    int size = snprintf(reply, sizeof reply, "* CAPABILITY %0*d\r\n\x01 OK\r\n",
                        padding, 0);
    a = play(&s, steps, false);
    CHECK(a.status == IMAP_OK);
    reply[size] = 'x';
    reply[size + 1] = '\0';
    start_server(&s, steps);
    options = plain_options(s.port);
    {
      struct imap_transport *t = NULL;
      char data[16];
      size_t moved = 0;
      int status;
      CHECK(imap_transport_open(shared, &options, &t, &a.failure) == IMAP_OK);
      status = connect_within(t, 3);
      while (status == IMAP_OK &&
             imap_transport_receive(t, data, sizeof data, &moved) == IMAP_MORE)
        if (!wait_for(t, 1, false)) break;
      CHECK(status == IMAP_PROTOCOL ||
            (status == IMAP_OK && moved == 1 && data[0] == 'x'));
      imap_transport_close(t, false);
    }
    stop_server(&s);
  }
}

/* What comes later is simply the next thing to read. */
static void test_later_data(void) {
  static const struct step steps[] = {
    GREETING, CAPABILITY, {'W', "50"}, {'S', "* 3 EXISTS\r\n"}, END};
  struct server s;
  struct imap_transport_options options;
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  char data[64];
  size_t moved;
  int status;
  start_server(&s, steps);
  options = plain_options(s.port);
  CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
  CHECK(connect_within(t, 3) == IMAP_OK);
  while ((status = imap_transport_receive(t, data, sizeof data, &moved)) ==
         IMAP_MORE)
    CHECK(wait_for(t, 3, false));
  CHECK_TEXT(((struct imap_span){data, moved}), "* 3 EXISTS\r\n");
  imap_transport_close(t, false);
  stop_server(&s);
}

static void test_bad_replies(void) {
  static const char *const replies[] = {
    "B999 OK x\r\n",            /* another tag */
    "\x01 FINE x\r\n",          /* no status */
    "+ go\r\n",                 /* nothing was offered */
    "* LIST () \"/\" {5}\r\n",  /* a literal: libcurl takes it for lines */
    "\r\n",
    "CAPABILITY IMAP4rev1\r\n",
  };
  for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
    struct step steps[] = {GREETING, {'C', " CAPABILITY"}, {'S', replies[i]},
                           END};
    struct server s;
    struct attempt a = play(&s, steps, false);
    check_stage("bad reply", &a, IMAP_STAGE_PROTOCOL);
  }
}

/* The text of a status ends as it likes: D25. */
static void test_braces_in_text(void) {
  static const struct step steps[] = {
    GREETING, {'C', " CAPABILITY"},
    {'S', "* OK [x] {5}\r\n* CAPABILITY IMAP4rev1\r\n\x01 OK {7}\r\n"}, END};
  struct server s;
  struct attempt a = play(&s, steps, false);
  CHECK(a.status == IMAP_OK);
}

/* E2: one byte below the limit, at it and above it. */
static void test_line_limit(void) {
  for (int over = -1; over <= 1; over++) {
    char reply[256];
    struct step steps[] = {GREETING, {'C', " CAPABILITY"}, {'S', reply}, END};
    struct server s;
    struct imap_transport_options options;
    struct attempt a;
    snprintf(reply, sizeof reply, "* CAPABILITY %0*d\r\n\x01 OK\r\n", 87 + over,
             0);
    start_server(&s, steps);
    options = plain_options(s.port);
    options.line_limit = 100;
    a = attempt(&options);
    stop_server(&s);
    if (over <= 0)
      CHECK(a.status == IMAP_OK);
    else
      check_stage("E2", &a, IMAP_STAGE_LIMIT);
  }
}

/* E2 and E3: a line, or a talk, without end. */
static void test_endless(void) {
  static char line[1024];
  struct step steps[2 + 2 * 400];
  size_t count = 0;
  struct server s;
  struct attempt a;
  memset(line, 'a', sizeof line - 1);
  for (size_t i = 0; i < 400; i++) steps[count++] = (struct step){'S', line};
  steps[count] = (struct step)END;
  a = play(&s, steps, false);
  check_stage("E2", &a, IMAP_STAGE_LIMIT);
  memcpy(line, "* OK ", 5);
  memcpy(line + sizeof line - 3, "\r\n", 2);
  a = play(&s, steps, false);
  check_stage("E3", &a, IMAP_STAGE_LIMIT);
}

/* --- F: the network ----------------------------------------------------------- */

static void test_unreachable(void) {
  struct server s;
  struct imap_transport_options options;
  struct attempt a;
  start_server(&s, NULL);
  stop_server(&s); /* nobody listens there now */
  options = plain_options(s.port);
  a = attempt(&options);
  check_stage("F1, closed port", &a, IMAP_STAGE_CONNECT);
  CHECK(strstr(a.failure.text, "127.0.0.1") != NULL);
  options.host = "no.such.host.invalid";
  a = attempt(&options);
  check_stage("F1, unknown host", &a, IMAP_STAGE_RESOLVE);
  CHECK(strstr(a.failure.text, "no.such.host.invalid") != NULL);
}

/* F2: nobody says anything; the descriptor wakes us when it is time. */
static void test_silence(void) {
  static const struct step steps[] = {END};
  struct server s;
  struct imap_transport_options options;
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  double start = now();
  start_server(&s, steps);
  options = starttls_options(s.port);
  CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
  CHECK(connect_within(t, 0.2) == IMAP_MORE);
  CHECK(now() - start >= 0.2 && now() - start < 1);
  imap_transport_close(t, false);
  CHECK(now() - start < 1);
  stop_server(&s);
  CHECK(s.got_size == 0);
}

/* F6, F9 and F10: the server goes away. */
static void test_endings(void) {
  static const struct step bye[] = {{'S', "* BYE too many\r\n"}, {'F', NULL}, END};
  static const struct step bye_later[] = {
    GREETING, {'C', " CAPABILITY"}, {'S', "* BYE too late\r\n"}, {'F', NULL}, END};
  static const struct step silent_end[] = {{'F', NULL}, END};
  static const struct step half_greeting[] = {{'S', "* OK he"}, {'F', NULL}, END};
  static const struct step reset_reply[] = {
    GREETING, {'C', " CAPABILITY"}, {'R', NULL}, END};
  struct server s;
  struct attempt a = play(&s, bye, false);
  check_stage("F10", &a, IMAP_STAGE_CLOSED);
  CHECK(strstr(a.failure.text, "too many") != NULL);
  a = play(&s, bye, true);
  check_stage("F10", &a, IMAP_STAGE_CLOSED);
  CHECK(strstr(a.failure.text, "too many") != NULL);
  a = play(&s, bye_later, false);
  check_stage("F10", &a, IMAP_STAGE_CLOSED);
  CHECK(strstr(a.failure.text, "too late") != NULL);
  a = play(&s, silent_end, false);
  check_stage("F6", &a, IMAP_STAGE_CLOSED);
  a = play(&s, half_greeting, false);
  check_stage("F6", &a, IMAP_STAGE_CLOSED);
  a = play(&s, reset_reply, false);
  check_stage("F6", &a, IMAP_STAGE_CLOSED);
}

static struct imap_transport *connected(struct server *s,
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

/* F9: writing to a peer that has gone ends the connection, not the process. */
static void test_write_to_closed(void) {
  static const struct step steps[] = {
    GREETING, CAPABILITY, {'W', "50"}, {'R', NULL}, END};
  struct server s;
  struct imap_transport *t = connected(&s, steps);
  size_t moved;
  int status = IMAP_OK;
  stop_server(&s);
  for (int i = 0; i < 100 && status >= 0; i++) {
    status = imap_transport_send(t, "x NOOP\r\n", 8, &moved);
    pause_for(1);
  }
  CHECK(status == IMAP_CLOSED);
  CHECK(imap_transport_failure(t)->stage == IMAP_STAGE_CLOSED);
  CHECK(imap_transport_send(t, "x", 1, &moved) == IMAP_CLOSED && moved == 0);
  imap_transport_close(t, false);
}

/* F7: a full pipe answers IMAP_MORE, and writing goes on when it is emptied. */
static void test_full_pipe(void) {
  static const struct step steps[] = {GREETING, CAPABILITY, {'W', "200"}, END};
  static char block[65536];
  struct server s;
  struct imap_transport *t = connected(&s, steps);
  size_t moved, sent = 0;
  bool full = false;
  while (sent < 64 * sizeof block) {
    int status = imap_transport_send(t, block, sizeof block, &moved);
    CHECK(status == IMAP_OK || status == IMAP_MORE);
    sent += moved;
    if (status < 0) break;
    if (status == IMAP_OK) continue;
    full = true;
    CHECK(wait_for(t, 3, true));
  }
  CHECK(full);
  imap_transport_close(t, false);
  stop_server(&s);
}

/* --- Its life ----------------------------------------------------------------- */

static void test_deadlines(void) {
  static const struct step steps[] = {GREETING, CAPABILITY, END};
  struct server s;
  struct imap_transport *t = connected(&s, steps);
  struct pollfd ready = {imap_transport_fd(t), POLLIN, 0};
  double start = now();
  imap_transport_arm(t, 0.1, false);
  CHECK(poll(&ready, 1, 50) == 0);
  CHECK(poll(&ready, 1, 1000) == 1);
  CHECK(now() - start >= 0.1);
  CHECK(imap_transport_connect(t) == IMAP_OK); /* it is, and stays, open */
  imap_transport_arm(t, -1, false);
  CHECK(poll(&ready, 1, 20) == 0);
  imap_transport_arm(t, 0, false);
  CHECK(poll(&ready, 1, 1000) == 1);
  imap_transport_arm(t, 1e300, false);
  CHECK(poll(&ready, 1, 20) == 0);
  imap_transport_arm(t, -1, true); /* the socket takes bytes right now */
  CHECK(poll(&ready, 1, 1000) == 1);
  imap_transport_arm(t, -1, false);
  CHECK(poll(&ready, 1, 20) == 0);
  imap_transport_close(t, false);
  stop_server(&s);
}

/* H9: the child lets go, and the parent goes on as if nothing had been. */
static void test_fork(void) {
  static const struct step steps[] = {
    GREETING, CAPABILITY, {'C', "x NOOP"}, {'S', "x OK\r\n"}, END};
  struct server s;
  struct imap_transport *t = connected(&s, steps);
  char data[64];
  size_t moved;
  int status, ended;
  pid_t child;
  fflush(stdout);
  child = fork();
  if (child == 0) {
    imap_transport_close(t, true);
    _exit(0);
  }
  waitpid(child, &ended, 0);
  CHECK(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
  CHECK(imap_transport_send(t, "x NOOP\r\n", 8, &moved) == IMAP_OK);
  while ((status = imap_transport_receive(t, data, sizeof data, &moved)) ==
         IMAP_MORE)
    CHECK(wait_for(t, 3, false));
  CHECK_TEXT(((struct imap_span){data, moved}), "x OK\r\n");
  imap_transport_close(t, false);
  stop_server(&s);
  CHECK(s.expected);
}

/* H5: closing works at any moment, and closing nothing too. */
static void test_close_early(void) {
  static const struct step steps[] = {GREETING, CAPABILITY, END};
  for (int turns = 0; turns < 6; turns++) {
    struct server s;
    struct imap_transport_options options;
    struct imap_transport_failure failure;
    struct imap_transport *t = NULL;
    start_server(&s, steps);
    options = plain_options(s.port);
    options.host = turns % 2 == 0 ? "127.0.0.1" : "localhost";
    CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
    for (int i = 0; i < turns; i++)
      if (imap_transport_connect(t) == IMAP_MORE) wait_for(t, 1, false);
    imap_transport_close(t, false);
    if (turns < 2) { /* whoever has not come yet, comes now */
      int socket_now = socket(AF_INET, SOCK_STREAM, 0);
      struct sockaddr_in address;
      memset(&address, 0, sizeof address);
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons((uint16_t)s.port);
      CHECK(connect(socket_now, (struct sockaddr *)&address, sizeof address) == 0);
      close(socket_now);
    }
    stop_server(&s);
  }
  imap_transport_close(NULL, false);
}

/* --- Options ------------------------------------------------------------------ */

static void check_field(const struct imap_transport_options *options,
                        enum imap_stage stage, const char *field) {
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  CHECK(imap_transport_open(shared, options, &t, &failure) < 0 && t == NULL);
  if (!CHECK(failure.stage == stage && failure.field != NULL &&
             strcmp(failure.field, field) == 0))
    printf("  %s: stage %d, %s\n", field, failure.stage, failure.text);
  imap_transport_close(t, false);
}

/* A12: what is wrong with an option is said before anything is connected. */
static void test_options(void) {
  struct imap_transport_options tls = plain_options(993), o;
  char empty[] = "/tmp/imapconn-empty-XXXXXX";
  int file = mkstemp(empty);
  tls.security = IMAP_TLS;
  tls.verify = true;
  o = tls, o.ca_file = "/no/such/file";
  check_field(&o, IMAP_STAGE_ARGUMENT, "ca_file");
  o = tls, o.ca_file = empty;
  check_field(&o, IMAP_STAGE_ARGUMENT, "ca_file");
  o = tls, o.ca_file = "/tmp";
  check_field(&o, IMAP_STAGE_ARGUMENT, "ca_file");
  o = tls, o.ca_path = "/no/such/folder";
  check_field(&o, IMAP_STAGE_ARGUMENT, "ca_path");
  o = tls, o.verify = false, o.ca_file = "/no/such/file";
  check_field(&o, IMAP_STAGE_ARGUMENT, "ca_file");
  tls.verify = false;
  o = tls, o.min_tls_version = IMAP_TLS_1_3, o.max_tls_version = IMAP_TLS_1_2;
  check_field(&o, IMAP_STAGE_ARGUMENT, "min_tls_version");
  o = tls, o.client_cert = "/no/such/file";
  check_field(&o, IMAP_STAGE_ARGUMENT, "client_cert");
  o = tls, o.client_cert = empty;
  check_field(&o, IMAP_STAGE_ARGUMENT, "client_cert");
  o = tls, o.pinned_public_key = "sha256//short";
  check_field(&o, IMAP_STAGE_ARGUMENT, "pinned_public_key");
  o = tls, o.pinned_public_key = "/etc/passwd";
  check_field(&o, IMAP_STAGE_ARGUMENT, "pinned_public_key");
  o = tls, o.proxy = "gopher://127.0.0.1:1";
  check_field(&o, IMAP_STAGE_ARGUMENT, "proxy");
  o = tls, o.host = "a b";
  check_field(&o, IMAP_STAGE_ARGUMENT, "host");
  o = tls, o.host = "a@b";
  check_field(&o, IMAP_STAGE_ARGUMENT, "host");
  o = tls, o.host = "";
  check_field(&o, IMAP_STAGE_ARGUMENT, "host");
  o = tls, o.server_name = "a/b";
  check_field(&o, IMAP_STAGE_ARGUMENT, "server_name");
#ifdef IMAPCONN_BUNDLED
  o = tls, o.max_tls_version = IMAP_TLS_1_1;
  check_field(&o, IMAP_STAGE_UNSUPPORTED, "max_tls_version");
#endif
  close(file);
  unlink(empty);
}

int main(void) {
  shared = imap_transport_shared_new();
  if (!CHECK(shared != NULL)) return check_report();
  test_injection();
  test_data_in_clear();
  test_preauth();
  test_stripping();
  test_refused_upgrade();
  test_early_answers();
  test_bad_greetings();
  test_good_server();
  test_slow_server();
  test_leftover();
  test_leftover_at_borders();
  test_later_data();
  test_bad_replies();
  test_braces_in_text();
  test_line_limit();
  test_endless();
  test_unreachable();
  test_silence();
  test_endings();
  test_write_to_closed();
  test_full_pipe();
  test_deadlines();
  test_fork();
  test_close_early();
  test_options();
  imap_transport_shared_free(shared);
  return check_report();
}
