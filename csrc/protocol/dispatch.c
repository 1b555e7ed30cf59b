/* dispatch.c - which command may be sent now, and its way into the output
** (WIRE.md, "Flights"). */
#include <stdlib.h>
#include <string.h>

#include "protocol/chars.h"
#include "protocol/session.h"

enum {
  MAX_IN_FLIGHT = 64,          /* commands unanswered */
  MAX_NUMBERS_IN_FLIGHT = 16,  /* of those, with message numbers */
  MAX_OCTETS_IN_FLIGHT = 1 << 18,
  MAX_BAD_RUN = 8              /* Dovecot ends a connection at the 20th BAD */
};

void imap_session_note(struct imap_session *s, char who,
                       struct imap_span line) {
  if (!s->tracing) return;
  imap_buffer_add_byte(&s->trace, who);
  imap_buffer_add_text(&s->trace, ": ");
  imap_buffer_add_span(&s->trace, line);
  imap_buffer_add_byte(&s->trace, '\n');
}

static enum imap_literals literals(const struct imap_session *s) {
  if (imap_caps_have(&s->caps, IMAP_CAP_LITERAL_PLUS))
    return IMAP_LITERAL_PLUS;
  if (imap_caps_have(&s->caps, IMAP_CAP_LITERAL_MINUS))
    return IMAP_LITERAL_MINUS;
  return IMAP_LITERAL_SYNC;
}

static void write_tag(struct imap_session *s, char tag[IMAP_TAG_ROOM]) {
  char number[IMAP_DECIMAL_ROOM + 1], *end = number + sizeof number - 1;
  const char *digits = imap_decimal(++s->next_tag, end);
  *end = '\0';
  memcpy(tag, s->tag_prefix, IMAP_TAG_PREFIX);
  memcpy(tag + IMAP_TAG_PREFIX, digits, (size_t)(end - digits) + 1);
}

struct imap_command *imap_session_command(struct imap_session *s,
                                          struct imap_action *a,
                                          const char *name, int step) {
  struct imap_command *c = imap_command_new(name);
  if (c == NULL) {
    imap_session_need(s, IMAP_NOMEM);
    return NULL;
  }
  write_tag(s, c->tag);
  c->action = a;
  c->step = step;
  imap_encoder_init(&c->line, literals(s), s->utf8, s->tracing);
  imap_encode_begin(&c->line, c->tag, name);
  return c;
}

/* It is never sent: its action fails, and so does what relies on its view. */
static void cannot_be_sent(struct imap_command *c) {
  struct imap_failure *failure = &c->action->failure;
  imap_failure_set(failure, IMAP_CODE_INVALID_ARGUMENT, c->name,
                   "an argument of %s cannot be sent", c->name);
  failure->outcome = IMAP_OUTCOME_NOT_SENT;
  if (c->effect == IMAP_EFFECT_OPENS) {
    c->view->state = IMAP_VIEW_FAILED;
    imap_failure_copy(&c->view->failure, failure);
  }
}

int imap_session_queue(struct imap_session *s, struct imap_command *c) {
  int status = imap_encode_end(&c->line);
  if (status != IMAP_OK) {
    if (status == IMAP_INVALID) cannot_be_sent(c);
    imap_command_free(c);
    return status == IMAP_INVALID ? IMAP_OK : status;
  }
  c->octets = c->line.bytes.size;
  for (size_t i = 0; i < c->line.stop_count; i++)
    c->octets += c->line.stops[i].content;
  if (s->last != NULL)
    s->last->next = c;
  else
    s->first = c;
  s->last = c;
  if (s->queued == NULL) s->queued = c;
  c->action->pending++;
  return IMAP_OK;
}

/* --- mailboxes --- */

static void set_tail(struct imap_session *s, struct imap_view *view) {
  if (view != NULL) imap_view_hold(view);
  imap_view_release(s->tail);
  s->tail = view;
}

static void set_view(struct imap_action *a, struct imap_view *view) {
  imap_view_hold(view);
  imap_view_release(a->view);
  a->view = view;
}

static bool tail_serves(const struct imap_session *s,
                        const struct imap_action *a, bool write) {
  const struct imap_view *tail = s->tail;
  if (tail == NULL || tail->state == IMAP_VIEW_FAILED) return false;
  if (tail->state == IMAP_VIEW_OPEN && tail != s->current) return false;
  if (write && (!tail->write || tail->read_only)) return false;
  return imap_mailbox_equal(imap_buffer_span(&tail->mailbox),
                            imap_buffer_span(&a->mailbox));
}

static int queue_opener(struct imap_session *s, struct imap_action *a,
                        struct imap_view *view, int step) {
  struct imap_command *c =
      imap_session_command(s, a, view->write ? "SELECT" : "EXAMINE", step);
  int status;
  if (c == NULL) return IMAP_NOMEM;
  c->view = imap_view_hold(view);
  c->effect = IMAP_EFFECT_OPENS;
  imap_encode_mailbox(&c->line, imap_buffer_span(&view->mailbox));
  status = imap_session_queue(s, c);
  if (view->state == IMAP_VIEW_PENDING) set_tail(s, view);
  return status;
}

int imap_session_open(struct imap_session *s, struct imap_action *a, bool write,
                      bool fresh) {
  struct imap_view *view;
  int status;
  a->fresh = fresh || !tail_serves(s, a, write);
  if (!a->fresh) {
    set_view(a, s->tail);
    return IMAP_OK;
  }
  view = imap_view_new(imap_buffer_span(&a->mailbox), write);
  if (view == NULL) return IMAP_NOMEM;
  set_view(a, view);
  status = queue_opener(s, a, view, IMAP_STEP_OPEN);
  imap_view_release(view);
  return status;
}

static void numbers_lost(struct imap_action *a, const char *cause) {
  imap_failure_set(&a->failure, IMAP_CODE_NO, NULL,
                   "%s before this action was done with its message numbers; "
                   "name messages by UID, or make it a call of its own",
                   cause);
  imap_failure_code(&a->failure, "EXPUNGEISSUED");
  a->failure.outcome =
      a->changed ? IMAP_OUTCOME_PARTIAL : IMAP_OUTCOME_NOT_SENT;
}

int imap_session_return(struct imap_session *s, struct imap_action *a,
                        bool by_number) {
  if (a->view == s->tail || a->view->state == IMAP_VIEW_FAILED) return IMAP_OK;
  if (!by_number) return imap_session_open(s, a, a->view->write, true);
  numbers_lost(a, "another action of the batch left the mailbox");
  return IMAP_OK;
}

void imap_session_renumbered(struct imap_session *s) {
  for (struct imap_command *c = s->queued; c != NULL; c = c->next)
    if (c->by_number && c->view == s->current &&
        c->state == IMAP_COMMAND_QUEUED &&
        c->action->failure.code == IMAP_CODE_NONE)
      numbers_lost(c->action, "messages were removed from the mailbox");
}

static int queue_closer(struct imap_session *s, struct imap_action *a,
                        const char *name, struct imap_view *view) {
  struct imap_command *c = imap_session_command(s, a, name, IMAP_STEP_LEAVE);
  if (c == NULL) return IMAP_NOMEM;
  c->effect = IMAP_EFFECT_CLOSES;
  if (view != NULL) c->view = imap_view_hold(view);
  set_tail(s, NULL);
  return imap_session_queue(s, c);
}

/* Where nobody knows which mailbox is open, it is INBOX that is opened in its place:
** every account has one. */
int imap_session_leave(struct imap_session *s, struct imap_action *a) {
  struct imap_span mailbox = imap_span_of("INBOX");
  struct imap_view *view;
  int status;
  if (imap_caps_have(&s->caps, IMAP_CAP_UNSELECT))
    return queue_closer(s, a, "UNSELECT", NULL);
  if (s->tail != NULL) mailbox = imap_buffer_span(&s->tail->mailbox);
  view = imap_view_new(mailbox, false);
  if (view == NULL) return IMAP_NOMEM;
  status = queue_opener(s, a, view, IMAP_STEP_LEAVE);
  if (status == IMAP_OK) status = queue_closer(s, a, "CLOSE", view);
  imap_view_release(view);
  return status;
}

bool imap_session_may_be_open(const struct imap_session *s,
                              struct imap_span mailbox, bool below) {
  struct imap_span open;
  if (s->tail == NULL) return s->unknown && s->current == NULL;
  open = imap_buffer_span(&s->tail->mailbox);
  if (imap_mailbox_equal(open, mailbox)) return true;
  if (!below || open.size <= mailbox.size) return false;
  open.size = mailbox.size;
  return imap_mailbox_equal(open, mailbox);
}

/* --- what may be sent --- */

/* A change meets the mailbox that it names, or none; by number, only its own
** view (WIRE.md, rule 2). */
static bool meets_own(const struct imap_command *c,
                      const struct imap_view *open) {
  if (open == c->view) return true;
  return !c->by_number && imap_mailbox_equal(imap_buffer_span(&open->mailbox),
                                             imap_buffer_span(&c->view->mailbox));
}

static bool change_is_safe(const struct imap_session *s,
                           const struct imap_command *c) {
  if (c->view == NULL) return true;
  if (s->unknown) return false;
  if (s->current != NULL && !meets_own(c, s->current)) return false;
  for (const struct imap_command *d = s->first; d != c; d = d->next)
    if (d->effect == IMAP_EFFECT_OPENS && !meets_own(c, d->view)) return false;
  return true;
}

/* CLOSE expunges, but in a mailbox that EXAMINE opened for certain. */
static bool close_is_safe(const struct imap_session *s,
                          const struct imap_command *c) {
  return c->view == NULL || (s->current == c->view && !s->unknown);
}

/* An opening may be answered before a command sent ahead of it, which then may
** still renumber what it opened (WIRE.md, rule 3). */
static bool may_renumber(const struct imap_command *d) {
  static const char *const never[] = {"FETCH", "STORE", "SEARCH"};
  for (size_t i = 0; i < sizeof never / sizeof *never; i++)
    if (strcmp(d->name, never[i]) == 0) return false;
  return true;
}

static bool numbers_hold(const struct imap_session *s,
                         const struct imap_command *c) {
  bool hold = true;
  for (const struct imap_command *d = s->first; d != c; d = d->next)
    if (d->effect == IMAP_EFFECT_OPENS && d->view == c->view)
      hold = true;
    else if (may_renumber(d))
      hold = false;
  return hold;
}

static bool window_is_open(const struct imap_session *s,
                           const struct imap_command *c) {
  if (s->in_flight == 0) return true;
  if (c->alone || s->first->alone) return false;
  if (s->in_flight >= MAX_IN_FLIGHT || s->cautious) return false;
  if (s->octets_in_flight + c->octets > MAX_OCTETS_IN_FLIGHT) return false;
  return !c->by_number || s->numbers_in_flight < MAX_NUMBERS_IN_FLIGHT;
}

static bool may_send(const struct imap_session *s,
                     const struct imap_command *c) {
  if (!window_is_open(s, c)) return false;
  if (c->effect == IMAP_EFFECT_CHANGES && !change_is_safe(s, c)) return false;
  if (c->effect == IMAP_EFFECT_CLOSES && !close_is_safe(s, c)) return false;
  if (c->by_number && !numbers_hold(s, c)) return false;
  for (const struct imap_command *d = s->first; d != c; d = d->next)
    if (imap_command_clash(d, c)) return false;
  return true;
}

/* Its action has failed already, or its mailbox did not open. */
static bool is_void(struct imap_command *c) {
  struct imap_failure *failure = &c->action->failure;
  if (c->effect == IMAP_EFFECT_OPENS) return false;
  if (c->view != NULL && c->view->state == IMAP_VIEW_FAILED) {
    if (c->effect != IMAP_EFFECT_CLOSES)
      imap_failure_copy(failure, &c->view->failure);
    return true;
  }
  if (c->effect == IMAP_EFFECT_CLOSES || c->rescue) return false;
  return failure->code != IMAP_CODE_NONE;
}

void imap_session_finish(struct imap_session *s, struct imap_command *c) {
  struct imap_command **at = &s->first, *before = NULL;
  while (*at != c) {
    before = *at;
    at = &before->next;
  }
  *at = c->next;
  if (s->queued == c) s->queued = c->next;
  if (s->last == c) s->last = before;
  if (c->state != IMAP_COMMAND_QUEUED) {
    s->in_flight--;
    s->octets_in_flight -= c->octets;
    if (c->by_number) s->numbers_in_flight--;
    if (s->bad_run >= MAX_BAD_RUN)
      s->cautious = true;
    else if (s->in_flight == 0)
      s->cautious = false;
  }
  c->action->pending--;
  imap_command_free(c);
}

/* --- into the output --- */

static void begin(struct imap_session *s, struct imap_command *c) {
  c->state = IMAP_COMMAND_WRITING;
  s->in_flight++;
  s->octets_in_flight += c->octets;
  if (c->by_number) s->numbers_in_flight++;
  imap_session_note(s, 'C', imap_buffer_span(&c->line.trace));
}

/* Copies its line up to the next stop, and takes the stop. */
static int copy_line(struct imap_session *s, struct imap_command *c) {
  const struct imap_stop *stop = NULL;
  size_t end = c->line.bytes.size;
  int status;
  if (c->stop < c->line.stop_count) {
    stop = &c->line.stops[c->stop++];
    end = stop->at;
  }
  status = imap_buffer_add(&s->out, c->line.bytes.data + c->written,
                           end - c->written);
  if (status != IMAP_OK) return status;
  s->written += end - c->written;
  c->written = end;
  if (stop != NULL) {
    c->waits = stop->wait;
    c->content = c->content_size = stop->content;
    c->content_index = stop->index;
  } else {
    c->state = IMAP_COMMAND_SENT;
    c->end = s->written;
    s->queued = c->next;
  }
  return IMAP_OK;
}

/* Writes what can be written of it now. IMAP_MORE: it must wait. */
static int write_command(struct imap_session *s, struct imap_command *c) {
  while (c->state == IMAP_COMMAND_WRITING) {
    int status;
    if (c->waits && c->answered) { /* refused: what waits is not sent */
      imap_session_finish(s, c);
      return IMAP_OK;
    }
    if (c->waits || c->content > 0) return IMAP_MORE;
    status = copy_line(s, c);
    if (status != IMAP_OK) return status;
  }
  if (c->answered) imap_session_finish(s, c);
  return IMAP_OK;
}

/* Nothing is in flight whose answer could let it be sent: waiting would never
** end. No order of commands is known that leads here. */
static int stuck(struct imap_session *s) {
  s->parser.problem = "no answer of the server's lets the next command be sent";
  return IMAP_PROTOCOL;
}

int imap_session_dispatch(struct imap_session *s) {
  while (s->queued != NULL && s->out.size < IMAP_FULL_OUTPUT) {
    struct imap_command *c = s->queued;
    int status;
    if (c->state == IMAP_COMMAND_QUEUED) {
      if (is_void(c)) {
        imap_session_finish(s, c);
        continue;
      }
      if (!may_send(s, c)) return s->in_flight > 0 ? IMAP_OK : stuck(s);
      begin(s, c);
    }
    status = write_command(s, c);
    if (status != IMAP_OK) return status == IMAP_MORE ? IMAP_OK : status;
  }
  return IMAP_OK;
}

int imap_session_respond(struct imap_session *s, struct imap_span line,
                         bool secret) {
  size_t before = s->out.size;
  imap_session_note(s, 'C', secret ? imap_span_of("***") : line);
  imap_buffer_add_span(&s->out, line);
  imap_buffer_add_text(&s->out, "\r\n");
  s->written += s->out.size - before;
  return s->out.status;
}
