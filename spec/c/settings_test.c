/* settings_test.c - what libcurl and Mbed TLS are told (rows A5, A10 to A13, C13,
** F4, F9): each setting alone, since others may hide that one is missing.
** Linked with --wrap for the functions that take them. */
#include <stdarg.h>

#include "hostile.h"
#include "transport/tls.h"

#ifdef IMAPCONN_BUNDLED
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#endif

#undef curl_easy_setopt

enum { MOST_SETTINGS = 100 };

static struct setting {
  CURLoption option;
  long number;
  const char *text; /* borrowed from the options, or from the library */
} settings[MOST_SETTINGS];
static size_t setting_count;

CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  struct setting s = {option, -1, NULL};
  void *pointer = NULL; /* a function as well: on these machines all are alike */
  bool is_number = option < CURLOPTTYPE_OBJECTPOINT;
  va_list arguments;
  va_start(arguments, option);
  if (is_number)
    s.number = va_arg(arguments, long);
  else
    s.text = pointer = va_arg(arguments, void *);
  va_end(arguments);
  if (CHECK(setting_count < MOST_SETTINGS)) settings[setting_count++] = s;
  return is_number ? __real_curl_easy_setopt(easy, option, s.number)
                   : __real_curl_easy_setopt(easy, option, pointer);
}

/* What was said last of an option, or NULL. */
static const struct setting *told(CURLoption option) {
  for (size_t i = setting_count; i > 0; i--)
    if (settings[i - 1].option == option) return &settings[i - 1];
  return NULL;
}

static void expect_number(const char *row, CURLoption option, long number) {
  const struct setting *s = told(option);
  if (!CHECK(s != NULL && s->number == number))
    printf("  %s: option %d is %ld, not %ld\n", row, (int)option,
           s != NULL ? s->number : -1, number);
}

/* NULL: libcurl was told that there is none. */
static void expect_text(const char *row, CURLoption option, const char *text) {
  const struct setting *s = told(option);
  if (!CHECK(s != NULL && (text == NULL ? s->text == NULL
                           : s->text != NULL && strcmp(s->text, text) == 0)))
    printf("  %s: option %d is not %s\n", row, (int)option,
           text != NULL ? text : "none");
}

/* --- a connection -------------------------------------------------------------- */

static void open_and_close(const struct imap_transport_options *options) {
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  setting_count = 0;
  CHECK(imap_transport_open(shared, options, &t, &failure) == IMAP_OK);
  imap_transport_close(t, false);
}

static void test_connection(void) {
  struct imap_transport_options options = plain_options(1);
  open_and_close(&options);
  expect_number("A13", CURLOPT_FRESH_CONNECT, 1);
  expect_text("C13", CURLOPT_PROTOCOLS_STR, "imap");
  expect_text("F1, no proxy from the environment", CURLOPT_PROXY, "");
  expect_number("F4", CURLOPT_TCP_KEEPALIVE, 1);
  expect_number("F4", CURLOPT_TCP_KEEPIDLE, 60);
  expect_number("F4", CURLOPT_TCP_KEEPINTVL, 20);
  expect_number("F9", CURLOPT_NOSIGNAL, 1);
  CHECK(told(CURLOPT_USE_SSL) == NULL);
  options.security = IMAP_TLS;
  open_and_close(&options);
  expect_text("C13, where libcurl says nothing", CURLOPT_PROTOCOLS_STR, "https");
  expect_number("C13, and so does the handshake", CURLOPT_SSL_ENABLE_ALPN, 0);
  options = starttls_options(1);
  open_and_close(&options);
  expect_number("A5", CURLOPT_USE_SSL, CURLUSESSL_ALL);
  options.proxy = "http://127.0.0.1:1";
  open_and_close(&options);
  expect_text("F1, no exception from the environment", CURLOPT_NOPROXY, "");
  expect_number("F1, a tunnel", CURLOPT_HTTPPROXYTUNNEL, 1);
}

/* --- TLS ------------------------------------------------------------------------- */

static void apply(struct imap_tls *tls,
                  const struct imap_transport_options *options) {
  CURL *easy = curl_easy_init();
  setting_count = 0;
  CHECK(easy != NULL && imap_tls_apply(tls, easy, options) == CURLE_OK);
  curl_easy_cleanup(easy);
}

static const char a_pin[] =
    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

static void test_verification(void) {
  struct imap_transport_options options = starttls_options(1);
  struct imap_tls tls;
  memset(&tls, 0, sizeof tls);
  tls.verify = true;
  apply(&tls, &options);
  expect_number("A10", CURLOPT_SSL_VERIFYPEER, 1);
  expect_number("A11", CURLOPT_SSL_VERIFYHOST, 2);
  expect_text("A12", CURLOPT_CAINFO, NULL);
  expect_text("A12", CURLOPT_CAPATH, NULL);
  expect_number("A10, no session without a set", CURLOPT_SSL_SESSIONID_CACHE, 0);
  CHECK(told(CURLOPT_PINNEDPUBLICKEY) == NULL);
  options.pinned_public_key = a_pin;
  apply(&tls, &options);
  expect_text("A10", CURLOPT_PINNEDPUBLICKEY, a_pin);
  tls.verify = false;
  apply(&tls, &options);
  expect_number("A12", CURLOPT_SSL_VERIFYPEER, 0);
  expect_number("A12", CURLOPT_SSL_VERIFYHOST, 0);
}

static void test_versions(void) {
#ifdef IMAPCONN_BUNDLED
  const long lowest = CURL_SSLVERSION_TLSv1_2; /* Mbed TLS knows none below */
#else
  const long lowest = CURL_SSLVERSION_TLSv1_0;
#endif
  const struct {
    enum imap_tls_version min, max;
    long wanted;
  } ranges[] = {
    {IMAP_TLS_1_0, IMAP_TLS_1_2, lowest | CURL_SSLVERSION_MAX_TLSv1_2},
    {IMAP_TLS_1_2, IMAP_TLS_1_2,
     CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2},
    {IMAP_TLS_1_2, IMAP_TLS_1_3,
     CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_3},
    {IMAP_TLS_1_3, IMAP_TLS_1_3,
     CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_3},
  };
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    struct imap_transport_options options = starttls_options(1);
    struct imap_tls tls;
    memset(&tls, 0, sizeof tls);
    options.min_tls_version = ranges[i].min;
    options.max_tls_version = ranges[i].max;
    apply(&tls, &options);
    expect_number("A10, the versions", CURLOPT_SSLVERSION, ranges[i].wanted);
  }
}

/* --- Mbed TLS ---------------------------------------------------------------------- */

#ifdef IMAPCONN_BUNDLED
static struct {
  const mbedtls_x509_crt_profile *profile;
  int renegotiation; /* -1: nothing was said */
} mbedtls_told;

void __real_mbedtls_ssl_conf_cert_profile(mbedtls_ssl_config *config,
    const mbedtls_x509_crt_profile *profile);
void __wrap_mbedtls_ssl_conf_cert_profile(mbedtls_ssl_config *config,
    const mbedtls_x509_crt_profile *profile);
void __real_mbedtls_ssl_conf_renegotiation(mbedtls_ssl_config *config, int how);
void __wrap_mbedtls_ssl_conf_renegotiation(mbedtls_ssl_config *config, int how);

void __wrap_mbedtls_ssl_conf_cert_profile(mbedtls_ssl_config *config,
    const mbedtls_x509_crt_profile *profile) {
  mbedtls_told.profile = profile;
  __real_mbedtls_ssl_conf_cert_profile(config, profile);
}

void __wrap_mbedtls_ssl_conf_renegotiation(mbedtls_ssl_config *config, int how) {
  mbedtls_told.renegotiation = how;
  __real_mbedtls_ssl_conf_renegotiation(config, how);
}

/* The client's first record, which a server answers with what is no TLS. */
static void hello(struct server *s, enum imap_tls_version newest,
                  unsigned min_dh_size) {
  static const struct step no_tls[] = {{'S', "hello"}, {0, NULL}};
  struct imap_transport_options options;
  struct attempt a;
  setting_count = 0;
  mbedtls_told.profile = NULL;
  mbedtls_told.renegotiation = -1;
  start_server(s, no_tls);
  options = plain_options(s->port);
  options.security = IMAP_TLS;
  options.max_tls_version = newest;
  options.min_dh_size = min_dh_size;
  a = attempt(&options);
  stop_server(s);
  CHECK(a.failure.stage == IMAP_STAGE_TLS);
}

static bool has(const struct server *s, const char *octets, size_t size) {
  for (size_t at = 0; at + size <= s->got_size; at++)
    if (memcmp(s->got + at, octets, size) == 0) return true;
  return false;
}

#define HAS(server, octets) has(server, octets, sizeof octets - 1)

/* Of extensions: their type and size, then that of the list, and its items. */
static void test_hello(void) {
  static const char fresh_keys_only[] = "\0\x2d\0\x02\x01\x01";
  static const char signatures[] = "\0\x0d\0\x14\0\x12" "\x04\x03\x05\x03\x06\x03"
      "\x04\x01\x05\x01\x06\x01" "\x08\x04\x08\x05\x08\x06";
  static const char signatures_1_2[] = "\0\x0d\0\x0e\0\x0c" "\x04\x03\x05\x03"
      "\x06\x03" "\x04\x01\x05\x01\x06\x01";
  static const char group_3072[] = "\x01\x01\x01\x02\x01\x03\x01\x04";
  struct server s;
  hello(&s, IMAP_TLS_1_3, 1024);
  CHECK(HAS(&s, fresh_keys_only));
  CHECK(HAS(&s, signatures));
  CHECK(HAS(&s, group_3072));
  CHECK(mbedtls_told.profile == &mbedtls_x509_crt_profile_default);
  CHECK(mbedtls_told.renegotiation == MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  hello(&s, IMAP_TLS_1_3, 4096);
  CHECK(HAS(&s, "\x01\x02\x01\x03\x01\x04") && !HAS(&s, group_3072));
  hello(&s, IMAP_TLS_1_2, 1024);
  CHECK(HAS(&s, signatures_1_2));
}

static void check_sessions(struct imap_transport_options options, bool wanted) {
  struct imap_transport_failure failure;
  struct imap_tls tls;
  memset(&tls, 0, sizeof tls);
  CHECK(imap_tls_open(&tls, shared, &options, &failure) == IMAP_OK);
  CHECK((tls.sessions != NULL) == wanted);
  imap_tls_close(&tls);
}

/* A resumption shows neither a key to pin nor a group to measure. */
static void test_sessions(void) {
  struct imap_transport_options options = starttls_options(1);
  check_sessions(options, true);
  options.pinned_public_key = a_pin;
  check_sessions(options, false);
  options.pinned_public_key = NULL;
  options.min_dh_size = 2049;
  check_sessions(options, false);
}
#endif

int main(void) {
  shared = imap_transport_shared_new();
  if (!CHECK(shared != NULL)) return check_report();
  test_connection();
  test_verification();
  test_versions();
#ifdef IMAPCONN_BUNDLED
  test_hello();
  test_sessions();
#endif
  imap_transport_shared_free(shared);
  return check_report();
}
