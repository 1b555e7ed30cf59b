/* buffer_test.c - buffers: their ceiling, their room, the error that sticks. */
#include "check.h"

/* Octet by octet, and in pieces, up to each ceiling and no further. */
static void check_ceiling(size_t ceiling, size_t piece) {
  struct imap_buffer b;
  size_t size = 0;
  imap_buffer_init(&b, ceiling);
  CHECK(b.data == NULL);
  while (size + piece <= ceiling) {
    char *room = imap_buffer_room(&b, piece);
    if (!CHECK(room != NULL && room == b.data + size)) break;
    memset(room, (int)('a' + size % 26), piece);
    size = b.size += piece;
    CHECK(b.capacity >= b.size && b.capacity <= ceiling);
  }
  CHECK(imap_buffer_room(&b, ceiling - size + 1) == NULL);
  CHECK(b.status == IMAP_LIMIT);
  CHECK(b.size == size);
  for (size_t i = 0; i < size; i += piece)
    CHECK(b.data[i] == (char)('a' + i % 26));
  CHECK(imap_buffer_room(&b, 0) == NULL); /* the error sticks */
  CHECK(imap_buffer_add(&b, "", 0) == IMAP_LIMIT);
  imap_buffer_clear(&b);
  CHECK(b.status == IMAP_OK && b.size == 0);
  if (ceiling > 0) CHECK(imap_buffer_add_byte(&b, 'x') == IMAP_OK);
  imap_buffer_free(&b);
}

/* Room of none is room too: its address may be added to. */
static void check_empty(void) {
  struct imap_buffer b;
  imap_buffer_init(&b, 0);
  CHECK(imap_buffer_room(&b, 0) != NULL);
  CHECK(imap_buffer_add_byte(&b, 'x') == IMAP_LIMIT);
  imap_buffer_free(&b);
}

/* What a secret buffer held survives that it moves. */
static void check_secret(void) {
  struct imap_buffer b;
  imap_buffer_init_secret(&b, 1000);
  for (int i = 0; i < 1000; i++)
    CHECK(imap_buffer_add_byte(&b, (char)('a' + i % 26)) == IMAP_OK);
  for (int i = 0; i < 1000; i++) CHECK(b.data[i] == (char)('a' + i % 26));
  imap_buffer_drop(&b, 990);
  CHECK_TEXT(imap_buffer_span(&b), "cdefghijkl");
  imap_buffer_free(&b);
}

static void check_spans(void) {
  struct imap_span none = {NULL, 0};
  CHECK(imap_span_equal(none, imap_span_of("")));
  CHECK(imap_span_same(none, none));
  CHECK(!imap_span_equal(imap_span_of("a"), imap_span_of("A")));
  /* each length, with one octet after the other changed */
  for (size_t size = 1; size <= 20; size++) {
    char one[] = "BODYSTRUCTUREENVELOPE", other[] = "bodySTRUCTUREenvelope";
    for (size_t i = 0; i < size; i++) {
      struct imap_span a = {one, size}, b = {other, size};
      char kept = other[i];
      CHECK(imap_span_same(a, a) && imap_span_same(a, b));
      other[i] = '@';
      CHECK(!imap_span_same(a, b));
      other[i] = kept;
      one[i] ^= 0x20;
      CHECK(imap_span_same(a, b));
      one[i] ^= 0x20;
      a.size--;
      CHECK(!imap_span_same(a, b));
    }
  }
}

int main(void) {
  static const size_t ceilings[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 1000};
  for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++)
    for (size_t piece = 1; piece <= 7; piece++) check_ceiling(ceilings[i], piece);
  check_empty();
  check_secret();
  check_spans();
  return check_report();
}
