/* tls.c - the part of the TLS policy that is the same over every backend. */
#include "transport/tls.h"

#include "transport/failure.h"

static const char *const version_names[] = {"TLSv1.0", "TLSv1.1", "TLSv1.2",
                                            "TLSv1.3"};

int imap_tls_check_range(const struct imap_transport_options *options,
                         struct imap_transport_failure *failure) {
  if (options->min_tls_version > options->max_tls_version)
    return imap_fail(failure, IMAP_STAGE_ARGUMENT, "min_tls_version",
                     "min_tls_version: %s is above max_tls_version, %s",
                     version_names[options->min_tls_version],
                     version_names[options->max_tls_version]);
  return IMAP_OK;
}

long imap_tls_range(enum imap_tls_version min, enum imap_tls_version max) {
  static const long floors[] = {
    CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_TLSv1_1, CURL_SSLVERSION_TLSv1_2,
    CURL_SSLVERSION_TLSv1_3};
  static const long ceilings[] = {
    CURL_SSLVERSION_MAX_TLSv1_0, CURL_SSLVERSION_MAX_TLSv1_1,
    CURL_SSLVERSION_MAX_TLSv1_2, CURL_SSLVERSION_MAX_TLSv1_3};
  return floors[min] | ceilings[max];
}

static CURLcode apply_verification(const struct imap_tls *tls, CURL *easy) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
                                   tls->verify ? 1L : 0L);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->verify ? 2L : 0L);
  return code;
}

CURLcode imap_tls_apply_sessions(const struct imap_tls *tls, CURL *easy) {
  CURLSH *share =
      tls->sessions == NULL ? NULL : imap_sessions_share(tls->sessions);
  CURLcode code = curl_easy_setopt(easy, CURLOPT_SHARE, share);
  if (code == CURLE_OK && share == NULL)
    code = curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  return code;
}

CURLcode imap_tls_apply(struct imap_tls *tls, CURL *easy,
                        const struct imap_transport_options *options) {
  CURLcode code = apply_verification(tls, easy);
  if (code == CURLE_OK && options->pinned_public_key != NULL)
    code = curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY,
                            options->pinned_public_key);
  if (code == CURLE_OK) code = imap_tls_apply_sessions(tls, easy);
  return code == CURLE_OK ? imap_tls_apply_policy(tls, easy, options) : code;
}
