/* found.c - the messages that rows have shown. */
#include "protocol/found.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 16, BLOCK_ROWS = 512, FIRST_BLOCKS = 8 };

void imap_found_init(struct imap_found *found) {
  memset(found, 0, sizeof *found);
}

void imap_found_free(struct imap_found *found) {
  for (size_t i = 0; i < found->block_count; i++) free(found->blocks[i].rows);
  free(found->blocks);
  imap_found_init(found);
}

/* --- numbers --- */

static uint32_t number(const struct imap_found_block *block, size_t i) {
  uint32_t seq = block->rows[i].seq;
  return seq > block->lowered ? seq - block->lowered : 0;
}

/* The numbers of its rows become what they are. */
static void settle(struct imap_found_block *block) {
  if (block->lowered == 0) return;
  for (size_t i = 0; i < block->count; i++)
    block->rows[i].seq = number(block, i);
  block->lowered = 0;
}

/* All rows from `at` on move down by `gone`. */
static void move_down(struct imap_found *found, struct imap_found_place at,
                      uint32_t gone) {
  struct imap_found_block *block;
  found->renumbered = true;
  if (at.block == found->block_count) return;
  block = &found->blocks[at.block];
  settle(block);
  for (size_t i = at.row; i < block->count; i++)
    block->rows[i].seq -= gone < block->rows[i].seq ? gone : block->rows[i].seq;
  while (++at.block < found->block_count) {
    block = &found->blocks[at.block];
    block->lowered += gone < UINT32_MAX - block->lowered
                          ? gone : UINT32_MAX - block->lowered;
  }
}

void imap_found_forget_numbers(struct imap_found *found) {
  for (size_t i = 0; i < found->block_count; i++) {
    struct imap_found_block *block = &found->blocks[i];
    for (size_t k = 0; k < block->count; k++) block->rows[k].seq = 0;
    block->lowered = 0;
  }
  if (found->count > 0) found->forgetful = true;
}

/* --- places --- */

static uint32_t key(const struct imap_found_block *block, size_t i,
                    bool by_seq) {
  return by_seq ? number(block, i) : block->rows[i].uid;
}

/* The first block whose last row is not below `value`. */
static size_t lower_block(const struct imap_found *found, uint32_t value,
                          bool by_seq) {
  size_t low = 0, high = found->block_count;
  if (high > 0) { /* behind all, as nearly every row that comes */
    const struct imap_found_block *last = &found->blocks[high - 1];
    if (key(last, last->count - 1, by_seq) < value) return high;
  }
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const struct imap_found_block *block = &found->blocks[middle];
    if (key(block, block->count - 1, by_seq) < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The first row that is not below `value`. */
static struct imap_found_place lower(const struct imap_found *found,
                                     uint32_t value, bool by_seq) {
  struct imap_found_place place = {lower_block(found, value, by_seq), 0};
  const struct imap_found_block *block;
  size_t high;
  if (place.block == found->block_count) return place;
  block = &found->blocks[place.block];
  high = block->count;
  while (place.row < high) {
    size_t middle = place.row + (high - place.row) / 2;
    if (key(block, middle, by_seq) < value)
      place.row = middle + 1;
    else
      high = middle;
  }
  return place;
}

/* Rows without numbers stand between the others by UID: then it is looked for
** one by one. */
static struct imap_found_place lower_seq(const struct imap_found *found,
                                         uint32_t seq) {
  if (!found->forgetful) return lower(found, seq, true);
  for (size_t i = 0; i < found->block_count; i++) {
    const struct imap_found_block *block = &found->blocks[i];
    for (size_t k = 0; k < block->count; k++)
      if (number(block, k) >= seq) return (struct imap_found_place){i, k};
  }
  return (struct imap_found_place){found->block_count, 0};
}

static struct imap_found_row *row_at(struct imap_found *found,
                                     struct imap_found_place place) {
  if (place.block == found->block_count) return NULL;
  settle(&found->blocks[place.block]);
  return &found->blocks[place.block].rows[place.row];
}

const struct imap_found_row *imap_found_from(struct imap_found *found,
                                             uint32_t uid) {
  return row_at(found, lower(found, uid, false));
}

const struct imap_found_row *imap_found_uid(struct imap_found *found,
                                            uint32_t uid) {
  const struct imap_found_row *row = imap_found_from(found, uid);
  return row != NULL && row->uid == uid ? row : NULL;
}

const struct imap_found_row *imap_found_seq(struct imap_found *found,
                                            uint32_t seq) {
  const struct imap_found_row *row = row_at(found, lower_seq(found, seq));
  return row != NULL && row->seq == seq ? row : NULL;
}

const struct imap_found_row *imap_found_next(struct imap_found *found,
                                             struct imap_found_place *place) {
  const struct imap_found_row *row = row_at(found, *place);
  if (row != NULL && ++place->row == found->blocks[place->block].count)
    *place = (struct imap_found_place){place->block + 1, 0};
  return row;
}

/* --- rows that come --- */

/* Room for one more in `block`. */
static int grow(struct imap_found_block *block) {
  uint32_t capacity = block->capacity > 0 ? block->capacity * 2 : FIRST_ROWS;
  void *rows;
  if (block->count < block->capacity) return IMAP_OK;
  rows = realloc(block->rows, capacity * sizeof *block->rows);
  if (rows == NULL) return IMAP_NOMEM;
  block->rows = rows;
  block->capacity = capacity;
  return IMAP_OK;
}

/* An empty block as number `at`, with room for `rows`. */
static int add_block(struct imap_found *found, size_t at, uint32_t rows) {
  struct imap_found_block *blocks = found->blocks;
  struct imap_found_block fresh = {NULL, 0, rows, 0};
  if (found->block_count == found->block_capacity) {
    size_t capacity =
        found->block_capacity > 0 ? found->block_capacity * 2 : FIRST_BLOCKS;
    blocks = realloc(blocks, capacity * sizeof *blocks);
    if (blocks == NULL) return IMAP_NOMEM;
    found->blocks = blocks;
    found->block_capacity = capacity;
  }
  fresh.rows = malloc(rows * sizeof *fresh.rows);
  if (fresh.rows == NULL) return IMAP_NOMEM;
  memmove(&blocks[at + 1], &blocks[at],
          (found->block_count++ - at) * sizeof *blocks);
  blocks[at] = fresh;
  return IMAP_OK;
}

/* The block at `place` is full: its upper half becomes the next one. */
static int split(struct imap_found *found, struct imap_found_place *place) {
  struct imap_found_block *low, *high;
  if (add_block(found, place->block + 1, BLOCK_ROWS) != IMAP_OK)
    return IMAP_NOMEM;
  low = &found->blocks[place->block];
  high = low + 1;
  high->count = low->count / 2;
  low->count -= high->count;
  high->lowered = low->lowered;
  memcpy(high->rows, low->rows + low->count, high->count * sizeof *high->rows);
  if (place->row > low->count)
    *place = (struct imap_found_place){place->block + 1,
                                       place->row - low->count};
  return IMAP_OK;
}

/* Where a row with this UID goes that is not there yet: a place with room. */
static int make_room(struct imap_found *found, struct imap_found_place *place) {
  struct imap_found_block *block;
  if (place->block == found->block_count && found->block_count > 0) {
    place->block--; /* behind the last one */
    place->row = found->blocks[place->block].count;
  }
  if (found->block_count == 0) return add_block(found, 0, FIRST_ROWS);
  block = &found->blocks[place->block];
  if (block->count < BLOCK_ROWS) return grow(block);
  if (place->row < block->count) return split(found, place);
  *place = (struct imap_found_place){place->block + 1, 0};
  return add_block(found, place->block, BLOCK_ROWS);
}

int imap_found_add(struct imap_found *found, uint32_t uid, uint32_t seq,
                   const struct imap_found_row **row) {
  struct imap_found_place place = lower(found, uid, false);
  struct imap_found_row *there = row_at(found, place);
  struct imap_found_block *block;
  if (there != NULL && there->uid == uid) {
    there->seq = seq;
    *row = there;
    return IMAP_MORE;
  }
  if (there != NULL) found->shuffled = true;
  if (make_room(found, &place) != IMAP_OK) return IMAP_NOMEM;
  block = &found->blocks[place.block];
  settle(block);
  there = &block->rows[place.row];
  memmove(there + 1, there, (block->count++ - place.row) * sizeof *there);
  *there = (struct imap_found_row){uid, seq, found->arrived++};
  found->count++;
  *row = there;
  return IMAP_OK;
}

/* --- messages that go --- */

/* Afterwards `place` is that of the next row. */
static void remove_row(struct imap_found *found,
                       struct imap_found_place *place) {
  struct imap_found_block *block = &found->blocks[place->block];
  struct imap_found_row *row = &block->rows[place->row];
  memmove(row, row + 1, (--block->count - place->row) * sizeof *row);
  found->count--;
  found->shuffled = true;
  if (block->count == 0) {
    free(block->rows);
    memmove(block, block + 1,
            (--found->block_count - place->block) * sizeof *block);
  } else if (place->row == block->count) {
    *place = (struct imap_found_place){place->block + 1, 0};
  }
}

uint32_t imap_found_expunge(struct imap_found *found, uint32_t seq) {
  struct imap_found_place place = lower_seq(found, seq);
  const struct imap_found_row *row = row_at(found, place);
  uint32_t uid = 0;
  if (row == NULL) return 0;
  if (row->seq == seq) {
    uid = row->uid;
    remove_row(found, &place);
  }
  move_down(found, place, 1);
  return uid;
}

bool imap_found_vanish(struct imap_found *found, uint32_t uid) {
  struct imap_found_place place = lower(found, uid, false);
  const struct imap_found_row *row = row_at(found, place);
  if (row == NULL || row->uid != uid) return false;
  remove_row(found, &place);
  move_down(found, place, 1);
  return true;
}

void imap_found_lower(struct imap_found *found, uint32_t uid, uint64_t gone) {
  move_down(found, lower(found, uid, false),
            gone < UINT32_MAX ? (uint32_t)gone : UINT32_MAX);
}

void imap_found_keep(struct imap_found *found, const struct imap_seqset *set) {
  struct imap_found_place place = {0, 0};
  while (place.block < found->block_count) {
    const struct imap_found_block *block = &found->blocks[place.block];
    if (!imap_seqset_has(set, block->rows[place.row].uid))
      remove_row(found, &place);
    else if (++place.row == block->count)
      place = (struct imap_found_place){place.block + 1, 0};
  }
}

/* --- sets --- */

int imap_found_missing(struct imap_found *found,
                       const struct imap_seqset *named,
                       struct imap_seqset *out) {
  int status = IMAP_OK;
  for (size_t i = 0; i < named->count && status == IMAP_OK; i++) {
    uint64_t from = named->ranges[i].first, last = named->ranges[i].last;
    struct imap_found_place place = lower(found, (uint32_t)from, false);
    const struct imap_found_row *row = imap_found_next(found, &place);
    while (row != NULL && row->uid <= last) {
      if (row->uid > from && status == IMAP_OK)
        status = imap_seqset_add(out, (uint32_t)from, row->uid - 1);
      from = (uint64_t)row->uid + 1;
      row = imap_found_next(found, &place);
    }
    if (from <= last && status == IMAP_OK)
      status = imap_seqset_add(out, (uint32_t)from, (uint32_t)last);
  }
  return status;
}
