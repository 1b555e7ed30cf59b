/* japanese.c - ISO-2022-JP (RFC 1468) to Shift_JIS, as cp932 has it. */
#include "mime/japanese.h"

#include <string.h>

static const struct escape {
  char text[4];
  enum mime_jis_mode mode;
} escapes[] = {
  {"\033(B", MIME_JIS_ASCII}, {"\033(J", MIME_JIS_ASCII},
  {"\033(I", MIME_JIS_KANA},  {"\033$@", MIME_JIS_KANJI},
  {"\033$B", MIME_JIS_KANJI}
};

enum { ESCAPE_SIZE = 3 };

static void advance(struct imap_span *in, size_t size) {
  in->data += size;
  in->size -= size;
}

static int try_escape(enum mime_jis_mode *mode, struct imap_span *in) {
  bool cut = in->size < ESCAPE_SIZE;
  size_t size = cut ? in->size : ESCAPE_SIZE;
  for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
    if (memcmp(in->data, escapes[i].text, size) != 0) continue;
    if (cut) return IMAP_MORE;
    *mode = escapes[i].mode;
    advance(in, ESCAPE_SIZE);
    return IMAP_OK;
  }
  return IMAP_INVALID;
}

static bool in_kanji(unsigned char byte) { return byte > 0x20 && byte < 0x7F; }

/* Two rows of 94 characters share a lead byte; 0x7F is no trail byte. */
static void put_kanji(unsigned row, unsigned cell, char *to) {
  unsigned lead = 0x81 + (row - 0x21) / 2;
  unsigned trail = row % 2 == 0 ? cell + 0x7E : cell + 0x1F;
  if (lead > 0x9F) lead += 0x40;
  if (row % 2 != 0 && trail >= 0x7F) trail++;
  to[0] = (char)lead;
  to[1] = (char)trail;
}

static int need_kanji(struct imap_span *in, char *to, size_t *made) {
  const unsigned char *byte = (const unsigned char *)in->data;
  if (in->size < 2) return IMAP_MORE;
  if (!in_kanji(byte[1])) return IMAP_INVALID;
  put_kanji(byte[0], byte[1], to);
  *made += 2;
  advance(in, 2);
  return IMAP_OK;
}

/* A raw byte of half-width katakana is not ISO-2022-JP, but is seen. */
static int need_single(enum mime_jis_mode *mode, struct imap_span *in,
                       char *to, size_t *made) {
  unsigned char byte = (unsigned char)in->data[0];
  if (*mode == MIME_JIS_KANA && byte > 0x20 && byte < 0x60)
    byte = (unsigned char)(byte | 0x80);
  else if (byte >= 0x80 && (byte < 0xA1 || byte > 0xDF))
    return IMAP_INVALID;
  if (byte == '\n') *mode = MIME_JIS_ASCII;
  *to = (char)byte;
  *made += 1;
  advance(in, 1);
  return IMAP_OK;
}

int mime_jis_step(enum mime_jis_mode *mode, struct imap_span *in, char *block,
                  size_t room, size_t *made) {
  int status = IMAP_OK;
  *made = 0;
  while (in->size > 0 && room - *made >= 2 && status == IMAP_OK) {
    if (in->data[0] == '\033')
      status = try_escape(mode, in);
    else if (*mode == MIME_JIS_KANJI && in_kanji((unsigned char)in->data[0]))
      status = need_kanji(in, block + *made, made);
    else
      status = need_single(mode, in, block + *made, made);
  }
  return status;
}
