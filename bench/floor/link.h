/* link.h - the byte stream below wire.c: a socket, libcurl's connection, or Mbed
** TLS; each in a file of its own. What fails ends the program. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <stddef.h>

/* Connects; with TLS, verifies the server by the authority in BENCH_CA. */
void link_open(const char *host, const char *port);
void link_send(const char *bytes, size_t length);
size_t link_receive(char *bytes, size_t room);   /* at least one */
void link_close(void);

/* Whether link_open() has read the greeting. */
extern const int link_has_greeting;

#endif
