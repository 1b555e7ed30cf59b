/* lines.h - line ends: what IMAP stores ends its lines with CRLF (RFC 5322
** 2.3), what people hold often with a bare LF. Text comes in chunks: `after_cr`
** says that the one before ended with CR. */
#ifndef IMAP_LINES_H
#define IMAP_LINES_H

#include "protocol/buffer.h"

struct imap_lines {
  size_t bare;  /* LFs without a CR in front */
  bool has_nul;
};

struct imap_lines imap_lines_look(struct imap_span chunk, bool after_cr);

/* Writes the chunk with CRs in front of its bare LFs; `out` has room for them.
** Answers how many octets there are now. */
size_t imap_lines_mend(struct imap_span chunk, bool after_cr, char *out);

/* What the next chunk is told. */
bool imap_lines_end_with_cr(struct imap_span chunk, bool after_cr);

#endif
