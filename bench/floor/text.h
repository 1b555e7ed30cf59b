/* text.h - what the floor that makes tables must decode: dates and the encoded
** words of RFC 2047, as far as the mail of the bench has them. */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct span {
  const char *data;   /* NULL: NIL */
  size_t size;
};

/* "06-Jun-2024 05:05:35 +0100" and "6 Jun 2024 05:05:35 +0100", in seconds. */
int64_t text_date(struct span date);

/* Decoded to UTF-8, into `out` where it has encoded words; `out` must be as long
** as the text twice. */
struct span text_words(struct span text, char *out);

#endif
