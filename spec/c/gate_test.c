/* gate_test.c - what a server may not say before libcurl hands over: rows A1 to
** A9, and bytes that libcurl would keep for itself. */
#include "hostile.h"

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

/* The same, where libcurl has read just up to the end of the OK: it takes some
** 900 bytes at a time, and sees nothing of what is still in the socket. */
static void test_injection_unread(void) {
  for (int padding = 880; padding < 900; padding++) {
    char reply[1100];
    struct step steps[] = {
      GREETING, CAPABILITY, {'C', " STARTTLS"}, {'S', reply}, END};
    struct server s;
    struct attempt a;
    snprintf(reply, sizeof reply, "\x01 OK %0*d\r\n* BYE x\r\n", padding, 0);
    a = play(&s, steps, true);
    check_stage("A1", &a, IMAP_STAGE_TLS);
    CHECK(!server_got(&s, "\x16\x03"));
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
  struct imap_transport *t = connected(&s, steps);
  struct imap_tls_info tls;
  char data[64];
  size_t moved;
  bool judged;
  CHECK_TEXT(imap_transport_prelude(t, &judged),
             "* OK [CAPABILITY IMAP4rev1] hello\r\n"
             "* CAPABILITY IMAP4rev1 IDLE\r\n");
  CHECK(judged);
  CHECK_TEXT(imap_buffer_span(imap_transport_trace(t)),
             "S: * OK [CAPABILITY IMAP4rev1] hello\nC: A001 CAPABILITY\n"
             "S: * CAPABILITY IMAP4rev1 IDLE\nS: A001 OK done\n");
  imap_transport_tls(t, &tls);
  CHECK(tls.version[0] == '\0');
  CHECK(imap_transport_send(t, "x NOOP\r\n", 8, &moved) == IMAP_OK && moved == 8);
  CHECK_TEXT(receive(t, data, sizeof data), "x OK done\r\n");
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
** at and behind such a border, and a byte follows. What libcurl leaves unread
** is not lost, so there it is simply the next byte. */
static void check_border(const struct step *steps) {
  struct server s;
  struct imap_transport_options options;
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  char data[16];
  int status;
  start_server(&s, steps);
  options = plain_options(s.port);
  CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
  status = connect_within(t, 3);
  CHECK(status == IMAP_PROTOCOL || status == IMAP_OK);
  if (status == IMAP_OK) CHECK_TEXT(receive(t, data, sizeof data), "x");
  imap_transport_close(t, false);
  stop_server(&s);
}

static void test_leftover_at_borders(void) {
  for (int padding = 820; padding < 880; padding++) {
    char reply[1100];
    struct step steps[] = {GREETING, {'C', " CAPABILITY"}, {'S', reply}, END};
    struct server s;
    struct attempt a;
    int size = snprintf(reply, sizeof reply, "* CAPABILITY %0*d\r\n\x01 OK\r\n",
                        padding, 0);
    a = play(&s, steps, false);
    CHECK(a.status == IMAP_OK);
    reply[size] = 'x';
    reply[size + 1] = '\0';
    check_border(steps);
  }
}

/* What comes later is simply the next thing to read. */
static void test_later_data(void) {
  static const struct step steps[] = {
    GREETING, CAPABILITY, {'W', "50"}, {'S', "* 3 EXISTS\r\n"}, END};
  struct server s;
  struct imap_transport *t = connected(&s, steps);
  char data[64];
  CHECK_TEXT(receive(t, data, sizeof data), "* 3 EXISTS\r\n");
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

int main(void) {
  shared = imap_transport_shared_new();
  if (!CHECK(shared != NULL)) return check_report();
  test_injection();
  test_injection_unread();
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
  imap_transport_shared_free(shared);
  return check_report();
}
