/* params.h - parameters of Content-Type and Content-Disposition (RFC 2231),
** to UTF-8. */
#ifndef MIME_PARAMS_H
#define MIME_PARAMS_H

#include "protocol/buffer.h"

struct mime_param {
  struct imap_span name, value; /* as they stand in BODYSTRUCTURE */
};

/* Joins continuations (name*0, name*1*), undoes percent encoding and charset,
** and, as real mail needs it, RFC 2047 words in values. Results are written to
** `text`; `out` (room for `count` entries) gets the decoded parameters, names in
** lower case, with spans into `text`, or into `in` for values that need nothing.
** Of `name` and `name*` the extended form wins, of two equal names the first;
** one entry for each name, in the order of names. Sections that are missing are
** passed over. In an unknown charset see mime_charset_guess(). Returns the
** buffer's status; *made says how many. Spans hold until `text` changes. */
int mime_params_decode(const struct mime_param *in, size_t count,
                       struct imap_buffer *text, struct mime_param *out,
                       size_t *made);

#endif
