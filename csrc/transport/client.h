/* client.h - the client's own certificate and key, read before anything is
** connected. Only where libcurl's TLS is Mbed TLS; others read by themselves. */
#ifndef IMAP_CLIENT_H
#define IMAP_CLIENT_H

#include <mbedtls/ssl.h>

#include "transport/transport.h"

struct imap_client; /* a certificate chain with its key */

/* Reads what the options name. *out stays NULL where they name nothing, and on
** failure: then `failure` says why. */
int imap_client_read(const struct imap_transport_options *options,
                     struct imap_client **out,
                     struct imap_transport_failure *failure);
void imap_client_free(struct imap_client *client); /* NULL is allowed */

/* Shows it in the handshakes of this configuration. False: out of memory. */
bool imap_client_show(struct imap_client *client, mbedtls_ssl_config *config);

#endif
