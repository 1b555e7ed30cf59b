/* deflate.h - a stream under COMPRESS=DEFLATE (RFC 4978), in both directions.
** Inflates only as much as there is room for, so that what a server packed
** tightly meets the same limits as what it says at length. */
#ifndef IMAP_DEFLATE_H
#define IMAP_DEFLATE_H

#include "protocol/buffer.h"

struct imap_deflate;

struct imap_deflate *imap_deflate_new(void); /* NULL: out of memory */
void imap_deflate_free(struct imap_deflate *d); /* NULL is allowed */

/* Where compressed octets of the peer go, then how many came. NULL: out of
** memory. */
char *imap_deflate_space(struct imap_deflate *d, size_t *room);
void imap_deflate_filled(struct imap_deflate *d, size_t size);

/* Inflates into `to`. IMAP_OK: *made > 0 octets; IMAP_MORE: feed more;
** IMAP_PROTOCOL: this is no deflate stream, or octets follow its end. */
int imap_deflate_read(struct imap_deflate *d, char *to, size_t room,
                      size_t *made);

/* Compresses, up to the last octet, into the end of `out`. */
int imap_deflate_write(struct imap_deflate *d, struct imap_span plain,
                       struct imap_buffer *out);

#endif
