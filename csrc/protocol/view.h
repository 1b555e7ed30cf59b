/* view.h - a mailbox as one SELECT or EXAMINE opened it.
** Message numbers mean something only within a view. A view is shared by the
** session and by the commands that run in it, and counted. */
#ifndef IMAP_VIEW_H
#define IMAP_VIEW_H

#include <stdint.h>

#include "protocol/failure.h"

enum imap_view_state {
  IMAP_VIEW_PENDING, /* SELECT is not answered yet */
  IMAP_VIEW_OPEN,    /* answered OK */
  IMAP_VIEW_FAILED   /* answered NO or BAD: `failure` says how */
};

struct imap_view {
  unsigned holders;
  enum imap_view_state state;
  struct imap_buffer mailbox; /* its name on the wire */
  bool write;                 /* opened by SELECT */
  bool read_only;             /* the server said READ-ONLY */
  bool outgrown;              /* APPEND or COPY was queued behind its SELECT */
  uint32_t exists;            /* messages now */
  uint32_t announced;         /* of those that OK announced, how many are left:
                                 what "*" meant (WIRE.md, rule 3) */
  uint32_t uid_validity, uid_next; /* 0: not told */
  uint64_t highest_modseq;         /* 0: not told */
  struct imap_failure failure;
};

/* With one holder. NULL: out of memory. */
struct imap_view *imap_view_new(struct imap_span mailbox, bool write);
struct imap_view *imap_view_hold(struct imap_view *view);
void imap_view_release(struct imap_view *view); /* NULL is allowed */

/* INBOX is the same in any case (RFC 9051 5.1). */
bool imap_mailbox_equal(struct imap_span a, struct imap_span b);

/* Message `number` is gone. False: there is no such message. */
bool imap_view_expunge(struct imap_view *view, uint32_t number);

/* So many messages are gone, of numbers unknown. */
void imap_view_vanish(struct imap_view *view, uint64_t count);

#endif
