/* found.c - the messages that rows have shown. */
#include "protocol/found.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 16 };

void imap_found_init(struct imap_found *found) {
  memset(found, 0, sizeof *found);
}

void imap_found_free(struct imap_found *found) {
  free(found->rows);
  imap_found_init(found);
}

/* The first row whose UID is not below `uid`. */
static size_t lower_uid(const struct imap_found *found, uint32_t uid) {
  size_t low = 0, high = found->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (found->rows[middle].uid < uid)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The first row whose number is not below `seq`. Rows without numbers stand
** between the others by UID; then it is looked for one by one. */
static size_t lower_seq(const struct imap_found *found, uint32_t seq) {
  size_t low = 0, high = found->count;
  if (found->forgetful) {
    while (low < high && found->rows[low].seq < seq) low++;
    return low;
  }
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (found->rows[middle].seq < seq)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int grow(struct imap_found *found) {
  size_t capacity = found->capacity > 0 ? found->capacity * 2 : FIRST_ROWS;
  void *rows = realloc(found->rows, capacity * sizeof *found->rows);
  if (rows == NULL) return IMAP_NOMEM;
  found->rows = rows;
  found->capacity = capacity;
  return IMAP_OK;
}

int imap_found_add(struct imap_found *found, uint32_t uid, uint32_t seq,
                   struct imap_found_row **row) {
  size_t at = found->count;
  if (at > 0 && found->rows[at - 1].uid >= uid) {
    at = lower_uid(found, uid);
    if (found->rows[at].uid == uid) {
      *row = &found->rows[at];
      (*row)->seq = seq;
      return IMAP_MORE;
    }
    found->shuffled = true;
  }
  if (found->count == found->capacity && grow(found) != IMAP_OK)
    return IMAP_NOMEM;
  *row = &found->rows[at];
  memmove(*row + 1, *row, (found->count - at) * sizeof **row);
  **row = (struct imap_found_row){uid, seq, found->arrived++};
  found->count++;
  return IMAP_OK;
}

const struct imap_found_row *imap_found_uid(const struct imap_found *found,
                                            uint32_t uid) {
  size_t at = lower_uid(found, uid);
  if (at == found->count || found->rows[at].uid != uid) return NULL;
  return &found->rows[at];
}

const struct imap_found_row *imap_found_seq(const struct imap_found *found,
                                            uint32_t seq) {
  size_t at = lower_seq(found, seq);
  if (at == found->count || found->rows[at].seq != seq) return NULL;
  return &found->rows[at];
}

static void remove_row(struct imap_found *found, size_t at) {
  found->count--;
  memmove(&found->rows[at], &found->rows[at + 1],
          (found->count - at) * sizeof *found->rows);
  found->shuffled = true;
}

static void move_down(struct imap_found *found, size_t at) {
  for (; at < found->count; at++)
    if (found->rows[at].seq > 0) found->rows[at].seq--;
  found->renumbered = true;
}

void imap_found_forget_numbers(struct imap_found *found) {
  for (size_t i = 0; i < found->count; i++) found->rows[i].seq = 0;
  if (found->count > 0) found->forgetful = true;
}

uint32_t imap_found_expunge(struct imap_found *found, uint32_t seq) {
  size_t at = lower_seq(found, seq);
  uint32_t uid = 0;
  if (at == found->count) return 0;
  if (found->rows[at].seq == seq) {
    uid = found->rows[at].uid;
    remove_row(found, at);
  }
  move_down(found, at);
  return uid;
}

bool imap_found_vanish(struct imap_found *found, uint32_t uid) {
  size_t at = lower_uid(found, uid);
  if (at == found->count || found->rows[at].uid != uid) return false;
  remove_row(found, at);
  move_down(found, at);
  return true;
}

int imap_found_missing(const struct imap_found *found,
                       const struct imap_seqset *named,
                       struct imap_seqset *out) {
  int status = IMAP_OK;
  for (size_t i = 0; i < named->count && status == IMAP_OK; i++) {
    uint64_t from = named->ranges[i].first, last = named->ranges[i].last;
    size_t at = lower_uid(found, (uint32_t)from);
    for (; at < found->count && found->rows[at].uid <= last; at++) {
      uint32_t uid = found->rows[at].uid;
      if (uid > from && status == IMAP_OK)
        status = imap_seqset_add(out, (uint32_t)from, uid - 1);
      from = (uint64_t)uid + 1;
    }
    if (from <= last && status == IMAP_OK)
      status = imap_seqset_add(out, (uint32_t)from, (uint32_t)last);
  }
  return status;
}
