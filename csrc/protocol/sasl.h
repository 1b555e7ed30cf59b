/* sasl.h - authentication exchanges (RFC 4422), without I/O.
** One exchange: start it, send the initial response where there is one, then
** answer each challenge. Challenges and responses are raw bytes here; base64
** is for the caller, and so is wiping the buffers that it gave. Owns copies of
** its secrets and wipes them when freed. Its first error stays. */
#ifndef IMAP_SASL_H
#define IMAP_SASL_H

#include "protocol/buffer.h"

struct imap_credentials {
  struct imap_span username, password, token; /* data NULL: not given */
  struct imap_span host;                      /* for OAUTHBEARER */
  unsigned port;
};

struct imap_sasl;

/* The mechanism's properties, for choosing one. NULL: not known here. */
struct imap_sasl_mechanism {
  const char *name;    /* upper case, as after "AUTH=" */
  bool client_first;   /* it has an initial response */
  bool sends_secret;   /* whoever reads the exchange has the secret */
  bool needs_password, needs_token, needs_username;
};
const struct imap_sasl_mechanism *imap_sasl_find(struct imap_span name);

/* NULL: out of memory, or no random bytes. */
struct imap_sasl *imap_sasl_new(const struct imap_sasl_mechanism *mechanism,
                                const struct imap_credentials *credentials);
void imap_sasl_free(struct imap_sasl *sasl); /* NULL is allowed */

/* The initial response; only where client_first, and once. It is also what
** imap_sasl_step() answers to an empty challenge where it was not asked for.
** IMAP_INVALID: these credentials cannot be sent, see imap_sasl_problem(). */
int imap_sasl_initial(struct imap_sasl *sasl, struct imap_buffer *out);

/* Answers one challenge into `out`. IMAP_OK: send it (it may be empty).
** Anything else: send "*" and fail; imap_sasl_problem() says why. It is
** IMAP_PROTOCOL where the server is to blame, and IMAP_INVALID as above. */
int imap_sasl_step(struct imap_sasl *sasl, struct imap_span challenge,
                   struct imap_buffer *out);

/* The server said OK: has everything been verified that must be? IMAP_OK, or
** IMAP_PROTOCOL (SCRAM without the server's signature). */
int imap_sasl_finish(struct imap_sasl *sasl);

/* Why it failed, or what the server explained on the way (the error document
** of OAUTHBEARER and XOAUTH2), in printable ASCII of at most 500 bytes; ""
** where there is nothing to say. Lives as long as the exchange. */
const char *imap_sasl_problem(const struct imap_sasl *sasl);

/* For tests: a fixed client nonce, as in the examples of the RFCs. */
void imap_sasl_set_nonce(struct imap_sasl *sasl, struct imap_span nonce);

#endif
