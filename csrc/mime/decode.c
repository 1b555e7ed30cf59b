/* decode.c - undoes a part's transfer encoding, then its charset. */
#include "mime/decode.h"

#include <stdlib.h>
#include <string.h>

#include "mime/convert.h"
#include "mime/names.h"
#include "mime/transfer.h"

enum { BLOCK = 4096 };

enum transfer { IDENTITY, BASE64, QUOTED, UU };

struct mime_decoder {
  enum transfer transfer;
  union {
    struct mime_base64 base64;
    struct mime_quoted quoted;
    struct mime_uu uu;
  } state;
  bool convert; /* `converter` is open */
  struct mime_converter converter;
};

/* As tolerant as charset names: "quoted_printable", "\"base64\"". */
static enum transfer transfer_of(struct imap_span encoding) {
  static const struct {
    const char *key;
    enum transfer transfer;
  } known[] = {
    {"base64", BASE64}, {"quotedprintable", QUOTED}, {"uuencode", UU},
    {"xuuencode", UU},  {"xuue", UU},                {"uue", UU}
  };
  char key[MIME_KEY_MAX];
  if (!mime_key(encoding, key)) return IDENTITY;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(key, known[i].key) == 0) return known[i].transfer;
  return IDENTITY;
}

struct mime_decoder *mime_decoder_new(struct imap_span encoding,
                                      struct imap_span charset) {
  struct mime_decoder *d = calloc(1, sizeof *d);
  const struct mime_charset *found;
  int status = IMAP_INVALID;
  if (d == NULL) return NULL;
  d->transfer = transfer_of(encoding);
  found = charset.data == NULL ? NULL : mime_charset_find(charset);
  if (found != NULL && found->kind == MIME_CHARSET_GUESS && charset.size > 0)
    found = NULL; /* "unknown-8bit" says that nobody knows */
  if (found != NULL) status = mime_converter_open(&d->converter, found);
  d->convert = status == IMAP_OK;
  if (status != IMAP_NOMEM) return d;
  mime_decoder_free(d);
  return NULL;
}

void mime_decoder_free(struct mime_decoder *d) {
  if (d == NULL) return;
  if (d->convert) mime_converter_close(&d->converter);
  free(d);
}

bool mime_decoder_converted(const struct mime_decoder *d) {
  return d->convert;
}

static int emit(struct mime_decoder *d, struct imap_span bytes,
                struct imap_buffer *out) {
  if (d->convert) return mime_converter_feed(&d->converter, bytes, out);
  return imap_buffer_add_span(out, bytes);
}

static size_t step(struct mime_decoder *d, struct imap_span *in, char *block) {
  switch (d->transfer) {
    case BASE64: return mime_base64_step(&d->state.base64, in, block, BLOCK);
    case QUOTED: return mime_quoted_step(&d->state.quoted, in, block, BLOCK);
    case UU: return mime_uu_step(&d->state.uu, in, block, BLOCK);
    case IDENTITY: break;
  }
  return 0;
}

int mime_decoder_feed(struct mime_decoder *d, struct imap_span piece,
                      struct imap_buffer *out) {
  char block[BLOCK];
  if (d->transfer == IDENTITY) return emit(d, piece, out);
  while (piece.size > 0 && out->status == IMAP_OK) {
    size_t size = step(d, &piece, block);
    emit(d, (struct imap_span){block, size}, out);
  }
  return out->status;
}

static size_t finish(struct mime_decoder *d, char *block) {
  switch (d->transfer) {
    case BASE64: return mime_base64_finish(&d->state.base64, block);
    case QUOTED: return mime_quoted_finish(&d->state.quoted, block);
    case UU: return mime_uu_finish(&d->state.uu, block);
    case IDENTITY: break;
  }
  return 0;
}

int mime_decoder_finish(struct mime_decoder *d, struct imap_buffer *out) {
  char block[BLOCK];
  size_t size = finish(d, block);
  emit(d, (struct imap_span){block, size}, out);
  if (d->convert) mime_converter_finish(&d->converter, out);
  return out->status;
}
