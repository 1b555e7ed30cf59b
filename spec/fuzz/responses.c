/* responses.c - fuzzes the framer with the parser: whatever a server sends, and
** however it is cut, they answer the same.
** Input: a byte of settings, a count of cuts, a length for each, the stream. */
#include "fuzz.h"
#include "protocol/date.h"
#include "protocol/parse.h"
#include "protocol/seqset.h"

enum { SETTING_SMALL = 1, SETTING_FLOW = 2, SETTING_NARROW = 4 };

struct reading {
  struct imap_framer framer;
  struct imap_parser parser;
  bool flows;
  uint64_t digest; /* of all that came out */
  unsigned responses;
  int status;
};

static void digest(struct reading *r, const void *data, size_t size) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < size; i++)
    r->digest = (r->digest ^ bytes[i]) * UINT64_C(1099511628211);
}

static void digest_number(struct reading *r, uint64_t number) {
  digest(r, &number, sizeof number);
}

static void digest_span(struct reading *r, struct imap_span span) {
  digest_number(r, span.data != NULL ? span.size : UINT64_MAX);
  if (span.data != NULL) digest(r, span.data, span.size);
}

static void digest_node(struct reading *r, const struct imap_tape *tape,
                        const struct imap_node *node, unsigned depth) {
  struct imap_cursor children = imap_node_children(tape, node);
  const struct imap_node *child;
  struct imap_buffer scratch;
  uint64_t number;
  int64_t seconds;
  struct imap_span text = imap_node_text(tape, node);
  NEED(depth <= r->parser.max_nesting);
  imap_buffer_init(&scratch, (size_t)1 << 30);
  digest_number(r, node->kind);
  digest_span(r, text);
  digest_span(r, imap_node_string(tape, node, &scratch));
  NEED(scratch.status == IMAP_OK);
  imap_buffer_free(&scratch);
  if (imap_node_number(tape, node, UINT64_MAX, &number))
    digest_number(r, number);
  if (text.data != NULL && imap_date_parse_internal(text, &seconds) == IMAP_OK)
    digest_number(r, (uint64_t)seconds);
  NEED(children.left == (node->kind == IMAP_NODE_LIST ? node->count : 0));
  while ((child = imap_cursor_take(&children)) != NULL)
    digest_node(r, tape, child, depth + 1);
}

static void digest_fetch(struct reading *r, const struct imap_response *row) {
  struct imap_cursor at = imap_fetch_items(row);
  struct imap_fetch_item item;
  while (imap_fetch_next(&at, &item)) {
    NEED(item.value != NULL);
    digest_number(r, item.item);
    digest_span(r, item.name);
    digest_span(r, imap_fetch_section(item.name));
  }
}

static void digest_response(struct reading *r,
                            const struct imap_response *response) {
  struct imap_cursor at = response->data;
  const struct imap_node *node;
  digest_number(r, (uint64_t)response->kind << 8 | response->name);
  digest_number(r, response->numbered ? response->number : UINT64_MAX);
  digest_span(r, response->bytes);
  digest_span(r, response->tag);
  digest_span(r, response->word);
  digest_span(r, response->code);
  digest_span(r, response->text);
  digest_number(r, response->malformed != NULL);
  while ((node = imap_cursor_take(&at)) != NULL)
    digest_node(r, response->tape, node, 0);
  if (response->name == IMAP_NAME_FETCH) digest_fetch(r, response);
}

/* Takes whatever is whole. */
static void drain(struct reading *r) {
  struct imap_span span;
  struct imap_response response;
  while ((r->status = imap_framer_next(&r->framer, &span)) != IMAP_MORE) {
    if (r->status < 0) return;
    if (r->status == IMAP_LITERAL) {
      digest_span(r, span);
      digest_number(r, r->framer.literal);
      if (r->flows) imap_framer_flow(&r->framer);
    } else if (r->status == IMAP_PIECE) {
      NEED(span.size > 0);
      digest(r, span.data, span.size);
    } else {
      r->status = imap_parse(&r->parser, &r->framer, span, &response);
      if (r->status < 0) return;
      r->responses++;
      digest_response(r, &response);
    }
  }
}

static void feed(struct reading *r, struct imap_span bytes) {
  while (bytes.size > 0 && r->status >= 0) {
    size_t room;
    char *space = imap_framer_space(&r->framer, &room);
    if (space == NULL) {
      r->status = r->framer.status;
      NEED(r->status == IMAP_LIMIT);
      return;
    }
    if (room > bytes.size) room = bytes.size;
    memcpy(space, bytes.data, room);
    imap_framer_filled(&r->framer, room);
    bytes.data += room;
    bytes.size -= room;
    drain(r);
  }
}

static void begin(struct reading *r, unsigned settings) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  if (settings & SETTING_SMALL)
    limits = (struct imap_limits){.line = 60, .literal = 40, .response = 150,
                                  .nesting = 3, .nodes = 12, .messages = 4};
  if (settings & SETTING_NARROW) limits.line = limits.response = 20;
  memset(r, 0, sizeof *r);
  imap_framer_init(&r->framer, &limits);
  imap_parser_init(&r->parser, &limits);
  r->framer.watching = (settings & SETTING_FLOW) != 0;
  r->flows = r->framer.watching;
}

static size_t end(struct reading *r) {
  size_t pending = imap_framer_pending(&r->framer);
  imap_framer_free(&r->framer);
  imap_parser_free(&r->parser);
  return pending;
}

/* The problem's wording may depend on the cuts; nothing else may. */
static void compare(const struct reading *a, const struct reading *b) {
  NEED(a->status == b->status);
  NEED(a->responses == b->responses);
  if (a->status >= 0 || !a->flows) NEED(a->digest == b->digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  unsigned settings = fuzz_byte(&in), cuts = fuzz_byte(&in) % 16;
  struct imap_span lengths = fuzz_take(&in, cuts);
  struct imap_span stream = fuzz_copy(fuzz_take(&in, in.size));
  struct reading whole, pieces, bytes;
  size_t at = 0, pending;
  begin(&whole, settings);
  feed(&whole, stream);
  begin(&pieces, settings);
  for (size_t i = 0; i < lengths.size; i++) {
    size_t length = (uint8_t)lengths.data[i];
    if (length > stream.size - at) length = stream.size - at;
    feed(&pieces, (struct imap_span){stream.data + at, length});
    at += length;
  }
  feed(&pieces, (struct imap_span){stream.data + at, stream.size - at});
  begin(&bytes, settings);
  for (at = 0; at < stream.size; at++)
    feed(&bytes, (struct imap_span){stream.data + at, 1});
  compare(&whole, &pieces);
  compare(&whole, &bytes);
  pending = end(&whole);
  if (whole.status >= 0) NEED(end(&pieces) == pending && end(&bytes) == pending);
  else (void)end(&pieces), (void)end(&bytes);
  fuzz_drop(stream);
  return 0;
}
