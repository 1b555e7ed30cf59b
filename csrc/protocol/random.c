/* random.c - bytes that nobody can foresee, from the operating system. */
#include "protocol/random.h"

#include <stdio.h>

int imap_random(void *bytes, size_t size) {
  FILE *source = fopen("/dev/urandom", "rb");
  size_t got;
  if (source == NULL) return IMAP_CLOSED;
  setvbuf(source, NULL, _IONBF, 0); /* no copy of the bytes stays in stdio */
  got = fread(bytes, 1, size, source);
  fclose(source);
  return got == size ? IMAP_OK : IMAP_CLOSED;
}
