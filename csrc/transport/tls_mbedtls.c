/* tls_mbedtls.c - the TLS policy, set through Mbed TLS. libcurl lends its
** configuration to CURLOPT_SSL_CTX_FUNCTION before each handshake. */
#include "transport/tls.h"

#ifdef IMAPCONN_BUNDLED

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/client.h"
#include "transport/failure.h"
#include "transport/shared.h"
#include "transport/suites.h"

#if !defined(MBEDTLS_THREADING_C)
#error "TLS 1.3 shares one state among all threads: MBEDTLS_THREADING is off"
#endif

/* Mbed TLS offers RSA-PSS, and then refuses a TLS 1.2 server that takes it at
** its word. So PKCS #1 goes first, and RSA-PSS only where TLS 1.3 may need it
** (which passes over what it does not allow itself). */
#define FOR_TLS_1_2 \
  MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, \
  MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384, \
  MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, \
  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256, \
  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384, \
  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512

static const uint16_t signatures_for_1_2[] = {
  FOR_TLS_1_2, MBEDTLS_TLS1_3_SIG_NONE
};

static const uint16_t signatures[] = {
  FOR_TLS_1_2,
  MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
  MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
  MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
  MBEDTLS_TLS1_3_SIG_NONE
};

/* The smallest group that TLS 1.3 has (RFC 7919): up to here all will do. */
enum { SMALLEST_FFDHE = 2048 };

static const struct group {
  uint16_t name;
  unsigned bits; /* of a finite field; 0: an elliptic curve */
} all_groups[] = {
  {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0},
  {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, 0},
  {MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, 0},
  {MBEDTLS_SSL_IANA_TLS_GROUP_X448, 0},
  {MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, 0},
  {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE3072, 3072},
  {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE4096, 4096},
  {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE6144, 6144},
  {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE8192, 8192},
};

static void choose_groups(uint16_t *groups, unsigned min_dh_size) {
  for (size_t i = 0; i < sizeof all_groups / sizeof *all_groups; i++)
    if (all_groups[i].bits == 0 || all_groups[i].bits >= min_dh_size)
      *groups++ = all_groups[i].name;
  *groups = MBEDTLS_SSL_IANA_TLS_GROUP_NONE;
}

int imap_tls_open(struct imap_tls *tls, struct imap_transport_shared *shared,
                  const struct imap_transport_options *options,
                  struct imap_transport_failure *failure) {
  int status = imap_tls_check_range(options, failure);
  if (status != IMAP_OK ||
      (options->security == IMAP_PLAIN && tls->proxies == 0))
    return status;
  if (options->max_tls_version < IMAP_TLS_1_2)
    return imap_fail(failure, IMAP_STAGE_UNSUPPORTED, "max_tls_version",
                     "max_tls_version: Mbed TLS offers TLSv1.2 and TLSv1.3 only");
  tls->verify = options->verify;
  tls->newest = options->max_tls_version;
  tls->min_dh_size = options->min_dh_size;
  choose_groups(tls->groups, options->min_dh_size);
  status = imap_client_read(options, &tls->client, failure);
  if (status == IMAP_OK && (options->verify || tls->proxies > 0 ||
                            options->ca_file != NULL ||
                            options->ca_path != NULL))
    status = imap_trust_find(&shared->trust, options, &tls->trust, failure);
  if (status != IMAP_OK || options->min_dh_size > SMALLEST_FFDHE ||
      options->pinned_public_key != NULL) /* resumption shows no key */
    return status;
  tls->sessions = imap_sessions_find(&shared->sessions, options);
  return tls->sessions != NULL ? IMAP_OK : imap_fail_memory(failure);
}

void imap_tls_close(struct imap_tls *tls) {
  imap_client_free(tls->client);
  imap_trust_release(tls->trust);
  imap_sessions_release(tls->sessions);
}

/* Called for each certificate of the chain, and not at all where a session is
** resumed. Mbed TLS goes on after a flaw, and refuses at the end. */
static int look_at_certificate(void *data, mbedtls_x509_crt *certificate,
                               int depth, uint32_t *flags) {
  struct imap_tls *tls = data;
  tls->checked = true;
  if (!tls->verify) *flags = 0;
  tls->flaws |= *flags;
  if (depth == 0 && (*flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0 &&
      certificate->issuer_raw.len == certificate->subject_raw.len)
    tls->self_signed = memcmp(certificate->issuer_raw.p,
                              certificate->subject_raw.p,
                              certificate->subject_raw.len) == 0;
  return 0;
}

/* Mbed TLS stops its timer whenever a record of application data has come out
** of the decryption, before a byte of it is handed on. No timer runs here: that
** moment is used to count the bytes, so that those which libcurl keeps for
** itself can be told. */
static void count_record(void *data, uint32_t first, uint32_t final) {
  struct imap_tls_layer *layer = data;
  (void)first;
  (void)final;
  layer->decrypted += mbedtls_ssl_get_bytes_avail(layer->session);
}

static int no_timer(void *data) {
  (void)data;
  return 0; /* running, and not yet due */
}

/* libcurl has set the handshake up with the groups of before: it starts anew.
** A session to resume would be lost by that, so then none is shared. */
static CURLcode limit_groups(struct imap_tls *tls, mbedtls_ssl_config *config) {
  if (tls->min_dh_size <= SMALLEST_FFDHE) return CURLE_OK;
  mbedtls_ssl_conf_groups(config, tls->groups);
  return mbedtls_ssl_session_reset(tls->server.session) == 0 ? CURLE_OK
                                                      : CURLE_OUT_OF_MEMORY;
}

/* libcurl tells the last layer so far, which is the one to begin now. What it
** lends is a configuration of Mbed TLS only where it says so here. */
static CURLcode begin_layer(struct imap_tls_layer *layer, CURL *easy) {
  struct curl_tlssessioninfo *info = NULL;
  if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
      info == NULL || info->backend != CURLSSLBACKEND_MBEDTLS ||
      info->internals == NULL)
    return CURLE_SSL_CONNECT_ERROR;
  layer->session = info->internals;
  layer->decrypted = 0;
  mbedtls_ssl_set_timer_cb(layer->session, layer, count_record, no_timer);
  return CURLE_OK;
}

static CURLcode configure(CURL *easy, void *lent, void *data) {
  struct imap_tls *tls = data;
  mbedtls_ssl_config *config = lent;
  CURLcode code;
  bool is_proxy = tls->proxies > 0;
  code = begin_layer(is_proxy ? &tls->proxy : &tls->server, easy);
  if (code != CURLE_OK) return code;
  if (tls->trust != NULL)
    mbedtls_ssl_conf_ca_chain(config, imap_trust_chain(tls->trust), NULL);
  if (is_proxy) { /* libcurl's own rules do for it */
    tls->proxies--;
    return CURLE_OK;
  }
  if (tls->client != NULL && !imap_client_show(tls->client, config))
    return CURLE_OUT_OF_MEMORY;
  mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
  mbedtls_ssl_conf_ciphersuites(config, imap_tls_suites());
  mbedtls_ssl_conf_verify(config, look_at_certificate, tls);
  mbedtls_ssl_conf_sig_algs(config, tls->newest == IMAP_TLS_1_2
                                        ? signatures_for_1_2
                                        : signatures);
  mbedtls_ssl_conf_dhm_min_bitlen(config, tls->min_dh_size);
  mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  mbedtls_ssl_conf_tls13_key_exchange_modes( /* a resumed session's too */
      config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
  if (tls->sessions != NULL)
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
  return limit_groups(tls, config);
}

CURLcode imap_tls_apply_policy(struct imap_tls *tls, CURL *easy,
                               const struct imap_transport_options *options) {
  enum imap_tls_version min = options->min_tls_version;
  CURLcode code;
  if (min < IMAP_TLS_1_2) min = IMAP_TLS_1_2; /* a floor, so it is met */
  code = curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                          imap_tls_range(min, options->max_tls_version));
  /* The anchors come ready made; libcurl is to read no file of its own. */
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  if (code == CURLE_OK && tls->proxies > 0)
    code = curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
  if (code == CURLE_OK && tls->proxies > 0)
    code = curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, configure);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, tls);
  return code;
}

void imap_tls_message(struct imap_tls *tls, struct imap_span text) {
  (void)tls;
  (void)text;
}

bool imap_tls_count(const struct imap_tls_layer *layer, uint64_t *received,
                    uint64_t *unread) {
  if (layer->session == NULL) return false;
  *received = layer->decrypted;
  *unread = mbedtls_ssl_get_bytes_avail(layer->session);
  return true;
}

/* TLS-ECDHE-RSA-WITH-… and TLS1-3-AES-…, as IANA writes them. */
static void name_cipher(char *name, size_t size, const char *given) {
  if (strncmp(given, "TLS1-3-", 7) == 0)
    snprintf(name, size, "TLS_%s", given + 7);
  else
    snprintf(name, size, "%s", given);
  for (; *name != '\0'; name++)
    if (*name == '-') *name = '_';
}

bool imap_tls_opened(struct imap_tls *tls,
                     struct imap_transport_failure *failure) {
  if (tls->server.session == NULL) {
    imap_fail(failure, IMAP_STAGE_TLS, NULL, "there is no TLS");
    return false;
  }
  snprintf(tls->info.version, sizeof tls->info.version, "%s",
           mbedtls_ssl_get_version(tls->server.session));
  name_cipher(tls->info.cipher, sizeof tls->info.cipher,
              mbedtls_ssl_get_ciphersuite(tls->server.session));
  snprintf(tls->info.backend, sizeof tls->info.backend, "%s",
           imap_tls_backend());
  tls->info.resumed = !tls->checked;
  imap_sessions_worked(tls->sessions);
  return true;
}

static const struct flaw {
  uint32_t flag;
  const char *text;
} known_flaws[] = {
  {MBEDTLS_X509_BADCERT_EXPIRED, "it has expired"},
  {MBEDTLS_X509_BADCERT_FUTURE, "it is not yet valid"},
  {MBEDTLS_X509_BADCERT_CN_MISMATCH, "it is for another host name"},
  {MBEDTLS_X509_BADCERT_REVOKED, "it was revoked"},
  {MBEDTLS_X509_BADCERT_MISSING, "there is none"},
  {MBEDTLS_X509_BADCERT_KEY_USAGE, "it is not for this use"},
  {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "it is not for servers"},
  {MBEDTLS_X509_BADCERT_BAD_MD, "it is signed with a weak hash"},
  {MBEDTLS_X509_BADCERT_BAD_KEY, "its key, or its issuer's, is too weak"},
  {MBEDTLS_X509_BADCERT_BAD_PK, "its kind of key is not accepted"},
};

static void add(char *text, size_t size, const char *separator,
                const char *more) {
  size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%s", used > 0 ? separator : "", more);
}

static void explain_certificate(const struct imap_tls *tls, char *text,
                                size_t size) {
  char flaws[200] = "";
  if (tls->flaws & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
    add(flaws, sizeof flaws, ", ",
        tls->self_signed ? "it is self-signed" : "its issuer is not trusted");
  for (size_t i = 0; i < sizeof known_flaws / sizeof *known_flaws; i++)
    if (tls->flaws & known_flaws[i].flag)
      add(flaws, sizeof flaws, ", ", known_flaws[i].text);
  snprintf(text, size, "the server's certificate does not pass: %s",
           flaws[0] != '\0' ? flaws : "it cannot be verified");
  if (tls->flaws & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
    add(text, size, "; ", "ca_file names anchors of your own");
  else if (tls->flaws & MBEDTLS_X509_BADCERT_CN_MISMATCH)
    add(text, size, "; ", "server_name names the host that it should be for");
}

/* libcurl writes Mbed TLS's codes into its message: "(-0x7780) SSL - …". */
static int find_code(const char *message) {
  const char *at = strstr(message, "(-0x");
  return at == NULL ? 0 : -(int)strtol(at + 4, NULL, 16);
}

static void explain_handshake(const struct imap_tls *tls, int code, char *text,
                              size_t size) {
  switch (code) {
    case MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER:
    case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
      snprintf(text, size, "the server's Diffie-Hellman group is under min_dh_size "
               "(%u bits), or its signature one that Mbed TLS does not take%s",
               tls->min_dh_size, tls->newest == IMAP_TLS_1_2 ? "" :
               ": then max_tls_version = \"TLSv1.2\" may help");
      break;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
      snprintf(text, size, "the two may have nothing in common: look at "
               "min_tls_version, max_tls_version and min_dh_size (%u bits)",
               tls->min_dh_size);
      break;
    default: break;
  }
}

void imap_tls_explain(const struct imap_tls *tls, CURLcode code,
                      const char *message, char *text, size_t size) {
  char hint[180] = "";
  if (tls->flaws != 0 || code == CURLE_PEER_FAILED_VERIFICATION) {
    explain_certificate(tls, text, size);
    return;
  }
  explain_handshake(tls, find_code(message), hint, sizeof hint);
  snprintf(text, size, "%s%s%.100s", hint, hint[0] != '\0' ? "; " : "", message);
}

#endif
