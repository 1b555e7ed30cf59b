/* file.c - octets of a file to the server, without coming through this process. */
#include "transport/parts.h"
#include "transport/transport.h"

#ifdef __linux__
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <time.h>

/* sendfile() cannot be told not to raise SIGPIPE: it is held back meanwhile, and
** taken away where it is ours. */
static ssize_t send_quietly(int socket, int file, off_t from, size_t size) {
  static const struct timespec at_once = {0, 0};
  sigset_t broken_pipe, mask, pending;
  ssize_t count;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  if (sigpending(&pending) != 0 ||
      pthread_sigmask(SIG_BLOCK, &broken_pipe, &mask) != 0)
    return -1;
  count = sendfile(socket, file, &from, size);
  if (sigismember(&pending, SIGPIPE) == 0)
    (void)sigtimedwait(&broken_pipe, NULL, &at_once);
  (void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return count;
}
#else
static ssize_t send_quietly(int socket, int file, off_t from, size_t size) {
  (void)socket, (void)file, (void)from, (void)size;
  return -1;
}
#endif

size_t imap_transport_send_file(struct imap_transport *t, int file, off_t from,
                                size_t size) {
  ssize_t count;
  if (t->state != IMAP_TRANSPORT_OPEN || !imap_is_bare(t) ||
      !imap_bare_may_block(t, false)) /* nor can it be told not to block */
    return 0;
  count = send_quietly(t->socket, file, from, size);
  if (count <= 0) return 0;
  t->unacknowledged = false;
  return (size_t)count;
}
