/* tape.h - one response as a flat array of nodes, each before its children.
** Reused from response to response, so parsing allocates next to nothing.
** Nodes point into the response's bytes by offset. */
#ifndef IMAP_TAPE_H
#define IMAP_TAPE_H

#include <stdint.h>

#include "protocol/buffer.h"

enum imap_node_kind {
  IMAP_NODE_ATOM,    /* atom, number, flag, section: as it stands */
  IMAP_NODE_NIL,     /* the atom NIL, in any case */
  IMAP_NODE_QUOTED,  /* between the quotes */
  IMAP_NODE_ESCAPED, /* quoted, with backslashes still in it */
  IMAP_NODE_LITERAL,
  IMAP_NODE_FLOWED,  /* a literal that went past the buffer: no text here */
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
  const char *bytes; /* what the offsets count from; borrowed */
};

/* A position between two siblings. */
struct imap_cursor {
  const struct imap_tape *tape;
  const struct imap_node *next; /* not to be read where `left` is 0 */
  size_t left;                  /* siblings still to come */
};

void imap_tape_init(struct imap_tape *tape);
void imap_tape_free(struct imap_tape *tape);

/* NULL: out of memory. The pointer holds until the next call. */
struct imap_node *imap_tape_add(struct imap_tape *tape);

/* The next sibling, or NULL at the end. */
const struct imap_node *imap_cursor_take(struct imap_cursor *c);

/* The children of a list; none for anything else. */
struct imap_cursor imap_node_children(const struct imap_tape *tape,
                                      const struct imap_node *node);

/* The text as it stands: a quoted string without its quotes, backslashes
** included; data NULL for a list. NIL reads as "NIL": a mailbox may be called
** so. */
struct imap_span imap_node_text(const struct imap_tape *tape,
                                const struct imap_node *node);

/* The string that it means: backslashes undone in `scratch` where there are
** any. data NULL: NIL, a list, or out of memory (scratch->status). */
struct imap_span imap_node_string(const struct imap_tape *tape,
                                  const struct imap_node *node,
                                  struct imap_buffer *scratch);

bool imap_node_is(const struct imap_tape *tape, const struct imap_node *node,
                  const char *upper_case_word);

/* False where it is no number up to `max`. NULL is allowed, and is none. */
bool imap_node_number(const struct imap_tape *tape,
                      const struct imap_node *node, uint64_t max,
                      uint64_t *number);

#endif
