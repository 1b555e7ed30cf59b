/* parts.h - one connection, as the files of this folder see it. */
#ifndef IMAP_TRANSPORT_PARTS_H
#define IMAP_TRANSPORT_PARTS_H

#include "transport/gate.h"
#include "transport/poller.h"
#include "transport/tls.h"

enum imap_transport_state {
  IMAP_TRANSPORT_CONNECTING,
  IMAP_TRANSPORT_GREETING, /* over TLS from the start: libcurl is done */
  IMAP_TRANSPORT_OPEN,
  IMAP_TRANSPORT_DEAD /* `failure` says why */
};

struct imap_transport {
  enum imap_transport_state state;
  struct imap_transport_shared *shared; /* held */
  struct imap_transport_failure failure;
  struct imap_gate gate;
  struct imap_tls tls;
  struct imap_poller poller;
  int64_t deadline;    /* armed by the caller; -1: none */
  int64_t due;         /* when libcurl wants to be called; -1: never */

  CURLM *multi;        /* holds `easy` for life: libcurl asks for it */
  CURL *easy;
  CURLU *url;
  struct curl_slist *connect_to;
  int sockets[IMAP_POLLER_SOCKETS]; /* open now; -1: none in this place */
  curl_socket_t socket; /* of those, the one that stays, once it is open */
  bool drained;        /* all that had come was read, at the last reading */
  bool blocks;         /* the socket does, unless it is told MSG_DONTWAIT */
  bool waits;          /* the next reading may block */
  bool unacknowledged; /* bytes came, and nothing was sent since */
  char message[CURL_ERROR_SIZE];
  char *where;         /* "host:port", for messages */
  bool proxied, https_proxy;
  bool count_begun;    /* the connection stands, through any proxy … */
  uint64_t count_base; /* … and so many bytes came before IMAP */
};

/* setup.c: checks the options, and puts them into t->easy and t->url. */
int imap_setup(struct imap_transport *t,
               const struct imap_transport_options *options);

/* explain.c: notes why libcurl failed. */
int imap_explain(struct imap_transport *t, CURLcode code);

/* bare.c: whether nothing but the kernel stands between us and the server. Then
** these move bytes as curl_easy_recv() and curl_easy_send() do, and block only
** where the next receiving was told to wait. */
bool imap_is_bare(const struct imap_transport *t);
CURLcode imap_bare_receive(struct imap_transport *t, char *data, size_t size,
                           size_t *moved);
CURLcode imap_bare_send(struct imap_transport *t, const char *data, size_t size,
                        size_t *moved);

/* Lets the next receiving wait, for no longer than `seconds`. False: it does not. */
bool imap_bare_waits(struct imap_transport *t, double seconds);

/* Whether the open socket may block at all; false: that cannot be changed. */
bool imap_bare_may_block(struct imap_transport *t, bool wanted);

/* count.c: positions in the stream of IMAP, as gate.h wants them. */
uint64_t imap_count_arrived(struct imap_transport *t);
uint64_t imap_count_taken(struct imap_transport *t);
void imap_count_begin(struct imap_transport *t); /* IMAP comes next */

#endif
