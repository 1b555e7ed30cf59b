/* hostile.c - a server on loopback that plays a script of bytes, and faults.
**
**     hostile SCRIPT [CERTIFICATE KEY]
**
** prints its port, plays the script, and prints what it heard as it hears it: a
** line "C: ..." for each of the client's lines, "ACCEPT" for each connection,
** "END" where the client closed. It ends with the script, then reads on until the
** client closes; after thirty seconds it ends whatever happens. Its TLS is an
** `openssl s_server` in the middle, so that a script can break TLS off as well.
**
** The lines of a script; \r \n \0 \\ and \xHH are octets, \T is the tag of the
** line that was heard last:
**   S: text       says it, with CR LF      S- text   without CR LF
**   D: ms text    says it with CR LF, an octet at a time, every so many ms
**   R: n text     says it with CR LF n times, whether the client reads or not
**   C: text       waits for a line that contains text; a CAPABILITY before that
**                 is answered as the last one was
**   ! read n      reads n octets           ! wait ms   does nothing
**   ! tls         answers a TLS handshake from here on
**   ! fin         ends its own side, and reads on   ! close  closes (no close_notify)
**   ! reset       closes with a reset      ! accept  waits for one more connection
**   ! hang        does not even read, until the client is gone */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIFETIME = 30, LINE = 65536 };

static struct {
  int listener, client; /* the client's TCP socket */
  int in, out;          /* where the script reads and writes: it, or TLS's pipes */
  pid_t tls, relay;     /* `openssl s_server`, and who carries bytes to it */
  const char *certificate, *key;
  char tag[64];
  char capability[1024]; /* the last "* CAPABILITY ..." of the script */
} server = {-1, -1, -1, -1, 0, 0, NULL, NULL, "", ""};

static void fail(const char *what) {
  fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void pause_for(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static int listen_on(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
    .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0 || bind(s, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(s, 4) != 0)
    fail("listen");
  return s;
}

static int port_of(int s) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (getsockname(s, (struct sockaddr *)&address, &size) != 0) fail("port");
  return ntohs(address.sin_port);
}

static void accept_client(void) {
  int on = 1;
  if (server.client >= 0) close(server.client);
  server.client = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);
  if (server.client < 0) fail("accept");
  setsockopt(server.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  server.in = server.out = server.client;
  printf("ACCEPT\n");
}

/* --- TLS ----------------------------------------------------------------------- */

/* Carries bytes between two sockets until either ends. */
static void relay(int a, int b) {
  struct pollfd both[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
  char bytes[16384];
  while (poll(both, 2, -1) > 0) {
    for (int i = 0; i < 2; i++) {
      ssize_t size, at = 0, sent;
      if (both[i].revents == 0) continue;
      size = recv(both[i].fd, bytes, sizeof bytes, 0);
      if (size <= 0) return;
      for (; at < size; at += sent) {
        sent = send(both[1 - i].fd, bytes + at, (size_t)(size - at), MSG_NOSIGNAL);
        if (sent <= 0) return;
      }
    }
  }
}

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
    .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int tries = 0; tries < 500; tries++, pause_for(10)) {
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(s, (struct sockaddr *)&address, sizeof address) == 0) return s;
    close(s);
  }
  fail("openssl s_server");
  return -1;
}

static void start_tls(void) {
  char where[32];
  int from[2], to[2], probe = listen_on(0), port = port_of(probe);
  close(probe);
  snprintf(where, sizeof where, "127.0.0.1:%d", port);
  if (pipe(from) != 0 || pipe(to) != 0) fail("pipe");
  server.tls = fork();
  if (server.tls == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(to[0], 0);
    dup2(from[1], 1);
    for (int fd = 3; fd < 64; fd++) close(fd);
    execlp("openssl", "openssl", "s_server", "-quiet", "-naccept", "1", "-accept",
      where, "-cert", server.certificate, "-key", server.key, (char *)NULL);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  server.relay = fork();
  if (server.relay == 0) {
    int inside;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(to[1]);
    close(from[0]);
    inside = connect_to(port);
    relay(server.client, inside);
    _exit(0);
  }
  server.in = from[0];
  server.out = to[1];
}

static void stop(pid_t *process) {
  if (*process > 0) {
    kill(*process, SIGKILL);
    waitpid(*process, NULL, 0);
  }
  *process = 0;
}

/* Both helpers go before the socket is closed: nobody says close_notify. */
static void drop_client(bool reset) {
  struct linger at_once = {1, 0};
  if (server.relay > 0) pause_for(100); /* what was said is on its way */
  stop(&server.relay);
  stop(&server.tls);
  if (server.in != server.client) {
    close(server.in);
    close(server.out);
  }
  if (reset)
    setsockopt(server.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(server.client);
  server.in = server.out = server.client = -1;
}

/* --- The conversation ------------------------------------------------------------ */

static bool say(const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = write(server.out, bytes, size);
    if (sent <= 0) return false;
    bytes += sent;
    size -= (size_t)sent;
  }
  return true;
}

/* False: the client has closed. */
static bool hear(char line[LINE]) {
  size_t size = 0;
  char byte;
  while (read(server.in, &byte, 1) == 1) {
    if (byte == '\n') {
      if (size > 0 && line[size - 1] == '\r') size--;
      line[size] = '\0';
      printf("C: %s\n", line);
      snprintf(server.tag, sizeof server.tag, "%.*s", (int)strcspn(line, " "), line);
      return true;
    }
    if (size < LINE - 1) line[size++] = byte;
  }
  line[size] = '\0';
  if (size > 0) printf("C- %s\n", line);
  return false;
}

static void await(const char *wanted) {
  static char line[LINE];
  while (hear(line)) {
    char answer[1200];
    int size;
    if (strstr(line, wanted) != NULL) return;
    if (strstr(line, " CAPABILITY") == NULL) continue;
    size = snprintf(answer, sizeof answer, "%s\r\n%s OK\r\n", server.capability,
                    server.tag);
    say(answer, (size_t)size);
  }
  printf("END\n");
  exit(0);
}

/* The octets of a text; they are no longer than it, but for the tag. */
static size_t expand(const char *text, char *out) {
  char *at = out;
  for (; *text != '\0'; text++) {
    if (*text != '\\') {
      *at++ = *text;
      continue;
    }
    switch (*++text) {
      case 'r': *at++ = '\r'; break;
      case 'n': *at++ = '\n'; break;
      case '0': *at++ = '\0'; break;
      case 'T': at = stpcpy(at, server.tag); break;
      case 'x': {
        char digits[3] = {text[1], text[2], '\0'};
        *at++ = (char)strtol(digits, NULL, 16);
        text += 2;
        break;
      }
      default: *at++ = *text; break;
    }
  }
  return (size_t)(at - out);
}

static size_t expand_line(const char *text, char *out) {
  size_t size = expand(text, out);
  memcpy(out + size, "\r\n", 2);
  return size + 2;
}

static void read_octets(long count) {
  static char bytes[LINE];
  while (count > 0) {
    ssize_t size = read(server.in, bytes, count < LINE ? (size_t)count : LINE);
    if (size <= 0) return;
    count -= size;
  }
}

static void hang(void) {
  struct pollfd gone = {server.client, POLLRDHUP, 0};
  poll(&gone, 1, LIFETIME * 1000);
}

static void act(const char *order) {
  long number = strchr(order, ' ') != NULL ? atol(strchr(order, ' ')) : 0;
  if (strncmp(order, "read", 4) == 0) read_octets(number);
  else if (strncmp(order, "wait", 4) == 0) pause_for(number);
  else if (strcmp(order, "tls") == 0) start_tls();
  else if (strcmp(order, "fin") == 0) shutdown(server.client, SHUT_WR);
  else if (strcmp(order, "close") == 0) drop_client(false);
  else if (strcmp(order, "reset") == 0) drop_client(true);
  else if (strcmp(order, "accept") == 0) accept_client();
  else if (strcmp(order, "hang") == 0) hang();
  else fail(order);
}

static void step(const char *line) {
  static char out[2 * LINE];
  const char *rest = line + (line[2] != '\0' ? 3 : 2);
  char *text;
  long number = strtol(rest, &text, 10);
  if (*text == ' ') text++;
  if (strncmp(rest, "* CAPABILITY", 12) == 0)
    snprintf(server.capability, sizeof server.capability, "%s", rest);
  if (line[0] == '!') {
    act(line + 2);
  } else if (line[0] == 'C') {
    await(rest);
  } else if (line[0] == 'S') {
    size_t size = line[1] == '-' ? expand(rest, out) : expand_line(rest, out);
    say(out, size);
  } else if (line[0] == 'D') {
    size_t size = expand_line(text, out);
    for (size_t at = 0; at < size && say(out + at, 1); at++) pause_for(number);
  } else if (line[0] == 'R') {
    size_t size = expand_line(text, out);
    while (number-- > 0 && say(out, size)) continue;
  }
}

int main(int argc, char **argv) {
  static char line[LINE];
  FILE *script = argc > 1 ? fopen(argv[1], "r") : NULL;
  if (script == NULL) fail("no script");
  server.certificate = argc > 3 ? argv[2] : NULL;
  server.key = argc > 3 ? argv[3] : NULL;
  signal(SIGPIPE, SIG_IGN);
  alarm(LIFETIME);
  setvbuf(stdout, NULL, _IOLBF, 0);
  server.listener = listen_on(0);
  printf("%d\n", port_of(server.listener));
  while (fgets(line, sizeof line, script) != NULL) {
    const char *text = line + strspn(line, " ");
    line[strcspn(line, "\n")] = '\0';
    if (*text == '\0' || *text == '#') continue;
    if (server.client < 0 && strcmp(text, "! accept") != 0) accept_client();
    step(text);
  }
  while (server.in >= 0 && hear(line)) continue;
  if (server.in >= 0) printf("END\n");
  if (server.client >= 0) drop_client(false);
  return 0;
}
