/* sessions.h - TLS sessions to resume, shared by connections that have the same
** value of every TLS option: a session skips the checks it was made under. */
#ifndef IMAP_SESSIONS_H
#define IMAP_SESSIONS_H

#include <curl/curl.h>

#include "transport/transport.h"

struct imap_sessions;

/* The sessions that these options may share; held for the caller.
** NULL: out of memory. */
struct imap_sessions *imap_sessions_find(
    struct imap_sessions **list, const struct imap_transport_options *options);
void imap_sessions_release(struct imap_sessions *sessions); /* NULL: nothing */
void imap_sessions_free_all(struct imap_sessions **list);

/* What to hand to libcurl; NULL where the server turned a session down. */
CURLSH *imap_sessions_share(const struct imap_sessions *sessions);

/* A handshake went well, so that there may be a session from now on; and one
** went wrong that may have offered it. True: there may have been one to offer,
** and none will be offered any more. */
void imap_sessions_worked(struct imap_sessions *sessions); /* NULL: nothing */
bool imap_sessions_failed(struct imap_sessions *sessions); /* NULL: false */

#endif
