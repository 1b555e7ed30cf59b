/* delete.c - delete_message: never a message that was not named.
** With UIDPLUS: SELECT ⇉ UID FETCH ⇉ UID STORE +\Deleted ⇉ UID EXPUNGE (RFC
** 9051 6.4.9). Without it, and only where the caller allows it, the careful
** way: other messages' \Deleted is lifted, a search must show that only those
** named still bear it, EXPUNGE follows, and the others' flag is put back. */
#include "actions/actions.h"

enum {
  STEP_FETCH, STEP_STORE, STEP_EXPUNGE, STEP_NOOP, STEP_LIFT,
  /* the careful way */
  STEP_SEARCH_BEFORE, STEP_LIFT_OTHERS, STEP_MARK, STEP_SEARCH_AFTER,
  STEP_PLAIN_EXPUNGE, STEP_PUT_BACK
};

static void init(struct imap_action *a) {
  imap_seqset_init(&a->delete.marked);
  imap_seqset_init(&a->delete.others);
}

static void release(struct imap_action *a) {
  imap_seqset_free(&a->delete.marked);
  imap_seqset_free(&a->delete.others);
}

static void write_items(const struct imap_action *a, struct imap_encoder *e) {
  (void)a;
  imap_encode_open(e);
  imap_encode_word(e, "UID");
  imap_encode_word(e, "FLAGS");
  imap_encode_close(e);
}

static void write_mark(const struct imap_action *a, struct imap_encoder *e) {
  (void)a;
  imap_encode_word(e, "+FLAGS.SILENT (\\Deleted)");
}

static void write_lift(const struct imap_action *a, struct imap_encoder *e) {
  (void)a;
  imap_encode_word(e, "-FLAGS.SILENT (\\Deleted)");
}

static int queue_fetch(struct imap_session *s, struct imap_action *a) {
  const struct imap_over fetch = {
    .uid_name = "UID FETCH", .step = STEP_FETCH, .by_uid = true,
    .items = 1u << IMAP_ITEM_UID | 1u << IMAP_ITEM_FLAGS, .rest = write_items
  };
  return imap_queue_over(s, a, &fetch, &a->set);
}

static int queue_store(struct imap_session *s, struct imap_action *a, int step,
                       bool mark, bool rescue, const struct imap_seqset *set) {
  const struct imap_over store = {
    .uid_name = "UID STORE", .step = step, .effect = IMAP_EFFECT_CHANGES,
    .by_uid = true, .rescue = rescue, .rest = mark ? write_mark : write_lift
  };
  return imap_queue_over(s, a, &store, set);
}

static int queue_word(struct imap_session *s, struct imap_action *a,
                      const char *name, int step, bool change) {
  struct imap_command *c = imap_session_command(s, a, name, step);
  if (c == NULL) return IMAP_NOMEM;
  c->view = imap_view_hold(a->view);
  if (change) c->effect = IMAP_EFFECT_CHANGES;
  if (step == STEP_SEARCH_BEFORE || step == STEP_SEARCH_AFTER) {
    c->channel = IMAP_CHANNEL_SEARCH;
    imap_encode_word(&c->line, "DELETED");
  }
  return imap_session_queue(s, c);
}

static int queue_all(struct imap_session *s, struct imap_action *a) {
  const struct imap_over expunge = {
    .uid_name = "UID EXPUNGE", .step = STEP_EXPUNGE, .by_uid = true,
    .effect = IMAP_EFFECT_CHANGES
  };
  int status = queue_fetch(s, a);
  if (a->delete.careful) {
    a->open_ended = true;
    if (status == IMAP_OK)
      status = queue_word(s, a, "UID SEARCH", STEP_SEARCH_BEFORE, false);
    return status;
  }
  if (status == IMAP_OK)
    status = queue_store(s, a, STEP_STORE, true, false, &a->set);
  if (status == IMAP_OK) status = imap_queue_over(s, a, &expunge, &a->set);
  return status;
}

static int plan(struct imap_session *s, struct imap_action *a) {
  bool ready;
  int status;
  a->delete.careful = !imap_caps_have(&s->caps, IMAP_CAP_UIDPLUS);
  if (a->delete.careful && !a->delete.allow_expunge) {
    imap_failure_set(&a->failure, IMAP_CODE_UNSUPPORTED, "UID EXPUNGE",
                     "the server lacks UIDPLUS, so a single message cannot be "
                     "expunged; allow_expunge = true allows the careful way");
    a->failure.outcome = IMAP_OUTCOME_NOT_SENT;
    return IMAP_OK;
  }
  if (a->delete.careful) a->reopen = true;
  status = imap_begin(s, a, true, &ready);
  if (status != IMAP_OK) return status;
  if (a->delete.careful) {
    a->open_ended = true; /* its steps depend on one another */
    return IMAP_OK;
  }
  return ready ? queue_all(s, a) : IMAP_OK;
}

/* --- rows --- */

static bool shows_deleted(const struct imap_response *r) {
  struct imap_cursor flags =
      imap_node_children(r->tape, r->values[IMAP_ITEM_FLAGS]);
  const struct imap_node *flag;
  while ((flag = imap_cursor_take(&flags)) != NULL)
    if (imap_node_is(r->tape, flag, "\\DELETED")) return true;
  return false;
}

static enum imap_row row(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  if (c->channel == IMAP_CHANNEL_SEARCH) {
    imap_session_need(s, imap_note_hits(s, a, r));
    a->delete.searched = true;
    return IMAP_ROW_TAKEN;
  }
  if (r->uid != 0 && shows_deleted(r))
    imap_session_need(s, imap_seqset_add(&a->delete.marked, r->uid, r->uid));
  return imap_note_row(s, a, r);
}

/* EXPUNGE and VANISHED tell what was removed; a->set keeps what was named. */
static void gone(struct imap_action *a, uint32_t seq, uint32_t uid) {
  if (seq != 0)
    uid = imap_found_expunge(&a->found, seq);
  else if (!imap_found_vanish(&a->found, uid))
    uid = 0;
  if (uid != 0 && imap_seqset_add(&a->removed, uid, uid) != IMAP_OK)
    imap_failure_set(&a->failure, IMAP_CODE_NOMEM, NULL, "%s",
                     imap_status_text(IMAP_NOMEM));
}

/* --- the careful way --- */

/* Others that bear \Deleted: found, and not named. */
static int others(struct imap_action *a, struct imap_seqset *out) {
  int status = IMAP_OK;
  imap_seqset_tidy(&a->hits);
  for (size_t i = 0; i < a->hits.count && status == IMAP_OK; i++) {
    uint64_t uid = a->hits.ranges[i].first, last = a->hits.ranges[i].last;
    for (; uid <= last && status == IMAP_OK; uid++)
      if (!imap_seqset_has(&a->set, (uint32_t)uid))
        status = imap_seqset_add(out, (uint32_t)uid, (uint32_t)uid);
  }
  return status;
}

static int keep_others(struct imap_action *a) {
  struct imap_seqset rest;
  int status;
  imap_seqset_init(&rest);
  status = others(a, &rest);
  imap_seqset_free(&a->delete.others);
  a->delete.others = rest;
  imap_seqset_free(&a->hits);
  return status;
}

static int searched_before(struct imap_session *s, struct imap_action *a) {
  int status = keep_others(a);
  if (status == IMAP_OK)
    status = queue_store(s, a, STEP_LIFT_OTHERS, false, false, &a->delete.others);
  if (status == IMAP_OK)
    status = queue_store(s, a, STEP_MARK, true, false, &a->set);
  a->delete.searched = false;
  a->hit_count = 0;
  if (status == IMAP_OK)
    status = queue_word(s, a, "UID SEARCH", STEP_SEARCH_AFTER, false);
  return status;
}

static int put_back(struct imap_session *s, struct imap_action *a) {
  return queue_store(s, a, STEP_PUT_BACK, true, true, &a->delete.others);
}

static int searched_after(struct imap_session *s, struct imap_action *a) {
  struct imap_seqset strangers;
  int status;
  imap_seqset_init(&strangers);
  status = others(a, &strangers);
  if (status == IMAP_OK && !a->delete.searched) {
    imap_failure_set(&a->failure, IMAP_CODE_NO, "UID SEARCH",
                     "the server did not say which messages are marked "
                     "\\Deleted, so nothing was expunged");
    a->failure.outcome = IMAP_OUTCOME_PARTIAL;
  } else if (status == IMAP_OK && strangers.count > 0) {
    imap_failure_set(&a->failure, IMAP_CODE_NO, "EXPUNGE",
                     "another client marked other messages \\Deleted "
                     "meanwhile; nothing was expunged, try again");
    a->failure.outcome = IMAP_OUTCOME_PARTIAL;
  }
  imap_seqset_free(&strangers);
  if (status != IMAP_OK || a->failure.code != IMAP_CODE_NONE) return status;
  status = queue_word(s, a, "EXPUNGE", STEP_PLAIN_EXPUNGE, true);
  if (status == IMAP_OK) status = put_back(s, a);
  imap_seqset_free(&a->delete.others); /* they are on their way */
  return status;
}

static int careful_answer(struct imap_session *s, struct imap_action *a,
                          struct imap_command *c,
                          const struct imap_response *r) {
  if (c->step == IMAP_STEP_OPEN) {
    bool go_on = imap_opened(a, r);
    return go_on ? queue_all(s, a) : IMAP_OK;
  }
  if (!imap_answered_ok(a, c, r)) return IMAP_OK;
  if (c->step == STEP_MARK) a->delete.marked_some = true;
  if (a->failure.code != IMAP_CODE_NONE) return IMAP_OK;
  if (c->step == STEP_SEARCH_BEFORE) return searched_before(s, a);
  if (c->step == STEP_SEARCH_AFTER) return searched_after(s, a);
  return IMAP_OK;
}

/* --- both ways --- */

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  bool rescues = c->step == STEP_LIFT || c->step == STEP_PUT_BACK ||
                 (c->step == IMAP_STEP_OPEN && a->delete.rescued);
  if (rescues && r->name != IMAP_NAME_OK) a->delete.stuck = true;
  if (c->step == STEP_LIFT || c->step == STEP_NOOP) return IMAP_OK;
  if (a->delete.careful) return careful_answer(s, a, c, r);
  if (c->step == IMAP_STEP_OPEN)
    return imap_opened(a, r) ? queue_all(s, a) : IMAP_OK;
  if (imap_answered_ok(a, c, r) && c->step == STEP_STORE)
    a->delete.marked_some = true; /* so there is something to lift */
  return IMAP_OK;
}

/* STORE worked and EXPUNGE did not: lift the flag from those that FETCH showed
** without it. */
static int lift(struct imap_session *s, struct imap_action *a) {
  struct imap_seqset set;
  struct imap_found_place place = {0, 0};
  const struct imap_found_row *row;
  int status = IMAP_OK;
  imap_seqset_init(&set);
  while (status == IMAP_OK &&
         (row = imap_found_next(&a->found, &place)) != NULL)
    if (!imap_seqset_has(&a->delete.marked, row->uid))
      status = imap_seqset_add(&set, row->uid, row->uid);
  if (status == IMAP_OK)
    status = queue_store(s, a, STEP_LIFT, false, true, &set);
  imap_seqset_free(&set);
  return status;
}

/* Flags that were changed for nothing are changed back. */
static int rescue(struct imap_session *s, struct imap_action *a) {
  bool left = a->view != s->tail;
  int status = put_back(s, a);
  a->delete.rescued = true;
  if (a->delete.marked_some && status == IMAP_OK) status = lift(s, a);
  if (left) imap_found_free(&a->found); /* its numbers were of that view */
  return status;
}

/* It failed: was something removed, or is all as it was before? */
static void judge(struct imap_action *a) {
  struct imap_failure *failure = &a->failure;
  if (a->removed.count > 0)
    failure->outcome = IMAP_OUTCOME_PARTIAL;
  else if (!a->delete.stuck && failure->outcome == IMAP_OUTCOME_PARTIAL)
    failure->outcome = IMAP_OUTCOME_REFUSED;
}

static int settle(struct imap_session *s, struct imap_action *a) {
  bool again = false;
  int status = IMAP_OK;
  a->open_ended = false;
  if (a->failure.code != IMAP_CODE_NONE) {
    if (!a->delete.rescued && a->view != NULL) status = rescue(s, a);
    if (a->pending == 0) judge(a);
    return status;
  }
  if (!a->delete.careful) {
    status = imap_look_again(s, a, true, &again);
    if (again && status == IMAP_OK) return queue_all(s, a);
  }
  if (status == IMAP_OK && a->found.count > 0 && !a->delete.late &&
      a->view == s->tail) {
    a->delete.late = true; /* the server is late with EXPUNGE: one NOOP fetches it */
    return queue_word(s, a, "NOOP", STEP_NOOP, false);
  }
  return status == IMAP_OK ? imap_note_missing(a) : status;
}

const struct imap_routine imap_delete_routine = {
  .name = "delete", .changes = true, .init = init, .release = release,
  .plan = plan, .row = row, .answer = answer, .gone = gone, .settle = settle
};
