/* seqset.h - sets of message numbers (RFC 9051, sequence-set): ranges, kept as
** ranges, and never expanded unless asked for one by one. Numbers added out of
** order are sorted and merged once, by the first function that reads. */
#ifndef IMAP_SEQSET_H
#define IMAP_SEQSET_H

#include <stdint.h>

#include "protocol/buffer.h"

struct imap_range {
  uint32_t first, last; /* first <= last */
};

struct imap_seqset {
  struct imap_range *ranges; /* once tidy: ascending, gaps between them */
  size_t count, capacity;
  bool unordered;      /* `ranges` waits for imap_seqset_tidy() */
  bool star;           /* "*" was named: the largest number in the mailbox */
  uint32_t star_from;  /* lowest n of "n:*"; 0: only "*" itself */
};

void imap_seqset_init(struct imap_seqset *set);
void imap_seqset_free(struct imap_seqset *set);

/* Any order; appending ascending numbers is cheapest. IMAP_INVALID on zero. */
int imap_seqset_add(struct imap_seqset *set, uint32_t first, uint32_t last);

/* Sorts and merges. Only for who walks `ranges` by himself after adding: all
** functions below, and parsing, leave the set tidy. Cannot fail. */
void imap_seqset_tidy(struct imap_seqset *set);

/* "n:*" has every number from n on; a bare "*" has none that is known here. */
bool imap_seqset_has(const struct imap_seqset *set, uint32_t number);
uint64_t imap_seqset_size(const struct imap_seqset *set); /* without "*" */

/* Adds "1:3,7,10:*", strictly: IMAP_INVALID on zero, overflow, emptiness and
** anything else, with the ranges before it added. `3:1` is 1:3. */
int imap_seqset_parse(struct imap_seqset *set, struct imap_span text);

/* As text, from range *next on, at most `room` bytes (at least one range);
** *next moves on, and equals `count` (or count + 1 where there is a star) at
** the end. Returns IMAP_OK, or the buffer's error. */
int imap_seqset_write(const struct imap_seqset *set, size_t *next, size_t room,
                      struct imap_buffer *out);
bool imap_seqset_done(const struct imap_seqset *set, size_t next);

/* Numbers of an uid-set in the order in which it is written, range by range
** ("4:2" is 2,3,4), for COPYUID. */
struct imap_seqset_reader {
  struct imap_span text; /* what is left */
  uint32_t next, last;   /* the range being read; next > last: take another */
};
void imap_seqset_reader_init(struct imap_seqset_reader *r,
                             struct imap_span text);
/* IMAP_OK with *number; IMAP_MORE at the end; IMAP_INVALID, also on "*". */
int imap_seqset_reader_next(struct imap_seqset_reader *r, uint32_t *number);
/* How many numbers in all; IMAP_INVALID where malformed. Does not expand. */
int imap_seqset_count(struct imap_span text, uint64_t *count);

/* A number as IMAP writes it; IMAP_INVALID on anything but digits, or on
** overflow. */
int imap_number_parse(struct imap_span text, uint64_t max, uint64_t *out);

#endif
