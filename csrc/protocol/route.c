/* route.c - what a response means to the session, and whose it is.
** An untagged response belongs to the command that asked for it, found by what
** was asked; one that nobody asked for is news (WIRE.md, rule 1). */
#include "protocol/chars.h"
#include "protocol/session.h"

static int fatal(struct imap_session *s, const char *problem) {
  s->parser.problem = problem;
  return IMAP_PROTOCOL;
}

/* --- mailboxes --- */

/* The view that SELECT's data describe: of the opener that is next to be
** answered, where only what needs no mailbox is before it, which may be answered
** later; else the one that is open. */
static struct imap_view *described_view(const struct imap_session *s) {
  const struct imap_command *c = s->first;
  for (; c != NULL && c->state == IMAP_COMMAND_SENT; c = c->next) {
    if (c->effect == IMAP_EFFECT_OPENS) return c->view;
    if (c->view != NULL || c->effect == IMAP_EFFECT_CLOSES) break;
  }
  return s->current;
}

static void set_current(struct imap_session *s, struct imap_view *view) {
  if (view != NULL) imap_view_hold(view);
  imap_view_release(s->current);
  s->current = view;
}

static void set_tail_after_failure(struct imap_session *s,
                                   const struct imap_view *failed) {
  if (s->tail != failed) return;
  imap_view_release(s->tail);
  s->tail = NULL;
}

/* Everything behind it describes the new mailbox (RFC 7162 3.2.11); but only
** OK opens that for changes (WIRE.md, rule 2). */
static void previous_closed(struct imap_session *s, struct imap_view *view) {
  if (view == NULL || view == s->current) return;
  set_current(s, NULL);
  s->unknown = true;
  view->exists = 0;
}

static void read_view_code(struct imap_session *s, struct imap_view *view,
                           const struct imap_response *r) {
  struct imap_cursor args = r->data;
  uint64_t number = 0;
  bool numeric =
      imap_node_number(r->tape, imap_cursor_take(&args), UINT64_MAX, &number);
  if (imap_span_is(r->code, "CLOSED")) previous_closed(s, view);
  if (view == NULL) return;
  if (imap_span_is(r->code, "READ-ONLY")) view->read_only = true;
  if (imap_span_is(r->code, "READ-WRITE")) view->read_only = false;
  if (!numeric) return;
  if (imap_span_is(r->code, "HIGHESTMODSEQ")) view->highest_modseq = number;
  if (number > UINT32_MAX) return;
  if (imap_span_is(r->code, "UIDVALIDITY"))
    view->uid_validity = (uint32_t)number;
  if (imap_span_is(r->code, "UIDNEXT")) view->uid_next = (uint32_t)number;
}

/* SELECT and EXAMINE: OK opens; NO leaves none open (RFC 9051 6.3.2); BAD may
** have left the old one. */
static void opener_answered(struct imap_session *s, struct imap_command *c,
                            const struct imap_response *r) {
  struct imap_view *view = c->view;
  if (r->name == IMAP_NAME_OK) {
    view->state = IMAP_VIEW_OPEN;
    view->announced = view->exists;
    set_current(s, view);
    s->unknown = false;
    return;
  }
  view->state = IMAP_VIEW_FAILED;
  imap_failure_answer(&view->failure, c->name, r);
  set_current(s, NULL);
  s->unknown = r->name == IMAP_NAME_BAD;
  set_tail_after_failure(s, view);
}

static void closer_answered(struct imap_session *s,
                            const struct imap_response *r) {
  set_current(s, NULL);
  s->unknown = r->name != IMAP_NAME_OK;
}

static void opener_failure(struct imap_command *c) {
  struct imap_failure *failure = &c->action->failure;
  if (c->step == IMAP_STEP_LEAVE) return;
  if (c->view->state == IMAP_VIEW_FAILED) {
    imap_failure_copy(failure, &c->view->failure);
  } else if (c->view->write && c->view->read_only) {
    imap_failure_set(failure, IMAP_CODE_NO, c->name,
                     "the mailbox opens read-only");
    imap_failure_code(failure, "READ-ONLY");
    failure->outcome = IMAP_OUTCOME_REFUSED;
  }
}

/* --- tagged responses --- */

static struct imap_command *find_command(const struct imap_session *s,
                                         struct imap_span tag) {
  for (struct imap_command *c = s->first; c != NULL; c = c->next)
    if (c->state != IMAP_COMMAND_QUEUED &&
        imap_span_equal(tag, imap_span_of(c->tag)))
      return c;
  return NULL;
}

static void count_bad(struct imap_session *s, const struct imap_response *r) {
  if (r->name == IMAP_NAME_BAD)
    s->bad_run++;
  else
    s->bad_run = 0;
}

static bool sent_whole(const struct imap_session *s,
                       const struct imap_command *c) {
  return c->state == IMAP_COMMAND_SENT && c->end <= s->sent;
}

static int route_tagged(struct imap_session *s, const struct imap_response *r) {
  struct imap_command *c = find_command(s, r->tag);
  struct imap_action *a;
  int status = IMAP_OK;
  if (c == NULL || c->answered)
    return fatal(s, "the server answered a command that was not sent");
  if (r->name == IMAP_NAME_BYE) return fatal(s, "the server said BYE");
  if (!sent_whole(s, c) && r->name == IMAP_NAME_OK)
    return fatal(s, "the server answered OK to a command before its end");
  count_bad(s, r);
  a = c->action;
  if (imap_span_is(r->code, "CAPABILITY"))
    status = imap_caps_read(&s->caps, r->data);
  if (c->effect == IMAP_EFFECT_OPENS) {
    read_view_code(s, c->view, r);
    opener_answered(s, c, r);
    opener_failure(c);
  } else if (c->effect == IMAP_EFFECT_CLOSES) {
    closer_answered(s, r);
  } else if (c->view != NULL && c->view->state == IMAP_VIEW_FAILED) {
    imap_failure_copy(&a->failure, &c->view->failure);
  }
  if (c->effect == IMAP_EFFECT_CHANGES && r->name == IMAP_NAME_OK)
    a->changed = true;
  if (c->step == IMAP_STEP_EXISTS && r->name != IMAP_NAME_OK)
    a->existence = IMAP_LISTED; /* nobody knows: the first NO stands as it is */
  if (status == IMAP_OK && c->step >= IMAP_STEP_OPEN)
    status = a->routine->answer(s, a, c, r);
  if (c->state == IMAP_COMMAND_WRITING)
    c->answered = true; /* what is permitted of it is still sent */
  else
    imap_session_finish(s, c);
  return status == IMAP_OK ? IMAP_AGAIN : status;
}

/* --- continuations --- */

static int route_continuation(struct imap_session *s,
                              const struct imap_response *r) {
  struct imap_command *c = s->queued;
  if (c != NULL && c->state == IMAP_COMMAND_WRITING && c->waits &&
      s->sent == s->written) {
    c->waits = false;
    return IMAP_AGAIN;
  }
  for (c = s->first; c != NULL; c = c->next)
    if (c->converses && sent_whole(s, c)) {
      int status = c->action->routine->answer(s, c->action, c, r);
      return status == IMAP_OK ? IMAP_AGAIN : status;
    }
  return fatal(s, "the server sent \"+\" where nothing waits for it");
}

/* --- rows --- */

enum imap_row imap_session_found(struct imap_session *s, struct imap_action *a,
                                 uint32_t uid, uint32_t seq) {
  const struct imap_found_row *row;
  int status = imap_found_add(&a->found, uid, seq, &row);
  if (status >= 0 && a->found.arrived > s->limits.messages)
    status = IMAP_LIMIT; /* also by those that went again */
  if (status < 0) {
    imap_session_need(s, status);
    return IMAP_ROW_TAKEN;
  }
  s->row = row;
  s->row_again = status == IMAP_MORE;
  return IMAP_ROW_DELIVER;
}

static int deliver(struct imap_session *s, struct imap_action *a,
                   struct imap_event *event) {
  if (s->state == IMAP_SESSION_DEAD) return IMAP_CLOSED;
  *event = (struct imap_event){
    .kind = IMAP_EVENT_ROW, .action = a, .response = &s->response,
    .found = s->row, .again = s->row_again
  };
  return IMAP_OK;
}

static int take(struct imap_session *s, struct imap_action *a,
                enum imap_row row, struct imap_event *event) {
  return row == IMAP_ROW_DELIVER ? deliver(s, a, event) : IMAP_AGAIN;
}

/* Offers it to the commands in flight that `asked` for it, oldest first. */
static int offer(struct imap_session *s, const struct imap_response *r,
                 bool (*asked)(const struct imap_command *,
                               const struct imap_response *),
                 struct imap_event *event) {
  for (struct imap_command *c = s->first; c != NULL; c = c->next) {
    enum imap_row row = IMAP_ROW_IGNORED;
    if (c->state != IMAP_COMMAND_SENT || !asked(c, r)) continue;
    if (c->step == IMAP_STEP_EXISTS)
      imap_session_listed(c->action, r);
    else
      row = c->action->routine->row(s, c->action, c, r);
    if (row != IMAP_ROW_IGNORED) return take(s, c->action, row, event);
  }
  return IMAP_AGAIN;
}

static int route_fetch(struct imap_session *s, const struct imap_response *r,
                       struct imap_event *event) {
  if (s->current == NULL) return IMAP_AGAIN; /* of a mailbox nobody opened */
  for (struct imap_command *c = s->first; c != NULL; c = c->next) {
    enum imap_row row;
    if (c->state != IMAP_COMMAND_SENT || c->view != s->current) continue;
    if (!imap_command_asked(c, r)) continue;
    row = c->action->routine->row(s, c->action, c, r);
    if (row != IMAP_ROW_IGNORED) return take(s, c->action, row, event);
  }
  if (s->framer.flowed) /* its octets have gone to a sink already */
    return fatal(s, "the server sent the body of a message not asked for");
  return IMAP_AGAIN;
}

static bool asked_list(const struct imap_command *c,
                       const struct imap_response *r) {
  return c->channel == (r->name == IMAP_NAME_LSUB ? IMAP_CHANNEL_LSUB
                                                  : IMAP_CHANNEL_LIST);
}

static bool asked_status(const struct imap_command *c,
                         const struct imap_response *r) {
  (void)r;
  return c->channel == IMAP_CHANNEL_STATUS || c->channel == IMAP_CHANNEL_LIST;
}

static bool asked_search(const struct imap_command *c,
                         const struct imap_response *r) {
  (void)r;
  return c->channel == IMAP_CHANNEL_SEARCH;
}

/* --- news --- */

static void route_expunge(struct imap_session *s,
                          const struct imap_response *r) {
  if (s->current == NULL) return;
  imap_session_renumbered(s); /* also where our count cannot be right */
  if (!imap_view_expunge(s->current, r->number)) return;
  for (struct imap_action *a = s->actions; a != NULL; a = a->next)
    if (a->routine->gone != NULL && a->view == s->current)
      a->routine->gone(a, r->number, 0);
}

/* Those of the range that rows have shown leave one by one; the others move
** what follows. */
static void range_vanished(struct imap_action *a, struct imap_range range) {
  uint64_t unseen = (uint64_t)range.last - range.first + 1;
  const struct imap_found_row *row = imap_found_from(&a->found, range.first);
  while (row != NULL && row->uid <= range.last) {
    uint32_t uid = row->uid;
    a->routine->gone(a, 0, uid);
    row = imap_found_from(&a->found, uid);
    unseen--;
  }
  if (unseen > 0) imap_found_lower(&a->found, range.last, unseen);
}

/* "VANISHED" set; with (EARLIER) it is no news (RFC 7162 3.2.10). The set is
** walked range by range: it may be as large as the server likes. */
static void route_vanished(struct imap_session *s,
                           const struct imap_response *r) {
  struct imap_cursor data = r->data;
  const struct imap_node *node = imap_cursor_take(&data);
  struct imap_seqset set;
  if (s->current == NULL || node == NULL || node->kind == IMAP_NODE_LIST)
    return;
  imap_seqset_init(&set);
  if (imap_seqset_parse(&set, imap_node_text(r->tape, node)) == IMAP_OK) {
    imap_view_vanish(s->current, imap_seqset_size(&set));
    imap_session_renumbered(s);
    for (struct imap_action *a = s->actions; a != NULL; a = a->next) {
      if (a->routine->gone == NULL || a->view != s->current) continue;
      for (size_t i = 0; i < set.count; i++) range_vanished(a, set.ranges[i]);
    }
  }
  imap_seqset_free(&set);
}

static void note_bye(struct imap_session *s, const struct imap_response *r) {
  s->bye = true;
  imap_failure_set(&s->last_words, IMAP_CODE_CLOSED, NULL,
                   "the server ended the connection with BYE");
  imap_failure_quote(&s->last_words, r);
  imap_session_scrub(s, &s->last_words.response_text);
}

static int route_greeting(struct imap_session *s,
                          const struct imap_response *r) {
  int status = IMAP_OK;
  if (r->kind != IMAP_UNTAGGED || r->bytes.data[0] != '*' || r->numbered ||
      (r->name != IMAP_NAME_OK && r->name != IMAP_NAME_PREAUTH &&
       r->name != IMAP_NAME_BYE))
    return fatal(s, "the server's first line is no greeting");
  imap_buffer_add_span(&s->greeting, r->text);
  s->preauth = r->name == IMAP_NAME_PREAUTH;
  s->state = IMAP_SESSION_CLEAR;
  if (r->name == IMAP_NAME_BYE) note_bye(s, r);
  if (imap_span_is(r->code, "CAPABILITY"))
    status = imap_caps_read(&s->caps, r->data);
  return status;
}

static int route_status_response(struct imap_session *s,
                                 const struct imap_response *r) {
  int status = IMAP_OK;
  if (r->name == IMAP_NAME_BYE)
    note_bye(s, r);
  else if (imap_span_is(r->code, "CAPABILITY"))
    status = imap_caps_read(&s->caps, r->data);
  else if (r->code.data != NULL)
    read_view_code(s, described_view(s), r);
  return status < 0 ? status : IMAP_AGAIN;
}

static int route_untagged(struct imap_session *s, const struct imap_response *r,
                          struct imap_event *event) {
  int status;
  if (r->numbered) {
    struct imap_view *view = described_view(s);
    if (r->name == IMAP_NAME_FETCH) return route_fetch(s, r, event);
    if (r->name == IMAP_NAME_EXISTS && view != NULL) view->exists = r->number;
    if (r->name == IMAP_NAME_EXPUNGE) route_expunge(s, r);
    return IMAP_AGAIN;
  }
  switch (r->name) {
    case IMAP_NAME_OK: case IMAP_NAME_NO: case IMAP_NAME_BAD:
    case IMAP_NAME_BYE: case IMAP_NAME_PREAUTH:
      return route_status_response(s, r);
    case IMAP_NAME_CAPABILITY:
      status = imap_caps_read(&s->caps, r->data);
      return status < 0 ? status : IMAP_AGAIN;
    case IMAP_NAME_LIST: case IMAP_NAME_XLIST: case IMAP_NAME_LSUB:
      return offer(s, r, asked_list, event);
    case IMAP_NAME_STATUS:
      return offer(s, r, asked_status, event);
    case IMAP_NAME_SEARCH: case IMAP_NAME_ESEARCH:
      return offer(s, r, asked_search, event);
    case IMAP_NAME_VANISHED:
      route_vanished(s, r);
      return IMAP_AGAIN;
    default:
      return IMAP_AGAIN; /* nobody asked */
  }
}

/* Before TLS nothing but the greeting, CAPABILITY and the answers to our own
** commands is believed (THREATS A3). */
static bool is_premature(const struct imap_session *s,
                         const struct imap_response *r) {
  if (s->state != IMAP_SESSION_CLEAR || !s->wants_tls) return false;
  if (r->kind != IMAP_UNTAGGED) return false;
  return r->numbered ||
         (r->name != IMAP_NAME_CAPABILITY && r->name != IMAP_NAME_BYE);
}

/* --- literals that flow --- */

/* Does the response so far end in our section's name? The announcement "{n}"
** is at its end. */
static bool announces(struct imap_span so_far, struct imap_span section) {
  size_t at = so_far.size;
  while (at > 0 && so_far.data[at - 1] != '{') at--;
  if (at < 2) return false;
  at--; /* the "{" */
  if (so_far.data[at - 1] == '~') at--;
  while (at > 0 && so_far.data[at - 1] == ' ') at--;
  if (at < section.size + 6 || so_far.data[at - 1] != ']') return false;
  at -= 1 + section.size;
  return imap_span_equal((struct imap_span){so_far.data + at, section.size},
                         section) &&
         imap_span_is((struct imap_span){so_far.data + at - 5, 5}, "BODY[");
}

static struct imap_span take_token(struct imap_span *text) {
  struct imap_span token;
  while (text->size > 0 && text->data[0] == ' ') text->data++, text->size--;
  token = (struct imap_span){text->data, 0};
  while (token.size < text->size &&
         imap_char_is(token.data[token.size], IMAP_CHAR_TOKEN))
    token.size++;
  text->data += token.size;
  text->size -= token.size;
  return token;
}

/* The message number of "* 12 FETCH (…"; 0: it is something else. */
static uint32_t row_number(struct imap_span so_far) {
  uint64_t number;
  if (!imap_span_is(take_token(&so_far), "*") ||
      imap_number_parse(take_token(&so_far), UINT32_MAX, &number) != IMAP_OK ||
      !imap_span_is(take_token(&so_far), "FETCH"))
    return 0;
  return (uint32_t)number;
}

static struct imap_action *flow_target(const struct imap_session *s,
                                       struct imap_span so_far) {
  uint32_t number = row_number(so_far);
  if (number == 0) return NULL;
  for (const struct imap_command *c = s->first; c != NULL; c = c->next) {
    struct imap_action *a = c->action;
    if (!c->flows || !a->flowing || c->view != s->current) continue;
    if (c->state != IMAP_COMMAND_SENT) continue;
    if (!imap_command_asked_seq(c, number)) continue;
    if (announces(so_far, imap_buffer_span(&a->section))) return a;
  }
  return NULL;
}

static bool anybody_flows(const struct imap_session *s) {
  for (const struct imap_action *a = s->actions; a != NULL; a = a->next)
    if (a->flowing) return true;
  return false;
}

static int piece(struct imap_session *s, struct imap_span span,
                 struct imap_event *event) {
  *event = (struct imap_event){
    .kind = IMAP_EVENT_PIECE, .action = s->flowing, .piece = span,
    .size = s->flow_size
  };
  return IMAP_OK;
}

/* --- one response --- */

static int route_response(struct imap_session *s, struct imap_span bytes,
                          struct imap_event *event) {
  struct imap_response *r = &s->response;
  int status = imap_parse(&s->parser, &s->framer, bytes, r);
  if (status < 0) return status;
  if (s->tracing && s->replayed == 0) imap_session_note_response(s, r);
  s->replayed -= s->replayed < bytes.size + 2 ? s->replayed : bytes.size + 2;
  s->flowing = NULL;
  if (s->state == IMAP_SESSION_GREETING) {
    status = route_greeting(s, r);
    return status < 0 ? status : IMAP_AGAIN;
  }
  if (is_premature(s, r)) return IMAP_AGAIN;
  switch (r->kind) {
    case IMAP_TAGGED: return route_tagged(s, r);
    case IMAP_CONTINUATION: return route_continuation(s, r);
    default: return route_untagged(s, r, event);
  }
}

int imap_session_route(struct imap_session *s, struct imap_event *event) {
  struct imap_span span;
  s->framer.watching = anybody_flows(s);
  switch (imap_framer_next(&s->framer, &span)) {
    case IMAP_OK:
      return route_response(s, span, event);
    case IMAP_LITERAL:
      s->flowing = flow_target(s, span);
      s->flow_size = s->framer.literal;
      if (s->flowing != NULL) imap_framer_flow(&s->framer);
      return IMAP_AGAIN;
    case IMAP_PIECE:
      return piece(s, span, event);
    case IMAP_MORE:
      return IMAP_MORE;
    default:
      return s->framer.status;
  }
}
