/* poller.c - one descriptor that stands for several sockets and a timer. */
#include "transport/poller.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/status.h"

#define NANOSECONDS INT64_C(1000000000)

int64_t imap_poller_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

double imap_poller_seconds(void) { return (double)imap_poller_now() / 1e9; }

int imap_poller_milliseconds(double seconds) {
  if (seconds >= 1e6) return -1;
  return seconds > 0 ? (int)(seconds * 1000) + 1 : 0;
}

static void close_if_open(int fd) {
  if (fd >= 0) close(fd);
}

static struct imap_ready *find(struct imap_poller *poller, int socket) {
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++)
    if (poller->watched[i].socket == socket) return &poller->watched[i];
  return NULL;
}

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/timerfd.h>

static int add(const struct imap_poller *poller, int fd, uint32_t events,
               int operation) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = events;
  event.data.fd = fd;
  return epoll_ctl(poller->fd, operation, fd, &event);
}

static int open_system(struct imap_poller *poller) {
  poller->fd = epoll_create1(EPOLL_CLOEXEC);
  poller->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return add(poller, poller->timer, EPOLLIN, EPOLL_CTL_ADD);
}

static int watch_system(struct imap_poller *poller, int socket, int before,
                        int events) {
  uint32_t wanted = (events & IMAP_READABLE ? EPOLLIN : 0u) |
                    (events & IMAP_WRITABLE ? EPOLLOUT : 0u);
  if (events == 0) {
    add(poller, socket, 0, EPOLL_CTL_DEL); /* may be closed already */
    return 0;
  }
  if (before != 0 && add(poller, socket, wanted, EPOLL_CTL_MOD) == 0) return 0;
  if (add(poller, socket, wanted, EPOLL_CTL_ADD) == 0) return 0;
  return errno == EEXIST ? add(poller, socket, wanted, EPOLL_CTL_MOD) : -1;
}

static int set_alarm(struct imap_poller *poller, int64_t moment) {
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  if (moment >= 0) {
    when.it_value.tv_sec = (time_t)(moment / NANOSECONDS);
    when.it_value.tv_nsec = (long)(moment % NANOSECONDS);
    if (moment == 0) when.it_value.tv_nsec = 1; /* zero would disarm */
  }
  return timerfd_settime(poller->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int imap_poller_ready(struct imap_poller *poller,
                      struct imap_ready ready[IMAP_POLLER_SOCKETS]) {
  struct epoll_event events[IMAP_POLLER_SOCKETS];
  int count = 0, seen = epoll_wait(poller->fd, events, IMAP_POLLER_SOCKETS, 0);
  for (int i = 0; i < seen; i++) {
    uint32_t got = events[i].events;
    if (events[i].data.fd == poller->timer) continue;
    ready[count].socket = events[i].data.fd;
    ready[count].events =
        (got & (EPOLLIN | EPOLLHUP | EPOLLERR) ? IMAP_READABLE : 0) |
        (got & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? IMAP_WRITABLE : 0);
    count++;
  }
  return count;
}

#else
#include <sys/types.h>

#include <sys/event.h>

enum { ALARM = 1 }; /* the timer's name in the queue */

static int change(const struct imap_poller *poller, int fd, short filter,
                  unsigned short flags, unsigned fflags, int64_t data) {
  struct kevent event;
  EV_SET(&event, (uintptr_t)fd, filter, flags, fflags, (intptr_t)data, NULL);
  return kevent(poller->fd, &event, 1, NULL, 0, NULL);
}

static int open_system(struct imap_poller *poller) {
  poller->fd = kqueue();
  return poller->fd < 0 ? -1 : 0;
}

static int watch_filter(struct imap_poller *poller, int socket, short filter,
                        bool before, bool wanted) {
  if (wanted) return change(poller, socket, filter, EV_ADD, 0, 0);
  if (before) change(poller, socket, filter, EV_DELETE, 0, 0);
  return 0;
}

static int watch_system(struct imap_poller *poller, int socket, int before,
                        int events) {
  int reading = watch_filter(poller, socket, EVFILT_READ,
                             before & IMAP_READABLE, events & IMAP_READABLE);
  int writing = watch_filter(poller, socket, EVFILT_WRITE,
                             before & IMAP_WRITABLE, events & IMAP_WRITABLE);
  return reading < 0 ? reading : writing;
}

static int set_alarm(struct imap_poller *poller, int64_t moment) {
  int64_t left = moment - imap_poller_now();
  change(poller, ALARM, EVFILT_TIMER, EV_DELETE, 0, 0);
  if (moment < 0) return 0;
  left = left <= 0 ? 1 : left / 1000000 + 1;
  return change(poller, ALARM, EVFILT_TIMER, EV_ADD, 0, left);
}

int imap_poller_ready(struct imap_poller *poller,
                      struct imap_ready ready[IMAP_POLLER_SOCKETS]) {
  static const struct timespec at_once = {0, 0};
  struct kevent events[IMAP_POLLER_SOCKETS];
  int count = 0, seen = kevent(poller->fd, NULL, 0, events,
                               IMAP_POLLER_SOCKETS, &at_once);
  for (int i = 0; i < seen; i++) {
    if (events[i].filter == EVFILT_TIMER) {
      poller->alarm = -1; /* it shows but once */
      continue;
    }
    ready[count].socket = (int)events[i].ident;
    ready[count].events =
        events[i].filter == EVFILT_READ ? IMAP_READABLE : IMAP_WRITABLE;
    count++;
  }
  return count;
}
#endif

int imap_poller_open(struct imap_poller *poller) {
  poller->fd = poller->timer = -1;
  poller->alarm = -1;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++) {
    poller->watched[i].socket = -1;
    poller->watched[i].events = 0;
  }
  return open_system(poller) < 0 ? IMAP_NOMEM : IMAP_OK;
}

void imap_poller_close(struct imap_poller *poller, bool child) {
  for (int i = 0; child && i < IMAP_POLLER_SOCKETS; i++)
    close_if_open(poller->watched[i].socket);
  close_if_open(poller->timer);
  close_if_open(poller->fd);
  poller->fd = poller->timer = -1;
}

int imap_poller_watch(struct imap_poller *poller, int socket, int events) {
  struct imap_ready *place = find(poller, socket);
  int before = place == NULL ? 0 : place->events;
  if (poller->fd < 0 || before == events) return IMAP_OK;
  if (place == NULL) place = find(poller, -1);
  if (place == NULL) return IMAP_NOMEM;
  place->socket = events == 0 ? -1 : socket;
  place->events = events;
  return watch_system(poller, socket, before, events) < 0 ? IMAP_NOMEM : IMAP_OK;
}

int imap_poller_alarm(struct imap_poller *poller, int64_t moment) {
  if (poller->fd < 0 || poller->alarm == moment) return IMAP_OK;
  poller->alarm = moment;
  return set_alarm(poller, moment) < 0 ? IMAP_NOMEM : IMAP_OK;
}

int imap_poller_rest(const struct imap_poller *poller, double seconds) {
  struct pollfd p[IMAP_POLLER_SOCKETS];
  nfds_t count = 0;
  for (int i = 0; i < IMAP_POLLER_SOCKETS; i++) {
    const struct imap_ready *watched = &poller->watched[i];
    if (watched->socket < 0) continue;
    p[count].fd = watched->socket;
    p[count].events =
        (short)((watched->events & IMAP_READABLE ? POLLIN : 0) |
                (watched->events & IMAP_WRITABLE ? POLLOUT : 0));
    count++;
  }
  if (poll(p, count, imap_poller_milliseconds(seconds)) >= 0 || errno == EINTR)
    return 0;
  return errno;
}
