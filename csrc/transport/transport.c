/* transport.c - the life of a connection over libcurl, and its bytes. */
#include "transport/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/failure.h"
#include "transport/parts.h"

/* --- What libcurl calls ---------------------------------------------------- */
/* NOLINTBEGIN(readability-non-const-parameter): the types are libcurl's */

static size_t on_line(char *data, size_t one, size_t size, void *transport) {
  struct imap_transport *t = transport;
  struct imap_span line = {data, size};
  (void)one;
  return imap_gate_line(&t->gate, line, imap_count_arrived(t)) ? size : 0;
}

/* Before the greeting it is a proxy that is talked to, with its password. */
static int on_message(CURL *easy, curl_infotype type, char *data, size_t size,
                      void *transport) {
  struct imap_transport *t = transport;
  struct imap_span text = {data, size};
  (void)easy;
  if (type == CURLINFO_HEADER_OUT && t->gate.greeted)
    imap_gate_command(&t->gate, text);
  else if (type == CURLINFO_TEXT)
    imap_tls_message(&t->tls, text);
  return 0;
}

/* NOLINTEND(readability-non-const-parameter) */

/* Called also in between: when the connection stands, and nothing of IMAP has
** been read. */
static int on_progress(void *transport, curl_off_t a, curl_off_t b,
                       curl_off_t c, curl_off_t d) {
  struct imap_transport *t = transport;
  curl_off_t connected = 0;
  (void)a;
  (void)b;
  (void)c;
  (void)d;
  if (curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected) ==
      CURLE_OK && connected > 0)
    imap_count_begin(t);
  return 0;
}

static int on_socket_made(void *transport, curl_socket_t socket,
                          curlsocktype purpose) {
  struct imap_transport *t = transport;
  (void)purpose;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++) {
    if (t->sockets[i] >= 0) continue;
    t->sockets[i] = socket;
    return CURL_SOCKOPT_OK;
  }
  return CURL_SOCKOPT_ERROR;
}

static int on_socket_closed(void *transport, curl_socket_t socket) {
  struct imap_transport *t = transport;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++)
    if (t->sockets[i] == socket) t->sockets[i] = -1;
  imap_poller_watch(&t->poller, socket, 0);
  return close(socket);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what,
                     void *transport, void *unused) {
  struct imap_transport *t = transport;
  int events = 0;
  (void)easy;
  (void)unused;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= IMAP_READABLE;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= IMAP_WRITABLE;
  return imap_poller_watch(&t->poller, socket, events) == IMAP_OK ? 0 : -1;
}

static int on_timer(CURLM *multi, long milliseconds, void *transport) {
  struct imap_transport *t = transport;
  (void)multi;
  t->due = milliseconds < 0 ? -1
                            : imap_poller_now() + milliseconds * INT64_C(1000000);
  return 0;
}

/* --- Its life --------------------------------------------------------------- */

static CURLcode listen_to_easy(struct imap_transport *t) {
  CURL *easy = t->easy;
  CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_message);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_DEBUGDATA, t);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, t);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_socket_closed);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, t);
  return code;
}

static CURLMcode listen_to_multi(struct imap_transport *t) {
  CURLM *multi = t->multi;
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, t);
  if (code == CURLM_OK)
    code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, t);
  if (code == CURLM_OK) code = curl_multi_add_handle(multi, t->easy);
  return code;
}

static int begin(struct imap_transport *t) {
  if (imap_poller_open(&t->poller) != IMAP_OK)
    return imap_fail(&t->failure, IMAP_STAGE_CONNECT, NULL,
                     "cannot connect to %s: no file descriptor left", t->where);
  t->multi = curl_multi_init();
  if (t->multi == NULL || listen_to_easy(t) != CURLE_OK ||
      listen_to_multi(t) != CURLM_OK)
    return imap_fail_memory(&t->failure);
  return imap_transport_arm(t, -1, false);
}

int imap_transport_open(struct imap_transport_shared *shared,
                        const struct imap_transport_options *options,
                        struct imap_transport **out,
                        struct imap_transport_failure *failure) {
  struct imap_transport *t = calloc(1, sizeof *t);
  int status;
  *out = NULL;
  memset(failure, 0, sizeof *failure);
  if (t == NULL)
    return imap_fail_memory(failure);
  t->shared = shared;
  shared->holds++;
  t->deadline = t->due = -1;
  t->poller.fd = t->poller.timer = -1;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++) t->sockets[i] = -1;
  imap_gate_init(&t->gate, options, &t->failure);
  status = imap_setup(t, options);
  if (status == IMAP_OK) status = begin(t);
  if (status == IMAP_OK) {
    *out = t;
    return IMAP_OK;
  }
  *failure = t->failure;
  imap_transport_close(t, false);
  return status;
}

static void forget_libcurl(struct imap_transport *t) {
  (void)imap_bare_may_block(t, false); /* it takes that for granted */
  if (t->easy != NULL && t->multi != NULL)
    curl_multi_remove_handle(t->multi, t->easy);
  curl_easy_cleanup(t->easy);
  if (t->multi != NULL) curl_multi_cleanup(t->multi); /* closes the socket */
  curl_slist_free_all(t->connect_to);
  curl_url_cleanup(t->url);
}

/* In the child, libcurl is left as it is: what it would tidy up belongs to the
** parent, the resolver's thread included. */
static void close_sockets(struct imap_transport *t) {
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++) {
    if (t->sockets[i] < 0) continue;
    close(t->sockets[i]);
    for (int j = 0; j < IMAP_POLLER_SOCKETS; j++)
      if (t->poller.watched[j].socket == t->sockets[i])
        t->poller.watched[j].socket = -1;
  }
}

void imap_transport_close(struct imap_transport *t, bool child) {
  if (t == NULL) return;
  if (child)
    close_sockets(t);
  else
    forget_libcurl(t);
  imap_poller_close(&t->poller, child);
  imap_tls_close(&t->tls);
  imap_gate_free(&t->gate);
  imap_transport_shared_free(t->shared);
  free(t->where);
  free(t);
}

/* --- Connecting ------------------------------------------------------------- */

static int die(struct imap_transport *t, int status) {
  t->state = IMAP_TRANSPORT_DEAD;
  return status;
}

static int opened(struct imap_transport *t) {
  if (t->gate.security != IMAP_PLAIN &&
      !imap_tls_opened(&t->tls, &t->failure))
    return die(t, IMAP_CLOSED);
  curl_easy_setopt(t->easy, CURLOPT_VERBOSE, 0L);
  curl_easy_setopt(t->easy, CURLOPT_NOPROGRESS, 1L);
  t->state = IMAP_TRANSPORT_OPEN;
  return IMAP_OK;
}

static int take_socket(struct imap_transport *t) {
  if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &t->socket) != CURLE_OK ||
      t->socket == CURL_SOCKET_BAD ||
      imap_poller_watch(&t->poller, t->socket, IMAP_READABLE) != IMAP_OK)
    return die(t, imap_fail(&t->failure, IMAP_STAGE_CLOSED, NULL,
                            "libcurl did not keep the connection to %s",
                            t->where));
  return IMAP_OK;
}

/* TLS within a proxy's TLS: bytes that wait in the outer one show neither on
** the socket nor to libcurl, which stops at each session ticket (a server sends
** two, as a rule) as if there were no more. So it is asked some times more. */
enum { ASK_AGAIN = 4 };

static void ask_again(struct imap_transport *t) {
  int running;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++)
    for (int n = 0; t->sockets[i] >= 0 && n < ASK_AGAIN; n++)
      curl_multi_socket_action(t->multi, t->sockets[i], CURL_CSELECT_IN,
                               &running);
}

/* Lets libcurl do what it can without waiting. */
static CURLMcode drive(struct imap_transport *t) {
  struct imap_ready ready[IMAP_POLLER_SOCKETS];
  int running, count = imap_poller_ready(&t->poller, ready);
  CURLMcode code = CURLM_OK;
  for (int i = 0; i < count && code == CURLM_OK; i++)
    code = curl_multi_socket_action(
        t->multi, ready[i].socket,
        (ready[i].events & IMAP_READABLE ? CURL_CSELECT_IN : 0) |
            (ready[i].events & IMAP_WRITABLE ? CURL_CSELECT_OUT : 0),
        &running);
  while (code == CURLM_OK && t->due >= 0 && t->due <= imap_poller_now()) {
    t->due = -1;
    code = curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  if (code == CURLM_OK && t->https_proxy) ask_again(t);
  return code;
}

static int set_alarm(struct imap_transport *t) {
  int64_t moment = t->deadline;
  if (t->state == IMAP_TRANSPORT_CONNECTING && t->due >= 0 &&
      (moment < 0 || t->due < moment))
    moment = t->due;
  return imap_poller_alarm(&t->poller, moment);
}

/* Dovecot 2.3 hangs up on whoever comes back with a session, wherever it asks
** for client certificates. Nothing has been said yet, so the connection is made
** once more without one. */
static bool may_begin_again(struct imap_transport *t) {
  bool silent = t->gate.secure && t->gate.judged == 0;
  return silent && t->tls.server.session != NULL && !t->tls.checked &&
         t->failure.stage == IMAP_STAGE_NONE &&
         imap_sessions_failed(t->tls.sessions);
}

static int begin_again(struct imap_transport *t) {
  static const struct imap_tls_layer none;
  curl_multi_remove_handle(t->multi, t->easy);
  t->state = IMAP_TRANSPORT_CONNECTING;
  imap_gate_restart(&t->gate);
  t->tls.server = t->tls.proxy = none;
  t->tls.proxies = t->https_proxy ? 1 : 0;
  t->count_begun = false;
  t->count_base = 0;
  t->message[0] = '\0';
  if (imap_tls_apply_sessions(&t->tls, t->easy) != CURLE_OK ||
      curl_multi_add_handle(t->multi, t->easy) != CURLM_OK)
    return die(t, imap_fail_memory(&t->failure));
  set_alarm(t);
  return IMAP_MORE;
}

static int failed(struct imap_transport *t, CURLcode code) {
  return may_begin_again(t) ? begin_again(t) : die(t, imap_explain(t, code));
}

static CURLcode receive(struct imap_transport *t, char *data, size_t size,
                        size_t *moved) {
  CURLcode code = CURLE_AGAIN;
  if (imap_is_bare(t)) return imap_bare_receive(t, data, size, moved);
  for (int n = 0; n < (t->https_proxy ? ASK_AGAIN : 1); n++) {
    code = curl_easy_recv(t->easy, data, size, moved);
    if (code != CURLE_AGAIN) break;
  }
  return code;
}

static CURLcode transmit(struct imap_transport *t, const char *data,
                         size_t size, size_t *moved) {
  if (imap_is_bare(t)) return imap_bare_send(t, data, size, moved);
  return curl_easy_send(t->easy, data, size, moved);
}

/* Only now is it known whether the server lets us in: it judges a certificate of
** ours, or a session that is resumed, when the client thinks that the handshake
** is over. */
static int await_greeting(struct imap_transport *t) {
  enum { ENOUGH = 4096 };
  size_t got = 0;
  char *room = imap_buffer_room(&t->gate.prelude, ENOUGH);
  CURLcode code;
  if (room == NULL) return die(t, imap_fail_memory(&t->failure));
  code = receive(t, room, ENOUGH, &got);
  if (code == CURLE_AGAIN) {
    set_alarm(t);
    return IMAP_MORE;
  }
  if (code == CURLE_OK && got == 0) {
    snprintf(t->message, sizeof t->message,
             "the server closed it without a greeting");
    code = CURLE_RECV_ERROR;
  }
  if (code != CURLE_OK) return failed(t, code);
  t->gate.prelude.size += got;
  t->unacknowledged = true;
  return opened(t);
}

static int handed_over(struct imap_transport *t) {
  int status = take_socket(t);
  if (status != IMAP_OK) return status;
  if (t->gate.security == IMAP_TLS) {
    t->state = IMAP_TRANSPORT_GREETING;
    return await_greeting(t);
  }
  if (!imap_gate_handover(&t->gate, imap_count_taken(t)))
    return die(t, imap_stage_status(t->failure.stage));
  return opened(t);
}

int imap_transport_connect(struct imap_transport *t) {
  CURLMsg *message;
  CURLMcode code;
  int left;
  if (t->state == IMAP_TRANSPORT_OPEN) return IMAP_OK;
  if (t->state == IMAP_TRANSPORT_DEAD)
    return imap_stage_status(t->failure.stage);
  if (t->state == IMAP_TRANSPORT_GREETING) return await_greeting(t);
  if (!t->proxied) t->count_begun = true;
  code = drive(t);
  if (code != CURLM_OK)
    return die(t, imap_fail(&t->failure, code == CURLM_OUT_OF_MEMORY
                                             ? IMAP_STAGE_NOMEM
                                             : IMAP_STAGE_CONNECT,
                            NULL, "cannot connect to %s: %s", t->where,
                            curl_multi_strerror(code)));
  message = curl_multi_info_read(t->multi, &left);
  if (message == NULL) {
    set_alarm(t);
    return IMAP_MORE;
  }
  if (message->data.result != CURLE_OK)
    return failed(t, message->data.result);
  return handed_over(t);
}

/* --- Bytes ------------------------------------------------------------------ */

static int moved_or_not(struct imap_transport *t, CURLcode code, size_t moved,
                        const char *what) {
  if (code == CURLE_OK && moved > 0) return IMAP_OK;
  if (code == CURLE_AGAIN) return IMAP_MORE;
  if (code == CURLE_OK)
    return die(t, imap_fail(&t->failure, IMAP_STAGE_CLOSED, NULL,
                            "the server closed the connection"));
  return die(t, imap_fail(&t->failure, code == CURLE_OUT_OF_MEMORY
                                           ? IMAP_STAGE_NOMEM
                                           : IMAP_STAGE_CLOSED,
                          NULL, "the connection to %s broke while %s: %s",
                          t->where, what,
                          t->message[0] != '\0' ? t->message
                                                : curl_easy_strerror(code)));
}

static int ready_to_move(const struct imap_transport *t) {
  if (t->state == IMAP_TRANSPORT_OPEN) return IMAP_OK;
  if (t->state == IMAP_TRANSPORT_DEAD)
    return imap_stage_status(t->failure.stage);
  return IMAP_MORE;
}

int imap_transport_send(struct imap_transport *t, const char *data, size_t size,
                        size_t *moved) {
  int status = ready_to_move(t);
  CURLcode code;
  *moved = 0;
  if (status != IMAP_OK || size == 0) return status;
  code = transmit(t, data, size, moved);
  if (*moved > 0) t->unacknowledged = false;
  if (code == CURLE_OK && *moved == 0) return IMAP_MORE;
  return moved_or_not(t, code, *moved, "sending");
}

int imap_transport_receive(struct imap_transport *t, char *data, size_t size,
                           size_t *moved) {
  int status = ready_to_move(t);
  CURLcode code;
  *moved = 0;
  if (status != IMAP_OK || size == 0) return status;
  code = receive(t, data, size, moved);
  t->drained = code == CURLE_AGAIN || (*moved < size && imap_is_bare(t));
  if (*moved > 0) t->unacknowledged = true;
  return moved_or_not(t, code, *moved, "receiving");
}

bool imap_transport_drained(const struct imap_transport *t) {
  return t->drained;
}

/* --- What the caller asks --------------------------------------------------- */

const struct imap_transport_failure *
imap_transport_failure(const struct imap_transport *t) {
  return &t->failure;
}

struct imap_span imap_transport_prelude(const struct imap_transport *t,
                                        bool *judged) {
  *judged = t->gate.security != IMAP_TLS;
  return imap_buffer_span(&t->gate.prelude);
}

struct imap_buffer *imap_transport_trace(struct imap_transport *t) {
  return &t->gate.trace;
}

int imap_transport_fd(const struct imap_transport *t) { return t->poller.fd; }

void imap_transport_hasten(struct imap_transport *t) {
#ifdef TCP_QUICKACK
  const int on = 1; /* for once: the option does not stay */
  if (t->state == IMAP_TRANSPORT_OPEN && t->unacknowledged)
    (void)setsockopt(t->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
  t->unacknowledged = false;
}

static int watch(struct imap_transport *t, bool writing) {
  return imap_poller_watch(&t->poller, t->socket,
                           writing ? IMAP_READABLE | IMAP_WRITABLE
                                   : IMAP_READABLE);
}

int imap_transport_arm(struct imap_transport *t, double seconds, bool writing) {
  static const double furthest = 1e9; /* seconds: thirty years */
  t->deadline = -1;
  if (seconds >= 0 && seconds < furthest)
    t->deadline = imap_poller_now() + (int64_t)(seconds * 1e9);
  if (t->state == IMAP_TRANSPORT_OPEN && watch(t, writing) != IMAP_OK)
    return IMAP_NOMEM;
  return set_alarm(t);
}

int imap_transport_rest(struct imap_transport *t, double seconds, bool writing) {
  if (t->state == IMAP_TRANSPORT_OPEN) {
    if (!writing && imap_is_bare(t) && imap_bare_waits(t, seconds))
      return 0;
    if (watch(t, writing) != IMAP_OK) return ENOMEM;
  } else if (t->state == IMAP_TRANSPORT_CONNECTING && t->due >= 0) {
    double due = (double)(t->due - imap_poller_now()) / 1e9;
    if (due < seconds) seconds = due;
  }
  return imap_poller_rest(&t->poller, seconds);
}

void imap_transport_tls(struct imap_transport *t, struct imap_tls_info *info) {
  *info = t->tls.info;
}
