/* transport_test.c - the life of a connection: networks that fail (rows F),
** deadlines, forks, early ends, and options that are refused. */
#include <sys/wait.h>

#include "hostile.h"

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
  int ended;
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
  CHECK_TEXT(receive(t, data, sizeof data), "x OK\r\n");
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
  char bare[] = "/tmp/imapconn-bare-XXXXXX";
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
  o = tls, o.ca_path = mkdtemp(bare);
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
  o = tls, o.host = "127.0.0.%31"; /* C13 */
  check_field(&o, IMAP_STAGE_ARGUMENT, "host");
  o = tls, o.host = "";
  check_field(&o, IMAP_STAGE_ARGUMENT, "host");
  o = tls, o.port = 0;
  check_field(&o, IMAP_STAGE_ARGUMENT, "port");
  o = tls, o.port = 65536;
  check_field(&o, IMAP_STAGE_ARGUMENT, "port");
  o = tls, o.server_name = "a/b";
  check_field(&o, IMAP_STAGE_ARGUMENT, "server_name");
#ifdef IMAPCONN_BUNDLED
  o = tls, o.max_tls_version = IMAP_TLS_1_1;
  check_field(&o, IMAP_STAGE_UNSUPPORTED, "max_tls_version");
#endif
  close(file);
  unlink(empty);
  rmdir(bare);
}

int main(void) {
  shared = imap_transport_shared_new();
  if (!CHECK(shared != NULL)) return check_report();
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
