/* suites.h - the cipher suites that are offered. */
#ifndef IMAP_SUITES_H
#define IMAP_SUITES_H

/* The fastest on this processor first, and 0 at the end. */
const int *imap_tls_suites(void);

#endif
