/* poller.h - one descriptor that stands for several sockets and a timer.
** On Linux an epoll descriptor with a timerfd in it, elsewhere a kqueue; it
** lives as long as the connection, so that a loop needs to know it once. */
#ifndef IMAP_POLLER_H
#define IMAP_POLLER_H

#include <stdbool.h>
#include <stdint.h>

enum { IMAP_READABLE = 1, IMAP_WRITABLE = 2 };

/* libcurl has at most five sockets a transfer, its resolver's included. */
enum { IMAP_POLLER_SOCKETS = 8 };

struct imap_ready {
  int socket;
  int events;
};

struct imap_poller {
  int fd;    /* what the caller waits for */
  int timer; /* Linux: the timerfd; elsewhere -1 */
  int64_t alarm; /* what it is set to; negative: nothing */
  struct imap_ready watched[IMAP_POLLER_SOCKETS]; /* socket -1: free */
};

/* IMAP_OK, or IMAP_NOMEM: no descriptor left. Closing is always allowed. */
int imap_poller_open(struct imap_poller *poller);

/* With `child` (after a fork) the sockets are closed too, and nothing that is
** shared with the parent is touched. */
void imap_poller_close(struct imap_poller *poller, bool child);

/* Wait for these events of a socket from now on; none: forget it.
** Answers as imap_poller_open(). */
int imap_poller_watch(struct imap_poller *poller, int socket, int events);

/* The descriptor is readable also from this moment on; negative: never. */
int imap_poller_alarm(struct imap_poller *poller, int64_t moment);

/* Blocks as a wait for the descriptor would, but for the alarm, and for at most
** `seconds`: 0, also after a signal, or what errno says. One system call looks at
** the sockets themselves. */
int imap_poller_rest(const struct imap_poller *poller, double seconds);

/* The sockets that are ready now, without waiting; answers how many. */
int imap_poller_ready(struct imap_poller *poller,
                      struct imap_ready ready[IMAP_POLLER_SOCKETS]);

/* Nanoseconds of a clock that only goes forward (F12); the same in seconds. */
int64_t imap_poller_now(void);
double imap_poller_seconds(void);

/* For poll(2): never early, and negative where there is no end. */
int imap_poller_milliseconds(double seconds);

#endif
