/* store.c - add_flags, remove_flags, set_flags:
** O ⇉ [UID] STORE set ±FLAGS.SILENT (…) ⇉ [UID] FETCH set (UID FLAGS).
** STORE alone answers nothing for a message that it did not change, and no
** UID; so a FETCH travels with it (RFC 9051 6.4.6, RFC 7162 3.1.3). */
#include "actions/actions.h"

enum { STEP_STORE, STEP_FETCH };

static void init(struct imap_action *a) {
  imap_seqset_init(&a->store.held_back);
  imap_seqset_init(&a->store.modified);
}

static void release(struct imap_action *a) {
  imap_seqset_free(&a->store.held_back);
  imap_seqset_free(&a->store.modified);
}

static void write_store(const struct imap_action *a, struct imap_encoder *e) {
  static const char *const words[] = {"+FLAGS.SILENT", "-FLAGS.SILENT",
                                      "FLAGS.SILENT"};
  if (a->store.conditional) {
    imap_encode_open(e);
    imap_encode_word(e, "UNCHANGEDSINCE");
    imap_encode_number(e, a->store.unchanged_since);
    imap_encode_close(e);
  }
  imap_encode_word(e, words[a->store.mode]);
  imap_encode_flags(e, imap_buffer_span(&a->texts));
}

static void write_items(const struct imap_action *a, struct imap_encoder *e) {
  imap_encode_open(e);
  imap_encode_word(e, "UID");
  if (!a->silent) imap_encode_word(e, "FLAGS");
  if (a->items & 1u << IMAP_ITEM_MODSEQ) imap_encode_word(e, "MODSEQ");
  imap_encode_close(e);
}

static int queue_fetch(struct imap_session *s, struct imap_action *a) {
  struct imap_over fetch = {
    .name = "FETCH", .uid_name = "UID FETCH", .step = STEP_FETCH,
    .items = 1u << IMAP_ITEM_UID, .by_uid = a->by_uid, .rest = write_items,
    .alone = a->again && !a->by_uid
  };
  if (!a->silent) fetch.items |= 1u << IMAP_ITEM_FLAGS;
  return imap_queue_over(s, a, &fetch, &a->set);
}

static int queue_all(struct imap_session *s, struct imap_action *a) {
  const struct imap_over store = {
    .name = "STORE", .uid_name = "UID STORE", .step = STEP_STORE,
    .effect = IMAP_EFFECT_CHANGES, .by_uid = a->by_uid, .rest = write_store
  };
  int status = imap_queue_over(s, a, &store, &a->set);
  bool map_modified = a->store.conditional && !a->by_uid;
  if (status == IMAP_OK && (!a->silent || map_modified))
    status = queue_fetch(s, a);
  return status;
}

static int plan(struct imap_session *s, struct imap_action *a) {
  bool ready;
  int status;
  if (imap_caps_have(&s->caps, IMAP_CAP_CONDSTORE) && !a->silent)
    a->items |= 1u << IMAP_ITEM_MODSEQ;
  status = imap_begin(s, a, true, &ready);
  return status == IMAP_OK && ready ? queue_all(s, a) : status;
}

static enum imap_row row(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  (void)c;
  return a->silent ? imap_note_row(s, a, r) : imap_deliver_row(s, a, r);
}

/* MODIFIED names what UNCHANGEDSINCE held back, with OK or with NO (RFC 7162
** 3.1.3): UIDs, or numbers that the rows will turn into UIDs. */
static int note_modified(struct imap_session *s, struct imap_action *a,
                         const struct imap_response *r) {
  struct imap_seqset *modified = a->by_uid ? &a->store.modified : &a->store.held_back, set;
  int status;
  imap_seqset_init(&set);
  status = imap_seqset_parse(&set, imap_code_argument(r));
  for (size_t i = 0; i < set.count && status == IMAP_OK; i++)
    status = imap_seqset_add(modified, set.ranges[i].first, set.ranges[i].last);
  imap_seqset_free(&set);
  if (imap_seqset_size(modified) > s->limits.messages)
    imap_session_kill(s, IMAP_CODE_LIMIT,
                      "MODIFIED names more messages than the limit `messages`");
  return status == IMAP_INVALID ? IMAP_OK : status;
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  if (c->step == IMAP_STEP_OPEN)
    return imap_opened(a, r) ? queue_all(s, a) : IMAP_OK;
  if (c->step == STEP_STORE && a->store.conditional &&
      imap_span_is(r->code, "MODIFIED") && r->name != IMAP_NAME_BAD)
    return note_modified(s, a, r);
  (void)imap_answered_ok(a, c, r);
  return IMAP_OK;
}

static int map_modified(struct imap_action *a) {
  struct imap_found_place place = {0, 0};
  const struct imap_found_row *row;
  int status = IMAP_OK;
  while (status == IMAP_OK &&
         (row = imap_found_next(&a->found, &place)) != NULL)
    if (imap_seqset_has(&a->store.held_back, row->seq))
      status = imap_seqset_add(&a->store.modified, row->uid, row->uid);
  return status;
}

static int settle(struct imap_session *s, struct imap_action *a) {
  bool again = false;
  int status = IMAP_OK;
  if (!a->silent) status = imap_star_missed(a, &again);
  if (status == IMAP_OK && again) return queue_fetch(s, a);
  if (!a->silent) status = imap_look_again(s, a, true, &again);
  if (status != IMAP_OK) return status;
  if (again) return queue_all(s, a);
  status = map_modified(a);
  return status == IMAP_OK && !a->silent ? imap_note_missing(a) : status;
}

const struct imap_routine imap_store_routine = {
  .name = "store", .changes = true, .init = init, .release = release,
  .plan = plan, .row = row, .answer = answer, .gone = imap_forget_row,
  .settle = settle
};
