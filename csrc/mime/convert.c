/* convert.c - bytes of a charset to UTF-8, piece by piece.
** Each through_…() takes what it can from the front and answers how much that
** was; less than MIME_CONVERT_HELD bytes are left, a character's beginning. */
#include "mime/convert.h"

#include <errno.h>
#include <string.h>

#include "mime/pages.h"
#include "mime/utf8.h"

enum { BLOCK = 2048, UTF8_MAX = 3 /* of a character in the basic plane */ };

int mime_converter_open(struct mime_converter *c,
                        const struct mime_charset *charset) {
  memset(c, 0, sizeof *c);
  c->charset = charset;
  c->jis = MIME_JIS_ASCII;
  c->libc = charset->kind == MIME_CHARSET_LIBC ||
            charset->kind == MIME_CHARSET_JIS;
  if (!c->libc) return IMAP_OK;
  c->descriptor = iconv_open("UTF-8", charset->libc_name);
  if (c->descriptor != (iconv_t)-1) return IMAP_OK;
  c->libc = false;
  return errno == ENOMEM ? IMAP_NOMEM : IMAP_INVALID;
}

void mime_converter_close(struct mime_converter *c) {
  if (c->libc) iconv_close(c->descriptor);
  c->libc = false;
}

static void add_bad(struct imap_buffer *out) {
  imap_buffer_add_text(out, MIME_UTF8_BAD);
}

static size_t through_page(const uint_least16_t *page, struct imap_span in,
                           struct imap_buffer *out) {
  char block[BLOCK];
  size_t i = 0;
  while (i < in.size && out->status == IMAP_OK) {
    char *to = block;
    size_t plain = mime_utf8_ascii(in.data + i, in.size - i);
    imap_buffer_add(out, in.data + i, plain);
    i += plain;
    for (; i < in.size && to - block <= BLOCK - UTF8_MAX; i++) {
      unsigned char byte = (unsigned char)in.data[i];
      to = mime_utf8_put(to, byte < 0x80 ? byte : page[byte - 0x80]);
    }
    imap_buffer_add(out, block, (size_t)(to - block));
  }
  return in.size;
}

static void add_broken(const struct mime_converter *c, struct imap_span bytes,
                       struct imap_buffer *out) {
  if (c->charset->kind == MIME_CHARSET_GUESS)
    through_page(mime_page_windows1252, bytes, out);
  else
    add_bad(out);
}

static size_t through_utf8(const struct mime_converter *c, struct imap_span in,
                           struct imap_buffer *out) {
  size_t i = 0;
  while (out->status == IMAP_OK) {
    struct mime_utf8_unit unit;
    size_t good = mime_utf8_good(in.data + i, in.size - i);
    imap_buffer_add(out, in.data + i, good);
    i += good;
    if (i == in.size) break;
    unit = mime_utf8_look(in.data + i, in.size - i);
    if (unit.state == MIME_UTF8_CUT) break;
    add_broken(c, (struct imap_span){in.data + i, unit.size}, out);
    i += unit.size;
  }
  return i;
}

/* How much to give up where iconv refuses what stands at `from`, `taken` bytes
** behind where it began. In ISO-2022-JP a lead byte of cp932 never stands
** alone: see mime_jis_step(). The CP949 of glibc 2.36 steps over the one pair
** A2 E8 as it refuses it. */
static size_t refused(const struct mime_charset *charset, const char *from,
                      size_t taken) {
  unsigned char lead = (unsigned char)*from;
  if (charset->kind == MIME_CHARSET_JIS)
    return (lead >= 0x81 && lead <= 0x9F) || lead >= 0xE0 ? 2 : 1;
  if (taken >= 2 && memcmp(from - 2, "\xA2\xE8", 2) == 0 &&
      strcmp(charset->libc_name, "CP949") == 0)
    return 0;
  return charset->unit;
}

/* How much to convert at once, where `rest` bytes were too few. Where glibc
** refuses UTF-7, what it has used up by then depends on how much it was given;
** so it gets no more than it needs. */
static size_t at_once(const struct mime_charset *charset, size_t rest,
                      size_t left) {
  return strcmp(charset->libc_name, "UTF-7") == 0 ? rest + 1 : left;
}

static size_t through_libc(const struct mime_converter *c, struct imap_span in,
                           struct imap_buffer *out) {
  char block[BLOCK];
  char *from = (char *)in.data; /* iconv only reads it */
  size_t left = in.size, rest = 0;
  while (left > 0 && out->status == IMAP_OK) {
    char *to = block;
    size_t given = at_once(c->charset, rest, left);
    size_t room = sizeof block, before = left, result, skip;
    int error;
    rest = given;
    result = iconv(c->descriptor, &from, &rest, &to, &room);
    error = errno;
    left -= given - rest;
    imap_buffer_add(out, block, (size_t)(to - block));
    if (result != (size_t)-1) continue;
    if (error == E2BIG && (left < before || to > block)) continue;
    if (error == EINVAL && rest < left && rest < MIME_CONVERT_HELD) continue;
    if (error == EINVAL && left < MIME_CONVERT_HELD) break;
    add_bad(out);
    if (left == 0) break;
    skip = refused(c->charset, from, before - left);
    if (skip > left) skip = left;
    from += skip;
    left -= skip;
    rest = 0;
  }
  return in.size - left;
}

static size_t through_jis(struct mime_converter *c, struct imap_span in,
                          struct imap_buffer *out) {
  char block[BLOCK];
  size_t size = in.size;
  while (in.size > 0 && out->status == IMAP_OK) {
    size_t made;
    int status = mime_jis_step(&c->jis, &in, block, sizeof block, &made);
    through_libc(c, (struct imap_span){block, made}, out);
    if (status == IMAP_MORE) break;
    if (status == IMAP_OK) continue;
    add_bad(out);
    in.data++;
    in.size--;
  }
  return size - in.size;
}

static size_t through(struct mime_converter *c, struct imap_span in,
                      struct imap_buffer *out) {
  switch (c->charset->kind) {
    case MIME_CHARSET_PAGE: return through_page(c->charset->page, in, out);
    case MIME_CHARSET_JIS: return through_jis(c, in, out);
    case MIME_CHARSET_LIBC: return through_libc(c, in, out);
    case MIME_CHARSET_UTF8:
    case MIME_CHARSET_GUESS: break;
  }
  return through_utf8(c, in, out);
}

/* Tops up what is held, and passes on what that completes. */
static void feed_held(struct mime_converter *c, struct imap_span *bytes,
                      struct imap_buffer *out) {
  size_t old = c->held_size, more = MIME_CONVERT_HELD - old, used, taken;
  if (more > bytes->size) more = bytes->size;
  memcpy(c->held + old, bytes->data, more);
  used = through(c, (struct imap_span){c->held, old + more}, out);
  if (used >= old) { /* the rest can be read where it stands */
    taken = used - old;
    c->held_size = 0;
  } else {
    taken = more;
    c->held_size = old + more - used;
    memmove(c->held, c->held + used, c->held_size);
  }
  bytes->data += taken;
  bytes->size -= taken;
}

int mime_converter_feed(struct mime_converter *c, struct imap_span bytes,
                        struct imap_buffer *out) {
  while (c->held_size > 0 && bytes.size > 0 && out->status == IMAP_OK)
    feed_held(c, &bytes, out);
  if (bytes.size > 0 && out->status == IMAP_OK) {
    size_t used = through(c, bytes, out);
    if (out->status != IMAP_OK) return out->status;
    c->held_size = bytes.size - used;
    memcpy(c->held, bytes.data + used, c->held_size);
  }
  return out->status;
}

int mime_converter_finish(struct mime_converter *c, struct imap_buffer *out) {
  if (c->held_size > 0)
    add_broken(c, (struct imap_span){c->held, c->held_size}, out);
  c->held_size = 0;
  if (c->libc) { /* some converters keep a character until they see the next */
    char block[64];
    char *to = block;
    size_t room = sizeof block;
    iconv(c->descriptor, NULL, NULL, &to, &room);
    imap_buffer_add(out, block, (size_t)(to - block));
  }
  return out->status;
}
