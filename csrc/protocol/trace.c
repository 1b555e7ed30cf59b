/* trace.c - a response as a line for people: literals as {n}, and nothing of
** what a message says or a mechanism exchanges. */
#include "protocol/session.h"

static bool in_conversation(const struct imap_session *s) {
  for (const struct imap_command *c = s->first; c != NULL; c = c->next)
    if (c->converses && c->state != IMAP_COMMAND_QUEUED) return true;
  return false;
}

/* Octets of `from` up to `end`, with line ends inside (of a literal's
** announcement) left out. */
static void add_clean(struct imap_buffer *out, const char *from,
                      const char *end) {
  for (; from < end; from++)
    if (*from != '\r' && *from != '\n') imap_buffer_add_byte(out, *from);
}

static bool hides(const struct imap_node *node, bool content) {
  if (node->kind == IMAP_NODE_LITERAL) return true;
  return content && (node->kind == IMAP_NODE_QUOTED ||
                     node->kind == IMAP_NODE_ESCAPED);
}

/* Everything but literals and, in a row with content, quoted strings behind a
** section's name. */
static void add_nodes(struct imap_buffer *out, const struct imap_response *r) {
  const struct imap_tape *tape = r->tape;
  const char *at = r->bytes.data, *end = at + r->bytes.size;
  bool content = false;
  for (size_t i = 0; i < tape->count; i++) {
    const struct imap_node *node = &tape->nodes[i];
    struct imap_span text = imap_node_text(tape, node);
    if (hides(node, content)) {
      add_clean(out, at, text.data);
      if (node->kind != IMAP_NODE_LITERAL) imap_buffer_add_text(out, "***");
      at = text.data + text.size;
    }
    content = node->kind == IMAP_NODE_ATOM && r->name == IMAP_NAME_FETCH &&
              text.size > 0 &&
              (text.data[text.size - 1] == ']' || text.data[text.size - 1] == '>');
  }
  add_clean(out, at, end);
}

void imap_session_note_response(struct imap_session *s,
                                const struct imap_response *r) {
  struct imap_buffer line;
  if (r->kind == IMAP_CONTINUATION && in_conversation(s)) {
    imap_session_note(s, 'S', imap_span_of("+ ***"));
    return;
  }
  imap_buffer_init(&line, r->bytes.size + 3 * r->tape->count + 1);
  add_nodes(&line, r);
  if (line.status == IMAP_OK) imap_session_note(s, 'S', imap_buffer_span(&line));
  imap_buffer_free(&line);
}
