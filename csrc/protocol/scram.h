/* scram.h - SCRAM (RFC 5802, RFC 7677), the client's side without channel
** binding. Used by sasl.c alone, which lends it the name and the password. */
#ifndef IMAP_SCRAM_H
#define IMAP_SCRAM_H

#include "protocol/hash.h"

enum imap_scram_stage {
  IMAP_SCRAM_ASKED,   /* the next challenge is server-first-message */
  IMAP_SCRAM_PROVED,  /* it is server-final-message */
  IMAP_SCRAM_VERIFIED /* both sides know the password */
};

struct imap_scram {
  enum imap_hash hash;
  enum imap_scram_stage stage;
  struct imap_buffer nonce;   /* the client's */
  struct imap_buffer message; /* AuthMessage, as far as it has been said */
  unsigned char signature[IMAP_HASH_MAX]; /* what the server has to show */
  const char *problem;        /* what failed, in words; or NULL */
  struct imap_span refusal;   /* behind "e=", inside of the last challenge */
};

/* Draws the nonce: IMAP_OK, IMAP_NOMEM, or IMAP_CLOSED without random bytes.
** To be freed in any case. */
int imap_scram_init(struct imap_scram *s, enum imap_hash hash);
void imap_scram_free(struct imap_scram *s);

/* client-first-message */
int imap_scram_first(struct imap_scram *s, struct imap_span username,
                     struct imap_buffer *out);

/* The answer to a challenge: IMAP_OK, IMAP_NOMEM, or IMAP_PROTOCOL with
** `problem` set. */
int imap_scram_step(struct imap_scram *s, struct imap_span password,
                    struct imap_span challenge, struct imap_buffer *out);

/* saslname: "," as "=2C" and "=" as "=3D" (RFC 5801 section 4). */
void imap_scram_add_name(struct imap_span name, struct imap_buffer *out);

#endif
