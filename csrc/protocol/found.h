/* found.h - the messages that rows have shown: UID and number of each.
** Sorted by UID, which within a view is also the order of the numbers. They lie
** in blocks, so that a row that comes out of order, or leaves, moves few others. */
#ifndef IMAP_FOUND_H
#define IMAP_FOUND_H

#include "protocol/seqset.h"

struct imap_found_row {
  uint32_t uid, seq;
  uint32_t order; /* which row it was, by arrival: 0, 1, … */
};

struct imap_found_block {
  struct imap_found_row *rows;
  uint32_t count, capacity;
  uint32_t lowered; /* the numbers are by this much less than its rows say */
};

struct imap_found {
  struct imap_found_block *blocks; /* none is empty */
  size_t block_count, block_capacity;
  size_t count;     /* of rows */
  uint32_t arrived; /* rows ever added */
  bool shuffled;    /* they did not arrive in order, or some are gone */
  bool renumbered;  /* numbers have changed since the rows came */
  bool forgetful;   /* rows have lost their numbers: `seq` is 0 */
};

/* Where a walk through all rows is. */
struct imap_found_place {
  size_t block, row;
};

void imap_found_init(struct imap_found *found);
void imap_found_free(struct imap_found *found);

/* A row holds until the next call of any of these but imap_found_next().
** imap_found_add() says IMAP_OK: it is new, or IMAP_MORE: it was there. */
int imap_found_add(struct imap_found *found, uint32_t uid, uint32_t seq,
                   const struct imap_found_row **row);
const struct imap_found_row *imap_found_uid(struct imap_found *found,
                                            uint32_t uid);
const struct imap_found_row *imap_found_seq(struct imap_found *found,
                                            uint32_t seq);
/* The first row whose UID is not below `uid`. */
const struct imap_found_row *imap_found_from(struct imap_found *found,
                                             uint32_t uid);
/* By ascending UID; `place` begins as { 0, 0 }. NULL: that was all. */
const struct imap_found_row *imap_found_next(struct imap_found *found,
                                             struct imap_found_place *place);

/* Another view is opened: its numbers are not those that the rows have. */
void imap_found_forget_numbers(struct imap_found *found);

/* Message `seq` is gone: its row leaves, the later ones move down. Returns its
** UID, or 0 where no row has shown it. */
uint32_t imap_found_expunge(struct imap_found *found, uint32_t seq);

/* The message with this UID is gone; its number was not announced (VANISHED).
** False: no row has shown it. */
bool imap_found_vanish(struct imap_found *found, uint32_t uid);

/* So many messages are gone that no row has shown: the rows from `uid` on move
** down. */
void imap_found_lower(struct imap_found *found, uint32_t uid, uint64_t gone);

/* Leaves only the rows whose UIDs are in `set`. */
void imap_found_keep(struct imap_found *found, const struct imap_seqset *set);

/* Adds to `out` the numbers of `named` that no row has shown. */
int imap_found_missing(struct imap_found *found,
                       const struct imap_seqset *named,
                       struct imap_seqset *out);

#endif
