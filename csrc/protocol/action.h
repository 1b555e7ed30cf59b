/* action.h - one call of the caller's: its inputs, its progress, its results.
** What actions of every kind have comes first; what one kind alone has is a struct
** of its own. A routine (csrc/actions) drives it: it puts commands into the
** session, takes the rows that belong to it, and goes on when a command is
** answered. Whoever made it frees it, after IMAP_EVENT_DONE. */
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
  /* Prepare what its kind of action alone has, of which every byte is zero, and
  ** free it. NULL: nothing to do. */
  void (*init)(struct imap_action *a);
  void (*release)(struct imap_action *a);
  /* Put the first commands into the session. */
  int (*plan)(struct imap_session *s, struct imap_action *a);
  /* An untagged response that one of its commands asked for. NULL where they ask
  ** for none: they have no channel (command.h). */
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

/* --- what one kind has: its inputs, then its progress, then its results --- */

struct imap_login { /* connect */
  struct imap_buffer username, password, token, host; /* wiped when freed */
  bool has_username, has_password, has_token;
  unsigned port;
  char mechanism[32]; /* to insist on, upper case; "": the strongest */
  bool starttls;      /* STARTTLS is ours to do */
  bool compress;      /* COMPRESS=DEFLATE, once logged in */
  bool is_protected;  /* TLS is on, or will be before anything is said */
  enum imap_login_step {
    IMAP_LOGIN_START,
    IMAP_LOGIN_ASKED_CLEAR, /* CAPABILITY before STARTTLS */
    IMAP_LOGIN_STARTTLS,
    IMAP_LOGIN_ASKED,       /* CAPABILITY before authenticating */
    IMAP_LOGIN_AUTHENTICATED,
    IMAP_LOGIN_COMPRESSING,
    IMAP_LOGIN_DONE
  } step;
  struct imap_sasl *sasl;
};

struct imap_store {
  enum { IMAP_STORE_ADD, IMAP_STORE_REMOVE, IMAP_STORE_SET } mode;
  bool conditional;
  uint64_t unchanged_since;         /* with `conditional` */
  struct imap_seqset held_back;     /* by number: what MODIFIED named */
  struct imap_seqset modified;      /* … by UID */
};

struct imap_append_message {
  uint64_t size;            /* octets that will be sent */
  int64_t date;             /* seconds since the epoch, where `dated` */
  bool dated, binary;
  size_t flags, flags_size; /* where in `texts` its flags are */
  bool stored;
  uint32_t uid, uid_validity; /* 0: not told */
  struct imap_failure failure;
};

struct imap_append {
  struct imap_append_message *messages;
  size_t count;
  bool multi; /* all messages go in one command */
};

struct imap_uid_pair {
  uint32_t source, copy;
};

struct imap_copy {
  bool pairs_known;
  struct imap_uid_pair *pairs; /* of COPYUID */
  size_t pair_count, pair_capacity;
  uint32_t target_uid_validity;
};

struct imap_create {
  bool created, subscribed;
  struct imap_buffer mailbox_id;
};

struct imap_delete {
  bool allow_expunge;
  bool careful;              /* without UIDPLUS */
  bool searched;             /* SEARCH was answered with a row */
  bool marked_some;          /* some of those named were given \Deleted … */
  bool rescued;              /* … and after a failure, flags are changed back … */
  bool stuck;                /* … but for some, which the server refused */
  bool late;                 /* NOOP was sent for late EXPUNGEs */
  struct imap_seqset marked; /* shown with \Deleted */
  struct imap_seqset others; /* not named, whose \Deleted is lifted meanwhile */
};

struct imap_download {
  bool whole;           /* no part */
  bool flows;           /* its literal goes past us, to a sink … */
  bool needs_structure; /* … which must see BODYSTRUCTURE before it */
  bool mark_read;
  bool structure_seen, body_seen;
};

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

struct imap_list {
  struct imap_buffer pattern, reference;
  bool subscribed_only;
  bool extended;             /* by LIST-EXTENDED */
  struct imap_buffer names;  /* to ask STATUS for, each behind its length */
  uint32_t rows, status_rows;
};

/* One part of a search: what encode does with it. */
struct imap_search_term {
  enum { IMAP_TERM_ATOM, IMAP_TERM_STRING, IMAP_TERM_SET, IMAP_TERM_OPEN,
         IMAP_TERM_CLOSE } kind;
  size_t start, size; /* its text, in `texts` */
};

struct imap_search {
  struct imap_search_term *terms;
  size_t term_count;
  struct imap_buffer charset;
  uint32_t limit;          /* 0: none */
  bool newest_first;
  bool only_seq, only_uid; /* no FETCH */
};

struct imap_action {
  const struct imap_routine *routine;
  struct imap_action *next; /* in the session */
  int id;                   /* the caller's own mark */

  /* inputs; owned */
  struct imap_buffer mailbox, target; /* names on the wire */
  struct imap_seqset set, named;      /* messages; those named one by one */
  bool by_uid;
  bool single;                        /* one message is meant, not a set */
  bool reopen;                        /* numbers, "*" or ":" were used: the
                                         mailbox is seen as it is now */
  bool silent;                        /* no rows are asked for: what is missing
                                         cannot be told */
  bool shows_seq, shows_uid;          /* rows have these fields */
  uint32_t uid_validity;              /* 0: any */
  uint32_t items;                     /* of FETCH: 1 << enum imap_item */
  uint32_t status_items;
  struct imap_buffer section;         /* of BODY */
  struct imap_buffer texts;           /* flags with blanks between; what spans of
                                         inputs point into */

  /* progress */
  unsigned pending;  /* commands queued or in flight */
  bool planned;      /* plan() has run */
  bool open_ended;   /* more commands must follow before the next action's */
  bool fresh;        /* its view was opened by itself, or on its request */
  bool changed;      /* a changing command was answered OK */
  bool again;        /* something has been asked for once more */
  bool settled;      /* settle() has nothing more to queue */
  bool flowing;      /* the literal of `section` would go past us now */
  enum { IMAP_UNDOUBTED, IMAP_DOUBTED, IMAP_LISTED } existence;
  struct imap_view *view;
  struct imap_failure failure;

  /* results */
  struct imap_found found;
  struct imap_seqset removed, missing; /* seen to go; never seen */
  struct imap_seqset hits;             /* what SEARCH found … */
  uint32_t hit_count;                  /* … as often as it said so */

  union {
    struct imap_login login;
    struct imap_store store;
    struct imap_append append;
    struct imap_copy copy;
    struct imap_create create;
    struct imap_delete delete;
    struct imap_download download;
    struct imap_list list;
    struct imap_search search;
  };
};

/* NULL: out of memory. */
struct imap_action *imap_action_new(const struct imap_routine *routine);
void imap_action_free(struct imap_action *a); /* NULL is allowed */

#endif
