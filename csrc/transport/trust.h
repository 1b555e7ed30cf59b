/* trust.h - trust anchors: where they are, and (with Mbed TLS) parsed once for
** as long as the files stay as they are. */
#ifndef IMAP_TRUST_H
#define IMAP_TRUST_H

#include "transport/transport.h"

struct imap_trust;

/* The anchors that the options name, or the system's; held for the caller.
** On failure *out is NULL and `failure` says why. */
int imap_trust_find(struct imap_trust **list,
                    const struct imap_transport_options *options,
                    struct imap_trust **out,
                    struct imap_transport_failure *failure);
void imap_trust_release(struct imap_trust *trust); /* NULL is allowed */
void imap_trust_free_all(struct imap_trust **list);

/* Whether a file has anything in PEM at all. */
bool imap_trust_is_pem(const char *file);

const char *imap_trust_file(const struct imap_trust *trust); /* or NULL */
const char *imap_trust_path(const struct imap_trust *trust); /* or NULL */

/* An mbedtls_x509_crt; NULL where libcurl's TLS is not Mbed TLS. */
void *imap_trust_chain(struct imap_trust *trust);

#endif
