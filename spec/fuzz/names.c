/* names.c - fuzzes floor 1: mailbox names, sequence sets and dates. What was
** written reads back as it was, and what was read writes back. */
#include "fuzz.h"
#include "protocol/base64.h"
#include "protocol/date.h"
#include "protocol/seqset.h"
#include "protocol/utf7.h"

enum { CEILING = 1 << 24 };

static bool is_ascii(struct imap_span text) {
  for (size_t i = 0; i < text.size; i++)
    if ((unsigned char)text.data[i] >= 0x80) return false;
  return true;
}

/* Control bytes are read in either form (utf7.h). */
static bool has_controls(struct imap_span text) {
  for (size_t i = 0; i < text.size; i++)
    if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f) return true;
  return false;
}

/* encode, then decode: the same name, for every name that is UTF-8. */
static void check_encoding(struct imap_span name) {
  struct imap_buffer wire, back;
  imap_buffer_init(&wire, CEILING);
  imap_buffer_init(&back, CEILING);
  if (imap_utf7_encode(name, &wire) == IMAP_OK) {
    NEED(imap_utf8_valid(name));
    NEED(is_ascii(imap_buffer_span(&wire)));
    NEED(imap_utf7_decode(imap_buffer_span(&wire), &back) == IMAP_OK);
    NEED(imap_span_equal(imap_buffer_span(&back), name));
  } else {
    NEED(!imap_utf8_valid(name));
    NEED(wire.size == 0);
  }
  imap_buffer_free(&wire);
  imap_buffer_free(&back);
}

/* decode, then encode: the same bytes, so no two names are shown alike. */
static void check_decoding(struct imap_span wire) {
  struct imap_buffer name, back;
  imap_buffer_init(&name, CEILING);
  imap_buffer_init(&back, CEILING);
  if (imap_utf7_decode(wire, &name) == IMAP_OK) {
    NEED(imap_utf8_valid(imap_buffer_span(&name)));
    NEED(imap_utf7_encode(imap_buffer_span(&name), &back) == IMAP_OK);
    if (is_ascii(wire) && !has_controls(imap_buffer_span(&name)))
      NEED(imap_span_equal(imap_buffer_span(&back), wire));
  } else {
    NEED(name.size == 0);
  }
  imap_buffer_free(&name);
  imap_buffer_free(&back);
}

static bool same_sets(const struct imap_seqset *a, const struct imap_seqset *b) {
  return a->count == b->count && a->star == b->star &&
         a->star_from == b->star_from &&
         (a->count == 0 || memcmp(a->ranges, b->ranges,
                                  a->count * sizeof *a->ranges) == 0);
}

static void check_order(const struct imap_seqset *set) {
  for (size_t i = 0; i < set->count; i++) {
    NEED(set->ranges[i].first > 0);
    NEED(set->ranges[i].first <= set->ranges[i].last);
    if (i > 0)
      NEED((uint64_t)set->ranges[i - 1].last + 1 < set->ranges[i].first);
    NEED(imap_seqset_has(set, set->ranges[i].first));
    NEED(imap_seqset_has(set, set->ranges[i].last));
  }
}

/* Parsed, written in pieces of `room` bytes, and parsed again. */
static void check_set(struct imap_span text, size_t room) {
  struct imap_seqset set, back;
  uint64_t count;
  size_t next = 0;
  imap_seqset_init(&set);
  imap_seqset_init(&back);
  if (imap_seqset_parse(&set, text) == IMAP_OK) {
    struct imap_buffer piece;
    imap_buffer_init(&piece, CEILING);
    check_order(&set);
    while (!imap_seqset_done(&set, next)) {
      size_t before = next;
      imap_buffer_clear(&piece);
      NEED(imap_seqset_write(&set, &next, room, &piece) == IMAP_OK);
      NEED(next > before);
      NEED(piece.size <= room || next == before + 1);
      NEED(imap_seqset_parse(&back, imap_buffer_span(&piece)) == IMAP_OK);
    }
    NEED(same_sets(&set, &back));
    imap_buffer_free(&piece);
  }
  if (imap_seqset_count(text, &count) == IMAP_OK) {
    NEED(imap_seqset_size(&set) <= count);
    NEED(!set.star);
  }
  imap_seqset_free(&set);
  imap_seqset_free(&back);
}

/* Read number by number: as many as were counted. */
static void check_reader(struct imap_span text) {
  struct imap_seqset_reader reader;
  uint64_t count, read = 0;
  uint32_t number = 0;
  int status = imap_seqset_count(text, &count);
  if (status != IMAP_OK || count > 10000) return;
  imap_seqset_reader_init(&reader, text);
  while ((status = imap_seqset_reader_next(&reader, &number)) == IMAP_OK) {
    NEED(number > 0);
    read++;
  }
  NEED(status == IMAP_MORE && read == count);
}

static void check_added(struct fuzz_input in) {
  struct imap_seqset set;
  uint32_t numbers[64];
  size_t count = 0;
  imap_seqset_init(&set);
  while (in.size >= 2 && count < 64) {
    uint32_t first = fuzz_byte(&in), last = first + fuzz_byte(&in) % 8;
    if (imap_seqset_add(&set, first, last) != IMAP_OK) {
      NEED(first == 0);
      continue;
    }
    numbers[count++] = last;
  }
  for (size_t i = 0; i < count; i++) NEED(imap_seqset_has(&set, numbers[i]));
  imap_seqset_tidy(&set);
  check_order(&set);
  imap_seqset_free(&set);
}

static void check_dates(struct imap_span text) {
  struct imap_buffer written;
  int64_t seconds, again;
  imap_buffer_init(&written, 64);
  if (imap_date_parse_internal(text, &seconds) == IMAP_OK &&
      imap_date_write_internal(seconds, &written) == IMAP_OK) {
    NEED(imap_date_parse_internal(imap_buffer_span(&written), &again) == IMAP_OK);
    NEED(again == seconds);
  }
  imap_buffer_clear(&written);
  if (imap_date_parse_day(text, &seconds) == IMAP_OK) {
    NEED(seconds % 86400 == 0);
    NEED(imap_date_write_day(seconds, &written) == IMAP_OK);
  }
  imap_buffer_clear(&written);
  if (imap_date_parse_message(text, &seconds) == IMAP_OK)
    (void)imap_date_write_internal(seconds, &written);
  imap_buffer_free(&written);
}

static void check_base64(struct imap_span bytes) {
  struct imap_buffer text, back;
  imap_buffer_init(&text, CEILING);
  imap_buffer_init(&back, CEILING);
  NEED(imap_base64_encode(bytes, &text) == IMAP_OK);
  NEED(imap_base64_decode(imap_buffer_span(&text), &back) == IMAP_OK);
  NEED(imap_span_equal(imap_buffer_span(&back), bytes));
  imap_buffer_clear(&text);
  imap_buffer_clear(&back);
  if (imap_base64_decode(bytes, &back) == IMAP_OK) {
    NEED(imap_base64_encode(imap_buffer_span(&back), &text) == IMAP_OK);
    NEED(imap_span_equal(imap_buffer_span(&text), bytes));
  }
  imap_buffer_free(&text);
  imap_buffer_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  unsigned room = fuzz_byte(&in);
  struct imap_span text = fuzz_copy((struct imap_span){
      in.size > 0 ? (const char *)in.data : "", in.size});
  check_encoding(text);
  check_decoding(text);
  check_set(text, 1 + room % 40);
  check_reader(text);
  check_added(in);
  check_dates(text);
  check_base64(text);
  fuzz_drop(text);
  return 0;
}
