/* check.c - tells whether a libcurl and an Mbed TLS will do, once they link.
** Prints libcurl's TLS backend: "mbedtls", where it is this very Mbed TLS, or
** "other". Fails, with the reason, where they must not be used. */
#include <curl/curl.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <string.h>

#define LOWEST_LIBCURL 0x075700        /* 7.87.0: CURLOPT_QUICK_EXIT */
#define LOWEST_MBEDTLS_TLS 0x03060300  /* 3.6.3: always checks the host name */
#define TOO_NEW_MBEDTLS 0x04000000     /* 4.0: no finite-field Diffie-Hellman */

/* TLS 1.3 keeps a state that all threads share. */
#if defined(MBEDTLS_THREADING_C) && defined(MBEDTLS_THREADING_PTHREAD)
#define HAVE_LOCKS 1
#else
#define HAVE_LOCKS 0
#endif

static int refuse(const char *why) {
  fprintf(stderr, "%s\n", why);
  return 1;
}

int main(void) {
  const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
  unsigned mbedtls = mbedtls_version_get_number();
  if (curl->version_num < LOWEST_LIBCURL)
    return refuse("libcurl 7.87.0 or later is needed");
  if (mbedtls != MBEDTLS_VERSION_NUMBER)
    return refuse("Mbed TLS has the headers of one version, the library of another");
  if (mbedtls >= TOO_NEW_MBEDTLS)
    return refuse("Mbed TLS 4 has no finite-field Diffie-Hellman: use 3.6");
  if (!curl->ssl_version || !strstr(curl->ssl_version, "mbedTLS"))
    return puts("other") < 0;
  if (mbedtls < LOWEST_MBEDTLS_TLS)
    return refuse("libcurl is on an Mbed TLS before 3.6.3, which can be led "
                  "not to check the host name");
  if (!HAVE_LOCKS)
    return refuse("Mbed TLS was built without MBEDTLS_THREADING_PTHREAD");
  return puts("mbedtls") < 0;
}
