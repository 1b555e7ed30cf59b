/* session.c - the engine: its life, its state, and what to do next. */
#include "protocol/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/random.h"

enum {
  MAX_OUTPUT = 1 << 28,  /* octets waiting to be sent */
  MAX_TRACE = 1 << 26,   /* octets of trace not yet fetched */
  MAX_GREETING = 8192,
  MAX_SECRETS = 1 << 22,
  MAX_SUPPLY = 1 << 16   /* octets of content asked for at once */
};

/* Tags nobody can guess: an answer for one not sent is an attack (A8). */
static int make_tag_prefix(struct imap_session *s) {
  unsigned char random[IMAP_TAG_PREFIX];
  if (imap_random(random, sizeof random) != IMAP_OK) return IMAP_CLOSED;
  for (size_t i = 0; i < sizeof random; i++)
    s->tag_prefix[i] = (char)('a' + random[i] % 26);
  return IMAP_OK;
}

struct imap_session *imap_session_new(const struct imap_limits *limits,
                                      bool tracing) {
  struct imap_session *s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  s->limits = *limits;
  s->tracing = tracing;
  imap_framer_init(&s->framer, limits);
  imap_parser_init(&s->parser, limits);
  imap_caps_init(&s->caps);
  imap_failure_init(&s->fault);
  imap_failure_init(&s->last_words);
  imap_buffer_init(&s->greeting, MAX_GREETING);
  imap_buffer_init_secret(&s->out, MAX_OUTPUT);
  imap_buffer_init(&s->packed, MAX_OUTPUT);
  imap_buffer_init(&s->trace, MAX_TRACE);
  imap_buffer_init_secret(&s->secrets, MAX_SECRETS);
  if (make_tag_prefix(s) != IMAP_OK) {
    imap_session_free(s);
    return NULL;
  }
  return s;
}

static void free_commands(struct imap_session *s) {
  while (s->first != NULL) {
    struct imap_command *c = s->first;
    s->first = c->next;
    imap_command_free(c);
  }
  s->queued = s->last = NULL;
  s->in_flight = s->numbers_in_flight = 0;
}

void imap_session_free(struct imap_session *s) {
  if (s == NULL) return;
  free_commands(s);
  while (s->actions != NULL) {
    struct imap_action *a = s->actions;
    s->actions = a->next;
    imap_action_free(a);
  }
  imap_view_release(s->current);
  imap_view_release(s->tail);
  imap_framer_free(&s->framer);
  imap_parser_free(&s->parser);
  imap_caps_free(&s->caps);
  imap_failure_free(&s->fault);
  imap_failure_free(&s->last_words);
  imap_buffer_free(&s->greeting);
  imap_buffer_free(&s->out);
  imap_buffer_free(&s->packed);
  imap_deflate_free(s->deflate);
  imap_buffer_free(&s->trace);
  imap_buffer_free(&s->secrets);
  free(s);
}

char *imap_session_space(struct imap_session *s, size_t *room) {
  char *space = s->deflate != NULL ? imap_deflate_space(s->deflate, room)
                                   : imap_framer_space(&s->framer, room);
  if (space == NULL) imap_session_need(s, IMAP_NOMEM);
  return space;
}

void imap_session_filled(struct imap_session *s, size_t size) {
  if (s->deflate != NULL)
    imap_deflate_filled(s->deflate, size);
  else
    imap_framer_filled(&s->framer, size);
}

void imap_session_ended(struct imap_session *s) {
  if (s->bye && s->fault.code == IMAP_CODE_NONE)
    imap_failure_copy(&s->fault, &s->last_words);
  imap_session_kill(s, IMAP_CODE_CLOSED,
                    imap_framer_pending(&s->framer) > 0
                        ? "the server ended the connection inside a response"
                        : "the server ended the connection");
}

void imap_session_greeted(struct imap_session *s) {
  if (s->state == IMAP_SESSION_GREETING) s->state = IMAP_SESSION_CLEAR;
}

void imap_session_resumed(struct imap_session *s, const char *auth) {
  imap_session_greeted(s);
  (void)snprintf(s->auth, sizeof s->auth, "%s", auth);
  s->preauth = true;
}

void imap_session_upgraded(struct imap_session *s) {
  s->upgrading = s->bye = false; /* nothing that was said before is believed */
  imap_failure_free(&s->last_words);
  imap_failure_init(&s->last_words);
  imap_caps_clear(&s->caps);
  imap_buffer_clear(&s->greeting);
}

struct imap_span imap_session_output(const struct imap_session *s) {
  return imap_buffer_span(s->deflate != NULL ? &s->packed : &s->out);
}

/* Which octets a part of the compressed ones stands for is not known: they
** count as sent from the first one on. */
void imap_session_sent(struct imap_session *s, size_t size) {
  if (s->deflate == NULL) {
    imap_buffer_drop(&s->out, size);
    s->sent += size;
  } else if (size > 0) {
    imap_buffer_drop(&s->packed, size);
    s->sent += s->packed_octets;
    s->packed_octets = 0;
  }
}

bool imap_session_quiet(const struct imap_session *s) {
  return s->state == IMAP_SESSION_READY && s->actions == NULL &&
         s->first == NULL && s->sent == s->written && s->packed.size == 0 &&
         !s->bye && imap_framer_pending(&s->framer) == 0;
}

bool imap_session_alone(const struct imap_session *s) {
  return s->actions != NULL && s->actions->next == NULL;
}

uint64_t imap_session_coming(const struct imap_session *s) {
  enum imap_framer_phase phase = s->framer.phase;
  if (phase != IMAP_FRAMER_FLOW && phase != IMAP_FRAMER_GATHER) return 0;
  return s->deflate == NULL ? s->framer.literal : 0;
}

/* What became of the action's commands, when the connection is lost? */
static enum imap_outcome lost_outcome(const struct imap_session *s,
                                      const struct imap_action *a) {
  for (const struct imap_command *c = s->first; c != NULL; c = c->next) {
    bool counts = !a->routine->changes || c->effect == IMAP_EFFECT_CHANGES;
    if (c->action == a && counts && c->state == IMAP_COMMAND_SENT &&
        c->end <= s->sent)
      return IMAP_OUTCOME_UNKNOWN;
  }
  return a->changed ? IMAP_OUTCOME_PARTIAL : IMAP_OUTCOME_NOT_SENT;
}

static const char *lost_command(const struct imap_session *s,
                                const struct imap_action *a) {
  for (const struct imap_command *c = s->first; c != NULL; c = c->next)
    if (c->action == a) return c->name;
  return NULL;
}

/* Nothing more of it will be sent, or answered. */
static void end_action(const struct imap_session *s, struct imap_action *a) {
  bool unsettled = a->routine->settle != NULL && !a->settled;
  bool open = a->pending > 0 || !a->planned || a->open_ended || unsettled;
  if (open && a->failure.code == IMAP_CODE_NONE) {
    imap_failure_copy(&a->failure, &s->fault);
    a->failure.command = lost_command(s, a);
    a->failure.outcome = lost_outcome(s, a);
  }
  a->planned = true;
}

void imap_session_start(struct imap_session *s, struct imap_action *a) {
  struct imap_action **end = &s->actions;
  while (*end != NULL) end = &(*end)->next;
  a->next = NULL;
  *end = a;
  if (s->state == IMAP_SESSION_DEAD) end_action(s, a);
}

void imap_session_kill(struct imap_session *s, enum imap_code code,
                       const char *reason) {
  if (s->state == IMAP_SESSION_DEAD) return;
  s->state = IMAP_SESSION_DEAD;
  imap_failure_set(&s->fault, code, NULL, "%s", reason);
  for (struct imap_action *a = s->actions; a != NULL; a = a->next)
    end_action(s, a);
  imap_buffer_free(&s->out);
  imap_buffer_free(&s->packed);
}

void imap_session_need(struct imap_session *s, int status) {
  if (status == IMAP_LIMIT)
    imap_session_kill(s, IMAP_CODE_LIMIT,
                      "a result has more rows than the limit `messages`");
  else if (status != IMAP_OK)
    imap_session_kill(s, IMAP_CODE_NOMEM, imap_status_text(IMAP_NOMEM));
}

/* Not by kill itself: a routine that calls it is in the midst of a command. */
static void bury(struct imap_session *s) {
  free_commands(s);
  for (struct imap_action *a = s->actions; a != NULL; a = a->next)
    a->pending = 0;
}

/* It must see an answer before another action's commands may follow its own. */
static bool holds_up(const struct imap_action *a) {
  return a->planned && a->open_ended && a->failure.code == IMAP_CODE_NONE;
}

/* Lets actions put their commands, in order. */
static int plan_actions(struct imap_session *s) {
  if (s->state == IMAP_SESSION_GREETING || s->replayed > 0) return IMAP_OK;
  for (struct imap_action *a = s->actions; a != NULL; a = a->next) {
    if (!a->planned) {
      int status;
      a->planned = true;
      status = a->routine->plan(s, a);
      if (status < 0) return status;
    }
    if (holds_up(a)) break;
  }
  return IMAP_OK;
}

/* More commands of this action would come between those of another. */
static bool is_held_up(const struct imap_session *s,
                       const struct imap_action *a) {
  if (a->routine->settle == NULL) return false;
  for (const struct imap_action *b = s->actions; b != NULL; b = b->next)
    if (b != a && b->pending > 0 && holds_up(b)) return true;
  return false;
}

/* Takes the oldest action that has nothing left to do out of the list. */
static int find_done(struct imap_session *s, struct imap_event *event) {
  struct imap_action *a;
  for (struct imap_action **at = &s->actions; (a = *at) != NULL; at = &a->next) {
    if (!a->planned) break;
    if (a->pending > 0) continue;
    if (s->state != IMAP_SESSION_DEAD) {
      int status = IMAP_OK;
      if (is_held_up(s, a)) continue;
      if (a->routine->settle != NULL) status = a->routine->settle(s, a);
      a->settled = status == IMAP_OK && a->pending == 0;
      if (a->settled)
        status = imap_session_doubt(s, a);
      if (status < 0) return status;
      if (a->pending > 0) return IMAP_AGAIN;
    }
    *at = a->next;
    a->next = NULL;
    *event = (struct imap_event){.kind = IMAP_EVENT_DONE, .action = a};
    return IMAP_OK;
  }
  return IMAP_MORE;
}

/* The command being written needs octets of a literal from the caller. */
static bool find_content(struct imap_session *s, struct imap_event *event) {
  struct imap_command *c = s->queued;
  if (c == NULL || c->state != IMAP_COMMAND_WRITING || c->waits ||
      c->content == 0 || s->out.size > IMAP_FULL_OUTPUT)
    return false;
  *event = (struct imap_event){
    .kind = IMAP_EVENT_CONTENT, .action = c->action,
    .index = c->first_content + c->content_index,
    .size = c->content < MAX_SUPPLY ? c->content : MAX_SUPPLY,
    .offset = c->content_size - c->content
  };
  return true;
}

int imap_session_supply(struct imap_session *s, struct imap_span octets) {
  struct imap_command *c = s->queued;
  int status = imap_buffer_add_span(&s->out, octets);
  if (status != IMAP_OK) return status;
  s->written += octets.size;
  c->content -= octets.size;
  return IMAP_OK;
}

bool imap_session_may_pass(const struct imap_session *s) {
  return s->deflate == NULL && s->out.size == 0;
}

void imap_session_passed(struct imap_session *s, size_t size) {
  s->written += size;
  s->sent += size;
  s->queued->content -= size;
}

/* --- compressed (RFC 4978) --- */

static int feed_deflate(struct imap_deflate *d, struct imap_span octets) {
  while (octets.size > 0) {
    size_t room;
    char *space = imap_deflate_space(d, &room);
    if (space == NULL) return IMAP_NOMEM;
    if (room > octets.size) room = octets.size;
    memcpy(space, octets.data, room);
    imap_deflate_filled(d, room);
    octets.data += room;
    octets.size -= room;
  }
  return IMAP_OK;
}

int imap_session_compress(struct imap_session *s) {
  struct imap_span rest;
  s->deflate = imap_deflate_new();
  if (s->deflate == NULL) return IMAP_NOMEM;
  rest = imap_framer_take_rest(&s->framer);
  return feed_deflate(s->deflate, rest);
}

/* Octets for the framer, which said IMAP_MORE; IMAP_MORE: there are none. */
static int inflate_more(struct imap_session *s) {
  size_t room, made;
  char *space = imap_framer_space(&s->framer, &room);
  int status;
  if (space == NULL) return s->framer.status;
  status = imap_deflate_read(s->deflate, space, room, &made);
  if (status == IMAP_PROTOCOL)
    s->parser.problem = "what the server sent is not the compressed stream "
                        "that it agreed to (COMPRESS=DEFLATE)";
  if (status != IMAP_OK) return status;
  imap_framer_filled(&s->framer, made);
  s->inflated += made;
  return IMAP_AGAIN;
}

/* Before anything is sent: as much as has gathered, in one piece. */
static int deflate_output(struct imap_session *s) {
  int status;
  if (s->out.size == 0 || s->packed.size > 0) return IMAP_OK;
  status = imap_deflate_write(s->deflate, imap_buffer_span(&s->out), &s->packed);
  s->packed_octets = s->out.size;
  imap_buffer_clear(&s->out);
  return status;
}

static enum imap_code code_of(int status) {
  switch (status) {
    case IMAP_NOMEM: return IMAP_CODE_NOMEM;
    case IMAP_LIMIT: return IMAP_CODE_LIMIT;
    case IMAP_INVALID: return IMAP_CODE_INVALID_ARGUMENT;
    default: return IMAP_CODE_PROTOCOL;
  }
}

/* Puts commands into the output, then looks at what has come. */
static int advance(struct imap_session *s, struct imap_event *event) {
  int status = plan_actions(s);
  if (status == IMAP_OK) status = imap_session_dispatch(s);
  if (status < 0) return status;
  if (find_content(s, event)) return IMAP_OK;
  if (s->upgrading) {
    *event = (struct imap_event){.kind = IMAP_EVENT_UPGRADE};
    return IMAP_OK;
  }
  status = find_done(s, event);
  if (status != IMAP_MORE) return status;
  status = imap_session_route(s, event);
  if (status != IMAP_MORE || s->deflate == NULL) return status;
  status = deflate_output(s);
  return status == IMAP_OK ? inflate_more(s) : status;
}

int imap_session_next(struct imap_session *s, struct imap_event *event) {
  int status = IMAP_AGAIN;
  s->row = NULL;
  s->row_again = false;
  while (s->state != IMAP_SESSION_DEAD && status == IMAP_AGAIN)
    status = advance(s, event);
  if (status == IMAP_OK || (status == IMAP_MORE && s->state != IMAP_SESSION_DEAD))
    return status;
  if (status < 0)
    imap_session_kill(s, code_of(status),
                      s->parser.problem != NULL   ? s->parser.problem
                      : s->framer.problem != NULL ? s->framer.problem
                                                  : imap_status_text(status));
  bury(s);
  return find_done(s, event) == IMAP_OK ? IMAP_OK : IMAP_CLOSED;
}
