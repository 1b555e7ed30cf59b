/* hash.c - digests, HMAC (RFC 2104) and PBKDF2 (RFC 8018) over Mbed TLS. */
#include "protocol/hash.h"

#include <string.h>

#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

enum { BLOCK = 64 }; /* of MD5, SHA-1 and SHA-256 alike */

static const mbedtls_md_info_t *info_of(enum imap_hash hash) {
  switch (hash) {
    case IMAP_HASH_MD5: return mbedtls_md_info_from_type(MBEDTLS_MD_MD5);
    case IMAP_HASH_SHA1: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
    case IMAP_HASH_SHA256: return mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    default: return NULL;
  }
}

static const unsigned char *octets(struct imap_span span) {
  return (const unsigned char *)(span.size > 0 ? span.data : "");
}

static int answer(int mbedtls_result) {
  return mbedtls_result == 0 ? IMAP_OK : IMAP_NOMEM;
}

size_t imap_hash_size(enum imap_hash hash) {
  const mbedtls_md_info_t *info = info_of(hash);
  return info != NULL ? mbedtls_md_get_size(info) : 0;
}

int imap_hash_digest(enum imap_hash hash, struct imap_span bytes,
                     unsigned char *digest) {
  return answer(mbedtls_md(info_of(hash), octets(bytes), bytes.size, digest));
}

/* A keyed HMAC. The two halves of the key are hashed once, and copied for each
** message: two blocks of work for a short one, where keying anew costs four. */
struct hmac {
  mbedtls_md_context_t inner, outer; /* behind the padded key */
  mbedtls_md_context_t work;
  size_t size;
};

static int start_half(mbedtls_md_context_t *half, const unsigned char *key,
                      unsigned char pad) {
  unsigned char block[BLOCK];
  int failed;
  for (size_t i = 0; i < BLOCK; i++) block[i] = key[i] ^ pad;
  failed = mbedtls_md_starts(half) || mbedtls_md_update(half, block, BLOCK);
  imap_hash_wipe(block, sizeof block);
  return failed;
}

/* The caller frees it, also where this fails. */
static int hmac_init(struct hmac *h, enum imap_hash hash,
                     struct imap_span key) {
  const mbedtls_md_info_t *info = info_of(hash);
  unsigned char block[BLOCK] = {0};
  int failed;
  mbedtls_md_init(&h->inner);
  mbedtls_md_init(&h->outer);
  mbedtls_md_init(&h->work);
  h->size = imap_hash_size(hash);
  failed = mbedtls_md_setup(&h->inner, info, 0) ||
           mbedtls_md_setup(&h->outer, info, 0) ||
           mbedtls_md_setup(&h->work, info, 0);
  if (key.size > BLOCK) /* RFC 2104, 2 */
    failed = failed || mbedtls_md(info, octets(key), key.size, block);
  else
    memcpy(block, octets(key), key.size);
  failed = failed || start_half(&h->inner, block, 0x36) ||
           start_half(&h->outer, block, 0x5c);
  imap_hash_wipe(block, sizeof block);
  return failed;
}

/* The contexts overwrite themselves. */
static void hmac_free(struct hmac *h) {
  mbedtls_md_free(&h->inner);
  mbedtls_md_free(&h->outer);
  mbedtls_md_free(&h->work);
}

/* Begin a message, which goes into `work`. */
static int hmac_begin(struct hmac *h) {
  return mbedtls_md_clone(&h->work, &h->inner);
}

static int hmac_end(struct hmac *h, unsigned char *digest) {
  return mbedtls_md_finish(&h->work, digest) ||
         mbedtls_md_clone(&h->work, &h->outer) ||
         mbedtls_md_update(&h->work, digest, h->size) ||
         mbedtls_md_finish(&h->work, digest);
}

int imap_hash_hmac(enum imap_hash hash, struct imap_span key,
                   struct imap_span message, unsigned char *digest) {
  struct hmac h;
  int failed =
      hmac_init(&h, hash, key) || hmac_begin(&h) ||
      mbedtls_md_update(&h.work, octets(message), message.size) ||
      hmac_end(&h, digest);
  hmac_free(&h);
  return answer(failed);
}

/* Ui = HMAC(password, Ui-1), all of them added up without carry */
static int iterate(struct hmac *h, unsigned iterations,
                   unsigned char *digest) {
  unsigned char u[IMAP_HASH_MAX];
  int failed = 0;
  memcpy(u, digest, h->size);
  while (--iterations > 0 && !failed) {
    failed = hmac_begin(h) || mbedtls_md_update(&h->work, u, h->size) ||
             hmac_end(h, u);
    for (size_t i = 0; i < h->size; i++) digest[i] ^= u[i];
  }
  imap_hash_wipe(u, sizeof u);
  return failed;
}

int imap_hash_pbkdf2(enum imap_hash hash, struct imap_span password,
                     struct imap_span salt, unsigned iterations,
                     unsigned char *digest) {
  static const unsigned char first_block[] = {0, 0, 0, 1};
  struct hmac h;
  int failed =
      hmac_init(&h, hash, password) || hmac_begin(&h) ||
      mbedtls_md_update(&h.work, octets(salt), salt.size) ||
      mbedtls_md_update(&h.work, first_block, sizeof first_block) ||
      hmac_end(&h, digest) || iterate(&h, iterations, digest);
  hmac_free(&h);
  return answer(failed);
}

bool imap_hash_equal(const void *a, const void *b, size_t size) {
  return mbedtls_ct_memcmp(a, b, size) == 0;
}

void imap_hash_wipe(void *secret, size_t size) {
  mbedtls_platform_zeroize(secret, size);
}
