/* tls_other.c - the TLS policy over a libcurl whose TLS is not Mbed TLS: what
** can be said through libcurl alone. A smallest Diffie-Hellman group cannot be,
** so finite-field Diffie-Hellman is switched off, or refused when it is seen.
** Sessions are not shared, as a resumption would not show. */
#include "transport/tls.h"

#ifndef IMAPCONN_BUNDLED

#include <stdio.h>
#include <string.h>

#include "transport/failure.h"
#include "transport/shared.h"

static bool backend_is(const char *name) {
  return strstr(imap_tls_backend(), name) != NULL;
}

/* These take OpenSSL's words for ciphers and groups. */
static bool speaks_openssl(void) {
  return backend_is("OpenSSL/") || backend_is("LibreSSL/") ||
         backend_is("BoringSSL") || backend_is("quictls/");
}

void imap_tls_close(struct imap_tls *tls) { imap_trust_release(tls->trust); }

/* These have no finite-field Diffie-Hellman at all. */
static bool has_curves_only(void) {
  return backend_is("rustls") || backend_is("BearSSL");
}

int imap_tls_open(struct imap_tls *tls, struct imap_transport_shared *shared,
                  const struct imap_transport_options *options,
                  struct imap_transport_failure *failure) {
  int status = imap_tls_check_range(options, failure);
  if (status != IMAP_OK ||
      (options->security == IMAP_PLAIN && tls->proxies == 0))
    return status;
  if (options->client_cert != NULL && !imap_trust_is_pem(options->client_cert))
    return imap_fail(failure, IMAP_STAGE_ARGUMENT, "client_cert",
                     "client_cert: %s cannot be read as certificates in PEM",
                     options->client_cert);
  tls->verify = options->verify;
  tls->min_dh_size = options->min_dh_size;
  if (options->verify || tls->proxies > 0 || options->ca_file != NULL ||
      options->ca_path != NULL)
    status = imap_trust_find(&shared->trust, options, &tls->trust, failure);
  return status;
}

static CURLcode apply_client(CURL *easy,
                             const struct imap_transport_options *o) {
  const char *key = o->client_key != NULL ? o->client_key : o->client_cert;
  CURLcode code = CURLE_OK;
  if (o->client_cert == NULL) return CURLE_OK;
  code = curl_easy_setopt(easy, CURLOPT_SSLCERT, o->client_cert);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SSLKEY, key);
  if (code == CURLE_OK && o->client_key_password != NULL)
    code = curl_easy_setopt(easy, CURLOPT_KEYPASSWD, o->client_key_password);
  return code;
}

static CURLcode apply_ciphers(CURL *easy) {
  CURLcode code;
  if (!speaks_openssl()) return CURLE_OK; /* looked at afterwards */
  code = curl_easy_setopt(easy, CURLOPT_SSL_CIPHER_LIST,
                          "DEFAULT:!kDHE:!kDHEPSK");
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_SSL_EC_CURVES,
                            "X25519:P-256:P-384:P-521");
  return code;
}

CURLcode imap_tls_apply_policy(struct imap_tls *tls, CURL *easy,
                               const struct imap_transport_options *options) {
  const char *file = tls->trust == NULL ? NULL : imap_trust_file(tls->trust);
  const char *path = tls->trust == NULL ? NULL : imap_trust_path(tls->trust);
  CURLcode code = curl_easy_setopt(
      easy, CURLOPT_SSLVERSION,
      imap_tls_range(options->min_tls_version, options->max_tls_version));
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAINFO, file);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAPATH, path);
  if (code == CURLE_OK && tls->proxies > 0)
    code = curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file);
  if (code == CURLE_OK && tls->proxies > 0)
    code = curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, path);
  if (code == CURLE_OK) code = apply_client(easy, options);
  return code == CURLE_OK ? apply_ciphers(easy) : code;
}

/* "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384": OpenSSL and GnuTLS */
void imap_tls_message(struct imap_tls *tls, struct imap_span text) {
  static const char mark[] = "SSL connection using ";
  char copy[128], version[16], cipher[64];
  size_t size = text.size < sizeof copy ? text.size : sizeof copy - 1;
  memcpy(copy, text.data, size);
  copy[size] = '\0';
  if (strncmp(copy, mark, sizeof mark - 1) != 0 || tls->proxies > 0) return;
  if (sscanf(copy + sizeof mark - 1, "%15s / %63s", version, cipher) != 2)
    return;
  if (strncmp(version, "TLSv", 4) == 0)
    snprintf(tls->info.version, sizeof tls->info.version, "%s", version);
  else if (strncmp(version, "TLS", 3) == 0)
    snprintf(tls->info.version, sizeof tls->info.version, "TLSv%.8s", version + 3);
  snprintf(tls->info.cipher, sizeof tls->info.cipher, "%s", cipher);
}

bool imap_tls_count(const struct imap_tls_layer *layer, uint64_t *received,
                    uint64_t *unread) {
  (void)layer;
  *received = *unread = 0;
  return false;
}

/* GnuTLS names the key exchange with the cipher, under TLS 1.3 as well. */
static bool used_curves(const char *cipher) {
  const char *exchange = strstr(cipher, "DHE");
  if (exchange == NULL) return cipher[0] != '\0';
  return exchange - cipher >= 2 && memcmp(exchange - 2, "EC", 2) == 0;
}

bool imap_tls_opened(struct imap_tls *tls,
                     struct imap_transport_failure *failure) {
  snprintf(tls->info.backend, sizeof tls->info.backend, "%s",
           imap_tls_backend());
  if (speaks_openssl() || has_curves_only() || used_curves(tls->info.cipher))
    return true;
  imap_fail(failure, IMAP_STAGE_TLS, NULL,
            "the server chose finite-field Diffie-Hellman (%s), and this "
            "libcurl's TLS cannot hold it to min_dh_size (%u bits)",
            tls->info.cipher, tls->min_dh_size);
  return false;
}

void imap_tls_explain(const struct imap_tls *tls, CURLcode code,
                      const char *message, char *text, size_t size) {
  (void)tls;
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    snprintf(text, size, "the server's certificate does not pass: %s", message);
  else
    snprintf(text, size, "%s", message);
}

#endif
