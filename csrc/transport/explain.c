/* explain.c - libcurl's codes as stages of connecting, in words that say which
** host, why, and what may help. */
#include <stdio.h>
#include <string.h>

#include "transport/failure.h"
#include "transport/parts.h"

/* CURLE_TOO_LARGE, which libcurl has had since 8.6.0. */
enum { LINE_TOO_LARGE = 100 };

/* In TLS 1.3 a server judges the client's certificate when the client thinks
** that the handshake is over. */
static bool is_late_alert(const struct imap_transport *t, CURLcode code) {
  return t->gate.secure && (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
         && strstr(t->message, "alert") != NULL;
}

/* Before libcurl 8.6.0 the only sign is the message. */
static bool is_too_large(const struct imap_transport *t) {
  return strstr(t->message, "Too large") != NULL ||
         strstr(t->message, "too big") != NULL;
}

static enum imap_stage stage_of(const struct imap_transport *t, CURLcode code) {
  if (is_too_large(t)) return IMAP_STAGE_LIMIT;
  if (is_late_alert(t, code)) return IMAP_STAGE_TLS;
  switch ((int)code) {
    case CURLE_OUT_OF_MEMORY: return IMAP_STAGE_NOMEM;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return IMAP_STAGE_RESOLVE;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PROXY: return IMAP_STAGE_CONNECT;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS: return IMAP_STAGE_TLS;
    case CURLE_WEIRD_SERVER_REPLY:
      return t->gate.starttls ? IMAP_STAGE_TLS : IMAP_STAGE_PROTOCOL;
    case LINE_TOO_LARGE: return IMAP_STAGE_LIMIT;
    default: break;
  }
  if (t->gate.greeted && t->gate.security == IMAP_STARTTLS && !t->gate.secure)
    return IMAP_STAGE_TLS; /* the connection broke on the way to it */
  return t->gate.greeted || t->state == IMAP_TRANSPORT_GREETING || !t->proxied
             ? IMAP_STAGE_CLOSED : IMAP_STAGE_CONNECT;
}

static int explain_tls(struct imap_transport *t, CURLcode code,
                       const char *message) {
  char text[256];
  if (code == CURLE_SSL_CERTPROBLEM)
    return imap_fail(&t->failure, IMAP_STAGE_ARGUMENT, "client_key",
                     "client_key: %s", message);
  if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
    snprintf(text, sizeof text, "the server's public key is not the one of "
             "pinned_public_key");
  else if (is_late_alert(t, code))
    snprintf(text, sizeof text, "the server refuses this client: it may want "
             "another client_cert; %.100s", message);
  else if (code == CURLE_USE_SSL_FAILED && !t->gate.starttls)
    snprintf(text, sizeof text, "the server does not offer STARTTLS; "
             "secure = true, on port 993, may work");
  else
    imap_tls_explain(&t->tls, code, message, text, sizeof text);
  return imap_fail(&t->failure, IMAP_STAGE_TLS, NULL, "TLS with %s: %s",
                   t->https_proxy && t->tls.server.session == NULL
                       ? "the proxy" : t->where, text);
}

int imap_explain(struct imap_transport *t, CURLcode code) {
  const char *message =
      t->message[0] != '\0' ? t->message : curl_easy_strerror(code);
  enum imap_stage stage = stage_of(t, code);
  switch (stage) {
    case IMAP_STAGE_NOMEM:
      return imap_fail_memory(&t->failure);
    case IMAP_STAGE_RESOLVE:
      return imap_fail(&t->failure, stage, NULL, "cannot find the address of "
                       "%s: %s", t->where, message);
    case IMAP_STAGE_CONNECT:
      return imap_fail(&t->failure, stage, NULL, "cannot connect to %s: %s",
                       t->where, message);
    case IMAP_STAGE_TLS: return explain_tls(t, code, message);
    case IMAP_STAGE_LIMIT:
      return imap_fail(&t->failure, stage, NULL,
                       "%s sent too long a line before login", t->where);
    case IMAP_STAGE_PROTOCOL:
      return imap_fail(&t->failure, stage, NULL, "%s does not speak IMAP: %s",
                       t->where, message);
    default:
      return imap_fail(&t->failure, stage, NULL,
                       "the connection to %s ended: %s", t->where, message);
  }
}
