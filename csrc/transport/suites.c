/* suites.c - the cipher suites that Mbed TLS offers, the fastest first: all have
** forward secrecy, but for a few at the end that old servers may need. */
#include "transport/suites.h"

#ifdef IMAPCONN_BUNDLED

#include <mbedtls/ssl_ciphersuites.h>
#include <stdbool.h>

#define AES_1_3 \
  MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_AES_256_GCM_SHA384

#define CHACHA_1_3 MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256

#define AES_1_2 \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384

#define CHACHA_1_2 \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256

#define THE_REST \
  MBEDTLS_TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, \
  MBEDTLS_TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, \
  MBEDTLS_TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, \
  MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, \
  MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, \
  MBEDTLS_TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, \
  MBEDTLS_TLS_DHE_RSA_WITH_AES_256_CBC_SHA256, \
  MBEDTLS_TLS_DHE_RSA_WITH_AES_128_CBC_SHA, \
  MBEDTLS_TLS_DHE_RSA_WITH_AES_256_CBC_SHA, \
  MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256, \
  MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384, \
  MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA, \
  MBEDTLS_TLS_RSA_WITH_AES_256_CBC_SHA

/* AES-GCM in hardware does 403 MB/s here, and 265 without the flags that
** tools/deps/build gives it; ChaCha20, which Mbed TLS puts first, 370. */
static const int aes_first[] = {
  AES_1_3, CHACHA_1_3, AES_1_2, CHACHA_1_2, THE_REST, 0
};

/* In software AES is slower, and its tables may tell of the key by their timing. */
static const int chacha_first[] = {
  CHACHA_1_3, AES_1_3, CHACHA_1_2, AES_1_2, THE_REST, 0
};

static bool has_aes(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#else
  return false;
#endif
}

const int *imap_tls_suites(void) { return has_aes() ? aes_first : chacha_first; }

#endif
