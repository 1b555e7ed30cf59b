/* action.h - one call of the caller's: its inputs, its progress, its results.
** A routine (csrc/actions) drives it: it puts commands into the session, takes
** the rows that belong to it, and goes on when a command is answered.
** Whoever made it frees it, after IMAP_EVENT_DONE. */
#ifndef IMAP_ACTION_H
#define IMAP_ACTION_H

#include "protocol/failure.h"
#include "protocol/found.h"
#include "protocol/sasl.h"
#include "protocol/view.h"

struct imap_session;
struct imap_action;
struct imap_command;

/* What a routine says of an untagged response offered to it. */
enum imap_row { IMAP_ROW_IGNORED, IMAP_ROW_TAKEN, IMAP_ROW_DELIVER };

struct imap_routine {
  const char *name;
  bool changes; /* a lost answer leaves its outcome unknown */
  /* Put the first commands into the session. */
  int (*plan)(struct imap_session *s, struct imap_action *a);
  /* An untagged response that one of its commands asked for. NULL: none. */
  enum imap_row (*row)(struct imap_session *s, struct imap_action *a,
                       struct imap_command *c, const struct imap_response *r);
  /* A command was answered, or "+" came for one that converses. Not called for
  ** one that was not sent, as its action had failed or its mailbox not opened. */
  int (*answer)(struct imap_session *s, struct imap_action *a,
                struct imap_command *c, const struct imap_response *r);
  /* Message `seq`, or the one with `uid` (VANISHED), is gone: it leaves
  ** `found`. NULL: no care. */
  void (*gone)(struct imap_action *a, uint32_t seq, uint32_t uid);
  /* Nothing of it is in flight: put more commands, or let it end. NULL: end. */
  int (*settle)(struct imap_session *s, struct imap_action *a);
};

/* One part of a search: what encode does with it. */
struct imap_search_term {
  enum { IMAP_TERM_ATOM, IMAP_TERM_STRING, IMAP_TERM_SET, IMAP_TERM_OPEN,
         IMAP_TERM_CLOSE } kind;
  size_t start, size; /* its text, in `texts` */
};

struct imap_append {
  uint64_t size;           /* octets that will be sent */
  int64_t date;            /* seconds since the epoch, where `dated` */
  bool dated, binary;
  size_t flags, flags_size; /* where in `texts` its flags are */
  /* results */
  bool stored;
  uint32_t uid, uid_validity; /* 0: not told */
  struct imap_failure failure;
};

enum imap_store { IMAP_STORE_ADD, IMAP_STORE_REMOVE, IMAP_STORE_SET };

/* Items of STATUS, as bits. */
enum imap_status_item {
  IMAP_STATUS_MESSAGES = 1 << 0,
  IMAP_STATUS_RECENT = 1 << 1,
  IMAP_STATUS_UNSEEN = 1 << 2,
  IMAP_STATUS_UIDNEXT = 1 << 3,
  IMAP_STATUS_UIDVALIDITY = 1 << 4,
  IMAP_STATUS_HIGHESTMODSEQ = 1 << 5,
  IMAP_STATUS_SIZE = 1 << 6,
  IMAP_STATUS_MAILBOXID = 1 << 7
};

struct imap_uid_pair {
  uint32_t source, copy;
};

struct imap_action {
  const struct imap_routine *routine;
  struct imap_action *next; /* in the session */
  int id;                   /* the caller's own mark */

  /* inputs; owned */
  struct imap_buffer mailbox, target;   /* names on the wire */
  struct imap_seqset set, named;        /* messages; those named one by one */
  bool by_uid;
  bool reopen;                          /* numbers, "*" or ":" were used: the
                                           mailbox is seen as it is now */
  uint32_t uid_validity;                /* 0: any */
  enum imap_store store;
  bool silent, allow_expunge, mark_read, subscribed_only;
  uint64_t unchanged_since;             /* with `conditional` */
  bool conditional;
  struct imap_buffer texts;             /* what spans of inputs point into;
                                           store: its flags, a blank between */
  struct imap_buffer section, pattern, reference, charset;
  bool whole;                           /* download: no part */
  bool needs_structure;                 /* download: BODYSTRUCTURE first */
  bool flows;                           /* download: literals go past us */
  uint32_t items;                       /* of FETCH: 1 << enum imap_item */
  uint32_t status_items;
  struct imap_search_term *terms;
  size_t term_count;
  bool shows_seq, shows_uid;            /* search: rows have these fields */
  bool only_seq, only_uid;              /* search: no FETCH */
  uint32_t limit;                       /* 0: none */
  bool newest_first;
  struct imap_append *appends;
  size_t append_count;
  bool single;                          /* one message is meant, not a set */
  struct imap_login *login;             /* connect; owned */

  /* progress */
  unsigned pending;     /* commands queued or in flight */
  bool planned;         /* plan() has run */
  bool open_ended;      /* more commands must follow before the next action's */
  bool fresh;           /* its view was opened by itself, or on its request */
  bool changed;         /* a changing command was answered OK */
  bool multi;           /* append: all messages go in one command */
  bool careful;         /* delete: without UIDPLUS */
  bool searched;        /* delete: SEARCH was answered with a row */
  bool marked_some;     /* delete: some of those named were given \Deleted … */
  bool rescued;         /* … and after a failure, flags are changed back … */
  bool stuck;           /* … but for some, which the server refused */
  bool late;            /* delete: NOOP was sent for late EXPUNGEs */
  bool settled;         /* settle() has nothing more to queue */
  uint32_t rows;        /* list: rows so far; else what SEARCH found */
  uint32_t status_rows; /* list: rows of STATUS so far */
  bool extended;        /* list: by LIST-EXTENDED */
  bool again;           /* something has been asked for once more */
  bool structure_seen, body_seen; /* download */
  enum { IMAP_UNDOUBTED, IMAP_DOUBTED, IMAP_LISTED } existence;
  struct imap_sasl *sasl;                      /* connect */
  struct imap_view *view;
  struct imap_failure failure;

  /* results */
  struct imap_found found;
  struct imap_seqset missing, modified, removed;
  struct imap_seqset marked;                   /* shown with \Deleted */
  struct imap_uid_pair *pairs;                 /* of COPYUID */
  size_t pair_count, pair_capacity;
  bool pairs_known;
  uint32_t target_uid_validity;
  bool created, subscribed;
  struct imap_buffer mailbox_id;
  struct imap_seqset hits;                     /* what SEARCH found */
};

struct imap_action *imap_action_new(const struct imap_routine *routine);
void imap_action_free(struct imap_action *a); /* NULL is allowed */

#endif
