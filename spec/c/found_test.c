/* found_test.c - the messages that rows have shown: found where they are, and
** not where others are. */
#include "check.h"
#include "protocol/found.h"

static void add(struct imap_found *found, uint32_t uid, uint32_t seq) {
  struct imap_found_row *row;
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
  tells_spans_apart();
  return check_report();
}
