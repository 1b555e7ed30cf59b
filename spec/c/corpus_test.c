/* corpus_test.c - recorded replies, in one piece and in many: the same result.
** usage: corpus_test [FOLDER]     (by default $CORPUS)
**
** Every file goes through framer and parser whole, byte by byte and, where it
** is small, cut in two at every place; a second time with the literals that
** may flow past the buffer doing so. All that a response tells is compared. */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"
#include "protocol/parse.h"

enum {
  RESPONSES = 752, /* files in the corpus when this was written */
  SMALL = 4096,    /* octets up to which every split point is tried */
  MOST = 1 << 26   /* octets of what one file tells */
};

/* One way through framer and parser, and what it told. */
struct run {
  struct imap_framer framer;
  struct imap_parser parser;
  struct imap_buffer told, flowed;
  bool flows;
  int status;
};

static void tell(struct run *r, const char *what, struct imap_span text) {
  char size[32];
  (void)snprintf(size, sizeof size, " %zu ", text.size);
  imap_buffer_add_text(&r->told, what);
  imap_buffer_add_text(&r->told, text.data != NULL ? size : " none ");
  if (text.data != NULL) imap_buffer_add_span(&r->told, text);
  imap_buffer_add_byte(&r->told, '\n');
}

static void tell_node(struct run *r, const struct imap_tape *tape,
                      const struct imap_node *node) {
  char line[96];
  (void)snprintf(line, sizeof line, "node %d at %" PRIu32 " skip %" PRIu32
                 " count %" PRIu32, (int)node->kind, node->start, node->skip,
                 (uint32_t)node->count);
  tell(r, line, (struct imap_span){tape->bytes + node->start, node->size});
}

static void tell_response(struct run *r, const struct imap_response *response) {
  const struct imap_tape *tape = response->tape;
  char line[96];
  (void)snprintf(line, sizeof line, "response %d name %d number %d %" PRIu32
                 " data %zu", (int)response->kind, (int)response->name,
                 response->numbered, response->number, response->data.left);
  tell(r, line, response->bytes);
  tell(r, "tag", response->tag);
  tell(r, "word", response->word);
  tell(r, "code", response->code);
  tell(r, "text", response->text);
  tell(r, "flowed", imap_buffer_span(&r->flowed));
  if (response->malformed != NULL)
    tell(r, "malformed", imap_span_of(response->malformed));
  for (size_t i = 0; i < tape->count; i++) tell_node(r, tape, &tape->nodes[i]);
  imap_buffer_clear(&r->flowed);
}

/* What the framer has, told or kept; IMAP_OK or IMAP_PIECE: there is more. */
static int step(struct run *r) {
  struct imap_span span;
  struct imap_response response;
  int status = imap_framer_next(&r->framer, &span);
  if (status == IMAP_LITERAL) {
    tell(r, "literal after", span);
    imap_framer_flow(&r->framer);
    return IMAP_OK;
  }
  if (status == IMAP_PIECE) imap_buffer_add_span(&r->flowed, span);
  if (status != IMAP_OK) return status;
  status = imap_parse(&r->parser, &r->framer, span, &response);
  if (status == IMAP_OK) tell_response(r, &response);
  return status;
}

static void feed(struct run *r, const char *data, size_t size) {
  while (size > 0 && r->status >= 0) {
    size_t room;
    char *space = imap_framer_space(&r->framer, &room);
    if (!CHECK(space != NULL)) exit(1);
    if (room > size) room = size;
    memcpy(space, data, room);
    imap_framer_filled(&r->framer, room);
    data += room;
    size -= room;
    do r->status = step(r);
    while (r->status == IMAP_OK || r->status == IMAP_PIECE);
  }
}

static void begin(struct run *r, bool flows) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  memset(r, 0, sizeof *r);
  imap_framer_init(&r->framer, &limits);
  imap_parser_init(&r->parser, &limits);
  imap_buffer_init(&r->told, MOST);
  imap_buffer_init(&r->flowed, MOST);
  r->framer.watching = flows;
}

static void finish(struct run *r) {
  const char *problem = r->framer.problem != NULL ? r->framer.problem
                                                  : r->parser.problem;
  char line[64];
  (void)snprintf(line, sizeof line, "end %d", r->status);
  tell(r, line, imap_span_of(r->status < 0 ? problem : "more"));
  tell(r, "unfinished", imap_buffer_span(&r->flowed));
  imap_framer_free(&r->framer);
  imap_parser_free(&r->parser);
  imap_buffer_free(&r->flowed);
}

/* In pieces: the first of `first` octets, all others of `others`. */
static struct imap_buffer told_by(struct imap_span bytes, size_t first,
                                  size_t others, bool flows) {
  struct run r;
  size_t at = first;
  begin(&r, flows);
  feed(&r, bytes.data, first);
  while (at < bytes.size && r.status >= 0) {
    size_t size = bytes.size - at < others ? bytes.size - at : others;
    feed(&r, bytes.data + at, size);
    at += size;
  }
  finish(&r);
  return r.told;
}

static void compare(const char *path, struct imap_span bytes,
                    const struct imap_buffer *whole, size_t first,
                    size_t others, bool flows) {
  struct imap_buffer pieces = told_by(bytes, first, others, flows);
  CHECK(whole->status == IMAP_OK);
  if (!check_that(imap_span_equal(imap_buffer_span(whole),
                                  imap_buffer_span(&pieces)),
                  path, (int)first, "the same as in one piece"))
    printf("--- whole\n%.*s--- in pieces\n%.*s", (int)whole->size, whole->data,
           (int)pieces.size, pieces.data);
  imap_buffer_free(&pieces);
}

static void try_splits(const char *path, struct imap_span bytes, bool flows) {
  struct imap_buffer whole = told_by(bytes, bytes.size, 1, flows);
  compare(path, bytes, &whole, 0, 1, flows);
  compare(path, bytes, &whole, 0, 7, flows);
  for (size_t at = 1; bytes.size <= SMALL && at < bytes.size; at++)
    compare(path, bytes, &whole, at, bytes.size, flows);
  imap_buffer_free(&whole);
}

static void try_file(const char *folder, const char *name) {
  char path[2 * 4096];
  struct imap_buffer bytes;
  FILE *file;
  size_t got;
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "rb");
  imap_buffer_init(&bytes, MOST);
  check_that(file != NULL, path, 0, "it can be read");
  if (file == NULL) return;
  do {
    char *room = imap_buffer_room(&bytes, 65536);
    got = room != NULL ? fread(room, 1, 65536, file) : 0;
    bytes.size += got;
  } while (got > 0);
  (void)fclose(file);
  try_splits(path, imap_buffer_span(&bytes), false);
  if (memchr(bytes.data, '{', bytes.size) != NULL)
    try_splits(path, imap_buffer_span(&bytes), true);
  imap_buffer_free(&bytes);
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : getenv("CORPUS");
  char line[4096];
  int count = 0;
  FILE *index = NULL;
  if (folder != NULL && folder[0] != '\0') {
    (void)snprintf(line, sizeof line, "%s/INDEX.tsv", folder);
    index = fopen(line, "r");
  }
  if (index == NULL) {
    printf("no corpus at \"%s\": %d replies did not go through the parser\n",
           folder != NULL ? folder : "", RESPONSES);
    return check_report();
  }
  while (fgets(line, sizeof line, index) != NULL) {
    line[strcspn(line, "\t\n")] = '\0';
    if (strncmp(line, "responses/", 10) != 0) continue;
    try_file(folder, line);
    count++;
  }
  (void)fclose(index);
  CHECK(count >= RESPONSES);
  return check_report();
}
