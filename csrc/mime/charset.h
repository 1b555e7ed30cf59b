/* charset.h - bytes of a named charset to UTF-8. */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include "protocol/buffer.h"

/* Whole text at once. IMAP_INVALID: the charset is unknown (nothing was
** added). Bytes that the charset does not have become U+FFFD. Knows the
** aliases of real mail (cp1252 for iso-8859-1, "ks_c_5601-1987", "utf8", …,
** see names.h). ASCII is read as UTF-8, which it is part of. */
int mime_charset_to_utf8(struct imap_span charset, struct imap_span bytes,
                         struct imap_buffer *out);

/* 8-bit text with no charset named: as it is where it is UTF-8, else read as
** windows-1252. */
int mime_charset_guess(struct imap_span bytes, struct imap_buffer *out);

#endif
