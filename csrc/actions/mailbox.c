/* mailbox.c - create_mailbox, rename_mailbox, get_mailbox_status, and the two
** commands without arguments, NOOP and LOGOUT. */
#include "actions/actions.h"

/* --- create: CREATE → SUBSCRIBE (RFC 9051 6.3.4, 6.3.7) --- */

enum { STEP_CREATE, STEP_LOOK, STEP_SUBSCRIBE };

enum { MAX_MAILBOX_ID = 256 }; /* octets; RFC 8474 7 allows 255 */

static void init_create(struct imap_action *a) {
  imap_buffer_init(&a->create.mailbox_id, MAX_MAILBOX_ID);
}

static void release_create(struct imap_action *a) {
  imap_buffer_free(&a->create.mailbox_id);
}

static int queue_named(struct imap_session *s, struct imap_action *a,
                       const char *name, int step) {
  struct imap_command *c = imap_session_command(s, a, name, step);
  if (c == NULL) return IMAP_NOMEM;
  c->effect = IMAP_EFFECT_CHANGES;
  c->rescue = step != STEP_CREATE;
  if (step == STEP_LOOK) {
    c->effect = IMAP_EFFECT_NONE;
    c->channel = IMAP_CHANNEL_LIST;
    imap_encode_string(&c->line, imap_span_of(""));
  }
  imap_encode_mailbox(&c->line, imap_buffer_span(&a->mailbox));
  return imap_session_queue(s, c);
}

static int plan_create(struct imap_session *s, struct imap_action *a) {
  a->open_ended = true; /* what cannot be created must not stay subscribed */
  return queue_named(s, a, "CREATE", STEP_CREATE);
}

/* A LIST row shows the mailbox; compared by name, for it may hold a wildcard. */
static enum imap_row row_create(struct imap_session *s, struct imap_action *a,
                                struct imap_command *c,
                                const struct imap_response *r) {
  (void)s, (void)c;
  if (r->name == IMAP_NAME_STATUS) return IMAP_ROW_IGNORED;
  if (imap_row_shows(r, imap_buffer_span(&a->mailbox)))
    a->existence = IMAP_LISTED;
  return IMAP_ROW_TAKEN;
}

/* MAILBOXID (RFC 8474 4.1) */
static void note_mailbox_id(struct imap_action *a,
                            const struct imap_response *r) {
  struct imap_cursor data = r->data, inner;
  const struct imap_node *node;
  if (!imap_span_is(r->code, "MAILBOXID")) return;
  node = imap_cursor_take(&data);
  inner = imap_node_children(r->tape, node);
  imap_buffer_add_span(&a->create.mailbox_id,
                       imap_node_text(r->tape, imap_cursor_take(&inner)));
}

/* It exists already: forget the refusal, and subscribe. */
static int subscribe_existing(struct imap_session *s, struct imap_action *a) {
  imap_failure_free(&a->failure);
  imap_failure_init(&a->failure);
  return queue_named(s, a, "SUBSCRIBE", STEP_SUBSCRIBE);
}

static int answer_create(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  a->open_ended = false;
  if (c->step == STEP_SUBSCRIBE) {
    a->create.subscribed = r->name == IMAP_NAME_OK;
    return IMAP_OK;
  }
  if (c->step == STEP_LOOK)
    return a->existence == IMAP_LISTED ? subscribe_existing(s, a) : IMAP_OK;
  if (r->name == IMAP_NAME_OK) {
    a->create.created = true;
    note_mailbox_id(a, r);
    return queue_named(s, a, "SUBSCRIBE", STEP_SUBSCRIBE);
  }
  if (imap_span_is(r->code, "ALREADYEXISTS")) return subscribe_existing(s, a);
  imap_failure_answer(&a->failure, c->name, r);
  return queue_named(s, a, "LIST", STEP_LOOK);
}

const struct imap_routine imap_create_routine = {
  .name = "create", .changes = true, .init = init_create, .release = release_create,
  .plan = plan_create, .row = row_create, .answer = answer_create
};

/* --- rename (RFC 9051 6.3.6) --- */

static int plan_rename(struct imap_session *s, struct imap_action *a) {
  struct imap_command *c;
  int status = IMAP_OK;
  if (imap_session_may_be_open(s, imap_buffer_span(&a->mailbox), true))
    status = imap_session_leave(s, a);
  if (status != IMAP_OK) return status;
  c = imap_session_command(s, a, "RENAME", 0);
  if (c == NULL) return IMAP_NOMEM;
  c->effect = IMAP_EFFECT_CHANGES;
  imap_encode_mailbox(&c->line, imap_buffer_span(&a->mailbox));
  imap_encode_mailbox(&c->line, imap_buffer_span(&a->target));
  return imap_session_queue(s, c);
}

static int answer_plain(struct imap_session *s, struct imap_action *a,
                        struct imap_command *c, const struct imap_response *r) {
  (void)s;
  (void)imap_answered_ok(a, c, r);
  return IMAP_OK;
}

const struct imap_routine imap_rename_routine = {
  .name = "rename", .changes = true,
  .plan = plan_rename, .answer = answer_plain
};

/* --- status (RFC 9051 6.3.11) --- */

static int plan_status(struct imap_session *s, struct imap_action *a) {
  struct imap_command *c;
  int status = IMAP_OK;
  if (imap_session_may_be_open(s, imap_buffer_span(&a->mailbox), false))
    status = imap_session_leave(s, a);
  if (status != IMAP_OK) return status;
  c = imap_session_command(s, a, "STATUS", 0);
  if (c == NULL) return IMAP_NOMEM;
  c->channel = IMAP_CHANNEL_STATUS;
  imap_encode_mailbox(&c->line, imap_buffer_span(&a->mailbox));
  imap_encode_status_items(&s->caps, a->status_items, &c->line);
  return imap_session_queue(s, c);
}

static enum imap_row row_status(struct imap_session *s, struct imap_action *a,
                                struct imap_command *c,
                                const struct imap_response *r) {
  struct imap_cursor data = r->data;
  (void)s, (void)c;
  if (!imap_row_names(r, imap_cursor_take(&data), imap_buffer_span(&a->mailbox)))
    return IMAP_ROW_IGNORED;
  return IMAP_ROW_DELIVER;
}

const struct imap_routine imap_status_routine = {
  .name = "status", .plan = plan_status, .row = row_status, .answer = answer_plain
};

/* --- NOOP, LOGOUT --- */

static int queue_bare(struct imap_session *s, struct imap_action *a,
                      const char *name) {
  struct imap_command *c = imap_session_command(s, a, name, 0);
  return c == NULL ? IMAP_NOMEM : imap_session_queue(s, c);
}

static int plan_noop(struct imap_session *s, struct imap_action *a) {
  return queue_bare(s, a, "NOOP");
}

static int plan_logout(struct imap_session *s, struct imap_action *a) {
  return queue_bare(s, a, "LOGOUT");
}

/* Before a connection goes into a pool; NOOP where no mailbox is open. */
static int plan_leave(struct imap_session *s, struct imap_action *a) {
  if (s->tail == NULL && !s->unknown) return plan_noop(s, a);
  return imap_session_leave(s, a);
}

const struct imap_routine imap_leave_routine = {
  .name = "leave", .plan = plan_leave, .answer = answer_plain
};

const struct imap_routine imap_noop_routine = {
  .name = "noop", .plan = plan_noop, .answer = answer_plain
};

const struct imap_routine imap_logout_routine = {
  .name = "logout", .plan = plan_logout, .answer = answer_plain
};
