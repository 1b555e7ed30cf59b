/* japanese.h - ISO-2022-JP (RFC 1468) to Shift_JIS, as cp932 has it.
** Mail says ISO-2022-JP and uses the characters of cp50221 (NEC's row 13,
** half-width katakana), which iconv refuses; cp932 has them all. */
#ifndef MIME_JAPANESE_H
#define MIME_JAPANESE_H

#include "protocol/buffer.h"

enum mime_jis_mode {
  MIME_JIS_ASCII, /* at first, and at the start of a line */
  MIME_JIS_KANJI, /* two bytes for a character (JIS X 0208) */
  MIME_JIS_KANA   /* half-width katakana (JIS X 0201) */
};

/* Moves whole characters from the front of *in to `block`, which has room for
** `room` bytes (at least 2); *made is how many it wrote. IMAP_OK: the input is
** used up or the block is full. IMAP_MORE: what is left is the beginning of
** something. IMAP_INVALID: the next byte means nothing. */
int mime_jis_step(enum mime_jis_mode *mode, struct imap_span *in, char *block,
                  size_t room, size_t *made);

#endif
