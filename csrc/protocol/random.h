/* random.h - bytes that nobody can foresee, from the operating system. */
#ifndef IMAP_RANDOM_H
#define IMAP_RANDOM_H

#include <stddef.h>

#include "protocol/status.h"

/* IMAP_OK, or IMAP_CLOSED where the system gave none. */
int imap_random(void *bytes, size_t size);

#endif
