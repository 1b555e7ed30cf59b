/* gateway.c - a SOCKS5 and HTTP CONNECT proxy for the specs.
** usage: gateway FILE [USER:PASSWORD-IN-BASE64 | refuse]
**
** Listens on a free port of 127.0.0.1, which is the first line of FILE; each
** request adds a line: "socks5 HOST PORT" or "http HOST PORT". With a second
** argument HTTP clients must send these credentials, or are refused. Ends with
** its standard input. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static FILE *log_file;
static const char *credentials;

static void need(bool fine, const char *what) {
  if (fine) return;
  perror(what);
  exit(1);
}

static void say(int fd, const char *bytes, size_t size) {
  need(write(fd, bytes, size) == (ssize_t)size, "write");
}

static void hear(int fd, unsigned char *bytes, size_t size) {
  while (size > 0) {
    ssize_t got = read(fd, bytes, size);
    if (got <= 0) exit(0);
    bytes += got;
    size -= (size_t)got;
  }
}

static int reach(const char *kind, const char *host, const char *port) {
  struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *to;
  int fd = socket(AF_INET, SOCK_STREAM, 0), status;
  fprintf(log_file, "%s %s %s\n", kind, host, port);
  fflush(log_file);
  if (getaddrinfo(host, port, &hints, &to) != 0) return -1;
  status = connect(fd, to->ai_addr, to->ai_addrlen);
  freeaddrinfo(to);
  return status == 0 ? fd : -1;
}

/* RFC 1928: no authentication, CONNECT only. */
static int socks5(int client) {
  unsigned char b[256], port[2];
  char host[256] = "", service[8];
  int server;
  hear(client, b, 2);
  hear(client, b + 2, b[1]);
  say(client, "\5", 2);
  hear(client, b, 4);
  if (b[3] == 1) {
    hear(client, b, 4);
    inet_ntop(AF_INET, b, host, sizeof host);
  } else if (b[3] == 3) {
    hear(client, b, 1);
    hear(client, (unsigned char *)host, b[0]);
  }
  hear(client, port, 2);
  snprintf(service, sizeof service, "%d", port[0] << 8 | port[1]);
  server = reach("socks5", host, service);
  say(client, server < 0 ? "\5\5\0\1\0\0\0\0\0" : "\5\0\0\1\0\0\0\0\0", 10);
  return server;
}

/* RFC 9110 9.3.6 */
static int http(int client) {
  static const char refused[] =
      "HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  static const char lost[] = "HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n";
  static const char there[] = "HTTP/1.1 200 There\r\n\r\n";
  char text[4096] = "", host[256], port[8];
  size_t size = 0;
  int server;
  while (strstr(text, "\r\n\r\n") == NULL && size < sizeof text - 1)
    hear(client, (unsigned char *)text + size++, 1);
  if (sscanf(text, "CONNECT %255[^:]:%7[0-9]", host, port) != 2) exit(1);
  if (credentials != NULL && strstr(text, credentials) == NULL) {
    say(client, refused, sizeof refused - 1);
    exit(0);
  }
  server = reach("http", host, port);
  if (server < 0)
    say(client, lost, sizeof lost - 1);
  else
    say(client, there, sizeof there - 1);
  return server;
}

static void relay(int a, int b) {
  struct pollfd both[2] = { { a, POLLIN, 0 }, { b, POLLIN, 0 } };
  static char bytes[65536];
  while (poll(both, 2, -1) > 0)
    for (int i = 0; i < 2; i++) {
      ssize_t got;
      if (both[i].revents == 0) continue;
      got = read(both[i].fd, bytes, sizeof bytes);
      if (got <= 0) exit(0);
      say(both[1 - i].fd, bytes, (size_t)got);
    }
}

static void serve(int client) {
  unsigned char first;
  int server;
  if (recv(client, &first, 1, MSG_PEEK) != 1) exit(0);
  server = first == 5 ? socks5(client) : http(client);
  if (server >= 0) relay(client, server);
  exit(0);
}

int main(int argc, char **argv) {
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (argc < 2 || (log_file = fopen(argv[1], "a")) == NULL) return 2;
  credentials = argc > 2 ? argv[2] : NULL;
  signal(SIGCHLD, SIG_IGN);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  need(bind(listener, (struct sockaddr *)&address, size) == 0, "bind");
  need(listen(listener, 16) == 0, "listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  fprintf(log_file, "%d\n", ntohs(address.sin_port));
  fflush(log_file);
  for (;;) {
    struct pollfd wait[2] = { { 0, POLLIN, 0 }, { listener, POLLIN, 0 } };
    int client;
    if (poll(wait, 2, -1) < 0) continue;
    if (wait[0].revents) return 0;
    client = accept(listener, NULL, NULL);
    if (fork() == 0) {
      close(listener);
      serve(client);
    }
    close(client);
  }
}
