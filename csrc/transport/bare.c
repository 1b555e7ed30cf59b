/* bare.c - bytes moved past libcurl, where nothing but the kernel stands between us
** and the server. libcurl looks through its pool of connections each time: over cold
** memory, that is a fifteenth of what a call costs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "transport/parts.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* where libcurl sets SO_NOSIGPIPE */
#endif

bool imap_is_bare(const struct imap_transport *t) {
  return t->gate.security == IMAP_PLAIN && !t->https_proxy;
}

/* recv() with nothing to read waits for up to so many seconds, unless it is told not
** to. To read so, in place of a poll() and a read, saves 3 us of a call's 28. */
enum { PATIENCE = 1 };

bool imap_bare_may_block(struct imap_transport *t, bool wanted) {
  static const struct timeval longest = {PATIENCE, 0};
  int flags;
  if (t->blocks == wanted) return true;
  flags = fcntl(t->socket, F_GETFL);
  if (flags < 0 ||
      (wanted && setsockopt(t->socket, SOL_SOCKET, SO_RCVTIMEO, &longest,
                            sizeof longest) != 0) ||
      fcntl(t->socket, F_SETFL,
            wanted ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0)
    return false;
  t->blocks = wanted;
  return true;
}

bool imap_bare_waits(struct imap_transport *t, double seconds) {
  t->waits = seconds >= PATIENCE && imap_bare_may_block(t, true);
  return t->waits;
}

/* What send() or recv() says, as libcurl would. */
static CURLcode judge(struct imap_transport *t, ssize_t count, CURLcode broken,
                      size_t *moved) {
  *moved = count > 0 ? (size_t)count : 0;
  if (count >= 0) return CURLE_OK;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
    return CURLE_AGAIN;
  snprintf(t->message, sizeof t->message, "%s", strerror(errno));
  return broken;
}

CURLcode imap_bare_receive(struct imap_transport *t, char *data, size_t size,
                           size_t *moved) {
  int how = t->waits ? 0 : MSG_DONTWAIT;
  t->waits = false;
  return judge(t, recv(t->socket, data, size, how), CURLE_RECV_ERROR, moved);
}

CURLcode imap_bare_send(struct imap_transport *t, const char *data, size_t size,
                        size_t *moved) {
  ssize_t count = send(t->socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  return judge(t, count, CURLE_SEND_ERROR, moved);
}
