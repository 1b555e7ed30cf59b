/* command.h - one command: its bytes, what it needs, and what it does. */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include "protocol/action.h"
#include "protocol/encode.h"

enum imap_command_state {
  IMAP_COMMAND_QUEUED,  /* nothing of it is in the output */
  IMAP_COMMAND_WRITING, /* some of it is */
  IMAP_COMMAND_SENT     /* all of it */
};

/* Which untagged responses answer it. Two commands whose rows could not be
** told apart are not in flight together (WIRE.md, rule 1). */
enum imap_channel {
  IMAP_CHANNEL_NONE,
  IMAP_CHANNEL_FETCH,  /* rows of `view` within `set`, with one of `items` */
  IMAP_CHANNEL_SEARCH, /* SEARCH; ESEARCH by its TAG */
  IMAP_CHANNEL_LIST,   /* LIST, XLIST and STATUS rows */
  IMAP_CHANNEL_LSUB,
  IMAP_CHANNEL_STATUS  /* STATUS of the action's mailbox */
};

enum imap_effect {
  IMAP_EFFECT_NONE,
  IMAP_EFFECT_OPENS,  /* SELECT, EXAMINE: `view` is what it opens */
  IMAP_EFFECT_CLOSES, /* UNSELECT, CLOSE */
  IMAP_EFFECT_CHANGES /* changes messages of `view` */
};

enum {
  IMAP_TAG_PREFIX = 4, /* letters, then digits of 32 bits */
  IMAP_TAG_ROOM = 16
};

struct imap_command {
  struct imap_command *next;
  struct imap_action *action;
  const char *name; /* "UID STORE" */
  int step;         /* the action's own word for it */
  char tag[IMAP_TAG_ROOM];
  struct imap_encoder line;
  enum imap_command_state state;
  struct imap_view *view; /* that it opens or runs in; NULL: none */
  enum imap_effect effect;
  enum imap_channel channel;
  bool by_number;         /* holds message numbers (WIRE.md, rule 3) */
  bool alone;             /* nothing else may be in flight with it */
  bool rescue;            /* sent even where its action has failed */
  bool converses;         /* "+" is for its action (AUTHENTICATE, IDLE) */
  uint32_t items;         /* FETCH: 1 << enum imap_item */
  bool section;           /* FETCH: a BODY section … */
  bool flows;             /* … whose literal goes past us */
  bool tagged_rows;       /* SEARCH: ESEARCH names the tag */
  struct imap_seqset set; /* FETCH: what it asks for; empty: see `open_set` */
  bool open_set;          /* FETCH: "$", any message */
  /* progress of sending */
  uint64_t octets;        /* of its line and its literals */
  size_t written;         /* octets of its line in the output so far */
  size_t stop;            /* the next stop of the line */
  bool waits;             /* for "+" */
  uint64_t content;       /* octets of a literal still to come from elsewhere */
  uint64_t content_size;  /* of how many */
  uint32_t content_index; /* of which literal */
  uint32_t first_content; /* which content of the action its first one is */
  uint64_t end;           /* where in the session's stream it ends, when SENT */
  bool answered;          /* NO or BAD came while it was being written */
};

/* NULL: out of memory. */
struct imap_command *imap_command_new(const char *name); /* without a tag */
void imap_command_free(struct imap_command *c);

/* Could a row of the one be taken for a row of the other? */
bool imap_command_clash(const struct imap_command *a,
                        const struct imap_command *b);

/* May a FETCH row with this message number answer it? */
bool imap_command_asked_seq(const struct imap_command *c, uint32_t seq);

/* Does this FETCH row answer it? */
bool imap_command_asked(const struct imap_command *c,
                        const struct imap_response *row);

#endif
