/* decode.h - undoes a part's transfer encoding and turns text into UTF-8,
** piece by piece (RFC 2045 6, iconv). Knows no IMAP. The decoder owns what it
** keeps between pieces: a few bytes, whatever the size of the part. */
#ifndef MIME_DECODE_H
#define MIME_DECODE_H

#include "protocol/buffer.h"

struct mime_decoder;

/* `encoding` as in BODYSTRUCTURE ("base64", "quoted-printable", "7bit", …, any
** case, also uuencode; an unknown one is left as it is). `charset` with data
** NULL: not text, bytes stay; "": text that names none, which is UTF-8 or else,
** byte by byte, windows-1252. NULL: out of memory. */
struct mime_decoder *mime_decoder_new(struct imap_span encoding,
                                      struct imap_span charset);
void mime_decoder_free(struct mime_decoder *d); /* NULL is allowed */

/* Appends what can be decoded so far to `out`. Broken input never fails: it is
** decoded as far as it makes sense (junk between base64 characters is skipped,
** a bad "=XY" stays as it is, a byte that the charset does not have becomes
** U+FFFD). Only the buffer's own errors come back. */
int mime_decoder_feed(struct mime_decoder *d, struct imap_span piece,
                      struct imap_buffer *out);
int mime_decoder_finish(struct mime_decoder *d, struct imap_buffer *out);

/* What comes out is UTF-8: false where the charset is unknown (bytes stay as
** they are), and where it is not text. */
bool mime_decoder_converted(const struct mime_decoder *d);

#endif
