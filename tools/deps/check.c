/* check.c - does not compile unless the libraries just built will do. */
#include <curl/curlver.h>
#include <mbedtls/build_info.h>

#if MBEDTLS_VERSION_NUMBER < 0x03060300
#error "Mbed TLS before 3.6.3 can be talked out of checking the host name"
#elif MBEDTLS_VERSION_NUMBER >= 0x04000000
#error "Mbed TLS 4 has no finite-field Diffie-Hellman"
#endif

#if !defined(MBEDTLS_THREADING_C) || !defined(MBEDTLS_THREADING_PTHREAD)
#error "TLS 1.3 shares one state among all threads: MBEDTLS_THREADING is off"
#endif

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl before 7.87.0 lacks CURLOPT_QUICK_EXIT"
#endif
