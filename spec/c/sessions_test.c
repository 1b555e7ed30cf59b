/* sessions_test.c - which connections share the TLS sessions to resume: those with
** the same options, and no others. Linked with --wrap to count the sets. */
#include "check.h"
#include "transport/sessions.h"

static struct imap_sessions *list;
static int kept;

CURLSH *__real_curl_share_init(void);
CURLSH *__wrap_curl_share_init(void);
CURLSH *__wrap_curl_share_init(void) {
  kept++;
  return __real_curl_share_init();
}

CURLSHcode __real_curl_share_cleanup(CURLSH *share);
CURLSHcode __wrap_curl_share_cleanup(CURLSH *share);
CURLSHcode __wrap_curl_share_cleanup(CURLSH *share) {
  kept--;
  return __real_curl_share_cleanup(share);
}

static struct imap_transport_options usual(void) {
  return (struct imap_transport_options){
      .host = "mail.example.org", .port = 993, .verify = true,
      .security = IMAP_TLS, .server_name = "mail.example.org",
      .ca_file = "ca.pem", .ca_path = "certs", .client_cert = "ann.pem",
      .client_key = "ann.key", .client_key_password = "hunter2",
      .proxy = "socks5h://localhost"};
}

/* A set that is held no longer. */
static struct imap_sessions *find(struct imap_transport_options options) {
  struct imap_sessions *found = imap_sessions_find(&list, &options);
  CHECK(found != NULL && imap_sessions_share(found) != NULL);
  imap_sessions_release(found);
  return found;
}

/* Whether they share nothing with the usual ones, which share what they did. */
static bool are_apart(struct imap_transport_options options) {
  struct imap_sessions *mine = find(usual());
  bool apart = find(options) != mine && find(usual()) == mine;
  imap_sessions_free_all(&list);
  return apart;
}

/* The usual ones but for one value. */
#define CHECK_COUNTS(field, value) do { \
    struct imap_transport_options other = usual(); \
    other.field = (value); \
    CHECK(are_apart(other)); \
  } while (0)

static void each_option_counts(void) {
  CHECK(!are_apart(usual()));
  CHECK_COUNTS(host, "mail.example.net");
  CHECK_COUNTS(port, 143);
  CHECK_COUNTS(verify, false);
  CHECK_COUNTS(security, IMAP_STARTTLS);
  CHECK_COUNTS(min_tls_version, IMAP_TLS_1_3);
  CHECK_COUNTS(max_tls_version, IMAP_TLS_1_2);
  CHECK_COUNTS(min_dh_size, 3072);
  CHECK_COUNTS(server_name, "example.org");
  CHECK_COUNTS(ca_file, "other.pem");
  CHECK_COUNTS(ca_path, NULL);
  CHECK_COUNTS(client_cert, "bob.pem");
  CHECK_COUNTS(client_cert, NULL);
  CHECK_COUNTS(client_key, "bob.key");
  CHECK_COUNTS(client_key_password, "hunter3");
  CHECK_COUNTS(proxy, "socks5h://proxy");
}

/* What stands in one option must not pass for what stands in the next. */
static void options_are_told_apart(void) {
  struct imap_transport_options left = usual(), right = usual();
  left.client_cert = "a+";
  left.client_key = "b";
  right.client_cert = "a";
  right.client_key = "+b";
  CHECK(find(left) != find(right));
  left.client_cert = NULL;
  right.client_cert = "";
  right.client_key = left.client_key = "k";
  CHECK(find(left) != find(right));
  imap_sessions_free_all(&list);
}

/* Eight sets are kept, and those that connections hold. */
static void few_are_kept(void) {
  struct imap_transport_options o = usual();
  struct imap_sessions *held = imap_sessions_find(&list, &o);
  for (unsigned port = 1; port <= 20; port++) {
    o.port = port;
    (void)find(o);
  }
  CHECK(kept == 9);
  CHECK(find(usual()) == held && kept == 9);
  imap_sessions_release(held);
  imap_sessions_free_all(&list);
  CHECK(list == NULL && kept == 0);
}

int main(void) {
  each_option_counts();
  options_are_told_apart();
  few_are_kept();
  return check_report();
}
