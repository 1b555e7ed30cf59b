/* limits.h - every ceiling, with its default and the attack that it stops.
** Zero means the default; there is no "unlimited". */
#ifndef IMAP_LIMITS_H
#define IMAP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct imap_limits {
  size_t line;       /* a line without end (a plain SEARCH of millions of
                        messages is one line) */
  size_t literal;    /* a literal announced to exhaust memory; those that flow
                        to a sink are not held and do not count */
  size_t response;   /* many literals in one response */
  uint32_t nesting;  /* bracket bombs in BODYSTRUCTURE, THREAD, unknown data */
  uint32_t nodes;    /* a response of nothing but brackets */
  uint32_t messages; /* a result that never ends; what COPYUID expands to */
};

#define IMAP_LIMITS_DEFAULT \
  ((struct imap_limits){ \
    .line = (size_t)32 << 20, \
    .literal = (size_t)256 << 20, \
    .response = (size_t)512 << 20, \
    .nesting = 100, \
    .nodes = 4000000, \
    .messages = 1000000 \
  })

enum {
  IMAP_MAX_MAILBOX_NAME = 4000, /* octets of a mailbox name on the wire */
  IMAP_MAX_LINE_SENT = 8000,    /* octets of a command line (WIRE.md, rule 6) */
  IMAP_MAX_CHALLENGE = 65536    /* octets of a SASL challenge */
};

#endif
