/* search.c - search_messages. Without keys O ⇉ UID FETCH 1:* (…). With keys
** O ⇉ UID SEARCH RETURN (SAVE ALL) … ⇉ UID FETCH $ (…) (RFC 9051 6.4.4, RFC
** 5182); without SEARCHRES, or with a limit, SEARCH is answered first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"

enum { STEP_SEARCH, STEP_FETCH, STEP_FIRST };

enum { MAX_CHARSET = 64 }; /* octets of its name */

static void init(struct imap_action *a) {
  imap_buffer_init(&a->search.charset, MAX_CHARSET);
}

static void release(struct imap_action *a) {
  free(a->search.terms);
  imap_buffer_free(&a->search.charset);
}

/* --- what is fetched --- */

static void write_items(const struct imap_action *a, struct imap_encoder *e) {
  static const struct { enum imap_item item; const char *word; } words[] = {
    {IMAP_ITEM_FLAGS, "FLAGS"}, {IMAP_ITEM_SIZE, "RFC822.SIZE"},
    {IMAP_ITEM_INTERNAL_DATE, "INTERNALDATE"}, {IMAP_ITEM_ENVELOPE, "ENVELOPE"},
    {IMAP_ITEM_BODY_STRUCTURE, "BODYSTRUCTURE"}, {IMAP_ITEM_MODSEQ, "MODSEQ"},
    {IMAP_ITEM_EMAIL_ID, "EMAILID"}, {IMAP_ITEM_THREAD_ID, "THREADID"},
    {IMAP_ITEM_PREVIEW, "PREVIEW"}, {IMAP_ITEM_SAVE_DATE, "SAVEDATE"},
    {IMAP_ITEM_SECTION, "BODY.PEEK[HEADER]"}
  };
  imap_encode_open(e);
  imap_encode_word(e, "UID");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (a->items & 1u << words[i].item) imap_encode_word(e, words[i].word);
  imap_encode_close(e);
}

static int queue_fetch(struct imap_session *s, struct imap_action *a,
                       const struct imap_seqset *set, bool by_uid) {
  const struct imap_over fetch = {
    .name = "FETCH", .uid_name = "UID FETCH",
    .step = by_uid ? STEP_FETCH : STEP_FIRST, .by_uid = by_uid,
    .items = a->items, .section = (a->items & 1u << IMAP_ITEM_SECTION) != 0,
    .rest = write_items
  };
  return imap_queue_over(s, a, &fetch, set);
}

/* "$": what the SEARCH before it saved. */
static int queue_fetch_saved(struct imap_session *s, struct imap_action *a) {
  struct imap_command *c = imap_session_command(s, a, "UID FETCH", STEP_FETCH);
  if (c == NULL) return IMAP_NOMEM;
  c->view = imap_view_hold(a->view);
  c->channel = IMAP_CHANNEL_FETCH;
  c->items = a->items;
  c->section = (a->items & 1u << IMAP_ITEM_SECTION) != 0;
  c->open_set = true;
  imap_encode_word(&c->line, "$");
  write_items(a, &c->line);
  return imap_session_queue(s, c);
}

/* --- what is searched for --- */

static struct imap_span term_text(const struct imap_action *a, size_t i) {
  return (struct imap_span){a->texts.data + a->search.terms[i].start,
                            a->search.terms[i].size};
}

/* Does the i-th term hold "*" as a message number? */
static bool has_star(const struct imap_action *a, size_t i) {
  struct imap_span text = term_text(a, i);
  return a->search.terms[i].kind == IMAP_TERM_SET &&
         memchr(text.data, '*', text.size) != NULL &&
         (i == 0 || !imap_span_is(term_text(a, i - 1), "UID"));
}

/* Courier 5.0 finds nothing for "*" in SEARCH: without ESEARCH, EXAMINE is
** answered first, and the number of messages stands in its place. */
static bool must_know_star(const struct imap_session *s,
                           const struct imap_action *a) {
  if (imap_caps_have(&s->caps, IMAP_CAP_ESEARCH)) return false;
  for (size_t i = 0; i < a->search.term_count; i++)
    if (has_star(a, i)) return true;
  return a->set.star && a->set.star_from == 0;
}

static void write_known_star(const struct imap_action *a,
                             struct imap_span text, struct imap_encoder *e) {
  struct imap_buffer known;
  char number[16];
  (void)snprintf(number, sizeof number, "%u", (unsigned)a->view->announced);
  imap_buffer_init(&known, IMAP_MAX_LINE_SENT * 2);
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] == '*')
      imap_buffer_add_text(&known, number);
    else
      imap_buffer_add_byte(&known, text.data[i]);
  if (known.status == IMAP_OK)
    imap_encode_bare_set(e, imap_buffer_span(&known));
  else
    e->status = known.status;
  imap_buffer_free(&known);
}

static void write_set(const struct imap_session *s, const struct imap_action *a,
                      size_t i, struct imap_encoder *e) {
  if (has_star(a, i) && must_know_star(s, a))
    write_known_star(a, term_text(a, i), e);
  else
    imap_encode_bare_set(e, term_text(a, i));
}

static void write_term(const struct imap_session *s,
                       const struct imap_action *a, size_t i,
                       struct imap_encoder *e) {
  struct imap_span text = term_text(a, i);
  switch (a->search.terms[i].kind) {
    case IMAP_TERM_ATOM: imap_encode_atom(e, text); break;
    case IMAP_TERM_STRING: imap_encode_string(e, text); break;
    case IMAP_TERM_OPEN: imap_encode_open(e); break;
    case IMAP_TERM_CLOSE: imap_encode_close(e); break;
    case IMAP_TERM_SET: write_set(s, a, i, e); break;
  }
}

enum answer_form { FORM_SAVE, FORM_ALL, FORM_PARTIAL, FORM_PLAIN };

static enum answer_form form(const struct imap_session *s,
                             const struct imap_action *a) {
  if (a->search.limit > 0 && imap_caps_have(&s->caps, IMAP_CAP_PARTIAL))
    return FORM_PARTIAL;
  if (!imap_caps_have(&s->caps, IMAP_CAP_ESEARCH)) return FORM_PLAIN;
  if (a->search.limit > 0 || a->search.only_seq || a->search.only_uid ||
      !imap_caps_have(&s->caps, IMAP_CAP_SEARCHRES))
    return FORM_ALL;
  return FORM_SAVE;
}

static void write_return(const struct imap_action *a, enum answer_form f,
                         struct imap_encoder *e) {
  if (f == FORM_PLAIN) return;
  imap_encode_word(e, "RETURN");
  imap_encode_open(e);
  if (f == FORM_SAVE) imap_encode_word(e, "SAVE");
  if (f != FORM_PARTIAL) {
    imap_encode_word(e, "ALL");
  } else {
    char range[32];
    const char *sign = a->search.newest_first ? "-" : "";
    (void)snprintf(range, sizeof range, "%s1:%s%u", sign, sign,
                   (unsigned)a->search.limit);
    imap_encode_word(e, "PARTIAL");
    imap_encode_word(e, range);
  }
  imap_encode_close(e);
}

/* One SEARCH; with a set, for its messages up to where the line is full. */
static int queue_one_search(struct imap_session *s, struct imap_action *a,
                            size_t *next) {
  enum answer_form f = form(s, a);
  struct imap_command *c = imap_session_command(
      s, a, a->search.only_seq ? "SEARCH" : "UID SEARCH", STEP_SEARCH);
  if (c == NULL) return IMAP_NOMEM;
  c->view = imap_view_hold(a->view);
  c->channel = IMAP_CHANNEL_SEARCH;
  c->by_number = a->search.only_seq;
  c->tagged_rows = f != FORM_PLAIN;
  write_return(a, f, &c->line);
  if (a->search.charset.size > 0 && !s->utf8) {
    imap_encode_word(&c->line, "CHARSET");
    imap_encode_atom(&c->line, imap_buffer_span(&a->search.charset));
  }
  if (a->set.count == 0 && a->set.star && must_know_star(s, a)) {
    write_known_star(a, imap_span_of("*"), &c->line); /* the last UID's number */
    *next = 1;
  } else if (a->set.count > 0 || a->set.star) {
    imap_encode_word(&c->line, "UID");
    imap_encode_set(&c->line, &a->set, next, IMAP_MAX_LINE_SENT -
                    (a->texts.size < IMAP_MAX_LINE_SENT / 2
                         ? a->texts.size + 200 : IMAP_MAX_LINE_SENT / 2));
  }
  for (size_t i = 0; i < a->search.term_count; i++)
    write_term(s, a, i, &c->line);
  if (a->search.term_count == 0 && a->set.count == 0 && !a->set.star)
    imap_encode_word(&c->line, "ALL");
  return imap_session_queue(s, c);
}

static int queue_search(struct imap_session *s, struct imap_action *a) {
  size_t next = 0;
  bool saves = form(s, a) == FORM_SAVE;
  int status;
  a->open_ended = !saves && !a->search.only_seq && !a->search.only_uid;
  do {
    status = queue_one_search(s, a, &next);
    if (status == IMAP_OK && saves) status = queue_fetch_saved(s, a);
  } while (status == IMAP_OK && (a->set.count > 0 || a->set.star) &&
           !imap_seqset_done(&a->set, next));
  return status;
}

/* --- without keys --- */

static bool has_keys(const struct imap_action *a) {
  return a->search.term_count > 0 || a->set.count > 0 || a->set.star;
}

static int queue_range(struct imap_session *s, struct imap_action *a,
                       uint32_t first, uint32_t last) {
  struct imap_seqset set;
  int status;
  imap_seqset_init(&set);
  status = imap_seqset_add(&set, first, last);
  if (status == IMAP_OK) status = queue_fetch(s, a, &set, false);
  imap_seqset_free(&set);
  return status;
}

static int queue_everything(struct imap_session *s, struct imap_action *a) {
  struct imap_seqset set;
  int status;
  imap_seqset_init(&set);
  set.star = true;
  set.star_from = 1;
  status = queue_fetch(s, a, &set, true);
  imap_seqset_free(&set);
  return status;
}

/* Of the numbers that there are, which an open mailbox tells, the lowest or
** highest `limit`. */
static int queue_limited(struct imap_session *s, struct imap_action *a) {
  uint32_t have = a->view->announced;
  uint32_t count = have < a->search.limit ? have : a->search.limit;
  if (count == 0) return IMAP_OK;
  if (!a->search.newest_first) return queue_range(s, a, 1, count);
  return queue_range(s, a, have - count + 1, have);
}

static int queue_all(struct imap_session *s, struct imap_action *a) {
  if (must_know_star(s, a)) {
    a->open_ended = a->view->state != IMAP_VIEW_OPEN;
    if (a->open_ended || a->view->announced == 0) return IMAP_OK;
  }
  if (has_keys(a) || a->search.only_seq || a->search.only_uid) return queue_search(s, a);
  if (a->search.limit == 0) return queue_everything(s, a);
  if (a->view->state == IMAP_VIEW_OPEN) return queue_limited(s, a);
  if (!a->search.newest_first) {
    a->open_ended = true; /* asked again where the server has fewer */
    return queue_range(s, a, 1, a->search.limit);
  }
  a->open_ended = true;
  return IMAP_OK;
}

static int plan(struct imap_session *s, struct imap_action *a) {
  bool ready;
  int status;
  a->reopen = true; /* a search sees the mailbox as it is now */
  status = imap_begin(s, a, false, &ready);
  return status == IMAP_OK && ready ? queue_all(s, a) : status;
}

/* --- answers --- */

static int note_set(struct imap_session *s, struct imap_action *a,
                    struct imap_span text) {
  struct imap_seqset set;
  int status;
  if (imap_span_is(text, "NIL")) return IMAP_OK;
  imap_seqset_init(&set);
  status = imap_seqset_parse(&set, text);
  for (size_t i = 0; i < set.count && status == IMAP_OK; i++)
    status = imap_note_hit(s, a, set.ranges[i].first, set.ranges[i].last);
  imap_seqset_free(&set);
  return status == IMAP_INVALID ? IMAP_PROTOCOL : status;
}

/* ESEARCH (TAG "x") UID ALL set, or PARTIAL (range set) (RFC 9394). */
static int note_extended(struct imap_session *s, struct imap_action *a,
                         const struct imap_response *r) {
  struct imap_cursor data = r->data;
  const struct imap_node *node, *value;
  int status = IMAP_OK;
  while ((node = imap_cursor_take(&data)) != NULL && status == IMAP_OK) {
    if (imap_node_is(r->tape, node, "ALL")) {
      value = imap_cursor_take(&data);
      if (value != NULL) status = note_set(s, a, imap_node_text(r->tape, value));
    } else if (imap_node_is(r->tape, node, "PARTIAL")) {
      struct imap_cursor pair =
          imap_node_children(r->tape, imap_cursor_take(&data));
      (void)imap_cursor_take(&pair);
      value = imap_cursor_take(&pair);
      if (value != NULL) status = note_set(s, a, imap_node_text(r->tape, value));
    }
  }
  return status;
}

/* An ESEARCH with another command's tag is not ours. */
static bool tag_matches(const struct imap_command *c,
                        const struct imap_response *r) {
  struct imap_cursor data = r->data, inner;
  const struct imap_node *correlator = imap_cursor_take(&data);
  if (correlator == NULL || correlator->kind != IMAP_NODE_LIST) return true;
  inner = imap_node_children(r->tape, correlator);
  (void)imap_cursor_take(&inner);
  return imap_span_equal(imap_node_text(r->tape, imap_cursor_take(&inner)),
                         imap_span_of(c->tag));
}

static enum imap_row row(struct imap_session *s, struct imap_action *a,
                         struct imap_command *c,
                         const struct imap_response *r) {
  int status;
  if (c->channel == IMAP_CHANNEL_FETCH) return imap_deliver_row(s, a, r);
  if (r->name == IMAP_NAME_ESEARCH) {
    if (!tag_matches(c, r)) return IMAP_ROW_IGNORED;
    status = note_extended(s, a, r);
  } else {
    status = imap_note_hits(s, a, r);
  }
  if (status == IMAP_PROTOCOL)
    imap_session_kill(s, IMAP_CODE_PROTOCOL, "a SEARCH result is malformed");
  else
    imap_session_need(s, status);
  return IMAP_ROW_TAKEN;
}

/* Of what SEARCH found, the lowest or highest `limit`. */
static int apply_limit(struct imap_action *a) {
  struct imap_seqset kept;
  uint64_t size = imap_seqset_size(&a->hits), skip, take; /* tidies it */
  int status = IMAP_OK;
  if (a->search.limit == 0 || size <= a->search.limit) return IMAP_OK;
  skip = a->search.newest_first ? size - a->search.limit : 0;
  take = a->search.limit;
  imap_seqset_init(&kept);
  for (size_t i = 0; i < a->hits.count && take > 0 && status == IMAP_OK; i++) {
    uint64_t first = a->hits.ranges[i].first, last = a->hits.ranges[i].last;
    uint64_t count = last - first + 1;
    if (skip >= count) {
      skip -= count;
      continue;
    }
    first += skip;
    skip = 0;
    if (last - first + 1 > take) last = first + take - 1;
    take -= last - first + 1;
    status = imap_seqset_add(&kept, (uint32_t)first, (uint32_t)last);
  }
  imap_seqset_free(&a->hits);
  a->hits = kept;
  return status;
}

static int after_search(struct imap_session *s, struct imap_action *a) {
  int status;
  a->open_ended = false;
  status = apply_limit(a);
  if (status != IMAP_OK || a->hits.count == 0) return status;
  return queue_fetch(s, a, &a->hits, true);
}

/* A key or charset that the server cannot evaluate narrows nothing: it is
** named, not dropped. */
static void refused(struct imap_action *a, const struct imap_command *c,
                    const struct imap_response *r) {
  imap_failure_answer(&a->failure, c->name, r);
  if (r->name == IMAP_NAME_NO && imap_span_is(r->code, "BADCHARSET"))
    a->failure.code = IMAP_CODE_UNSUPPORTED;
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  if (c->step == IMAP_STEP_OPEN) {
    bool newest = a->open_ended && a->uid_validity == 0 && a->search.newest_first;
    if (a->open_ended && must_know_star(s, a))
      return imap_opened(a, r) ? queue_all(s, a) : IMAP_OK;
    if (newest && !has_keys(a)) return imap_opened(a, r) ? queue_limited(s, a)
                                                         : IMAP_OK;
    if (a->uid_validity == 0) return IMAP_OK;
    return imap_opened(a, r) ? queue_all(s, a) : IMAP_OK;
  }
  if (c->step == STEP_FIRST && r->name != IMAP_NAME_OK && !a->again &&
      c->view->state == IMAP_VIEW_OPEN) {
    a->again = true; /* the mailbox has fewer messages than the limit */
    a->open_ended = false;
    return queue_limited(s, a);
  }
  if (r->name != IMAP_NAME_OK) {
    a->open_ended = false;
    if (c->step == STEP_SEARCH)
      refused(a, c, r);
    else
      (void)imap_answered_ok(a, c, r);
    return IMAP_OK;
  }
  if (c->step == STEP_FIRST) a->open_ended = false;
  if (c->step != STEP_SEARCH || !a->open_ended || a->pending > 1)
    return IMAP_OK;
  return after_search(s, a);
}

static int settle(struct imap_session *s, struct imap_action *a) {
  (void)s;
  if (a->failure.code != IMAP_CODE_NONE) return IMAP_OK;
  if (has_keys(a) && !a->search.only_seq && !a->search.only_uid)
    imap_found_keep(&a->found, &a->hits); /* the rest is others' news */
  if (a->search.only_seq || a->search.only_uid) return apply_limit(a);
  return IMAP_OK;
}

const struct imap_routine imap_search_routine = {
  .name = "search", .init = init, .release = release,
  .plan = plan, .row = row, .answer = answer, .gone = imap_forget_row,
  .settle = settle
};
