/* shared.h - what the connections of one Lua state have in common: trust
** anchors and TLS sessions. Counted: each connection holds it, and holds what
** it uses of it. Used by one thread at a time. */
#ifndef IMAP_SHARED_H
#define IMAP_SHARED_H

#include "transport/sessions.h"
#include "transport/trust.h"

struct imap_transport_shared {
  unsigned holds;
  struct imap_trust *trust;
  struct imap_sessions *sessions;
};

/* libcurl's TLS library and its version, "mbedTLS/3.6.6"; empty: none. Known
** once anything shared was made. */
const char *imap_tls_backend(void);

#endif
