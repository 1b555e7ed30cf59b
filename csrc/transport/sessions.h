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

CURLSH *imap_sessions_share(const struct imap_sessions *sessions);

#endif
