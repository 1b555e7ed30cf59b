/* download.c - download_message: O ⇉ [UID] FETCH n (UID RFC822.SIZE BODY.PEEK[])
** or, for a part, O ⇉ FETCH n (UID BODYSTRUCTURE) ⇉ FETCH n (UID BODY.PEEK[p])
** (RFC 9051 6.4.5). Its literal can flow past the buffer to a sink. */
#include "actions/actions.h"

enum { STEP_STRUCTURE, STEP_BODY };

static void write_structure(const struct imap_action *a,
                            struct imap_encoder *e) {
  (void)a;
  imap_encode_open(e);
  imap_encode_word(e, "UID");
  imap_encode_word(e, "BODYSTRUCTURE");
  imap_encode_close(e);
}

/* The section was checked when the action was made: digits, dots, words. */
static void write_body(const struct imap_action *a, struct imap_encoder *e) {
  struct imap_buffer name;
  imap_buffer_init(&name, IMAP_MAX_LINE_SENT);
  imap_buffer_add_text(&name, a->download.mark_read ? "BODY[" : "BODY.PEEK[");
  imap_buffer_add_span(&name, imap_buffer_span(&a->section));
  imap_buffer_add(&name, "]", 2); /* with a closing NUL */
  imap_encode_open(e);
  imap_encode_word(e, "UID");
  if (a->download.whole) imap_encode_word(e, "RFC822.SIZE");
  if (name.status == IMAP_OK)
    imap_encode_word(e, name.data);
  else
    e->status = name.status;
  imap_encode_close(e);
  imap_buffer_free(&name);
}

static int queue_body(struct imap_session *s, struct imap_action *a) {
  const struct imap_over body = {
    .name = "FETCH", .uid_name = "UID FETCH", .step = STEP_BODY,
    .effect = a->download.mark_read ? IMAP_EFFECT_CHANGES : IMAP_EFFECT_NONE,
    .items = 1u << IMAP_ITEM_UID | 1u << IMAP_ITEM_SECTION, .section = true,
    .flows = a->download.flows,
    .by_uid = a->by_uid, .rest = write_body, .alone = a->again && !a->by_uid
  };
  return imap_queue_over(s, a, &body, &a->set);
}

static int queue_all(struct imap_session *s, struct imap_action *a) {
  const struct imap_over structure = {
    .name = "FETCH", .uid_name = "UID FETCH", .step = STEP_STRUCTURE,
    .items = 1u << IMAP_ITEM_UID | 1u << IMAP_ITEM_BODY_STRUCTURE,
    .by_uid = a->by_uid, .rest = write_structure
  };
  int status = IMAP_OK;
  if (!a->download.whole && !a->download.structure_seen)
    status = imap_queue_over(s, a, &structure, &a->set);
  return status == IMAP_OK ? queue_body(s, a) : status;
}

/* Whether the literal would go past us, if it came now. */
static void note_flowing(struct imap_action *a) {
  const struct imap_download *d = &a->download;
  a->flowing = d->flows && !d->body_seen && (!d->needs_structure || d->structure_seen);
}

static int plan(struct imap_session *s, struct imap_action *a) {
  bool ready;
  int status = imap_begin(s, a, a->download.mark_read, &ready);
  note_flowing(a);
  return status == IMAP_OK && ready ? queue_all(s, a) : status;
}

static bool has_section(const struct imap_action *a,
                        const struct imap_response *r) {
  struct imap_cursor at = imap_fetch_items(r);
  struct imap_fetch_item item;
  while (imap_fetch_next(&at, &item))
    if (item.item == IMAP_ITEM_SECTION &&
        imap_span_equal(imap_fetch_section(item.name),
                        imap_buffer_span(&a->section)))
      return true;
  return false;
}

static enum imap_row row(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  struct imap_download *d = &a->download;
  bool body = has_section(a, r);
  bool structure = (r->items & 1u << IMAP_ITEM_BODY_STRUCTURE) != 0;
  (void)c;
  if (!body && !structure) return IMAP_ROW_IGNORED;
  if (structure) d->structure_seen = true;
  if (body && d->needs_structure && !d->structure_seen)
    return IMAP_ROW_TAKEN; /* it came first: asked for again, see settle() */
  if (body) d->body_seen = true;
  note_flowing(a);
  return imap_deliver_row(s, a, r);
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  if (c->step == IMAP_STEP_OPEN)
    return imap_opened(a, r) ? queue_all(s, a) : IMAP_OK;
  (void)imap_answered_ok(a, c, r);
  return IMAP_OK;
}

static int settle(struct imap_session *s, struct imap_action *a) {
  const struct imap_download *d = &a->download;
  bool again;
  int status;
  if (a->failure.code != IMAP_CODE_NONE) return IMAP_OK;
  if (!d->whole && d->structure_seen && !d->body_seen && !a->again) {
    a->again = true;
    return queue_body(s, a);
  }
  status = imap_star_missed(a, &again);
  if (again || status != IMAP_OK)
    return status == IMAP_OK ? queue_all(s, a) : status;
  status = imap_look_again(s, a, d->mark_read, &again);
  if (status != IMAP_OK) return status;
  if (again) return queue_all(s, a);
  if (a->found.count == 0 && !d->body_seen) {
    imap_failure_set(&a->failure, IMAP_CODE_NOT_FOUND,
                     a->by_uid ? "UID FETCH" : "FETCH",
                     "there is no such message");
    a->failure.outcome = IMAP_OUTCOME_REFUSED;
  }
  return IMAP_OK;
}

const struct imap_routine imap_download_routine = {
  .name = "download", .plan = plan, .row = row, .answer = answer, .settle = settle
};
