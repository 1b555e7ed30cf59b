/* random.c - bytes that nobody can foresee, from the operating system. */
#include "protocol/random.h"

#include <stdio.h>
#ifdef __linux__
#include <sys/random.h>
#endif

/* The system call needs no file: it works in a chroot, and when descriptors
** have run out. Older kernels and other systems have the device only. */
static int ask_system(void *bytes, size_t size) {
#ifdef __linux__
  if (getrandom(bytes, size, 0) == (ssize_t)size) return IMAP_OK;
#else
  (void)bytes, (void)size;
#endif
  return IMAP_CLOSED;
}

int imap_random(void *bytes, size_t size) {
  FILE *source;
  size_t got;
  if (ask_system(bytes, size) == IMAP_OK) return IMAP_OK;
  source = fopen("/dev/urandom", "rb");
  if (source == NULL) return IMAP_CLOSED;
  setvbuf(source, NULL, _IONBF, 0); /* no copy of the bytes stays in stdio */
  got = fread(bytes, 1, size, source);
  fclose(source);
  return got == size ? IMAP_OK : IMAP_CLOSED;
}
