/* base64.h - base64 (RFC 4648) for authentication: strict both ways. */
#ifndef IMAP_BASE64_H
#define IMAP_BASE64_H

#include "protocol/buffer.h"

int imap_base64_encode(struct imap_span bytes, struct imap_buffer *out);

/* IMAP_INVALID, and nothing added, where it is not canonical, padded base64. */
int imap_base64_decode(struct imap_span text, struct imap_buffer *out);

#endif
