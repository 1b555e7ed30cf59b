/* buffer.c - growable bytes, born with a ceiling. */
#include "protocol/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/chars.h"

enum { FIRST_CAPACITY = 64 };

void imap_buffer_init(struct imap_buffer *b, size_t ceiling) {
  memset(b, 0, sizeof *b);
  b->ceiling = ceiling;
}

void imap_buffer_init_secret(struct imap_buffer *b, size_t ceiling) {
  imap_buffer_init(b, ceiling);
  b->secret = true;
}

static void overwrite(struct imap_buffer *b) {
  volatile char *byte = b->data; /* a write that the compiler must keep */
  for (size_t i = 0; i < b->capacity; i++) byte[i] = 0;
}

void imap_buffer_free(struct imap_buffer *b) {
  bool secret = b->secret;
  if (secret) overwrite(b);
  free(b->data);
  imap_buffer_init(b, b->ceiling);
  b->secret = secret;
}

void imap_buffer_wipe(struct imap_buffer *b) {
  overwrite(b);
  imap_buffer_free(b);
}

void imap_buffer_clear(struct imap_buffer *b) {
  b->size = 0;
  b->status = IMAP_OK;
}

/* realloc() would leave a copy behind. */
static char *move_secret(struct imap_buffer *b, size_t capacity) {
  char *data = malloc(capacity);
  if (data == NULL || b->data == NULL) return data;
  memcpy(data, b->data, b->size);
  overwrite(b);
  free(b->data);
  return data;
}

char *imap_buffer_grow(struct imap_buffer *b, size_t more) {
  size_t capacity = b->capacity;
  char *data;
  if (b->status != IMAP_OK) return NULL;
  if (more > b->ceiling - b->size) {
    b->status = IMAP_LIMIT;
    return NULL;
  }
  if (more == capacity - b->size && b->data != NULL) return b->data + b->size;
  if (capacity < FIRST_CAPACITY) capacity = FIRST_CAPACITY;
  while (capacity - b->size < more && capacity <= b->ceiling / 2) capacity *= 2;
  if (capacity - b->size < more || capacity > b->ceiling) capacity = b->ceiling;
  if (capacity == 0) capacity = 1; /* of none, realloc() may answer NULL */
  data = b->secret ? move_secret(b, capacity) : realloc(b->data, capacity);
  if (data == NULL) {
    b->status = IMAP_NOMEM;
    return NULL;
  }
  b->data = data;
  b->capacity = capacity;
  return data + b->size;
}

int imap_buffer_add(struct imap_buffer *b, const void *data, size_t size) {
  char *room = imap_buffer_room(b, size);
  if (room == NULL) return b->status;
  if (size > 0) memcpy(room, data, size);
  b->size += size;
  return IMAP_OK;
}

int imap_buffer_add_byte(struct imap_buffer *b, char byte) {
  return imap_buffer_add(b, &byte, 1);
}

int imap_buffer_add_text(struct imap_buffer *b, const char *text) {
  return imap_buffer_add(b, text, strlen(text));
}

int imap_buffer_add_span(struct imap_buffer *b, struct imap_span span) {
  return imap_buffer_add(b, span.data, span.size);
}

void imap_buffer_drop(struct imap_buffer *b, size_t size) {
  b->size -= size;
  if (b->size > 0) memmove(b->data, b->data + size, b->size);
}

struct imap_span imap_buffer_span(const struct imap_buffer *b) {
  return (struct imap_span){b->data, b->size};
}

struct imap_span imap_span_of(const char *text) {
  return (struct imap_span){text, strlen(text)};
}

bool imap_span_equal(struct imap_span a, struct imap_span b) {
  return a.size == b.size &&
         (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool imap_span_same_letters(struct imap_span a, struct imap_span b) {
  for (size_t i = 0; i < a.size; i++) {
    char one = a.data[i], other = b.data[i];
    if (one != other && imap_upper(one) != imap_upper(other)) return false;
  }
  return true;
}
