/* socket.c - a link that is a socket. */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "wire.h"

const int link_has_greeting = 0;
static int fd = -1;

void link_open(const char *host, const char *port) {
  struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *target;
  int on = 1;
  if (getaddrinfo(host, port, &hints, &target) != 0) wire_die(host);
  fd = socket(target->ai_family, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, target->ai_addr, target->ai_addrlen) != 0) wire_die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  freeaddrinfo(target);
}

void link_send(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0) wire_die("send");
    bytes += n;
    length -= (size_t)n;
  }
}

size_t link_receive(char *bytes, size_t room) {
  ssize_t n = recv(fd, bytes, room, 0);
  if (n <= 0) wire_die("recv");
  return (size_t)n;
}

void link_close(void) { close(fd); }
