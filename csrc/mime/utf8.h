/* utf8.h - what is UTF-8 and what is not (RFC 3629). Knows no charset. */
#ifndef MIME_UTF8_H
#define MIME_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/buffer.h"

/* What stands in the place of bytes that mean nothing: U+FFFD. */
#define MIME_UTF8_BAD "\xEF\xBF\xBD"

enum mime_utf8_state {
  MIME_UTF8_WHOLE, /* a character */
  MIME_UTF8_CUT,   /* the beginning of one; the bytes end before it does */
  MIME_UTF8_BROKEN /* none; `size` bytes are to be replaced together */
};

struct mime_utf8_unit {
  enum mime_utf8_state state;
  size_t size;
};

/* What stands at the front of `size` bytes (at least one). */
struct mime_utf8_unit mime_utf8_look(const char *data, size_t size);

/* How many bytes at the front are whole characters. */
size_t mime_utf8_good(const char *data, size_t size);

/* How many bytes at the front are ASCII. */
size_t mime_utf8_ascii(const char *data, size_t size);

/* Writes a character of the basic plane, up to 3 bytes; returns their end. */
char *mime_utf8_put(char *to, uint_least16_t character);

#endif
