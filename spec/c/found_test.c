/* found_test.c - the messages that rows have shown: found where they are, and
** not where others are, however many come and go, in whatever order. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "protocol/found.h"

static void add(struct imap_found *found, uint32_t uid, uint32_t seq) {
  const struct imap_found_row *row;
  CHECK(imap_found_add(found, uid, seq, &row) == IMAP_OK);
  CHECK(row->uid == uid && row->seq == seq);
  CHECK(imap_found_add(found, uid, seq, &row) == IMAP_MORE);
}

/* UIDs 5, 9, 20 with the numbers 1, 3, 4. */
static void fill(struct imap_found *found) {
  imap_found_init(found);
  add(found, 20, 4);
  add(found, 5, 1);
  add(found, 9, 3);
}

static void finds_nothing_else(void) {
  static const uint32_t uids[] = {1, 4, 6, 8, 10, 19, 21, UINT32_MAX};
  static const uint32_t numbers[] = {2, 5, UINT32_MAX};
  struct imap_found found;
  fill(&found);
  CHECK(imap_found_uid(&found, 9)->seq == 3);
  CHECK(imap_found_seq(&found, 4)->uid == 20);
  for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
    CHECK(imap_found_uid(&found, uids[i]) == NULL);
    CHECK(!imap_found_vanish(&found, uids[i]));
  }
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    CHECK(imap_found_seq(&found, numbers[i]) == NULL);
  CHECK(found.count == 3 && !found.renumbered);
  imap_found_free(&found);
}

static void moves_down(void) {
  struct imap_found found;
  fill(&found);
  CHECK(imap_found_expunge(&found, 2) == 0); /* one that no row has shown */
  CHECK(imap_found_uid(&found, 5)->seq == 1);
  CHECK(imap_found_uid(&found, 9)->seq == 2);
  CHECK(imap_found_uid(&found, 20)->seq == 3);
  CHECK(imap_found_expunge(&found, 2) == 9);
  CHECK(imap_found_uid(&found, 9) == NULL);
  CHECK(imap_found_seq(&found, 2)->uid == 20);
  CHECK(imap_found_vanish(&found, 5));
  CHECK(imap_found_seq(&found, 1)->uid == 20);
  CHECK(imap_found_expunge(&found, 7) == 0);
  CHECK(found.count == 1 && found.renumbered);
  imap_found_free(&found);
}

/* Two at UIDs 6 to 8 are gone, then more than there can have been. */
static void moves_down_by_many(void) {
  struct imap_found found;
  fill(&found);
  imap_found_lower(&found, 8, 2);
  CHECK(imap_found_uid(&found, 5)->seq == 1);
  CHECK(imap_found_uid(&found, 9)->seq == 1);
  CHECK(imap_found_uid(&found, 20)->seq == 2);
  imap_found_lower(&found, 20, UINT64_MAX);
  imap_found_lower(&found, 20, UINT64_MAX);
  CHECK(imap_found_uid(&found, 20)->seq == 0);
  imap_found_free(&found);
}

/* --- beside a plain model --- */

enum { MESSAGES = 6000, STEPS = 20000 };

/* Message `i` has UID 2 * i + 2; its number is its rank among those there, and
** known where it was shown since numbers were forgotten. */
struct model {
  bool there[MESSAGES], shown[MESSAGES], numbered[MESSAGES];
  uint32_t exists;
};

static uint32_t uid_of(uint32_t i) { return 2 * i + 2; }

static uint32_t rank(const struct model *m, uint32_t message) {
  uint32_t seq = 1;
  for (uint32_t i = 0; i < message; i++) seq += m->there[i];
  return seq;
}

static uint32_t any(uint32_t below) { return (uint32_t)rand() % below; }

static uint32_t pick(const struct model *m) {
  uint32_t i = any(MESSAGES);
  while (!m->there[i]) i = (i + 1) % MESSAGES;
  return i;
}

static void compare(struct imap_found *found, const struct model *m) {
  struct imap_found_place place = {0, 0};
  uint32_t seq = 0;
  size_t count = 0;
  for (uint32_t i = 0; i < MESSAGES; i++) {
    const struct imap_found_row *row;
    seq += m->there[i];
    if (!m->shown[i]) continue;
    row = imap_found_next(found, &place);
    CHECK(row != NULL && row->uid == uid_of(i));
    CHECK(row->seq == (m->numbered[i] ? seq : 0));
    count++;
  }
  CHECK(imap_found_next(found, &place) == NULL);
  CHECK(found->count == count);
}

static void show(struct imap_found *found, struct model *m, uint32_t i) {
  const struct imap_found_row *row;
  int status = imap_found_add(found, uid_of(i), rank(m, i), &row);
  CHECK(status == (m->shown[i] ? IMAP_MORE : IMAP_OK));
  CHECK(row->uid == uid_of(i));
  m->shown[i] = m->numbered[i] = true;
}

static void look(struct imap_found *found, const struct model *m, uint32_t i) {
  const struct imap_found_row *row = imap_found_uid(found, uid_of(i));
  CHECK((row != NULL) == m->shown[i]);
  if (row == NULL) return;
  CHECK(row->seq == (m->numbered[i] ? rank(m, i) : 0));
  if (m->numbered[i]) CHECK(imap_found_seq(found, rank(m, i))->uid == uid_of(i));
  CHECK(imap_found_from(found, uid_of(i) - 1)->uid == uid_of(i));
}

static void lose(struct imap_found *found, struct model *m, uint32_t i) {
  if (any(2) == 0 && m->shown[i] == m->numbered[i])
    CHECK(imap_found_expunge(found, rank(m, i)) ==
          (m->shown[i] ? uid_of(i) : 0));
  else if (!imap_found_vanish(found, uid_of(i)))
    imap_found_lower(found, uid_of(i), 1);
  m->there[i] = m->shown[i] = m->numbered[i] = false;
}

/* Keeps those with an even index. */
static void keep(struct imap_found *found, struct model *m) {
  struct imap_seqset set;
  imap_seqset_init(&set);
  for (uint32_t i = 0; i < MESSAGES; i += 2)
    CHECK(imap_seqset_add(&set, uid_of(i), uid_of(i)) == IMAP_OK);
  imap_seqset_tidy(&set);
  imap_found_keep(found, &set);
  for (uint32_t i = 1; i < MESSAGES; i += 2)
    m->shown[i] = m->numbered[i] = false;
  imap_seqset_free(&set);
}

static void forget(struct imap_found *found, struct model *m) {
  imap_found_forget_numbers(found);
  memset(m->numbered, 0, sizeof m->numbered);
}

static void holds_through_all(int order) {
  static struct model m;
  struct imap_found found;
  imap_found_init(&found);
  m = (struct model){.exists = MESSAGES};
  for (uint32_t i = 0; i < MESSAGES; i++) m.there[i] = true;
  for (uint32_t i = 0; i < MESSAGES; i++)
    if (order != 0)
      show(&found, &m, order > 0 ? i : MESSAGES - 1 - i);
  CHECK(found.shuffled == (order < 0));
  compare(&found, &m);
  for (int step = 0; step < STEPS && m.exists > 1; step++) {
    uint32_t i = pick(&m);
    if (step == STEPS / 4 && order != 0) forget(&found, &m);
    if (any(4) == 0) {
      lose(&found, &m, i);
      m.exists--;
    } else if (any(2) == 0) {
      show(&found, &m, i);
    } else {
      look(&found, &m, i);
    }
  }
  compare(&found, &m);
  keep(&found, &m);
  compare(&found, &m);
  while (m.exists-- > 0) lose(&found, &m, pick(&m));
  CHECK(found.count == 0 && found.block_count == 0);
  imap_found_free(&found);
}

static void tells_spans_apart(void) {
  struct imap_span whole = {"abcd12", 6}, part = {"abcd1", 5};
  CHECK(!imap_span_equal(whole, part) && !imap_span_equal(part, whole));
  CHECK(!imap_span_same(whole, part) && !imap_span_same(part, whole));
  CHECK(!imap_span_is(part, "ABCD12") && !imap_span_is(whole, "ABCD1"));
  CHECK(imap_span_is(whole, "ABCD12"));
}

int main(void) {
  finds_nothing_else();
  moves_down();
  moves_down_by_many();
  holds_through_all(0);
  holds_through_all(1);
  holds_through_all(-1);
  tells_spans_apart();
  return check_report();
}
