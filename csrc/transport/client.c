/* client.c - the client's own certificate and key. */
#include "transport/transport.h"

#ifdef IMAPCONN_BUNDLED

#include "transport/client.h"

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>

#include "transport/failure.h"

struct imap_client {
  mbedtls_x509_crt certificate;
  mbedtls_pk_context key;
};

static int read_certificate(struct imap_client *client, const char *file,
                            struct imap_transport_failure *failure) {
  int code = mbedtls_x509_crt_parse_file(&client->certificate, file);
  if (code == 0) return IMAP_OK;
  if (code == MBEDTLS_ERR_X509_ALLOC_FAILED) return imap_fail_memory(failure);
  return imap_fail(failure, IMAP_STAGE_ARGUMENT, "client_cert",
                   "client_cert: %s cannot be read as certificates in PEM",
                   file);
}

static int read_key(struct imap_client *client, const char *file,
                    const char *password,
                    struct imap_transport_failure *failure) {
  int code = mbedtls_pk_parse_keyfile(&client->key, file, password,
                                      mbedtls_psa_get_random,
                                      MBEDTLS_PSA_RANDOM_STATE);
  switch (code) {
    case 0: break;
    case MBEDTLS_ERR_PK_ALLOC_FAILED: return imap_fail_memory(failure);
    case MBEDTLS_ERR_PK_PASSWORD_REQUIRED:
      return imap_fail(failure, IMAP_STAGE_ARGUMENT, "client_key_password",
                       "client_key_password: %s needs one", file);
    case MBEDTLS_ERR_PK_PASSWORD_MISMATCH:
      return imap_fail(failure, IMAP_STAGE_ARGUMENT, "client_key_password",
                       "client_key_password: not the one of %s", file);
    default:
      return imap_fail(failure, IMAP_STAGE_ARGUMENT, "client_key",
                       "client_key: %s cannot be read as a key in PEM", file);
  }
  if (mbedtls_pk_check_pair(&client->certificate.pk, &client->key,
                            mbedtls_psa_get_random,
                            MBEDTLS_PSA_RANDOM_STATE) != 0)
    return imap_fail(failure, IMAP_STAGE_ARGUMENT, "client_key",
                     "client_key: %s does not belong to the certificate", file);
  return IMAP_OK;
}

int imap_client_read(const struct imap_transport_options *options,
                     struct imap_client **out,
                     struct imap_transport_failure *failure) {
  const char *key = options->client_key;
  struct imap_client *client;
  int status;
  if (options->client_cert == NULL) return IMAP_OK;
  if (key == NULL) key = options->client_cert; /* both in one file */
  client = calloc(1, sizeof *client);
  if (client == NULL) return imap_fail_memory(failure);
  mbedtls_x509_crt_init(&client->certificate);
  mbedtls_pk_init(&client->key);
  status = read_certificate(client, options->client_cert, failure);
  if (status == IMAP_OK)
    status = read_key(client, key, options->client_key_password, failure);
  if (status == IMAP_OK)
    *out = client;
  else
    imap_client_free(client);
  return status;
}

void imap_client_free(struct imap_client *client) {
  if (client == NULL) return;
  mbedtls_x509_crt_free(&client->certificate);
  mbedtls_pk_free(&client->key);
  free(client);
}

bool imap_client_show(struct imap_client *client, mbedtls_ssl_config *config) {
  return mbedtls_ssl_conf_own_cert(config, &client->certificate,
                                   &client->key) == 0;
}

#endif
