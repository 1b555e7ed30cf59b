/* transport.h - a byte stream to a mail server, over libcurl.
** Resolves, goes through a proxy, connects, does TLS or STARTTLS, and then
** moves bytes. Never blocks but where imap_transport_rest() was called: what cannot
** go on answers IMAP_MORE, and the descriptor of imap_transport_fd() becomes
** readable when it can, or when the time given to imap_transport_arm() has passed.
**
** Unless TLS comes first, libcurl reads the greeting and asks for capabilities by
** itself; those lines are judged as they come (THREATS A1 to A9), and handed on as
** `prelude`.
** Options are borrowed until imap_transport_open() returns. */
#ifndef IMAP_TRANSPORT_H
#define IMAP_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol/buffer.h"

enum imap_security { IMAP_PLAIN, IMAP_TLS, IMAP_STARTTLS };

/* What failed while connecting; the names are the codes of the Lua API. */
enum imap_stage {
  IMAP_STAGE_NONE,
  IMAP_STAGE_ARGUMENT,    /* invalid_argument: `field` names the option */
  IMAP_STAGE_UNSUPPORTED, /* unsupported: `field` names the option */
  IMAP_STAGE_RESOLVE,
  IMAP_STAGE_CONNECT,
  IMAP_STAGE_TLS,
  IMAP_STAGE_PROTOCOL,
  IMAP_STAGE_CLOSED,
  IMAP_STAGE_LIMIT,
  IMAP_STAGE_NOMEM
};

enum imap_tls_version { IMAP_TLS_1_0, IMAP_TLS_1_1, IMAP_TLS_1_2, IMAP_TLS_1_3 };

struct imap_transport_options {
  const char *host;
  unsigned port;
  enum imap_security security;
  enum imap_tls_version min_tls_version, max_tls_version;
  unsigned min_dh_size;          /* bits */
  bool verify;
  const char *server_name;       /* NULL: host */
  const char *ca_file, *ca_path; /* both NULL: the system's bundle */
  const char *client_cert, *client_key, *client_key_password; /* or NULL */
  const char *pinned_public_key; /* "sha256//BASE64", or NULL */
  const char *proxy;             /* URL, or NULL */
  size_t line_limit;             /* longest line accepted before handing over */
  bool trace;                    /* keep libcurl's own lines for the trace */
};

struct imap_transport_failure {
  enum imap_stage stage;
  const char *field; /* for ARGUMENT and UNSUPPORTED: the option; static */
  char text[320];    /* one line: why, and what to do; no secret */
};

struct imap_tls_info {
  char version[16];    /* "TLSv1.3"; empty: no TLS */
  char cipher[64];
  char backend[64];    /* "mbedTLS/3.6.6" */
  bool resumed;
};

struct imap_transport;        /* one connection */
struct imap_transport_shared; /* trust anchors and TLS sessions, one a Lua state */

/* Starts libcurl (once a process, guarded) and makes what the connections of
** one Lua state share. NULL: out of memory. Outlives its transports: it is
** counted, and free only gives up the caller's hold. */
struct imap_transport_shared *imap_transport_shared_new(void);
void imap_transport_shared_free(struct imap_transport_shared *shared);

/* Checks the options and begins to connect. On failure *out stays NULL and
** `failure` says why. */
int imap_transport_open(struct imap_transport_shared *shared,
                        const struct imap_transport_options *options,
                        struct imap_transport **out,
                        struct imap_transport_failure *failure);

/* Goes on connecting. IMAP_OK: connected, and the prelude is complete;
** IMAP_MORE: wait; negative: imap_transport_failure() says why. */
int imap_transport_connect(struct imap_transport *t);
const struct imap_transport_failure *
imap_transport_failure(const struct imap_transport *t);

/* What the server has sent so far under the protection now in force, as it came.
** Lives as long as t. Where `judged`: the untagged lines of libcurl's talk with it:
** greeting (not after STARTTLS), CAPABILITY, and whatever it said between them, all
** of them traced. Else: the first octets. */
struct imap_span imap_transport_prelude(const struct imap_transport *t,
                                        bool *judged);

/* Lines for the trace, "C: …" or "S: …", each with LF; the caller clears it. */
struct imap_buffer *imap_transport_trace(struct imap_transport *t);

/* Move bytes. IMAP_OK with *moved > 0; IMAP_MORE when it must wait; or
** IMAP_CLOSED (the peer ended the stream), or a failure as above.
** Receive until IMAP_MORE, or until all is drained, before waiting: TLS may hold
** bytes that no descriptor shows. After IMAP_MORE from send, the same bytes must
** come first next time. */
int imap_transport_send(struct imap_transport *t, const char *data, size_t size,
                        size_t *moved);
int imap_transport_receive(struct imap_transport *t, char *data, size_t size,
                           size_t *moved);
bool imap_transport_drained(const struct imap_transport *t);

/* Sends up to `size` octets of an open file, from `from` on: how many. 0: they must
** go as others do, which also shows what is wrong; so it is over TLS, or where the
** system has no sendfile(). */
size_t imap_transport_send_file(struct imap_transport *t, int file, off_t from,
                                size_t size);

/* Before waiting for what only the server's next write brings: what came is
** acknowledged now, unless what was sent since has done it. A server with Nagle's
** algorithm on (Cyrus 3.6, Courier 5.0) holds the second of two small answers back
** until then, and the kernel would let it wait for 40 ms. */
void imap_transport_hasten(struct imap_transport *t);

/* One descriptor for the connection's whole life: readable when there is
** something to do. arm: also when `seconds` have passed (negative: never),
** and, with `writing`, when the socket takes bytes again. */
int imap_transport_fd(const struct imap_transport *t);
int imap_transport_arm(struct imap_transport *t, double seconds, bool writing);

/* Blocks as long as a wait on that descriptor would, or lets the next receive do
** so for up to a second, with fewer system calls: 0, also after a signal, or what
** errno says. */
int imap_transport_rest(struct imap_transport *t, double seconds, bool writing);

void imap_transport_tls(struct imap_transport *t, struct imap_tls_info *info);

/* Ends it: closes the socket without waiting. With `child` (after a fork) only
** the descriptors are closed, nothing is said to the peer. NULL is allowed. */
void imap_transport_close(struct imap_transport *t, bool child);

#endif
