/* exists.c - after NO: is there no such mailbox? */
#include <string.h>

#include "protocol/session.h"

static bool has_code(const struct imap_failure *f, const char *code) {
  return strcmp(f->response_code, code) == 0;
}

/* The mailbox that the failed command needed. */
static const struct imap_buffer *doubtful(const struct imap_action *a) {
  const char *command = a->failure.command;
  static const char *const names[] = {"SELECT", "EXAMINE", "STATUS", "APPEND",
                                      "RENAME"};
  if (command == NULL) return NULL;
  if (strcmp(command, "COPY") == 0 || strcmp(command, "UID COPY") == 0)
    return &a->target;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(command, names[i]) == 0) return &a->mailbox;
  return NULL;
}

int imap_session_doubt(struct imap_session *s, struct imap_action *a) {
  struct imap_failure *f = &a->failure;
  const struct imap_buffer *mailbox = doubtful(a);
  struct imap_command *c;
  if (f->code != IMAP_CODE_NO || mailbox == NULL) return IMAP_OK;
  if (has_code(f, "NONEXISTENT") || has_code(f, "TRYCREATE"))
    f->code = IMAP_CODE_NOT_FOUND;
  else if (a->existence == IMAP_DOUBTED)
    f->code = IMAP_CODE_NOT_FOUND; /* LIST did not show it */
  if (f->response_code[0] != '\0' || a->existence != IMAP_UNDOUBTED)
    return IMAP_OK;
  c = imap_session_command(s, a, "LIST", IMAP_STEP_EXISTS);
  if (c == NULL) return IMAP_NOMEM;
  a->existence = IMAP_DOUBTED;
  c->rescue = true;
  c->channel = IMAP_CHANNEL_LIST;
  imap_encode_string(&c->line, imap_span_of(""));
  imap_encode_mailbox(&c->line, imap_buffer_span(mailbox));
  return imap_session_queue(s, c);
}

bool imap_row_names(const struct imap_response *row,
                    const struct imap_node *node, struct imap_span mailbox) {
  struct imap_buffer scratch;
  struct imap_span name = imap_node_text(row->tape, node);
  bool same;
  if (node == NULL || name.data == NULL) return false;
  if (node->kind != IMAP_NODE_ESCAPED)
    return imap_mailbox_equal(name, mailbox);
  imap_buffer_init(&scratch, name.size);
  name = imap_node_string(row->tape, node, &scratch);
  same = name.data != NULL && imap_mailbox_equal(name, mailbox);
  imap_buffer_free(&scratch);
  return same;
}

bool imap_row_shows(const struct imap_response *row, struct imap_span mailbox) {
  struct imap_cursor data = row->data, flags;
  const struct imap_node *flag;
  flags = imap_node_children(row->tape, imap_cursor_take(&data));
  (void)imap_cursor_take(&data); /* the delimiter */
  if (!imap_row_names(row, imap_cursor_take(&data), mailbox)) return false;
  while ((flag = imap_cursor_take(&flags)) != NULL)
    if (imap_node_is(row->tape, flag, "\\NONEXISTENT")) return false;
  return true;
}

void imap_session_listed(struct imap_action *a, const struct imap_response *r) {
  const struct imap_buffer *mailbox = doubtful(a);
  if (mailbox != NULL && imap_row_shows(r, imap_buffer_span(mailbox)))
    a->existence = IMAP_LISTED;
}
