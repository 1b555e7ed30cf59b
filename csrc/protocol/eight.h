/* eight.h - eight octets looked at together, in the order of no machine. */
#ifndef IMAP_EIGHT_H
#define IMAP_EIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { IMAP_EIGHT = 8 };
#define IMAP_EIGHT_TIMES(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t imap_eight(const char *data) {
  uint64_t eight;
  memcpy(&eight, data, sizeof eight);
  return eight;
}

/* Four to eight octets: those in the middle twice. */
static inline uint64_t imap_eight_of(const char *data, size_t size) {
  uint32_t front, back;
  memcpy(&front, data, sizeof front);
  memcpy(&back, data + size - sizeof back, sizeof back);
  return (uint64_t)front << 32 | back;
}

/* Are these the same four to sixteen octets? */
static inline bool imap_eight_same(const char *a, const char *b, size_t size) {
  if (size <= IMAP_EIGHT) return imap_eight_of(a, size) == imap_eight_of(b, size);
  return imap_eight(a) == imap_eight(b) &&
         imap_eight(a + size - IMAP_EIGHT) == imap_eight(b + size - IMAP_EIGHT);
}

/* Not 0 where one of them is not ASCII. */
static inline uint64_t imap_eight_high(uint64_t eight) {
  return eight & IMAP_EIGHT_TIMES(0x80);
}

/* Not 0 where one of them is below `byte`, or not ASCII. */
static inline uint64_t imap_eight_below(uint64_t eight, unsigned char byte) {
  return imap_eight_high((eight - IMAP_EIGHT_TIMES(byte)) | eight);
}

/* Not 0 where one of them is `byte`, or not ASCII. */
static inline uint64_t imap_eight_is(uint64_t eight, char byte) {
  return imap_eight_below(eight ^ IMAP_EIGHT_TIMES((unsigned char)byte), 1);
}

#endif
