/* response.c - reading the data of a response. */
#include "protocol/response.h"

#include <string.h>

static const struct {
  struct imap_span word;
  enum imap_item item;
} items[] = {
  {IMAP_SPAN("UID"), IMAP_ITEM_UID},
  {IMAP_SPAN("FLAGS"), IMAP_ITEM_FLAGS},
  {IMAP_SPAN("RFC822.SIZE"), IMAP_ITEM_SIZE},
  {IMAP_SPAN("INTERNALDATE"), IMAP_ITEM_INTERNAL_DATE},
  {IMAP_SPAN("ENVELOPE"), IMAP_ITEM_ENVELOPE},
  {IMAP_SPAN("BODYSTRUCTURE"), IMAP_ITEM_BODY_STRUCTURE},
  {IMAP_SPAN("BODY"), IMAP_ITEM_BODY_STRUCTURE},
  {IMAP_SPAN("MODSEQ"), IMAP_ITEM_MODSEQ},
  {IMAP_SPAN("EMAILID"), IMAP_ITEM_EMAIL_ID},
  {IMAP_SPAN("THREADID"), IMAP_ITEM_THREAD_ID},
  {IMAP_SPAN("PREVIEW"), IMAP_ITEM_PREVIEW},
  {IMAP_SPAN("SAVEDATE"), IMAP_ITEM_SAVE_DATE},
  {IMAP_SPAN("RFC822"), IMAP_ITEM_SECTION},
  {IMAP_SPAN("RFC822.HEADER"), IMAP_ITEM_SECTION},
  {IMAP_SPAN("RFC822.TEXT"), IMAP_ITEM_SECTION}
};

static enum imap_item find_item(struct imap_span name) {
  const size_t section = sizeof "BODY[" - 1;
  for (size_t i = 0; i < sizeof items / sizeof *items; i++)
    if (name.size == items[i].word.size && imap_span_same(name, items[i].word))
      return items[i].item;
  if (name.size >= section &&
      imap_span_is((struct imap_span){name.data, section}, "BODY["))
    return IMAP_ITEM_SECTION;
  return IMAP_ITEM_OTHER;
}

struct imap_cursor imap_fetch_items(const struct imap_response *r) {
  struct imap_cursor data = r->data;
  return imap_node_children(r->tape, imap_cursor_take(&data));
}

/* Domino was seen to put brackets round an item: "UID 1 (ENVELOPE (…)) …". */
static const struct imap_node *unwrap(const struct imap_node *name,
                                      struct imap_cursor *inner) {
  struct imap_cursor c = imap_node_children(inner->tape, name);
  if (name->kind != IMAP_NODE_LIST || c.left != 2) return name;
  *inner = c;
  return imap_cursor_take(inner);
}

bool imap_fetch_next(struct imap_cursor *c, struct imap_fetch_item *out) {
  struct imap_cursor inner = {c->tape, NULL, 0};
  const struct imap_node *name = imap_cursor_take(c);
  out->malformed = false;
  if (name == NULL) return false;
  name = unwrap(name, &inner);
  out->value = imap_cursor_take(inner.left > 0 ? &inner : c);
  out->malformed = name->kind != IMAP_NODE_ATOM || out->value == NULL;
  if (out->malformed) return false;
  out->name = imap_node_text(c->tape, name);
  out->item = find_item(out->name);
  return true;
}

struct imap_span imap_fetch_section(struct imap_span name) {
  const char *open = memchr(name.data, '[', name.size), *close;
  struct imap_span inside;
  if (open == NULL) { /* RFC822 and its kin */
    size_t skip = name.size > 7 ? 7 : name.size;
    return (struct imap_span){name.data + skip, name.size - skip};
  }
  inside.data = open + 1;
  inside.size = (size_t)(name.data + name.size - inside.data);
  for (close = inside.data + inside.size; close > inside.data; close--)
    if (close[-1] == ']') break;
  inside.size = close > inside.data ? (size_t)(close - 1 - inside.data) : 0;
  return inside;
}
