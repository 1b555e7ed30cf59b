/* found.h - the messages that rows have shown: UID and number of each.
** Sorted by UID, which within a view is also the order of the numbers. */
#ifndef IMAP_FOUND_H
#define IMAP_FOUND_H

#include "protocol/seqset.h"

struct imap_found_row {
  uint32_t uid, seq;
  uint32_t order; /* which row it was, by arrival: 0, 1, … */
};

struct imap_found {
  struct imap_found_row *rows;
  size_t count, capacity;
  uint32_t arrived; /* rows ever added */
  bool shuffled;    /* they did not arrive in order, or some are gone */
  bool renumbered;  /* numbers have changed since the rows came */
  bool forgetful;   /* rows of another view have lost theirs: `seq` is 0 */
};

void imap_found_init(struct imap_found *found);
void imap_found_free(struct imap_found *found);

/* IMAP_OK: it is new. IMAP_MORE: it was there already. *row is its row; it
** holds until the next call. */
int imap_found_add(struct imap_found *found, uint32_t uid, uint32_t seq,
                   struct imap_found_row **row);
const struct imap_found_row *imap_found_uid(const struct imap_found *found,
                                            uint32_t uid);
const struct imap_found_row *imap_found_seq(const struct imap_found *found,
                                            uint32_t seq);

/* Another view is opened: its numbers are not those that the rows have. */
void imap_found_forget_numbers(struct imap_found *found);

/* Message `seq` is gone: its row leaves, the later ones move down. Returns its
** UID, or 0 where no row has shown it. */
uint32_t imap_found_expunge(struct imap_found *found, uint32_t seq);

/* The message with this UID is gone; its number is not known to have been
** announced (VANISHED). False: no row has shown it. */
bool imap_found_vanish(struct imap_found *found, uint32_t uid);

/* Adds to `out` the numbers of `named` that no row has shown. */
int imap_found_missing(const struct imap_found *found,
                       const struct imap_seqset *named,
                       struct imap_seqset *out);

#endif
