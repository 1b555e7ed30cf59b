/* check.h - what the C specs share: CHECK, and a count at the end.
** main() ends with `return check_report();`. */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include <stdio.h>
#include <string.h>

#include "protocol/buffer.h"

static unsigned check_count, check_failures;

#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)

/* Bytes against a C string; both are shown where they differ. */
#define CHECK_TEXT(span, text) \
  check_text((span), (text), __FILE__, __LINE__, #span)

static inline int check_that(int holds, const char *file, int line,
                             const char *what) {
  check_count++;
  if (holds) return 1;
  check_failures++;
  printf("%s:%d: failed: %s\n", file, line, what);
  return 0;
}

static inline int check_text(struct imap_span got, const char *wanted,
                             const char *file, int line, const char *what) {
  if (check_that(imap_span_equal(got, imap_span_of(wanted)), file, line, what))
    return 1;
  printf("  got    \"%.*s\"\n  wanted \"%s\"\n", (int)got.size,
         got.data != NULL ? got.data : "", wanted);
  return 0;
}

static inline int check_report(void) {
  printf("%u checks, %u failed\n", check_count, check_failures);
  return check_failures > 0 ? 1 : 0;
}

#endif
