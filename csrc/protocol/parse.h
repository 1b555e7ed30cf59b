/* parse.h - the bytes of a whole response to its nodes (RFC 9051 section 9).
** The grammar is read as lists, strings and atoms, whatever the response: so
** unknown data is data, and an odd ENVELOPE spoils nothing but itself. Only
** what makes the framing doubtful ends the connection: a line that is no
** response, a string or list without end, a ")" too many, a CR by itself, a "{"
** that announces no literal, a message number out of range. */
#ifndef IMAP_PARSE_H
#define IMAP_PARSE_H

#include "protocol/framer.h"
#include "protocol/response.h"

struct imap_parser {
  struct imap_tape tape;
  uint32_t max_nesting;
  const char *problem; /* why the last parse failed, for people */
};

void imap_parser_init(struct imap_parser *p, const struct imap_limits *limits);
void imap_parser_free(struct imap_parser *p);

/* Reads what imap_framer_next() answered IMAP_OK with. IMAP_OK; IMAP_PROTOCOL,
** IMAP_LIMIT or IMAP_NOMEM with p->problem. `out` borrows from both. */
int imap_parse(struct imap_parser *p, const struct imap_framer *f,
               struct imap_span bytes, struct imap_response *out);

#endif
