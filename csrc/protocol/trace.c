/* trace.c - a response as a line for people: literals as {n}, and nothing of
** what a message says or a mechanism exchanges. */
#include <string.h>

#include "protocol/session.h"

enum { SHORTEST_SECRET = 3 }; /* "a" would blank out the text around it */

int imap_session_add_secret(struct imap_session *s, struct imap_span secret) {
  if (secret.size < SHORTEST_SECRET) return IMAP_OK;
  imap_buffer_add(&s->secrets, &secret.size, sizeof secret.size);
  return imap_buffer_add_span(&s->secrets, secret);
}

static void blank_out(struct imap_buffer *text, struct imap_span secret) {
  for (size_t at = 0; text->size - at >= secret.size; at++)
    if (memcmp(text->data + at, secret.data, secret.size) == 0)
      memset(text->data + at, '*', secret.size);
}

void imap_session_scrub(const struct imap_session *s,
                        struct imap_buffer *text) {
  size_t at = 0;
  while (at < s->secrets.size) {
    struct imap_span secret;
    memcpy(&secret.size, s->secrets.data + at, sizeof secret.size);
    secret.data = s->secrets.data + at + sizeof secret.size;
    if (secret.size <= text->size) blank_out(text, secret);
    at += sizeof secret.size + secret.size;
  }
}

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
  return content && imap_node_is_quoted(node);
}

/* BODY[…], BODY[…]<n>, and what has no section in its name. */
static bool names_content(struct imap_span name) {
  char last = name.size > 0 ? name.data[name.size - 1] : '\0';
  return last == ']' || last == '>' || imap_span_is(name, "PREVIEW") ||
         imap_span_is(name, "RFC822") || imap_span_is(name, "RFC822.HEADER") ||
         imap_span_is(name, "RFC822.TEXT");
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
              names_content(text);
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
  imap_session_scrub(s, &line);
  if (line.status == IMAP_OK) imap_session_note(s, 'S', imap_buffer_span(&line));
  imap_buffer_free(&line);
}
