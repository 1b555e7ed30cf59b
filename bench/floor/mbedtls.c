/* mbedtls.c - a link over Mbed TLS, with nothing between; the authority is parsed
** once, and no session is resumed. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <stdio.h>

#include "link.h"
#include "wire.h"

const int link_has_greeting = 0;
static mbedtls_net_context net;
static mbedtls_ssl_context ssl;
static mbedtls_ssl_config config;
static mbedtls_x509_crt authority;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;

static int need(int result) {
  if (result >= 0) return result;
  fprintf(stderr, "Mbed TLS: -0x%x\n", (unsigned)-result);
  wire_die("Mbed TLS");
}

static void prepare(void) {
  static int done;
  if (done++) return;
  need(psa_crypto_init());
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&drbg);
  need(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0));
  mbedtls_x509_crt_init(&authority);
  need(mbedtls_x509_crt_parse_file(&authority, wire_setting("CA")));
  mbedtls_ssl_config_init(&config);
  need(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                   MBEDTLS_SSL_PRESET_DEFAULT));
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &drbg);
  mbedtls_ssl_conf_ca_chain(&config, &authority, NULL);
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
}

void link_open(const char *host, const char *port) {
  prepare();
  mbedtls_net_init(&net);
  need(mbedtls_net_connect(&net, host, port, MBEDTLS_NET_PROTO_TCP));
  mbedtls_ssl_init(&ssl);
  need(mbedtls_ssl_setup(&ssl, &config));
  need(mbedtls_ssl_set_hostname(&ssl, host));
  mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
  need(mbedtls_ssl_handshake(&ssl));
}

void link_send(const char *bytes, size_t length) {
  while (length > 0) {
    size_t n = (size_t)need(mbedtls_ssl_write(&ssl, (const unsigned char *)bytes, length));
    bytes += n;
    length -= n;
  }
}

size_t link_receive(char *bytes, size_t room) {
  int n;
  do n = mbedtls_ssl_read(&ssl, (unsigned char *)bytes, room);
  while (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET || n == MBEDTLS_ERR_SSL_WANT_READ);
  if (need(n) == 0) wire_die("closed");
  return (size_t)n;
}

void link_close(void) {
  mbedtls_ssl_free(&ssl);
  mbedtls_net_free(&net);
}
