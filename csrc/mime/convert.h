/* convert.h - bytes of a charset to UTF-8, piece by piece.
** A converter owns an iconv descriptor where the charset needs one, and a few
** bytes of a character cut in two. Whatever comes in, valid UTF-8 comes out,
** and it is the same however the input was cut. */
#ifndef MIME_CONVERT_H
#define MIME_CONVERT_H

#include <iconv.h>

#include "mime/japanese.h"
#include "mime/names.h"
#include "protocol/buffer.h"

enum { MIME_CONVERT_HELD = 16 }; /* longer than any character or escape */

struct mime_converter {
  const struct mime_charset *charset;
  iconv_t descriptor; /* open only where `libc` */
  bool libc;
  enum mime_jis_mode jis;
  size_t held_size;
  char held[MIME_CONVERT_HELD]; /* a character's beginning, until the next feed */
};

/* IMAP_INVALID: this libc has no such charset. IMAP_NOMEM. After either there
** is nothing to close. */
int mime_converter_open(struct mime_converter *c,
                        const struct mime_charset *charset);
void mime_converter_close(struct mime_converter *c);

/* Both answer the buffer's status. finish() says that no more bytes come. */
int mime_converter_feed(struct mime_converter *c, struct imap_span bytes,
                        struct imap_buffer *out);
int mime_converter_finish(struct mime_converter *c, struct imap_buffer *out);

#endif
