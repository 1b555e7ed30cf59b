/* tape.c - one response as a flat array of nodes. */
#include "protocol/tape.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/seqset.h"

enum { FIRST_NODES = 64 };

void imap_tape_init(struct imap_tape *tape) {
  memset(tape, 0, sizeof *tape);
}

void imap_tape_free(struct imap_tape *tape) {
  free(tape->nodes);
  imap_tape_init(tape);
}

struct imap_node *imap_tape_add(struct imap_tape *tape) {
  if (tape->count == tape->capacity) {
    size_t capacity = tape->capacity > 0 ? tape->capacity * 2 : FIRST_NODES;
    void *nodes = realloc(tape->nodes, capacity * sizeof *tape->nodes);
    if (nodes == NULL) return NULL;
    tape->nodes = nodes;
    tape->capacity = capacity;
  }
  return &tape->nodes[tape->count++];
}

const struct imap_node *imap_cursor_take(struct imap_cursor *c) {
  const struct imap_node *node = c->next;
  if (c->left == 0) return NULL;
  c->left--;
  if (c->left > 0) c->next = node + node->skip;
  return node;
}

struct imap_cursor imap_node_children(const struct imap_tape *tape,
                                      const struct imap_node *node) {
  struct imap_cursor c = {tape, NULL, 0};
  if (node == NULL || node->kind != IMAP_NODE_LIST || node->count == 0)
    return c;
  c.next = node + 1;
  c.left = node->count;
  return c;
}

struct imap_span imap_node_text(const struct imap_tape *tape,
                                const struct imap_node *node) {
  if (node == NULL || node->kind == IMAP_NODE_LIST)
    return (struct imap_span){NULL, 0};
  return (struct imap_span){tape->bytes + node->start, node->size};
}

static struct imap_span unescape(struct imap_span text,
                                 struct imap_buffer *scratch) {
  char *to = imap_buffer_room(scratch, text.size);
  const char *start = to;
  if (to == NULL) return (struct imap_span){NULL, 0};
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '\\' && i + 1 < text.size) i++;
    *to++ = text.data[i];
  }
  scratch->size += (size_t)(to - start);
  return (struct imap_span){start, (size_t)(to - start)};
}

struct imap_span imap_node_string(const struct imap_tape *tape,
                                  const struct imap_node *node,
                                  struct imap_buffer *scratch) {
  struct imap_span text = imap_node_text(tape, node);
  if (text.data == NULL || node->kind == IMAP_NODE_NIL)
    return (struct imap_span){NULL, 0};
  if (node->kind == IMAP_NODE_ESCAPED) return unescape(text, scratch);
  return text;
}

bool imap_node_is(const struct imap_tape *tape, const struct imap_node *node,
                  const char *word) {
  return imap_span_is(imap_node_text(tape, node), word);
}

bool imap_node_number(const struct imap_tape *tape,
                      const struct imap_node *node, uint64_t max,
                      uint64_t *number) {
  if (node == NULL || node->kind != IMAP_NODE_ATOM) return false;
  return imap_number_parse(imap_node_text(tape, node), max, number) == IMAP_OK;
}
