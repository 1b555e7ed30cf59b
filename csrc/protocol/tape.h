/* tape.h - one response as a flat array of nodes, each before its children.
** Reused from response to response, so parsing allocates next to nothing.
** Nodes point into the response's bytes by offset. */
#ifndef IMAP_TAPE_H
#define IMAP_TAPE_H

#include <stdint.h>

#include "protocol/buffer.h"

enum imap_node_kind { /* text first */
  IMAP_NODE_ATOM,    /* atom, number, flag, section: as it stands */
  IMAP_NODE_QUOTED,  /* between the quotes */
  IMAP_NODE_PLAIN,   /* quoted, all of it IMAP_CHAR_PLAIN */
  IMAP_NODE_ESCAPED, /* quoted, with backslashes still in it */
  IMAP_NODE_LITERAL,
  IMAP_NODE_FLOWED,  /* a literal that went past the buffer: no text here */
  IMAP_NODE_NIL,     /* the atom NIL, in any case */
  IMAP_NODE_LIST
};

struct imap_node {
  uint32_t start;      /* offset of its text; of a list, of its "(" */
  uint32_t size;       /* octets of its text; of a list, brackets included */
  uint32_t skip;       /* nodes to its next sibling */
  uint32_t kind : 4;   /* enum imap_node_kind */
  uint32_t count : 28; /* of a list: its children */
};

enum { IMAP_MAX_NODES = (1 << 28) - 1 }; /* what `count` can hold */

struct imap_tape {
  struct imap_node *nodes;
  size_t count, capacity;
  size_t ceiling;    /* `capacity` never passes this */
  const char *bytes; /* what the offsets count from; borrowed */
};

/* A position between two siblings. */
struct imap_cursor {
  const struct imap_tape *tape;
  const struct imap_node *next; /* not to be read where `left` is 0 */
  size_t left;                  /* siblings still to come */
};

void imap_tape_init(struct imap_tape *tape, size_t ceiling);
void imap_tape_free(struct imap_tape *tape);

/* Room for more nodes: IMAP_OK, IMAP_LIMIT or IMAP_NOMEM. */
int imap_tape_grow(struct imap_tape *tape);

/* The next sibling, or NULL at the end. */
static inline const struct imap_node *imap_cursor_take(struct imap_cursor *c) {
  const struct imap_node *node = c->next;
  if (c->left == 0) return NULL;
  c->left--;
  c->next = node + node->skip;
  return node;
}

/* The children of a list; none for anything else. */
static inline struct imap_cursor imap_node_children(
    const struct imap_tape *tape, const struct imap_node *node) {
  if (node == NULL || node->kind != IMAP_NODE_LIST || node->count == 0)
    return (struct imap_cursor){tape, NULL, 0};
  return (struct imap_cursor){tape, node + 1, node->count};
}

/* The text as it stands: a quoted string without its quotes, backslashes
** included; data NULL for a list. NIL reads as "NIL": a mailbox may be called
** so. */
static inline struct imap_span imap_node_text(const struct imap_tape *tape,
                                              const struct imap_node *node) {
  if (node == NULL || node->kind == IMAP_NODE_LIST)
    return (struct imap_span){NULL, 0};
  return (struct imap_span){tape->bytes + node->start, node->size};
}

/* Its bytes as they stand; of a list, brackets included. */
static inline struct imap_span imap_node_bytes(const struct imap_tape *tape,
                                               const struct imap_node *node) {
  return (struct imap_span){tape->bytes + node->start, node->size};
}

/* Neither NIL nor a list. NULL is allowed, and is none. */
static inline bool imap_node_is_text(const struct imap_node *node) {
  return node != NULL && node->kind < IMAP_NODE_NIL;
}

static inline bool imap_node_is_quoted(const struct imap_node *node) {
  return node->kind == IMAP_NODE_PLAIN || node->kind == IMAP_NODE_QUOTED ||
         node->kind == IMAP_NODE_ESCAPED;
}

/* A quoted string with its backslashes undone, in `scratch`. */
struct imap_span imap_node_unescaped(struct imap_span text,
                                     struct imap_buffer *scratch);

/* The string that it means: backslashes undone in `scratch` where there are
** any. data NULL: NIL, a list, or out of memory (scratch->status). */
static inline struct imap_span imap_node_string(const struct imap_tape *tape,
                                                const struct imap_node *node,
                                                struct imap_buffer *scratch) {
  struct imap_span text = {NULL, 0};
  if (!imap_node_is_text(node)) return text;
  text = imap_node_bytes(tape, node);
  return node->kind == IMAP_NODE_ESCAPED ? imap_node_unescaped(text, scratch)
                                         : text;
}

static inline bool imap_node_is(const struct imap_tape *tape,
                                const struct imap_node *node,
                                const char *word) {
  return imap_span_is(imap_node_text(tape, node), word);
}

/* False where it is no number up to `max`. NULL is allowed, and is none. */
bool imap_node_number(const struct imap_tape *tape,
                      const struct imap_node *node, uint64_t max,
                      uint64_t *number);

#endif
