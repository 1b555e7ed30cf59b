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

static void each_option_counts(void) {
  struct imap_transport_options o;
#define OTHER(field, value) (o = usual(), o.field = (value), o)
  CHECK(!are_apart(usual()));
  CHECK(are_apart(OTHER(host, "mail.example.net")));
  CHECK(are_apart(OTHER(port, 143)));
  CHECK(are_apart(OTHER(verify, false)));
  CHECK(are_apart(OTHER(security, IMAP_STARTTLS)));
  CHECK(are_apart(OTHER(min_tls_version, IMAP_TLS_1_3)));
  CHECK(are_apart(OTHER(max_tls_version, IMAP_TLS_1_2)));
  CHECK(are_apart(OTHER(min_dh_size, 3072)));
  CHECK(are_apart(OTHER(server_name, "example.org")));
  CHECK(are_apart(OTHER(ca_file, "other.pem")));
  CHECK(are_apart(OTHER(ca_path, NULL)));
  CHECK(are_apart(OTHER(client_cert, "bob.pem")));
  CHECK(are_apart(OTHER(client_cert, NULL)));
  CHECK(are_apart(OTHER(client_key, "bob.key")));
  CHECK(are_apart(OTHER(client_key_password, "hunter3")));
  CHECK(are_apart(OTHER(proxy, "socks5h://proxy")));
#undef OTHER
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
