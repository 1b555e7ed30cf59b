/* tape.c - one response as a flat array of nodes. */
#include "protocol/tape.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/seqset.h"

enum { FIRST_NODES = 64 };

void imap_tape_init(struct imap_tape *tape, size_t ceiling) {
  memset(tape, 0, sizeof *tape);
  tape->ceiling = ceiling;
}

void imap_tape_free(struct imap_tape *tape) {
  free(tape->nodes);
  imap_tape_init(tape, tape->ceiling);
}

int imap_tape_grow(struct imap_tape *tape) {
  size_t capacity = tape->capacity > 0 ? tape->capacity * 2 : FIRST_NODES;
  void *nodes;
  if (tape->capacity >= tape->ceiling) return IMAP_LIMIT;
  if (capacity > tape->ceiling) capacity = tape->ceiling;
  nodes = realloc(tape->nodes, capacity * sizeof *tape->nodes);
  if (nodes == NULL) return IMAP_NOMEM;
  tape->nodes = nodes;
  tape->capacity = capacity;
  return IMAP_OK;
}

struct imap_span imap_node_unescaped(struct imap_span text,
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

bool imap_node_number(const struct imap_tape *tape,
                      const struct imap_node *node, uint64_t max,
                      uint64_t *number) {
  if (node == NULL || node->kind != IMAP_NODE_ATOM) return false;
  return imap_number_parse(imap_node_text(tape, node), max, number) == IMAP_OK;
}
