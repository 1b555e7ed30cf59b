/* fuzz.h - what the fuzz targets share: choices made by the input's bytes, and
** NEED, which must hold whatever the input is. */
#ifndef SPEC_FUZZ_H
#define SPEC_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/buffer.h"

#define NEED(condition) \
  do { \
    if (!(condition)) fuzz_broken(__FILE__, __LINE__, #condition); \
  } while (0)

_Noreturn static inline void fuzz_broken(const char *file, int line,
                                         const char *what) {
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input. */
struct fuzz_input {
  const uint8_t *data;
  size_t size;
};

static inline uint8_t fuzz_byte(struct fuzz_input *in) {
  if (in->size == 0) return 0;
  in->size--;
  return *in->data++;
}

static inline uint32_t fuzz_number(struct fuzz_input *in) {
  uint32_t number = 0;
  for (int i = 0; i < 4; i++) number = number << 8 | fuzz_byte(in);
  return number;
}

/* The next `size` bytes, or what there is. */
static inline struct imap_span fuzz_take(struct fuzz_input *in, size_t size) {
  struct imap_span span = {(const char *)in->data, size};
  if (span.size > in->size) span.size = in->size;
  if (span.data == NULL) span.data = "";
  in->data += span.size;
  in->size -= span.size;
  return span;
}

/* The bytes up to the next LF, which is passed over; else the rest. */
static inline struct imap_span fuzz_line(struct fuzz_input *in) {
  const void *lf = in->size > 0 ? memchr(in->data, '\n', in->size) : NULL;
  struct imap_span line;
  if (lf == NULL) return fuzz_take(in, in->size);
  line = fuzz_take(in, (size_t)((const uint8_t *)lf - in->data));
  (void)fuzz_byte(in);
  return line;
}

/* A copy whose end the sanitizer watches. */
static inline struct imap_span fuzz_copy(struct imap_span span) {
  char *copy = malloc(span.size + (span.size == 0));
  if (copy == NULL) abort();
  if (span.size > 0) memcpy(copy, span.data, span.size);
  return (struct imap_span){copy, span.size};
}

static inline void fuzz_drop(struct imap_span copy) {
  free((void *)(uintptr_t)copy.data);
}

#endif
