/* copy.c - copy_message: EXAMINE ⇉ [UID] FETCH set (UID) ⇉ [UID] COPY set
** (RFC 9051 6.4.7). The FETCH tells which of the named messages exist. */
#include <stdlib.h>

#include "actions/actions.h"

enum { STEP_FETCH, STEP_COPY };

static void release(struct imap_action *a) { free(a->copy.pairs); }

static void write_uid(const struct imap_action *a, struct imap_encoder *e) {
  (void)a;
  imap_encode_open(e);
  imap_encode_word(e, "UID");
  imap_encode_close(e);
}

static void write_target(const struct imap_action *a, struct imap_encoder *e) {
  imap_encode_mailbox(e, imap_buffer_span(&a->target));
}

static int queue_fetch(struct imap_session *s, struct imap_action *a) {
  const struct imap_over fetch = {
    .name = "FETCH", .uid_name = "UID FETCH", .step = STEP_FETCH,
    .items = 1u << IMAP_ITEM_UID, .by_uid = a->by_uid, .rest = write_uid
  };
  return imap_queue_over(s, a, &fetch, &a->set);
}

static int queue_copy(struct imap_session *s, struct imap_action *a,
                      const struct imap_seqset *set, bool by_uid) {
  const struct imap_over copy = {
    .name = "COPY", .uid_name = "UID COPY", .step = STEP_COPY,
    .effect = IMAP_EFFECT_CHANGES, .by_uid = by_uid, .rest = write_target
  };
  imap_outgrow_view(s);
  return imap_queue_over(s, a, &copy, set);
}

/* Numbers that need several COPYs are turned into UIDs first: what one COPY
** brings may renumber what the next one means (WIRE.md, rule 6). */
static int queue_all(struct imap_session *s, struct imap_action *a) {
  int status = queue_fetch(s, a);
  if (status != IMAP_OK) return status;
  if (!a->by_uid && imap_is_long(a, &a->set)) {
    a->open_ended = true;
    return IMAP_OK;
  }
  return queue_copy(s, a, &a->set, a->by_uid);
}

static int plan(struct imap_session *s, struct imap_action *a) {
  bool ready;
  int status = imap_begin(s, a, false, &ready);
  a->copy.pairs_known = imap_caps_have(&s->caps, IMAP_CAP_UIDPLUS);
  return status == IMAP_OK && ready ? queue_all(s, a) : status;
}

static enum imap_row row(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  (void)c;
  return imap_note_row(s, a, r);
}

static int add_pair(struct imap_copy *into, uint32_t source, uint32_t copy) {
  if (into->pair_count == into->pair_capacity) {
    size_t capacity = into->pair_capacity > 0 ? into->pair_capacity * 2 : 16;
    void *pairs = realloc(into->pairs, capacity * sizeof *into->pairs);
    if (pairs == NULL) return IMAP_NOMEM;
    into->pairs = pairs;
    into->pair_capacity = capacity;
  }
  into->pairs[into->pair_count++] = (struct imap_uid_pair){source, copy};
  return IMAP_OK;
}

static int expand_pairs(struct imap_copy *into, struct imap_span from,
                        struct imap_span to) {
  struct imap_seqset_reader sources, copies;
  uint32_t source, copy;
  imap_seqset_reader_init(&sources, from);
  imap_seqset_reader_init(&copies, to);
  while (imap_seqset_reader_next(&sources, &source) == IMAP_OK &&
         imap_seqset_reader_next(&copies, &copy) == IMAP_OK) {
    int status = add_pair(into, source, copy);
    if (status != IMAP_OK) return status;
  }
  return IMAP_OK;
}

/* COPYUID validity from to (RFC 9051 7.1). One that is malformed, unequal or
** too large is not expanded: the copy stands, its UIDs are not known. */
static int note_pairs(struct imap_session *s, struct imap_action *a,
                      const struct imap_response *r) {
  struct imap_cursor data = r->data;
  uint64_t validity, from_count, to_count;
  struct imap_span from, to;
  if (!imap_span_is(r->code, "COPYUID")) return IMAP_OK;
  if (!imap_node_number(r->tape, imap_cursor_take(&data), UINT32_MAX, &validity)) {
    a->copy.pairs_known = false;
    return IMAP_OK;
  }
  from = imap_node_text(r->tape, imap_cursor_take(&data));
  to = imap_node_text(r->tape, imap_cursor_take(&data));
  if (imap_seqset_count(from, &from_count) != IMAP_OK ||
      imap_seqset_count(to, &to_count) != IMAP_OK || from_count != to_count ||
      from_count > s->limits.messages - a->copy.pair_count) {
    a->copy.pairs_known = false;
    return IMAP_OK;
  }
  a->copy.target_uid_validity = (uint32_t)validity;
  return expand_pairs(&a->copy, from, to);
}

static int queue_found(struct imap_session *s, struct imap_action *a) {
  struct imap_seqset uids;
  struct imap_found_place place = {0, 0};
  const struct imap_found_row *row;
  int status = IMAP_OK;
  imap_seqset_init(&uids);
  while (status == IMAP_OK &&
         (row = imap_found_next(&a->found, &place)) != NULL)
    status = imap_seqset_add(&uids, row->uid, row->uid);
  if (status == IMAP_OK) status = queue_copy(s, a, &uids, true);
  imap_seqset_free(&uids);
  return status;
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  if (c->step == IMAP_STEP_OPEN)
    return imap_opened(a, r) ? queue_all(s, a) : IMAP_OK;
  if (!imap_answered_ok(a, c, r)) {
    a->open_ended = false;
    return IMAP_OK;
  }
  if (c->step == STEP_COPY) return note_pairs(s, a, r);
  if (!a->open_ended || a->pending > 1) return IMAP_OK;
  a->open_ended = false;
  return queue_found(s, a);
}

static int settle(struct imap_session *s, struct imap_action *a) {
  bool again;
  int status = imap_look_again(s, a, false, &again);
  if (status != IMAP_OK) return status;
  return again ? queue_all(s, a) : imap_note_missing(a);
}

const struct imap_routine imap_copy_routine = {
  .name = "copy", .changes = true, .release = release,
  .plan = plan, .row = row, .answer = answer, .gone = imap_forget_row,
  .settle = settle
};
