/* list.c - list_mailboxes: LIST … RETURN (SUBSCRIBED CHILDREN SPECIAL-USE
** STATUS (…)) as far as the server offers it (RFC 9051 6.3.9, RFC 5258, 5819,
** 6154); else LIST ⇉ LSUB → STATUS of each mailbox, in flight. */
#include <string.h>

#include "actions/actions.h"

enum { STEP_LIST, STEP_LSUB, STEP_STATUS };

enum { MAX_NAMES = 1 << 28 }; /* octets */

static void init(struct imap_action *a) {
  imap_buffer_init(&a->list.pattern, IMAP_MAX_MAILBOX_NAME);
  imap_buffer_init(&a->list.reference, IMAP_MAX_MAILBOX_NAME);
  imap_buffer_init(&a->list.names, MAX_NAMES);
}

static void release(struct imap_action *a) {
  imap_buffer_free(&a->list.pattern);
  imap_buffer_free(&a->list.reference);
  imap_buffer_free(&a->list.names);
}

static const struct {
  enum imap_status_item item;
  const char *word;
  uint32_t needs; /* capability bits */
} status_words[] = {
  {IMAP_STATUS_MESSAGES, "MESSAGES", 0},
  {IMAP_STATUS_RECENT, "RECENT", 0},
  {IMAP_STATUS_UNSEEN, "UNSEEN", 0},
  {IMAP_STATUS_UIDNEXT, "UIDNEXT", 0},
  {IMAP_STATUS_UIDVALIDITY, "UIDVALIDITY", 0},
  {IMAP_STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ", IMAP_CAP_CONDSTORE},
  {IMAP_STATUS_SIZE, "SIZE", IMAP_CAP_STATUS_SIZE},
  {IMAP_STATUS_MAILBOXID, "MAILBOXID", IMAP_CAP_OBJECTID}
};

void imap_encode_status_items(const struct imap_caps *caps, uint32_t items,
                              struct imap_encoder *e) {
  imap_encode_open(e);
  for (size_t i = 0; i < sizeof status_words / sizeof *status_words; i++) {
    if (!(items & status_words[i].item)) continue;
    if (!imap_caps_have(caps, status_words[i].needs)) continue;
    if (status_words[i].item == IMAP_STATUS_RECENT && imap_caps_rev2(caps))
      continue; /* RFC 9051 took it away */
    if (status_words[i].item == IMAP_STATUS_MAILBOXID &&
        imap_caps_have(caps, IMAP_CAP_STALE_MAILBOXID))
      continue;
    imap_encode_word(e, status_words[i].word);
  }
  imap_encode_close(e);
}

static void write_return(const struct imap_session *s,
                         const struct imap_action *a, struct imap_encoder *e) {
  imap_encode_word(e, "RETURN");
  imap_encode_open(e);
  imap_encode_word(e, "SUBSCRIBED");
  imap_encode_word(e, "CHILDREN");
  if (imap_caps_have(&s->caps, IMAP_CAP_SPECIAL_USE))
    imap_encode_word(e, "SPECIAL-USE");
  if (a->status_items != 0 && imap_caps_have(&s->caps, IMAP_CAP_LIST_STATUS)) {
    imap_encode_word(e, "STATUS");
    imap_encode_status_items(&s->caps, a->status_items, e);
  }
  imap_encode_close(e);
}

static int queue_list(struct imap_session *s, struct imap_action *a,
                      const char *name, int step) {
  struct imap_command *c = imap_session_command(s, a, name, step);
  if (c == NULL) return IMAP_NOMEM;
  c->channel = step == STEP_LIST ? IMAP_CHANNEL_LIST : IMAP_CHANNEL_LSUB;
  if (a->list.extended && a->list.subscribed_only) {
    imap_encode_open(&c->line);
    imap_encode_word(&c->line, "SUBSCRIBED");
    imap_encode_close(&c->line);
  }
  imap_encode_string(&c->line, imap_buffer_span(&a->list.reference));
  imap_encode_string(&c->line, imap_buffer_span(&a->list.pattern));
  if (a->list.extended) write_return(s, a, &c->line);
  return imap_session_queue(s, c);
}

static int plan(struct imap_session *s, struct imap_action *a) {
  int status = IMAP_OK;
  a->list.extended = imap_caps_have(&s->caps, IMAP_CAP_LIST_EXTENDED);
  if (a->status_items != 0 && (s->tail != NULL || s->unknown))
    status = imap_session_leave(s, a);
  if (status == IMAP_OK) status = queue_list(s, a, "LIST", STEP_LIST);
  if (status == IMAP_OK && !a->list.extended)
    status = queue_list(s, a, "LSUB", STEP_LSUB);
  a->open_ended = a->status_items != 0 &&
                  !(a->list.extended && imap_caps_have(&s->caps, IMAP_CAP_LIST_STATUS));
  return status;
}

/* Without LIST-STATUS each mailbox is asked about, once both lists are here. */
static bool selectable(const struct imap_response *r,
                       const struct imap_node *flags) {
  struct imap_cursor each = imap_node_children(r->tape, flags);
  const struct imap_node *flag;
  while ((flag = imap_cursor_take(&each)) != NULL)
    if (imap_node_is(r->tape, flag, "\\NOSELECT") ||
        imap_node_is(r->tape, flag, "\\NONEXISTENT"))
      return false;
  return true;
}

/* A name to ask STATUS for. */
static int remember(struct imap_action *a, const struct imap_response *r) {
  struct imap_cursor data = r->data;
  const struct imap_node *flags = imap_cursor_take(&data), *name;
  struct imap_buffer scratch;
  struct imap_span text;
  int status;
  (void)imap_cursor_take(&data);
  name = imap_cursor_take(&data);
  if (name == NULL || !selectable(r, flags)) return IMAP_OK;
  text = imap_node_text(r->tape, name);
  imap_buffer_init(&scratch, text.size);
  if (name->kind == IMAP_NODE_ESCAPED)
    text = imap_node_string(r->tape, name, &scratch);
  imap_buffer_add(&a->list.names, &text.size, sizeof text.size);
  status = imap_buffer_add_span(&a->list.names, text);
  imap_buffer_free(&scratch);
  return status;
}

static enum imap_row row(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  bool status = c->step == STEP_STATUS || r->name == IMAP_NAME_STATUS;
  if (status && a->status_items == 0) return IMAP_ROW_IGNORED;
  if (++*(status ? &a->list.status_rows : &a->list.rows) > s->limits.messages) {
    imap_session_need(s, IMAP_LIMIT);
    return IMAP_ROW_TAKEN;
  }
  if (status) return IMAP_ROW_DELIVER;
  if (a->open_ended && c->step == STEP_LIST && remember(a, r) != IMAP_OK)
    imap_session_need(s, IMAP_NOMEM);
  return IMAP_ROW_DELIVER;
}

static int queue_status(struct imap_session *s, struct imap_action *a,
                        struct imap_span mailbox) {
  struct imap_command *c = imap_session_command(s, a, "STATUS", STEP_STATUS);
  if (c == NULL) return IMAP_NOMEM;
  c->channel = IMAP_CHANNEL_STATUS;
  imap_encode_mailbox(&c->line, mailbox);
  imap_encode_status_items(&s->caps, a->status_items, &c->line);
  return imap_session_queue(s, c);
}

static int ask_each(struct imap_session *s, struct imap_action *a) {
  int status = IMAP_OK;
  size_t at = 0, size;
  while (at < a->list.names.size && status == IMAP_OK) {
    memcpy(&size, a->list.names.data + at, sizeof size);
    at += sizeof size;
    status = queue_status(s, a, (struct imap_span){a->list.names.data + at, size});
    at += size;
  }
  return status;
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  bool last = c->step != STEP_STATUS && a->pending == 1;
  /* A mailbox that refuses STATUS has none: its row stays without. */
  if (c->step != STEP_STATUS) (void)imap_answered_ok(a, c, r);
  if (!last || !a->open_ended) return IMAP_OK;
  a->open_ended = false;
  return a->failure.code == IMAP_CODE_NONE ? ask_each(s, a) : IMAP_OK;
}

const struct imap_routine imap_list_routine = {
  .name = "list", .init = init, .release = release,
  .plan = plan, .row = row, .answer = answer
};
