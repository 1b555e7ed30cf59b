/* shared.c - what the connections of one Lua state have in common, and the
** initialisation of libcurl that all states of the process have in common. */
#include "transport/shared.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef IMAPCONN_BUNDLED
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started;
static char backend[64];

/* libcurl writes what this gives at each call, and Mbed TLS fills its list of
** ciphers at the first: two threads must not. */
static void fill_shared_lists(void) {
  const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
  if (curl->ssl_version != NULL)
    (void)snprintf(backend, sizeof backend, "%s", curl->ssl_version);
#ifdef IMAPCONN_BUNDLED
  (void)mbedtls_ssl_list_ciphersuites();
#endif
}

/* Never undone: another state's resolver thread may be at work, and whoever
** loads us may use the same libcurl. */
static void start(void) {
  started = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
#ifdef IMAPCONN_BUNDLED
  started = started && psa_crypto_init() == PSA_SUCCESS; /* for TLS 1.3 */
#endif
  fill_shared_lists();
}

const char *imap_tls_backend(void) {
  return backend;
}

struct imap_transport_shared *imap_transport_shared_new(void) {
  struct imap_transport_shared *shared;
  if (pthread_once(&once, start) != 0 || !started) return NULL;
  shared = calloc(1, sizeof *shared);
  if (shared != NULL) shared->holds = 1;
  return shared;
}

void imap_transport_shared_free(struct imap_transport_shared *shared) {
  if (shared == NULL || --shared->holds > 0) return;
  imap_trust_free_all(&shared->trust);
  imap_sessions_free_all(&shared->sessions);
  free(shared);
}
