/* utf7.h - modified UTF-7, the mailbox names of IMAP4rev1 (RFC 3501 5.1.3),
** and UTF-8 as such. */
#ifndef IMAP_UTF7_H
#define IMAP_UTF7_H

#include "protocol/buffer.h"

/* UTF-8 to the wire. IMAP_INVALID, and nothing added, where it is not UTF-8.
** What is not printable goes in base64, but for NUL, CR and LF, which the encoder
** of commands refuses. */
int imap_utf7_encode(struct imap_span utf8, struct imap_buffer *out);

/* From the wire. IMAP_INVALID, and nothing added, where the encoding is broken
** or not the one that encoding would give (printable ASCII in base64, one run
** behind another): the caller then shows the raw name, and two mailboxes do
** not get the same. Accepts what real servers send: UTF-8 and TABs that are not
** encoded; such a mailbox is met by its raw name. */
int imap_utf7_decode(struct imap_span wire, struct imap_buffer *out);

/* Well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms. */
bool imap_utf8_valid(struct imap_span text);

#endif
