/* buffer.h - growable bytes, born with a ceiling.
** A buffer owns its memory. Its first error sticks in `status`: writers may
** add piece after piece and look once, at the end. A span borrows: it lives
** as long as the bytes it points to, which the lender's header names. */
#ifndef IMAP_BUFFER_H
#define IMAP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "protocol/eight.h"
#include "protocol/status.h"

struct imap_span {
  const char *data; /* NULL where there is nothing (IMAP's NIL) */
  size_t size;
};

struct imap_buffer {
  char *data;      /* `size` bytes are in use; no closing NUL */
  size_t size;
  size_t capacity; /* bytes allocated */
  size_t ceiling;  /* `size` never passes this */
  bool secret;     /* memory is overwritten before it is given back */
  int status;      /* IMAP_OK, or the first error: IMAP_NOMEM, IMAP_LIMIT */
};

/* Nothing is allocated until the first byte comes. */
void imap_buffer_init(struct imap_buffer *b, size_t ceiling);
void imap_buffer_init_secret(struct imap_buffer *b, size_t ceiling);
void imap_buffer_free(struct imap_buffer *b); /* leaves it as after init */
void imap_buffer_wipe(struct imap_buffer *b); /* free, overwriting secrets */

/* Forget the bytes and the error; the memory stays. */
void imap_buffer_clear(struct imap_buffer *b);

/* Makes the room that imap_buffer_room() did not find. */
char *imap_buffer_grow(struct imap_buffer *b, size_t more);

/* Room for `more` bytes behind the end, for a caller that writes by itself and
** then adds to `size`; NULL, with `status` set, where there is none. Inline, as
** nearly always there is some. */
static inline char *imap_buffer_room(struct imap_buffer *b, size_t more) {
  if (b->status == IMAP_OK && more < b->capacity - b->size)
    return b->data + b->size;
  return imap_buffer_grow(b, more);
}

int imap_buffer_add(struct imap_buffer *b, const void *data, size_t size);
int imap_buffer_add_byte(struct imap_buffer *b, char byte);
int imap_buffer_add_text(struct imap_buffer *b, const char *text);
int imap_buffer_add_span(struct imap_buffer *b, struct imap_span span);

/* Remove `size` bytes from the front. */
void imap_buffer_drop(struct imap_buffer *b, size_t size);

struct imap_span imap_buffer_span(const struct imap_buffer *b);

/* Spans: of a C string, of a literal in a table, and comparisons (ASCII letters
** match in either case where the name says `is`). */
struct imap_span imap_span_of(const char *text);
#define IMAP_SPAN(literal) {literal, sizeof literal - 1}
bool imap_span_equal(struct imap_span a, struct imap_span b);
bool imap_span_same_letters(struct imap_span a, struct imap_span b);

/* In any case. Most words have four to sixteen letters, spelled as RFC 9051
** does: for them it is inline. */
static inline bool imap_span_same(struct imap_span a, struct imap_span b) {
  if (a.size != b.size) return false;
  if (a.size >= IMAP_EIGHT / 2 && a.size <= 2 * IMAP_EIGHT &&
      imap_eight_same(a.data, b.data, a.size))
    return true;
  return imap_span_same_letters(a, b);
}

/* Inline, so that a literal's length is known and nearly all other words are
** told apart by theirs. */
static inline bool imap_span_is(struct imap_span span, const char *word) {
  size_t size = strlen(word);
  return span.size == size && imap_span_same(span, (struct imap_span){word, size});
}

#endif
