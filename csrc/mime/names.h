/* names.h - the charsets of real mail and the names that they go by. */
#ifndef MIME_NAMES_H
#define MIME_NAMES_H

#include <stdint.h>

#include "protocol/buffer.h"

enum mime_charset_kind {
  MIME_CHARSET_UTF8,  /* and ASCII: looked through, not converted */
  MIME_CHARSET_GUESS, /* "unknown-8bit": UTF-8 or else windows-1252 */
  MIME_CHARSET_PAGE,  /* one byte for a character, see pages.h */
  MIME_CHARSET_JIS,   /* ISO-2022-JP, see japanese.h */
  MIME_CHARSET_LIBC   /* libc's iconv knows it */
};

struct mime_charset {
  const char *key; /* the name, letters and digits only, in lower case */
  enum mime_charset_kind kind;
  const uint_least16_t *page; /* PAGE */
  const char *libc_name;      /* JIS, LIBC: for iconv_open() */
  unsigned char unit;         /* so many bytes are skipped where one is bad */
};

/* NULL: not known. Case, punctuation and blanks do not matter, nor does a
** language behind "*" (RFC 2231 5). An empty name is MIME_CHARSET_GUESS.
** Other charsets of iconv are left alone on purpose: whoever writes a message
** picks the name, and libc's rarer converters have a history of crashes and
** endless loops (glibc: CVE-2020-27618, CVE-2021-3326, CVE-2019-25013). */
const struct mime_charset *mime_charset_find(struct imap_span name);

enum { MIME_KEY_MAX = 24 };

/* Letters and digits of `name` in lower case, up to a "*", with a closing NUL;
** false where they do not fit. */
bool mime_key(struct imap_span name, char key[MIME_KEY_MAX]);

#endif
