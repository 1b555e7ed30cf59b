/* count.c - tells how much of the stream libcurl has swallowed.
** libcurl reads the greeting and its own replies a block at a time, and keeps
** what stands behind the last line for itself: those bytes would be lost. So
** bytes are counted where they come in. Under TLS (an HTTPS proxy's, too) Mbed
** TLS tells; in clear, Linux knows what a TCP socket received, and what of it is
** unread. Other TLS backends and other systems tell nothing: there libcurl's own
** check behind STARTTLS's OK is left, and the TLS itself. */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifdef __linux__
#include <linux/tcp.h>
#endif

#include "transport/parts.h"

#ifdef __linux__
/* Bytes that have come in on the socket, ever, and how many are unread. The
** two are asked for one after the other; the first twice, so that they match. */
static bool ask_tcp(int socket, uint64_t *received, uint64_t *unread) {
  struct tcp_info before, after;
  socklen_t size;
  int waiting;
  do {
    size = sizeof before;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &before, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + 8)
      return false;
    if (ioctl(socket, FIONREAD, &waiting) != 0) return false;
    size = sizeof after;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &after, &size) != 0)
      return false;
  } while (before.tcpi_bytes_received != after.tcpi_bytes_received);
  *received = before.tcpi_bytes_received;
  *unread = (uint64_t)waiting;
  return true;
}
#else
static bool ask_tcp(int socket, uint64_t *received, uint64_t *unread) {
  (void)socket;
  (void)received;
  (void)unread;
  return false;
}
#endif

/* Those that lost the race to connect are closed by now. */
static int find_socket(const struct imap_transport *t) {
  struct sockaddr_storage peer;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++) {
    socklen_t size = sizeof peer;
    if (t->sockets[i] >= 0 &&
        getpeername(t->sockets[i], (struct sockaddr *)&peer, &size) == 0)
      return t->sockets[i];
  }
  return -1;
}

/* Asks whatever carries IMAP now; what went before IMAP is taken off. */
static bool ask(struct imap_transport *t, uint64_t *received, uint64_t *unread) {
  if (t->gate.secure)
    return imap_tls_count(&t->tls.server, received, unread);
  if (!t->count_begun) return false;
  if (t->https_proxy ? !imap_tls_count(&t->tls.proxy, received, unread)
                     : !ask_tcp(find_socket(t), received, unread))
    return false;
  *received -= t->count_base;
  return true;
}

uint64_t imap_count_arrived(struct imap_transport *t) {
  uint64_t received, unread;
  return ask(t, &received, &unread) ? received : IMAP_UNTOLD;
}

uint64_t imap_count_taken(struct imap_transport *t) {
  uint64_t received, unread;
  return ask(t, &received, &unread) ? received - unread : IMAP_UNTOLD;
}

void imap_count_begin(struct imap_transport *t) {
  uint64_t received, unread;
  if (t->count_begun) return;
  t->count_begun = true;
  if (t->proxied && ask(t, &received, &unread))
    t->count_base = received - unread;
}
