/* seqset_test.c - sets of message numbers: what is added in any order, written,
** and asked for (rows C9 and D7). */
#include <stdlib.h>

#include "check.h"
#include "protocol/seqset.h"

static void check_written(struct imap_seqset *set, const char *text) {
  struct imap_buffer out;
  size_t next = 0;
  imap_buffer_init(&out, 1 << 20);
  CHECK(imap_seqset_write(set, &next, 1 << 19, &out) == IMAP_OK);
  CHECK_TEXT(imap_buffer_span(&out), text);
  imap_buffer_free(&out);
}

/* Neighbours and what overlaps become one, whichever comes first. */
static void test_order(void) {
  static const struct {
    uint32_t ranges[4][2];
    const char *text;
  } cases[] = {
    {{{5, 5}, {1, 1}}, "1,5"},
    {{{5, 9}, {1, 4}}, "1:9"},
    {{{1, 9}, {20, 30}, {3, 4}}, "1:9,20:30"},
    {{{20, 30}, {1, 9}, {8, 21}}, "1:30"},
    {{{9, 1}, {4294967295u, 4294967290u}}, "1:9,4294967290:4294967295"},
    {{{4294967295u, 4294967295u}, {1, 1}, {2, 2}}, "1:2,4294967295"},
    {{{7, 7}, {3, 3}, {5, 5}, {7, 7}}, "3,5,7"},
    {{{2, 2}, {4, 4}, {3, 3}, {1, 1}}, "1:4"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct imap_seqset set;
    imap_seqset_init(&set);
    for (size_t j = 0; j < 4 && cases[i].ranges[j][0] > 0; j++)
      CHECK(imap_seqset_add(&set, cases[i].ranges[j][0],
                            cases[i].ranges[j][1]) == IMAP_OK);
    check_written(&set, cases[i].text);
    imap_seqset_free(&set);
  }
}

/* Memory follows the ranges, and not the calls. */
static void test_growth(void) {
  struct imap_seqset set;
  imap_seqset_init(&set);
  CHECK(imap_seqset_add(&set, 0, 5) == IMAP_INVALID);
  for (uint32_t n = 10000; n > 0; n--)
    CHECK(imap_seqset_add(&set, n, n) == IMAP_OK);
  CHECK(set.capacity <= 16);
  CHECK(imap_seqset_size(&set) == 10000 && set.count == 1);
  for (uint32_t n = 20000; n < 22000; n += 2)
    CHECK(imap_seqset_add(&set, n, n) == IMAP_OK);
  CHECK(imap_seqset_size(&set) == 11000 && set.count == 1001);
  CHECK(set.capacity < 2048 + 1);
  for (uint32_t n = 19999; n < 22002; n++)
    CHECK(imap_seqset_has(&set, n) == (n >= 20000 && n < 22000 && n % 2 == 0));
  imap_seqset_free(&set);
}

static void test_star(void) {
  static const struct { const char *text, *written; } sets[] = {
    {"*", "*"}, {"9:*", "9:*"}, {"*:9", "9:*"}, {"9:*,5:*", "5:*"},
    {"5:*,9:*", "5:*"}, {"*,5:*", "5:*"}, {"5:*,*", "5:*"}, {"1,3:*", "1,3:*"},
  };
  struct imap_seqset set;
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    imap_seqset_init(&set);
    CHECK(imap_seqset_parse(&set, imap_span_of(sets[i].text)) == IMAP_OK);
    check_written(&set, sets[i].written);
    imap_seqset_free(&set);
  }
  imap_seqset_init(&set);
  CHECK(imap_seqset_parse(&set, imap_span_of("1,5:*")) == IMAP_OK);
  CHECK(imap_seqset_has(&set, 1) && !imap_seqset_has(&set, 4));
  CHECK(imap_seqset_has(&set, 5) && imap_seqset_has(&set, 4294967295u));
  imap_seqset_free(&set);
}

/* C9: what is no set, also where its last octet is the last of its memory. */
static void test_malformed(void) {
  static const char *const wrong[] = {
    "", ",", "1,", "1,,2", ":", "1:", ":1", "1:2:3", "0", "01", "4294967296",
    "1 2", "$", "1;2", "**", "1*"
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    size_t size = strlen(wrong[i]);
    char *exact = malloc(size > 0 ? size : 1);
    struct imap_seqset set;
    if (exact == NULL) abort();
    memcpy(exact, wrong[i], size);
    imap_seqset_init(&set);
    CHECK(imap_seqset_parse(&set, (struct imap_span){exact, size}) ==
          IMAP_INVALID);
    imap_seqset_free(&set);
    free(exact);
  }
}

int main(void) {
  test_order();
  test_growth();
  test_star();
  test_malformed();
  return check_report();
}
