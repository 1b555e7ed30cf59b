/* seqset.c - sets of message numbers, kept as ranges (RFC 9051, sequence-set
** and uid-set). */
#include "protocol/seqset.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/chars.h"

enum {
  FIRST_CAPACITY = 8,
  LONGEST_RANGE = sizeof "4294967295:4294967295" - 1
};

void imap_seqset_init(struct imap_seqset *set) {
  memset(set, 0, sizeof *set);
}

void imap_seqset_free(struct imap_seqset *set) {
  free(set->ranges);
  imap_seqset_init(set);
}

/* --- Order -------------------------------------------------------------- */

static int by_first(const void *a, const void *b) {
  const struct imap_range *left = a, *right = b;
  return (left->first > right->first) - (left->first < right->first);
}

/* They overlap, or no number lies between them. None is zero. */
static bool touches(const struct imap_range *a, const struct imap_range *b) {
  return a->first - 1 <= b->last && b->first - 1 <= a->last;
}

static void unite(struct imap_range *into, const struct imap_range *other) {
  if (other->first < into->first) into->first = other->first;
  if (other->last > into->last) into->last = other->last;
}

void imap_seqset_tidy(struct imap_seqset *set) {
  size_t kept = 0;
  if (!set->unordered) return;
  qsort(set->ranges, set->count, sizeof *set->ranges, by_first);
  for (size_t i = 1; i < set->count; i++) {
    if (touches(&set->ranges[kept], &set->ranges[i]))
      unite(&set->ranges[kept], &set->ranges[i]);
    else
      set->ranges[++kept] = set->ranges[i];
  }
  set->count = kept + 1;
  set->unordered = false;
}

/* Order is no part of a set's value: readers may bring it about. */
static const struct imap_seqset *tidied(const struct imap_seqset *set) {
  imap_seqset_tidy((struct imap_seqset *)set);
  return set;
}

/* --- Building ----------------------------------------------------------- */

/* Tidying comes before growing, so that memory follows the ranges that are in
** the set and not the calls that made it. */
static int reserve(struct imap_seqset *set) {
  size_t capacity = set->capacity * 2;
  struct imap_range *ranges;
  if (set->count < set->capacity) return IMAP_OK;
  imap_seqset_tidy(set);
  if (set->count < set->capacity / 2) return IMAP_OK;
  if (capacity == 0) capacity = FIRST_CAPACITY;
  if (capacity > SIZE_MAX / sizeof *ranges) return IMAP_NOMEM;
  ranges = realloc(set->ranges, capacity * sizeof *ranges);
  if (ranges == NULL) return IMAP_NOMEM;
  set->ranges = ranges;
  set->capacity = capacity;
  return IMAP_OK;
}

int imap_seqset_add(struct imap_seqset *set, uint32_t first, uint32_t last) {
  struct imap_range added = {first < last ? first : last,
                             first < last ? last : first};
  struct imap_range *end;
  if (added.first == 0) return IMAP_INVALID;
  if (reserve(set) != IMAP_OK) return IMAP_NOMEM;
  end = &set->ranges[set->count]; /* behind the last */
  if (set->count > 0 && added.first < end[-1].first) set->unordered = true;
  if (set->count > 0 && touches(&end[-1], &added)) {
    unite(&end[-1], &added);
    return IMAP_OK;
  }
  *end = added;
  set->count++;
  return IMAP_OK;
}

/* --- Asking ------------------------------------------------------------- */

bool imap_seqset_has(const struct imap_seqset *set, uint32_t number) {
  size_t low = 0, high = tidied(set)->count;
  if (set->star_from != 0 && number >= set->star_from) return true;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (set->ranges[middle].last < number) low = middle + 1;
    else high = middle;
  }
  return low < set->count && set->ranges[low].first <= number;
}

uint64_t imap_seqset_size(const struct imap_seqset *set) {
  uint64_t size = 0;
  tidied(set);
  for (size_t i = 0; i < set->count; i++)
    size += (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
  return size;
}

/* --- Reading ------------------------------------------------------------ */

int imap_number_parse(struct imap_span text, uint64_t max, uint64_t *out) {
  uint64_t number = 0;
  if (text.size == 0) return IMAP_INVALID;
  for (size_t i = 0; i < text.size; i++) {
    unsigned digit = (unsigned char)(text.data[i] - '0');
    if (digit > 9 || number > UINT64_MAX / 10) return IMAP_INVALID;
    number = number * 10 + digit;
    if (number < digit) return IMAP_INVALID; /* it went round */
  }
  if (number > max) return IMAP_INVALID;
  *out = number;
  return IMAP_OK;
}

/* seq-number = nz-number / "*", taken off the front; "*" is 0. */
static bool take_number(struct imap_span *text, bool star, uint32_t *number) {
  struct imap_span digits = {text->data, 0};
  uint64_t value = 0;
  while (digits.size < text->size &&
         imap_char_is(text->data[digits.size], IMAP_CHAR_DIGIT))
    digits.size++;
  if (digits.size == 0 && star && text->size > 0 && text->data[0] == '*')
    digits.size = 1;
  else if (imap_number_parse(digits, UINT32_MAX, &value) != IMAP_OK ||
           digits.data[0] == '0')
    return false;
  text->data += digits.size;
  text->size -= digits.size;
  *number = (uint32_t)value;
  return true;
}

static bool take_byte(struct imap_span *text, char byte) {
  if (text->size == 0 || text->data[0] != byte) return false;
  text->data++;
  text->size--;
  return true;
}

/* seq-number [":" seq-number], and the "," behind it unless it is the last */
static bool take_range(struct imap_span *text, bool star, uint32_t *first,
                       uint32_t *last) {
  if (!take_number(text, star, first)) return false;
  *last = *first;
  if (take_byte(text, ':') && !take_number(text, star, last)) return false;
  return text->size == 0 || (take_byte(text, ',') && text->size > 0);
}

/* "n:*", where the lowest n says it all, or "*" alone (`from` is 0). */
static void add_star(struct imap_seqset *set, uint32_t from) {
  if (from != 0 && (set->star_from == 0 || from < set->star_from))
    set->star_from = from;
  set->star = true;
}

int imap_seqset_parse(struct imap_seqset *set, struct imap_span text) {
  int status = IMAP_OK;
  if (text.size == 0) return IMAP_INVALID;
  while (status == IMAP_OK && text.size > 0) {
    uint32_t first, last;
    if (!take_range(&text, true, &first, &last)) return IMAP_INVALID;
    if (first == 0 || last == 0) add_star(set, first != 0 ? first : last);
    else status = imap_seqset_add(set, first, last);
  }
  imap_seqset_tidy(set);
  return status;
}

/* --- Writing ------------------------------------------------------------ */

bool imap_seqset_done(const struct imap_seqset *set, size_t next) {
  return next >= tidied(set)->count + (set->star ? 1 : 0);
}

/* The range, or behind the last the star: written in front of `end`. */
static struct imap_span range_text(const struct imap_seqset *set, size_t index,
                                   char *end) {
  char *at = end;
  if (index < set->count) {
    const struct imap_range *r = &set->ranges[index];
    at = imap_decimal(r->last, at);
    if (r->first != r->last) {
      *--at = ':';
      at = imap_decimal(r->first, at);
    }
  } else {
    *--at = '*';
    if (set->star_from > 0) {
      *--at = ':';
      at = imap_decimal(set->star_from, at);
    }
  }
  return (struct imap_span){at, (size_t)(end - at)};
}

int imap_seqset_write(const struct imap_seqset *set, size_t *next, size_t room,
                      struct imap_buffer *out) {
  size_t start = out->size;
  while (!imap_seqset_done(set, *next)) {
    char text[LONGEST_RANGE];
    struct imap_span range = range_text(set, *next, text + sizeof text);
    size_t written = out->size - start;
    if (written > 0 && written + 1 + range.size > room) break;
    if (written > 0) imap_buffer_add_byte(out, ',');
    if (imap_buffer_add_span(out, range) != IMAP_OK) break;
    ++*next;
  }
  return out->status;
}

/* --- One by one, as written --------------------------------------------- */

void imap_seqset_reader_init(struct imap_seqset_reader *r,
                             struct imap_span text) {
  *r = (struct imap_seqset_reader){text, 1, 0};
}

/* The next range; IMAP_MORE behind the last. */
static int reader_range(struct imap_seqset_reader *r) {
  struct imap_span text = r->text;
  uint32_t first, last;
  if (text.size == 0) return IMAP_MORE;
  if (!take_range(&text, false, &first, &last)) return IMAP_INVALID;
  r->text = text;
  r->next = first < last ? first : last;
  r->last = first < last ? last : first;
  return IMAP_OK;
}

int imap_seqset_reader_next(struct imap_seqset_reader *r, uint32_t *number) {
  if (r->next > r->last) {
    int status = reader_range(r);
    if (status != IMAP_OK) return status;
  }
  *number = r->next;
  if (r->next < r->last) r->next++;
  else r->next = 1, r->last = 0; /* never past 2^32 - 1 */
  return IMAP_OK;
}

int imap_seqset_count(struct imap_span text, uint64_t *count) {
  struct imap_seqset_reader r;
  int status;
  imap_seqset_reader_init(&r, text);
  *count = 0;
  if (text.size == 0) return IMAP_INVALID;
  while ((status = reader_range(&r)) == IMAP_OK)
    *count += (uint64_t)r.last - r.next + 1;
  return status == IMAP_MORE ? IMAP_OK : status;
}
