/* framer.h - cuts the byte stream into whole IMAP responses.
** Knows lines and literals (RFC 9051 4.3), nothing else; looks at each byte
** once, whatever the packet borders. Owns its buffer; a span it hands out
** lives until the next call of imap_framer_space() or imap_framer_next().
**
** A line ends with LF; a CR before it belongs to the end. A bare CR is data
** here, and nothing that the parser reads but in a string.
** Status responses (tagged, "+", OK, NO, BAD, BYE, PREAUTH) carry no literal,
** whatever their text ends in. */
#ifndef IMAP_FRAMER_H
#define IMAP_FRAMER_H

#include <stdint.h>

#include "protocol/buffer.h"
#include "protocol/limits.h"

enum {                 /* what imap_framer_next() answers besides */
  IMAP_LITERAL = 2,    /* a literal begins, and `watching` is on */
  IMAP_PIECE = 3       /* octets of a literal that flows past the buffer */
};

enum imap_framer_phase {
  IMAP_FRAMER_LINE,      /* looking for the end of a line */
  IMAP_FRAMER_ANNOUNCED, /* a literal follows; flow or gather? */
  IMAP_FRAMER_GATHER,    /* in a literal that is kept */
  IMAP_FRAMER_FLOW,      /* in a literal that goes past the buffer */
  IMAP_FRAMER_WHOLE      /* a response was handed out */
};

struct imap_framer {
  struct imap_buffer in; /* from `head` on: the response being gathered */
  struct imap_limits limits;
  enum imap_framer_phase phase;
  size_t head;      /* where that response begins in `in` */
  size_t seen;      /* its octets looked at; when whole, all of them */
  size_t line;      /* where its current line begins, from `head` */
  bool status_line; /* it is a status response: no literals in it */
  uint64_t literal; /* octets of the current literal still to come */
  size_t piece;     /* octets of it handed out last */
  bool flowed;      /* a literal of this response flowed … */
  size_t flow_at;   /* … which would stand here, from `head` */
  bool watching;    /* answer IMAP_LITERAL where a literal begins */
  int status;
  const char *problem; /* what was wrong, for people; NULL: nothing */
};

void imap_framer_init(struct imap_framer *f, const struct imap_limits *limits);
void imap_framer_free(struct imap_framer *f);

/* Where the next bytes go (read straight into it), then how many came. NULL:
** out of memory. */
char *imap_framer_space(struct imap_framer *f, size_t *room);
void imap_framer_filled(struct imap_framer *f, size_t size);

/* IMAP_OK: a whole response, without its last line end. IMAP_MORE: feed more.
** IMAP_LITERAL: the response as far as it came, with the announcement of a
** literal of f->literal octets; imap_framer_flow() lets them flow, otherwise
** they are gathered. IMAP_PIECE: octets of the flowing literal. Negative: it
** sticks. A response has at most one literal that flows: further ones are not
** asked about. */
int imap_framer_next(struct imap_framer *f, struct imap_span *out);
void imap_framer_flow(struct imap_framer *f);

/* Octets received of a response that is not whole, or behind the last one. */
size_t imap_framer_pending(const struct imap_framer *f);

/* Takes the octets behind the response that was handed out away from here. They
** live until the next call. */
struct imap_span imap_framer_take_rest(struct imap_framer *f);

#endif
