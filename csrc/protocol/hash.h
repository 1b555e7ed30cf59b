/* hash.h - digests, HMAC (RFC 2104) and PBKDF2 (RFC 8018) over Mbed TLS.
** The functions answer IMAP_OK, or IMAP_NOMEM: software hashes fail for want
** of memory only. What they held of secrets is overwritten. */
#ifndef IMAP_HASH_H
#define IMAP_HASH_H

#include "protocol/buffer.h"

enum imap_hash { IMAP_HASH_NONE, IMAP_HASH_MD5, IMAP_HASH_SHA1,
                 IMAP_HASH_SHA256 };

enum { IMAP_HASH_MAX = 32 }; /* bytes of the longest digest here */

/* Bytes of a digest; 0 where this Mbed TLS was built without it. */
size_t imap_hash_size(enum imap_hash hash);

int imap_hash_digest(enum imap_hash hash, struct imap_span bytes,
                     unsigned char *digest);
int imap_hash_hmac(enum imap_hash hash, struct imap_span key,
                   struct imap_span message, unsigned char *digest);

/* Hi() of RFC 5802 2.2: the first block of PBKDF2; `iterations` >= 1. */
int imap_hash_pbkdf2(enum imap_hash hash, struct imap_span password,
                     struct imap_span salt, unsigned iterations,
                     unsigned char *digest);

/* Takes the same time wherever they differ. */
bool imap_hash_equal(const void *a, const void *b, size_t size);

void imap_hash_wipe(void *secret, size_t size);

#endif
