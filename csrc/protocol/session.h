/* session.h - the engine: commands out, responses in, no I/O.
** It answers what to do next: "an event", "feed me" (IMAP_MORE) or "write these
** bytes" (imap_session_output). Holds any number of commands in flight, by the
** rules of WIRE.md; keeps the state of the connection, the server's
** capabilities, and the mailbox that is open. */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "protocol/caps.h"
#include "protocol/command.h"
#include "protocol/deflate.h"
#include "protocol/parse.h"

enum imap_event_kind {
  IMAP_EVENT_ROW,     /* `response` belongs to `action`: make a row of it */
  IMAP_EVENT_PIECE,   /* `piece` of the action's literal of `size` octets */
  IMAP_EVENT_CONTENT, /* the action must supply up to `size` octets of its
                         content `index`, from `offset` on */
  IMAP_EVENT_UPGRADE, /* start TLS on the stream, then say so */
  IMAP_EVENT_DONE     /* the action has ended: look at action->failure */
};

struct imap_event {
  enum imap_event_kind kind;
  struct imap_action *action;
  const struct imap_response *response;
  const struct imap_found_row *found; /* ROW of FETCH: its place */
  bool again;                         /* ROW: the message has a row already */
  struct imap_span piece;
  uint64_t size, offset;
  uint32_t index;
};

enum imap_session_state {
  IMAP_SESSION_GREETING, /* the greeting has not come */
  IMAP_SESSION_CLEAR,    /* greeted, not logged in */
  IMAP_SESSION_READY,    /* logged in */
  IMAP_SESSION_DEAD      /* `fault` says why; nothing works any more */
};

struct imap_session {
  struct imap_limits limits;
  enum imap_session_state state;
  bool preauth;                 /* the greeting was PREAUTH */
  bool wants_tls;               /* STARTTLS is still to come */
  bool upgrading;               /* it was answered OK: TLS must start now */
  char auth[24];                /* how we logged in */
  struct imap_buffer greeting;  /* its text */
  struct imap_caps caps;
  struct imap_failure fault;
  bool bye;                     /* the server said BYE */
  struct imap_failure last_words; /* its text */

  struct imap_framer framer;
  struct imap_parser parser;
  struct imap_response response;

  struct imap_buffer out;       /* bytes to send */
  uint64_t written, sent;       /* octets put into it, and taken out, ever */
  struct imap_deflate *deflate; /* COMPRESS is on; NULL: it is not */
  struct imap_buffer packed;    /* `out` goes through here then … */
  uint64_t packed_octets;       /* … so many of it, of which none is sent */
  uint64_t inflated;            /* octets, ever */
  struct imap_command *first;   /* commands, oldest first */
  struct imap_command *queued;  /* the first that is not wholly written */
  struct imap_command *last;
  unsigned in_flight, numbers_in_flight, bad_run;
  bool cautious;                /* after a run of BADs: until all are answered */
  uint64_t octets_in_flight;
  char tag_prefix[8];
  uint32_t next_tag;
  struct imap_buffer secrets;   /* while logging in: what must not be shown,
                                   each behind its size */
  size_t replayed;              /* octets of the transport's prelude still to
                                   be read: traced already, and not to be
                                   asked for again */
  bool tracing;
  struct imap_buffer trace;     /* lines, "C: …" or "S: …", each with LF */

  struct imap_view *current;    /* the mailbox open now; NULL: none … */
  bool unknown;                 /* … or nobody knows */
  struct imap_view *tail;       /* what will be open after all queued */
  bool utf8;                    /* UTF8=ACCEPT is on, or IMAP4rev2 is spoken */

  struct imap_action *actions;  /* running, oldest first */
  struct imap_action *flowing;  /* whose literal flows */
  uint64_t flow_size;
  const struct imap_found_row *row; /* what a routine noted of the row … */
  bool row_again;                   /* … for the event */
};

/* NULL: out of memory, or no random bytes for the tags. */
struct imap_session *imap_session_new(const struct imap_limits *limits,
                                      bool tracing);
void imap_session_free(struct imap_session *s); /* its actions too */

/* Begins an action; the session holds it until IMAP_EVENT_DONE. */
void imap_session_start(struct imap_session *s, struct imap_action *a);

/* Bytes in: read into the space, then say how many came; or that the peer
** ended the stream. */
char *imap_session_space(struct imap_session *s, size_t *room);
void imap_session_filled(struct imap_session *s, size_t size);
void imap_session_ended(struct imap_session *s);

/* IMAP_OK: an event, and what it points to lives until the next call.
** IMAP_MORE: send the output, then feed. Negative: the session is dead, and
** every action has been answered; s->fault says why. */
int imap_session_next(struct imap_session *s, struct imap_event *event);

/* Octets for IMAP_EVENT_CONTENT; at most what it asked for, at least one. */
int imap_session_supply(struct imap_session *s, struct imap_span octets);

/* Whether content may be sent past the output: nothing waits there to be sent
** first, and nothing is compressed. */
bool imap_session_may_pass(const struct imap_session *s);
/* So many octets of content were. */
void imap_session_passed(struct imap_session *s, size_t size);

/* COMPRESS was answered OK: what follows is compressed, both ways. */
int imap_session_compress(struct imap_session *s);

/* TLS is on (IMAP_EVENT_UPGRADE). */
void imap_session_upgraded(struct imap_session *s);

/* Bytes out. */
struct imap_span imap_session_output(const struct imap_session *s);
void imap_session_sent(struct imap_session *s, size_t size);

/* Ends it: every action fails with `code` and `reason`. */
void imap_session_kill(struct imap_session *s, enum imap_code code,
                       const char *reason);
/* The same, where something cannot be kept: IMAP_NOMEM, or IMAP_LIMIT where rows
** are more than the limit `messages`. IMAP_OK: nothing happens. */
void imap_session_need(struct imap_session *s, int status);

/* Nothing is queued, in flight or half received. */
bool imap_session_quiet(const struct imap_session *s);

/* One action is running, and no other. */
bool imap_session_alone(const struct imap_session *s);

/* Octets on their way that the server holds already: of a literal that came in
** part. */
uint64_t imap_session_coming(const struct imap_session *s);

/* The stream's greeting was read and judged by somebody else (after STARTTLS by
** libcurl there is none to be believed). */
void imap_session_greeted(struct imap_session *s);

/* The stream is from a pool, and was logged in before, by the mechanism `auth`:
** no greeting comes. */
void imap_session_resumed(struct imap_session *s, const char *auth);

/* --- for routines --- */

/* Steps that every action may meet in answer(). */
enum {
  IMAP_STEP_OPEN = -1, /* SELECT or EXAMINE for a->view */
  /* … and those that the session keeps to itself: */
  IMAP_STEP_LEAVE = -2, /* leaving a mailbox; its answer fails no action */
  IMAP_STEP_EXISTS = -3 /* LIST, to learn whether a mailbox exists */
};

/* A command of the action's, its name written; arguments follow on c->line.
** NULL: out of memory, and the session is dead. */
struct imap_command *imap_session_command(struct imap_session *s,
                                          struct imap_action *a,
                                          const char *name, int step);
/* Puts it behind all others; takes it over, also on failure. */
int imap_session_queue(struct imap_session *s, struct imap_command *c);

/* Puts SELECT or EXAMINE in front of what follows, unless the mailbox will be
** open (for writing, where asked) and `fresh` is not asked. Sets a->view. */
int imap_session_open(struct imap_session *s, struct imap_action *a, bool write,
                      bool fresh);
/* For what follows a->view will be open: where another action has left it
** meanwhile, its mailbox is opened anew. Message numbers would mean others in
** the new view: with `by_number` the action fails instead. */
int imap_session_return(struct imap_session *s, struct imap_action *a,
                        bool by_number);
/* Messages of the open mailbox have gone: the actions whose message numbers are
** still to be sent there fail. */
void imap_session_renumbered(struct imap_session *s);
/* Lets go of the mailbox that will be open, or that may be: UNSELECT, or EXAMINE and
** then CLOSE, which expunges nothing in a mailbox that is read-only. */
int imap_session_leave(struct imap_session *s, struct imap_action *a);

/* Will the mailbox, or (with `below`) one whose name begins so, be open? */
bool imap_session_may_be_open(const struct imap_session *s,
                              struct imap_span mailbox, bool below);

/* An action failed with NO: does its mailbox exist? Response codes tell; where
** there is none, one LIST decides (API.md, "not_found, exactly"). It may put
** that command. */
int imap_session_doubt(struct imap_session *s, struct imap_action *a);
void imap_session_listed(struct imap_action *a, const struct imap_response *r);

/* The name in a LIST or STATUS row is the one given. */
bool imap_row_names(const struct imap_response *row,
                    const struct imap_node *node, struct imap_span mailbox);

/* A LIST row says that the mailbox exists. */
bool imap_row_shows(const struct imap_response *row, struct imap_span mailbox);

/* A routine notes the message of a FETCH row, and delivers it. */
enum imap_row imap_session_found(struct imap_session *s, struct imap_action *a,
                                 uint32_t uid, uint32_t seq);

/* A line in answer to "+", outside of any literal. */
int imap_session_respond(struct imap_session *s, struct imap_span line,
                         bool secret);

/* --- between session.c, dispatch.c and route.c --- */

enum { IMAP_AGAIN = 4 }; /* no event came of it; look again */

/* Octets waiting to be sent, above which nothing more is put to them. */
enum { IMAP_FULL_OUTPUT = 1 << 17 };

int imap_session_dispatch(struct imap_session *s); /* commands into `out` */
int imap_session_route(struct imap_session *s, struct imap_event *event);
void imap_session_finish(struct imap_session *s, struct imap_command *c);
void imap_session_note(struct imap_session *s, char who, struct imap_span line);

/* A server may repeat what it was told: what was added is overwritten with "*"
** wherever it stands in `text`, until the secrets are forgotten. */
int imap_session_add_secret(struct imap_session *s, struct imap_span secret);
void imap_session_scrub(const struct imap_session *s, struct imap_buffer *text);
void imap_session_note_response(struct imap_session *s,
                                const struct imap_response *r);

#endif
