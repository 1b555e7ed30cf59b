/* common.c - what the routines share. */
#include "actions/actions.h"

enum { LINE_OVERHEAD = 120 }; /* tag, name, items, brackets */

/* --- opening --- */

static void check_uid_validity(struct imap_action *a) {
  if (a->uid_validity == 0 || a->view->uid_validity == a->uid_validity) return;
  imap_failure_set(&a->failure, IMAP_CODE_NOT_FOUND, NULL,
                   "the mailbox now has another UIDVALIDITY: its UIDs have "
                   "changed, look them up anew");
  imap_failure_code(&a->failure, "UIDVALIDITY");
  a->failure.outcome = IMAP_OUTCOME_NOT_SENT;
}

void imap_outgrow_view(struct imap_session *s) {
  if (s->tail != NULL) s->tail->outgrown = true;
}

/* UIDs at or above UIDNEXT came after the view was opened. One that is still to
** be opened was asked for in this very call, and shows all that was there. */
static bool view_is_too_old(const struct imap_session *s,
                            const struct imap_action *a) {
  const struct imap_seqset *set = &a->set;
  uint32_t next = s->tail != NULL ? s->tail->uid_next : 0;
  if (set->count == 0) return false;
  if (s->tail != NULL && s->tail->state == IMAP_VIEW_PENDING)
    return a->silent && s->tail->outgrown;
  if (next == 0) return a->silent;
  return set->ranges[set->count - 1].last >= next;
}

int imap_begin(struct imap_session *s, struct imap_action *a, bool write,
               bool *ready) {
  bool fresh = a->reopen || view_is_too_old(s, a);
  int status;
  if (a->uid_validity != 0 &&
      (s->tail == NULL || s->tail->state != IMAP_VIEW_OPEN))
    fresh = true; /* its value must be seen first */
  status = imap_session_open(s, a, write, fresh);
  if (status != IMAP_OK) return status;
  *ready = a->uid_validity == 0 || !a->fresh;
  a->open_ended = !*ready;
  if (*ready && !a->fresh) check_uid_validity(a);
  if (a->failure.code != IMAP_CODE_NONE) *ready = false;
  return IMAP_OK;
}

bool imap_opened(struct imap_action *a, const struct imap_response *r) {
  if (!a->open_ended) return false;
  a->open_ended = false;
  if (r->name != IMAP_NAME_OK || a->failure.code != IMAP_CODE_NONE)
    return false;
  check_uid_validity(a);
  return a->failure.code == IMAP_CODE_NONE;
}

/* --- commands over messages --- */

static size_t room_for_set(const struct imap_action *a) {
  size_t taken = LINE_OVERHEAD + a->texts.size + 2 * a->target.size +
                 a->section.size;
  if (taken > IMAP_MAX_LINE_SENT - 64) return 64;
  return IMAP_MAX_LINE_SENT - taken;
}

bool imap_is_long(const struct imap_action *a, const struct imap_seqset *set) {
  struct imap_buffer text;
  size_t next = 0;
  imap_buffer_init(&text, IMAP_MAX_LINE_SENT);
  (void)imap_seqset_write(set, &next, room_for_set(a), &text);
  imap_buffer_free(&text);
  return !imap_seqset_done(set, next);
}

/* What one line asks for, so that its rows are known. */
static int keep_piece(struct imap_command *c, const struct imap_seqset *set,
                      size_t from, size_t next) {
  int status = IMAP_OK;
  for (size_t i = from; i < next && i < set->count && status == IMAP_OK; i++)
    status = imap_seqset_add(&c->set, set->ranges[i].first, set->ranges[i].last);
  if (set->star && imap_seqset_done(set, next)) {
    c->set.star = true;
    c->set.star_from = set->star_from;
  }
  return status;
}

int imap_queue_over(struct imap_session *s, struct imap_action *a,
                    const struct imap_over *over,
                    const struct imap_seqset *set) {
  size_t next = 0;
  int status = IMAP_OK;
  if (!imap_seqset_done(set, 0))
    status = imap_session_return(s, a, !over->by_uid);
  if (a->failure.code != IMAP_CODE_NONE && !over->rescue) return status;
  while (status == IMAP_OK && !imap_seqset_done(set, next)) {
    size_t from = next;
    struct imap_command *c = imap_session_command(
        s, a, over->by_uid ? over->uid_name : over->name, over->step);
    if (c == NULL) return IMAP_NOMEM;
    c->view = imap_view_hold(a->view);
    c->effect = over->effect;
    c->by_number = !over->by_uid;
    c->rescue = over->rescue;
    c->alone = over->alone;
    if (over->items != 0) c->channel = IMAP_CHANNEL_FETCH;
    c->items = over->items;
    c->section = over->section;
    c->flows = over->flows;
    imap_encode_set(&c->line, set, &next, room_for_set(a));
    if (over->rest != NULL) over->rest(a, &c->line);
    status = keep_piece(c, set, from, next);
    if (status == IMAP_OK)
      status = imap_session_queue(s, c);
    else
      imap_command_free(c);
  }
  return status;
}

/* --- answers --- */

/* The mailbox is empty, or has fewer messages than were named. */
static bool beyond_the_end(struct imap_action *a, const struct imap_command *c) {
  uint32_t have = c->view->announced;
  if (c->view->state != IMAP_VIEW_OPEN) return false;
  if (have == 0 && !a->single && (c->by_number || c->set.star)) return true;
  if (!c->by_number) return false;
  if (have == 0 || (c->set.count > 0 &&
                    c->set.ranges[c->set.count - 1].last > have)) {
    imap_failure_set(&a->failure, IMAP_CODE_NOT_FOUND, c->name,
                     "the mailbox has only %u messages", (unsigned)have);
    return true;
  }
  return false;
}

bool imap_answered_ok(struct imap_action *a, const struct imap_command *c,
                      const struct imap_response *r) {
  if (r->name == IMAP_NAME_OK) return true;
  if (a->failure.code == IMAP_CODE_NONE && c->view != NULL &&
      beyond_the_end(a, c)) {
    if (a->failure.code == IMAP_CODE_NONE) return false;
    imap_failure_quote(&a->failure, r);
    a->failure.outcome = IMAP_OUTCOME_REFUSED;
    return false;
  }
  imap_failure_answer(&a->failure, c->name, r);
  if (a->changed) a->failure.outcome = IMAP_OUTCOME_PARTIAL;
  return false;
}

/* What was named, and neither shown nor seen to go. */
static int find_missing(struct imap_action *a, struct imap_seqset *out) {
  struct imap_seqset unseen;
  int status;
  imap_seqset_init(&unseen);
  status = imap_found_missing(&a->found, &a->named, &unseen);
  for (size_t i = 0; i < unseen.count && status == IMAP_OK; i++) {
    uint64_t uid = unseen.ranges[i].first, last = unseen.ranges[i].last;
    for (; uid <= last && status == IMAP_OK; uid++)
      if (!imap_seqset_has(&a->removed, (uint32_t)uid))
        status = imap_seqset_add(out, (uint32_t)uid, (uint32_t)uid);
  }
  imap_seqset_free(&unseen);
  return status;
}

int imap_look_again(struct imap_session *s, struct imap_action *a, bool write,
                    bool *again) {
  struct imap_seqset missing;
  int status;
  *again = false;
  if (a->fresh || a->failure.code != IMAP_CODE_NONE) return IMAP_OK;
  imap_seqset_init(&missing);
  status = find_missing(a, &missing);
  if (status != IMAP_OK || missing.count == 0) {
    imap_seqset_free(&missing);
    return status;
  }
  imap_seqset_free(&a->set);
  a->set = missing;
  *again = a->again = true;
  imap_found_forget_numbers(&a->found);
  return imap_session_open(s, a, write, true);
}

int imap_star_missed(struct imap_action *a, bool *missed) {
  const struct imap_view *view = a->view;
  *missed = a->set.star && !a->by_uid && !a->again && view != NULL &&
            a->failure.code == IMAP_CODE_NONE && view->announced > 0 &&
            view->exists > view->announced &&
            imap_found_seq(&a->found, view->announced) == NULL;
  if (!*missed) return IMAP_OK;
  a->again = true;
  imap_seqset_free(&a->set);
  return imap_seqset_add(&a->set, view->announced, view->announced);
}

int imap_note_missing(struct imap_action *a) {
  if (a->missing.count > 0) return IMAP_OK;
  return find_missing(a, &a->missing);
}

/* --- arguments and rows --- */

void imap_forget_row(struct imap_action *a, uint32_t seq, uint32_t uid) {
  if (seq != 0)
    (void)imap_found_expunge(&a->found, seq);
  else
    (void)imap_found_vanish(&a->found, uid);
}

enum imap_row imap_deliver_row(struct imap_session *s, struct imap_action *a,
                               const struct imap_response *r) {
  if (r->uid == 0) return IMAP_ROW_IGNORED;
  return imap_session_found(s, a, r->uid, r->number);
}

enum imap_row imap_note_row(struct imap_session *s, struct imap_action *a,
                            const struct imap_response *r) {
  enum imap_row row = imap_deliver_row(s, a, r);
  return row == IMAP_ROW_DELIVER ? IMAP_ROW_TAKEN : row;
}

int imap_note_hit(const struct imap_session *s, struct imap_action *a,
                  uint64_t first, uint64_t last) {
  if (last - first >= s->limits.messages - a->hit_count) return IMAP_LIMIT;
  a->hit_count += (uint32_t)(last - first) + 1;
  return imap_seqset_add(&a->hits, (uint32_t)first, (uint32_t)last);
}

int imap_note_hits(const struct imap_session *s, struct imap_action *a,
                   const struct imap_response *r) {
  struct imap_cursor data = r->data;
  const struct imap_node *node;
  uint64_t number;
  int status = IMAP_OK;
  while ((node = imap_cursor_take(&data)) != NULL && status == IMAP_OK)
    if (imap_node_number(r->tape, node, UINT32_MAX, &number) && number > 0)
      status = imap_note_hit(s, a, number, number);
  return status;
}

struct imap_span imap_code_argument(const struct imap_response *r) {
  struct imap_cursor data = r->data;
  return imap_node_text(r->tape, imap_cursor_take(&data));
}
