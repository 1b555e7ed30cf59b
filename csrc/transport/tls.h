/* tls.h - the TLS policy of one connection, and what came of it.
** tls_mbedtls.c sets it through Mbed TLS, where that is libcurl's TLS;
** tls_other.c sets what can be said to any other backend. */
#ifndef IMAP_TLS_H
#define IMAP_TLS_H

#include <curl/curl.h>
#include <stdint.h>

#include "transport/gate.h"
#include "transport/shared.h"

/* Room for the groups that we offer, and the zero behind them. */
enum { IMAP_TLS_GROUPS = 16 };

/* One TLS connection: an HTTPS proxy's is around the server's. */
struct imap_tls_layer {
  void *session;      /* mbedtls_ssl_context; NULL: none */
  uint64_t decrypted; /* bytes that have come out of it */
};

struct imap_tls {
  bool verify;
  enum imap_tls_version newest;   /* that is offered */
  unsigned min_dh_size;
  struct imap_trust *trust;       /* held; NULL: nothing is verified */
  struct imap_sessions *sessions; /* held; NULL: none are shared */
  struct imap_client *client;     /* Mbed TLS only; NULL: none to show */
  uint16_t groups[IMAP_TLS_GROUPS];
  unsigned proxies;               /* handshakes to come before the server's */

  struct imap_tls_layer proxy, server;
  bool checked;                   /* a certificate was looked at: no resumption */
  bool self_signed;
  uint32_t flaws;                 /* MBEDTLS_X509_BADCERT_… */
  struct imap_tls_info info;
};

/* Refuses what the backend cannot do, and takes what is needed from `shared`;
** tls->proxies is set. imap_tls_close() is due also after a failure. */
int imap_tls_open(struct imap_tls *tls, struct imap_transport_shared *shared,
                  const struct imap_transport_options *options,
                  struct imap_transport_failure *failure);
void imap_tls_close(struct imap_tls *tls);

/* Puts the policy into the handle. CURLE_OK, or what libcurl said. */
CURLcode imap_tls_apply(struct imap_tls *tls, CURL *easy,
                        const struct imap_transport_options *options);

/* The part of it about sessions, also later, when a session was turned down. */
CURLcode imap_tls_apply_sessions(const struct imap_tls *tls, CURL *easy);

/* Looks at one of libcurl's messages. */
void imap_tls_message(struct imap_tls *tls, struct imap_span text);

/* Bytes that came out of a layer, and those that libcurl has not taken from it
** yet. False: the backend does not say. */
bool imap_tls_count(const struct imap_tls_layer *layer, uint64_t *received,
                    uint64_t *unread);

/* Notes what was negotiated, once the connection is open. False: it is not what
** was asked for, and `failure` says so. */
bool imap_tls_opened(struct imap_tls *tls,
                     struct imap_transport_failure *failure);

/* Why the handshake failed, and what may help: words behind "TLS with …: ". */
void imap_tls_explain(const struct imap_tls *tls, CURLcode code,
                      const char *message, char *text, size_t size);

/* Between tls.c and the file for the backend. */
int imap_tls_check_range(const struct imap_transport_options *options,
                         struct imap_transport_failure *failure);
long imap_tls_range(enum imap_tls_version min, enum imap_tls_version max);
CURLcode imap_tls_apply_policy(struct imap_tls *tls, CURL *easy,
                               const struct imap_transport_options *options);

#endif
