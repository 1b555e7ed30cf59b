/* view.c - a mailbox as one SELECT or EXAMINE opened it. */
#include "protocol/view.h"

#include <stdlib.h>

#include "protocol/limits.h"

struct imap_view *imap_view_new(struct imap_span mailbox, bool write) {
  struct imap_view *view = calloc(1, sizeof *view);
  if (view == NULL) return NULL;
  view->holders = 1;
  view->write = write;
  imap_failure_init(&view->failure);
  imap_buffer_init(&view->mailbox, IMAP_MAX_MAILBOX_NAME);
  if (imap_buffer_add_span(&view->mailbox, mailbox) != IMAP_OK) {
    imap_view_release(view);
    return NULL;
  }
  return view;
}

struct imap_view *imap_view_hold(struct imap_view *view) {
  view->holders++;
  return view;
}

void imap_view_release(struct imap_view *view) {
  if (view == NULL || --view->holders > 0) return;
  imap_buffer_free(&view->mailbox);
  imap_failure_free(&view->failure);
  free(view);
}

bool imap_mailbox_equal(struct imap_span a, struct imap_span b) {
  return imap_span_equal(a, b) ||
         (imap_span_is(a, "INBOX") && imap_span_is(b, "INBOX"));
}

bool imap_view_expunge(struct imap_view *view, uint32_t number) {
  if (number == 0 || number > view->exists) return false;
  view->exists--;
  if (number <= view->announced) view->announced--;
  return true;
}

void imap_view_vanish(struct imap_view *view, uint64_t count) {
  view->exists -= count < view->exists ? (uint32_t)count : view->exists;
  if (view->announced > view->exists) view->announced = view->exists;
}
