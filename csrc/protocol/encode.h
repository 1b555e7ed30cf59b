/* encode.h - a command's bytes; nothing else reaches the wire.
** A command is written piece by piece, as its line in the RFC reads; the first
** error waits in imap_encode_end(). NUL, CR and LF are refused in every
** argument; what is sent bare must be an atom, a number or a set.
**
** The bytes have stops: places where the client must wait for "+" (a
** synchronising literal), or where a literal's octets come from elsewhere. */
#ifndef IMAP_ENCODE_H
#define IMAP_ENCODE_H

#include "protocol/seqset.h"

/* How literals may be announced, by what the server advertises. */
enum imap_literals { IMAP_LITERAL_SYNC, IMAP_LITERAL_MINUS, IMAP_LITERAL_PLUS };

struct imap_stop {
  size_t at;        /* offset in the bytes */
  bool wait;        /* for "+" */
  uint64_t content; /* then so many octets come from elsewhere */
  uint32_t index;   /* which content: 0, 1, … */
};

struct imap_encoder {
  struct imap_buffer bytes;
  struct imap_buffer trace; /* the same for people: literals as {n}, secrets
                               and content left out */
  struct imap_stop *stops;
  size_t stop_count, stop_capacity;
  uint32_t contents;        /* contents announced so far */
  enum imap_literals literals;
  bool utf8;                /* quoted strings may hold UTF-8 */
  bool tracing;
  bool first;               /* no blank before the next argument */
  int status;
};

void imap_encoder_init(struct imap_encoder *e, enum imap_literals literals,
                       bool utf8, bool tracing);
void imap_encoder_free(struct imap_encoder *e); /* wipes the bytes */

/* tag SP name; the tag is ours and needs no check. */
void imap_encode_begin(struct imap_encoder *e, const char *tag,
                       const char *name);
int imap_encode_end(struct imap_encoder *e);

/* Arguments, each with the blank before it. */
void imap_encode_atom(struct imap_encoder *e, struct imap_span atom);
void imap_encode_word(struct imap_encoder *e, const char *word); /* our own */
void imap_encode_number(struct imap_encoder *e, uint64_t number);
void imap_encode_string(struct imap_encoder *e, struct imap_span string);
void imap_encode_astring(struct imap_encoder *e, struct imap_span string);
void imap_encode_secret(struct imap_encoder *e, struct imap_span string);

/* Base64 of a secret, bare. */
void imap_encode_credential(struct imap_encoder *e, struct imap_span base64);

/* A mailbox name as it goes on the wire. */
void imap_encode_mailbox(struct imap_encoder *e, struct imap_span wire);

/* The ranges of `set` from *next on, as many as `room` octets hold. */
void imap_encode_set(struct imap_encoder *e, const struct imap_seqset *set,
                     size_t *next, size_t room);

/* A set as text, checked here. */
void imap_encode_bare_set(struct imap_encoder *e, struct imap_span text);

/* Brackets; inside, the first argument has no blank before it. */
void imap_encode_open(struct imap_encoder *e);
void imap_encode_close(struct imap_encoder *e);

/* Flags with a blank between, in brackets; each is an atom, or "\" and an atom. */
void imap_encode_flags(struct imap_encoder *e, struct imap_span flags);

/* The announcement of a literal whose octets come from elsewhere. */
void imap_encode_content(struct imap_encoder *e, uint64_t octets, bool binary);

/* Is it an atom that may be sent? A flag? */
bool imap_is_atom(struct imap_span text);
bool imap_is_flag(struct imap_span text);

#endif
