/* charset.c - bytes of a named charset to UTF-8. */
#include "mime/charset.h"

#include "mime/convert.h"
#include "mime/names.h"
#include "mime/utf8.h"

static int convert(const struct mime_charset *charset, struct imap_span bytes,
                   struct imap_buffer *out) {
  struct mime_converter converter;
  int status = mime_converter_open(&converter, charset);
  if (status == IMAP_NOMEM) out->status = status;
  if (status != IMAP_OK) return status;
  mime_converter_feed(&converter, bytes, out);
  mime_converter_finish(&converter, out);
  mime_converter_close(&converter);
  return out->status;
}

int mime_charset_to_utf8(struct imap_span charset, struct imap_span bytes,
                         struct imap_buffer *out) {
  const struct mime_charset *found = mime_charset_find(charset);
  return found == NULL ? IMAP_INVALID : convert(found, bytes, out);
}

int mime_charset_guess(struct imap_span bytes, struct imap_buffer *out) {
  if (mime_utf8_good(bytes.data, bytes.size) == bytes.size)
    return imap_buffer_add_span(out, bytes);
  return convert(mime_charset_find(imap_span_of("windows-1252")), bytes, out);
}
