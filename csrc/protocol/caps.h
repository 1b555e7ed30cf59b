/* caps.h - what the server says it can do (RFC 9051 7.2.2).
** Keeps the list as sent, for the caller, and the names that the actions ask
** for as bits. A server with IMAP4rev2 and without IMAP4rev1 has all that RFC
** 9051 took in (its appendix E). */
#ifndef IMAP_CAPS_H
#define IMAP_CAPS_H

#include <stdint.h>

#include "protocol/tape.h"

enum imap_cap {
  IMAP_CAP_IMAP4REV1 = 1 << 0,
  IMAP_CAP_IMAP4REV2 = 1 << 1,
  IMAP_CAP_LITERAL_PLUS = 1 << 2,
  IMAP_CAP_LITERAL_MINUS = 1 << 3,
  IMAP_CAP_UIDPLUS = 1 << 4,
  IMAP_CAP_ESEARCH = 1 << 5,
  IMAP_CAP_SEARCHRES = 1 << 6,
  IMAP_CAP_PARTIAL = 1 << 7,
  IMAP_CAP_LIST_EXTENDED = 1 << 8,
  IMAP_CAP_LIST_STATUS = 1 << 9,
  IMAP_CAP_SPECIAL_USE = 1 << 10,
  IMAP_CAP_UNSELECT = 1 << 11,
  IMAP_CAP_CONDSTORE = 1 << 12,
  IMAP_CAP_MULTIAPPEND = 1 << 13,
  IMAP_CAP_BINARY = 1 << 14,
  IMAP_CAP_SASL_IR = 1 << 15,
  IMAP_CAP_STARTTLS = 1 << 16,
  IMAP_CAP_LOGINDISABLED = 1 << 17,
  IMAP_CAP_STATUS_SIZE = 1 << 18,
  IMAP_CAP_OBJECTID = 1 << 19,
  IMAP_CAP_APPENDLIMIT = 1 << 20,
  /* Cyrus, told by X-CREATEDMODSEQ: 3.6.1 answers STATUS with freed memory in
  ** the place of MAILBOXID (seen on Debian 12), so it is not asked there. */
  IMAP_CAP_STALE_MAILBOXID = 1 << 21,
  IMAP_CAP_COMPRESS_DEFLATE = 1 << 22
};

struct imap_caps {
  uint32_t bits;
  bool known;              /* a list has come */
  uint64_t append_limit;   /* octets; UINT64_MAX: none named */
  struct imap_buffer list; /* the names, each followed by a blank */
};

void imap_caps_init(struct imap_caps *caps);
void imap_caps_free(struct imap_caps *caps);
void imap_caps_clear(struct imap_caps *caps);

/* Replaces the list by the atoms that the cursor walks over. */
int imap_caps_read(struct imap_caps *caps, struct imap_cursor names);

bool imap_caps_have(const struct imap_caps *caps, uint32_t bits); /* all */

/* Is this name among them, or implied by them? */
bool imap_caps_named(const struct imap_caps *caps, struct imap_span name);

/* Is "AUTH=<mechanism>" among them? */
bool imap_caps_auth(const struct imap_caps *caps, const char *mechanism);

/* Only IMAP4rev2 is spoken: names are UTF-8, and there is no RECENT. */
bool imap_caps_rev2(const struct imap_caps *caps);

#endif
