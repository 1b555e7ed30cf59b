/* gate.h - judges what passes before libcurl hands the connection over.
** Unless TLS comes first, libcurl reads the greeting, asks for capabilities and,
** where TLS is to come, says STARTTLS. The gate sees each of those lines and answers whether to go
** on; it knows no libcurl and does no I/O. Positions are counted in bytes from
** the start of IMAP under the protection now in force. */
#ifndef IMAP_GATE_H
#define IMAP_GATE_H

#include <stdint.h>

#include "transport/transport.h"

/* A position that cannot be told on this system. */
#define IMAP_UNTOLD UINT64_MAX

struct imap_gate {
  enum imap_security security;
  bool greeted;
  bool secure;     /* TLS is in force */
  char tag[16];    /* of libcurl's last command, and whether … */
  bool starttls;   /* … that was STARTTLS */
  size_t line_limit;
  uint64_t judged; /* where the last line ended */
  uint64_t early;  /* what ends before this came before the command was sent */
  struct imap_buffer prelude;
  struct imap_buffer trace;
  bool tracing;
  struct imap_transport_failure *failure; /* borrowed: why it said no */
};

void imap_gate_init(struct imap_gate *gate,
                    const struct imap_transport_options *options,
                    struct imap_transport_failure *failure);
void imap_gate_free(struct imap_gate *gate);

/* Another connection begins; the trace goes on. */
void imap_gate_restart(struct imap_gate *gate);

/* A line from the server, its end included, when `arrived` bytes had come
** (IMAP_UNTOLD where nobody knows). False: stop, gate->failure says why. */
bool imap_gate_line(struct imap_gate *gate, struct imap_span line,
                    uint64_t arrived);

/* A command from libcurl, CR LF included. */
void imap_gate_command(struct imap_gate *gate, struct imap_span line);

/* libcurl is done, and has taken `taken` bytes from the stream: more than the
** lines that it showed are lost inside it. False: as above. */
bool imap_gate_handover(struct imap_gate *gate, uint64_t taken);

#endif
