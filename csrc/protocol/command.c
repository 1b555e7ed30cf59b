/* command.c - one command: what it is, and which rows it asked for. */
#include "protocol/command.h"

#include <stdlib.h>

struct imap_command *imap_command_new(const char *name) {
  struct imap_command *c = calloc(1, sizeof *c);
  if (c == NULL) return NULL;
  c->name = name;
  imap_seqset_init(&c->set);
  return c;
}

void imap_command_free(struct imap_command *c) {
  if (c == NULL) return;
  imap_encoder_free(&c->line);
  imap_seqset_free(&c->set);
  imap_view_release(c->view);
  free(c);
}

/* Have the two sets a number in common? Where either is open, they may. */
static bool sets_meet(const struct imap_command *a,
                      const struct imap_command *b) {
  size_t i = 0, j = 0;
  if (a->open_set || b->open_set || a->set.star || b->set.star) return true;
  if (a->by_number != b->by_number) return true;
  while (i < a->set.count && j < b->set.count) {
    const struct imap_range *x = &a->set.ranges[i], *y = &b->set.ranges[j];
    if (x->last < y->first)
      i++;
    else if (y->last < x->first)
      j++;
    else
      return true;
  }
  return false;
}

/* In one action, a row with the items of both is meant for both. */
static bool fetches_clash(const struct imap_command *a,
                          const struct imap_command *b) {
  if (a->action == b->action) return false;
  if (a->section && b->section && (a->flows || b->flows))
    return true; /* whose literal it is must be known before its UID may be */
  return a->view == b->view && sets_meet(a, b);
}

bool imap_command_clash(const struct imap_command *a,
                        const struct imap_command *b) {
  if (a->channel == IMAP_CHANNEL_NONE || b->channel == IMAP_CHANNEL_NONE)
    return false;
  if (a->channel == IMAP_CHANNEL_FETCH && b->channel == IMAP_CHANNEL_FETCH)
    return fetches_clash(a, b);
  if (a->channel == IMAP_CHANNEL_STATUS && b->channel == IMAP_CHANNEL_STATUS)
    return a->action != b->action &&
           imap_mailbox_equal(imap_buffer_span(&a->action->mailbox),
                              imap_buffer_span(&b->action->mailbox));
  if (a->channel == IMAP_CHANNEL_SEARCH && b->channel == IMAP_CHANNEL_SEARCH)
    return a->action != b->action && !(a->tagged_rows && b->tagged_rows);
  if (a->channel == b->channel) return true;
  return (a->channel == IMAP_CHANNEL_LIST && b->channel == IMAP_CHANNEL_STATUS) ||
         (a->channel == IMAP_CHANNEL_STATUS && b->channel == IMAP_CHANNEL_LIST);
}

/* A row that shows only UID, FLAGS and MODSEQ, where more was asked for, is
** another session's news. */
static bool items_asked(const struct imap_command *c, uint32_t row_items) {
  const uint32_t news = 1u << IMAP_ITEM_UID | 1u << IMAP_ITEM_FLAGS |
                        1u << IMAP_ITEM_MODSEQ;
  if (c->items & ~news) return (c->items & ~news & row_items) != 0;
  if (c->items & 1u << IMAP_ITEM_FLAGS)
    return (row_items & 1u << IMAP_ITEM_FLAGS) != 0;
  return true;
}

static bool number_asked(const struct imap_command *c, uint32_t number) {
  if (imap_seqset_has(&c->set, number)) return true;
  if (!c->set.star) return false;
  if (c->set.star_from > 0 && number >= c->set.star_from) return true;
  return c->by_number ? number == c->view->announced : true;
}

bool imap_command_asked_seq(const struct imap_command *c, uint32_t seq) {
  if (!c->by_number) return true;
  if (c->set.star && seq > c->view->announced)
    return false; /* it arrived after "*" was said */
  return number_asked(c, seq);
}

bool imap_command_asked(const struct imap_command *c,
                        const struct imap_response *row) {
  if (c->channel != IMAP_CHANNEL_FETCH || row->uid == 0) return false;
  if (!items_asked(c, row->items)) return false;
  if (c->open_set) return true;
  return c->by_number ? imap_command_asked_seq(c, row->number)
                      : number_asked(c, row->uid);
}
