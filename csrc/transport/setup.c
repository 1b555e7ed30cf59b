/* setup.c - checks the options of a connection, and tells libcurl. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/failure.h"
#include "transport/parts.h"

enum {
  /* Deadlines are the caller's; libcurl's own must not come first. */
  NO_TIMEOUT = 1000000, /* seconds */
  KEEPALIVE_AFTER = 60, KEEPALIVE_EVERY = 20 /* seconds: row F4 */
};

static int invalid(struct imap_transport *t, const char *field,
                   const char *text) {
  return imap_fail(&t->failure, IMAP_STAGE_ARGUMENT, field, "%s: %s", field,
                   text);
}

/* "sha256//" and 44 characters of base64, or several with ";" between. libcurl
** would take anything else for the name of a file. */
static bool is_pin(const char *pin) {
  static const char mark[] = "sha256//";
  size_t size = strcspn(pin, ";"), digits;
  if (size != sizeof mark - 1 + 44 || strncmp(pin, mark, sizeof mark - 1) != 0)
    return false;
  digits = strspn(pin + sizeof mark - 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                  "abcdefghijklmnopqrstuvwxyz0123456789+/");
  if (digits != 43 || pin[size - 1] != '=') return false;
  return pin[size] == '\0' || is_pin(pin + size + 1);
}

static int check_pin(struct imap_transport *t, const char *pin) {
  if (pin == NULL || is_pin(pin)) return IMAP_OK;
  return invalid(t, "pinned_public_key", "not sha256// and 44 characters of "
                 "base64");
}

/* A proxy without a scheme is an HTTP proxy to libcurl, and so it is here. */
static int check_proxy(struct imap_transport *t, const char *proxy) {
  static const char *const schemes[] = {"http", "https", "socks4", "socks4a",
                                        "socks5", "socks5h"};
  CURLU *url;
  char *scheme = NULL;
  bool known = false;
  if (proxy == NULL || proxy[0] == '\0') return IMAP_OK;
  url = curl_url();
  if (url == NULL) return imap_fail_memory(&t->failure);
  if (curl_url_set(url, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME |
                   CURLU_GUESS_SCHEME) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK)
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
      known = known || strcmp(scheme, schemes[i]) == 0;
  t->proxied = true;
  t->https_proxy = known && strcmp(scheme, "https") == 0;
  t->tls.proxies = t->https_proxy ? 1 : 0;
  curl_free(scheme);
  curl_url_cleanup(url);
  return known ? IMAP_OK : invalid(t, "proxy", "not the URL of an HTTP or "
                                   "SOCKS proxy");
}

/* An IPv6 address goes in brackets. NULL: out of memory. */
static char *bracketed(const char *host) {
  size_t size = strlen(host) + 3;
  char *copy = malloc(size);
  const char *format = strchr(host, ':') != NULL && host[0] != '[' ? "[%s]"
                                                                   : "%s";
  if (copy != NULL) snprintf(copy, size, format, host);
  return copy;
}

/* Where TLS comes first libcurl need not know that IMAP follows: by "imaps" it
** would ask for the capabilities, which a greeting as a rule holds, and that is a
** turn of waiting. By "https" it says nothing. */
static const char *scheme(const struct imap_transport_options *o) {
  return o->security == IMAP_TLS ? "https" : "imap";
}

/* The URL bears the name that is verified and sent as SNI. */
static int make_url(struct imap_transport *t, const char *name,
                    const struct imap_transport_options *o) {
  const char *field = o->server_name != NULL ? "server_name" : "host";
  char port[16];
  char *host = bracketed(name);
  CURLUcode code;
  t->url = curl_url();
  if (host == NULL || t->url == NULL) {
    free(host);
    return imap_fail_memory(&t->failure);
  }
  snprintf(port, sizeof port, "%u", o->port > 0 ? o->port : UINT_MAX);
  code = curl_url_set(t->url, CURLUPART_SCHEME, scheme(o), 0);
  if (code == CURLUE_OK) code = curl_url_set(t->url, CURLUPART_HOST, host, 0);
  free(host);
  if (code == CURLUE_OUT_OF_MEMORY) return imap_fail_memory(&t->failure);
  /* libcurl would decode %41; only an address has a zone behind its "%". */
  if (code != CURLUE_OK ||
      (strchr(name, '%') != NULL && strchr(name, ':') == NULL))
    return invalid(t, field, "not a host name or address");
  code = curl_url_set(t->url, CURLUPART_PORT, port, 0);
  if (code == CURLUE_OK) return IMAP_OK;
  return code == CURLUE_OUT_OF_MEMORY ? imap_fail_memory(&t->failure)
                                      : invalid(t, "port", "not 1 to 65535");
}

/* Connect to the host, whatever name is in the URL: also through a proxy. */
static int make_detour(struct imap_transport *t,
                       const struct imap_transport_options *o) {
  char *host = bracketed(o->host), *entry = NULL;
  size_t size = host == NULL ? 0 : strlen(host) + 16;
  if (host != NULL) entry = malloc(size);
  if (entry != NULL) {
    snprintf(entry, size, "::%s:%u", host, o->port);
    t->connect_to = curl_slist_append(NULL, entry);
  }
  free(entry);
  free(host);
  return t->connect_to != NULL ? IMAP_OK : imap_fail_memory(&t->failure);
}

static int name_peer(struct imap_transport *t,
                     const struct imap_transport_options *o) {
  char *host = bracketed(o->host);
  size_t size = host == NULL ? 0 : strlen(host) + 16;
  t->where = host == NULL ? NULL : malloc(size);
  if (t->where != NULL) snprintf(t->where, size, "%s:%u", host, o->port);
  free(host);
  return t->where != NULL ? IMAP_OK : imap_fail_memory(&t->failure);
}

/* One object, one connection: FRESH_CONNECT takes none from a pool, and nobody
** takes one that is CONNECT_ONLY. (FORBID_REUSE would close it at the moment
** when libcurl is done with it, which is when we begin.) */
static CURLcode apply_common(struct imap_transport *t,
                             const struct imap_transport_options *o) {
  static const struct { CURLoption option; long value; } settings[] = {
    {CURLOPT_CONNECT_ONLY, 1L},
    {CURLOPT_NOSIGNAL, 1L},
    {CURLOPT_QUICK_EXIT, 1L}, /* never wait for the resolver's thread */
    {CURLOPT_FRESH_CONNECT, 1L},
    {CURLOPT_TCP_NODELAY, 1L},
    {CURLOPT_TCP_KEEPALIVE, 1L},
    {CURLOPT_TCP_KEEPIDLE, KEEPALIVE_AFTER},
    {CURLOPT_TCP_KEEPINTVL, KEEPALIVE_EVERY},
    {CURLOPT_CONNECTTIMEOUT, NO_TIMEOUT},
    {CURLOPT_SERVER_RESPONSE_TIMEOUT, NO_TIMEOUT},
    {CURLOPT_BUFFERSIZE, 64L * 1024},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L},
    {CURLOPT_SSL_ENABLE_ALPN, 0L}, /* it is not HTTP that follows */
  };
  CURLcode code = curl_easy_setopt(t->easy, CURLOPT_CURLU, t->url);
  for (size_t i = 0; code == CURLE_OK &&
                     i < sizeof settings / sizeof *settings; i++)
    code = curl_easy_setopt(t->easy, settings[i].option, settings[i].value);
  if (code == CURLE_OK)
    code = curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, scheme(o));
  if (code == CURLE_OK)
    code = curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->message);
  return code;
}

/* Neither the proxy nor its exceptions come from the environment. */
static CURLcode apply_route(struct imap_transport *t,
                            const struct imap_transport_options *o) {
  CURLcode code = curl_easy_setopt(t->easy, CURLOPT_PROXY,
                                   o->proxy != NULL ? o->proxy : "");
  if (code == CURLE_OK && o->proxy != NULL)
    code = curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "");
  if (code == CURLE_OK && o->proxy != NULL)
    code = curl_easy_setopt(t->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  if (code == CURLE_OK && t->connect_to != NULL)
    code = curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
  return code;
}

static int apply(struct imap_transport *t,
                 const struct imap_transport_options *o) {
  CURLcode code = apply_common(t, o);
  if (code == CURLE_OK) code = apply_route(t, o);
  if (code == CURLE_OK && o->security == IMAP_STARTTLS)
    code = curl_easy_setopt(t->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
  if (code == CURLE_OK && (o->security != IMAP_PLAIN || t->https_proxy))
    code = imap_tls_apply(&t->tls, t->easy, o);
  if (code == CURLE_OK) return IMAP_OK;
  if (code == CURLE_OUT_OF_MEMORY) return imap_fail_memory(&t->failure);
  return imap_fail(&t->failure, IMAP_STAGE_UNSUPPORTED, NULL,
                   "this libcurl (%s) lacks what is needed: %s", curl_version(),
                   curl_easy_strerror(code));
}

int imap_setup(struct imap_transport *t,
               const struct imap_transport_options *o) {
  const char *name = o->server_name != NULL ? o->server_name : o->host;
  int status = name_peer(t, o);
  if (status == IMAP_OK && o->client_key != NULL && o->client_cert == NULL)
    status = invalid(t, "client_cert", "missing, and client_key needs it");
  if (status == IMAP_OK) status = check_pin(t, o->pinned_public_key);
  if (status == IMAP_OK) status = check_proxy(t, o->proxy);
  if (status == IMAP_OK)
    status = imap_tls_open(&t->tls, t->shared, o, &t->failure);
  if (status == IMAP_OK) status = make_url(t, name, o);
  if (status == IMAP_OK && o->server_name != NULL) status = make_detour(t, o);
  if (status != IMAP_OK) return status;
  t->easy = curl_easy_init();
  return t->easy != NULL ? apply(t, o) : imap_fail_memory(&t->failure);
}
