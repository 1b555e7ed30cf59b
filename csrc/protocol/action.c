/* action.c - the life of an action. */
#include "protocol/action.h"

#include <stdlib.h>

#include "protocol/limits.h"

enum { MAX_TEXTS = 1 << 28 };

struct imap_action *imap_action_new(const struct imap_routine *routine) {
  struct imap_action *a = calloc(1, sizeof *a);
  if (a == NULL) return NULL;
  a->routine = routine;
  imap_buffer_init(&a->mailbox, IMAP_MAX_MAILBOX_NAME);
  imap_buffer_init(&a->target, IMAP_MAX_MAILBOX_NAME);
  imap_buffer_init(&a->section, IMAP_MAX_LINE_SENT);
  imap_buffer_init(&a->texts, MAX_TEXTS);
  imap_failure_init(&a->failure);
  imap_found_init(&a->found);
  imap_seqset_init(&a->set);
  imap_seqset_init(&a->named);
  imap_seqset_init(&a->removed);
  imap_seqset_init(&a->missing);
  imap_seqset_init(&a->hits);
  if (routine->init != NULL) routine->init(a);
  return a;
}

void imap_action_free(struct imap_action *a) {
  if (a == NULL) return;
  if (a->routine->release != NULL) a->routine->release(a);
  imap_buffer_free(&a->mailbox);
  imap_buffer_free(&a->target);
  imap_buffer_free(&a->section);
  imap_buffer_free(&a->texts);
  imap_failure_free(&a->failure);
  imap_found_free(&a->found);
  imap_seqset_free(&a->set);
  imap_seqset_free(&a->named);
  imap_seqset_free(&a->removed);
  imap_seqset_free(&a->missing);
  imap_seqset_free(&a->hits);
  imap_view_release(a->view);
  free(a);
}
