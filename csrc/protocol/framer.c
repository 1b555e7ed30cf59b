/* framer.c - cuts the byte stream into whole IMAP responses. */
#include "protocol/framer.h"

#include <string.h>

#include "protocol/chars.h"

enum {
  READ_SIZE = 65536,       /* offered for one read: what servers write at once */
  KEPT_CAPACITY = 1 << 20, /* more is given back once it is empty */
  MAX_LITERAL_DIGITS = 19
};

void imap_framer_init(struct imap_framer *f, const struct imap_limits *limits) {
  memset(f, 0, sizeof *f);
  f->limits = *limits;
  imap_buffer_init(&f->in, limits->response + 2 * READ_SIZE);
}

void imap_framer_free(struct imap_framer *f) {
  imap_buffer_free(&f->in);
}

static int fail(struct imap_framer *f, int status, const char *problem) {
  f->status = status;
  f->problem = problem;
  return status;
}

static char *response(const struct imap_framer *f) {
  return f->in.data + f->head;
}

static size_t received(const struct imap_framer *f) {
  return f->in.size - f->head;
}

/* Forget what was handed out: a piece of a literal, or a whole response. */
static void drop_handed_out(struct imap_framer *f) {
  if (f->piece > 0) {
    size_t behind = received(f) - f->seen - f->piece;
    char *gap = response(f) + f->seen;
    if (behind > 0) memmove(gap, gap + f->piece, behind);
    f->in.size -= f->piece;
    f->piece = 0;
  }
  if (f->phase == IMAP_FRAMER_WHOLE) {
    f->head += f->seen;
    f->seen = f->line = f->flow_at = 0;
    f->flowed = false;
    f->phase = IMAP_FRAMER_LINE;
    if (received(f) == 0) f->head = f->in.size = 0;
    if (f->in.size == 0 && f->in.capacity > KEPT_CAPACITY)
      imap_buffer_free(&f->in);
  }
}

char *imap_framer_space(struct imap_framer *f, size_t *room) {
  char *space;
  drop_handed_out(f);
  if (f->head > 0 && f->in.capacity - f->in.size < READ_SIZE) {
    imap_buffer_drop(&f->in, f->head);
    f->head = 0;
  }
  space = imap_buffer_room(&f->in, READ_SIZE);
  if (space == NULL) {
    fail(f, f->in.status, "a response is longer than the limit `response`");
    return NULL;
  }
  *room = READ_SIZE;
  return space;
}

void imap_framer_filled(struct imap_framer *f, size_t size) {
  f->in.size += size;
}

size_t imap_framer_pending(const struct imap_framer *f) {
  return received(f) - (f->phase == IMAP_FRAMER_WHOLE ? f->seen : 0);
}

struct imap_span imap_framer_take_rest(struct imap_framer *f) {
  struct imap_span rest = {response(f) + f->seen, imap_framer_pending(f)};
  f->in.size -= rest.size;
  return rest;
}

void imap_framer_flow(struct imap_framer *f) {
  f->phase = IMAP_FRAMER_FLOW;
  f->flowed = true;
  f->flow_at = f->seen;
}

static bool is_status_word(struct imap_span word) {
  return imap_span_is(word, "OK") || imap_span_is(word, "NO") ||
         imap_span_is(word, "BAD") || imap_span_is(word, "BYE") ||
         imap_span_is(word, "PREAUTH");
}

/* Only untagged data carries literals: what else begins a response is told
** from its first line, once. */
static bool begins_status(const char *line, size_t size) {
  size_t at = 1;
  struct imap_span word;
  if (size < 2 || line[0] != '*') return true;
  while (at < size && line[at] == ' ') at++;
  word.data = line + at;
  while (at < size && imap_char_is(line[at], IMAP_CHAR_TOKEN)) at++;
  word.size = (size_t)(line + at - word.data);
  return is_status_word(word);
}

/* A "}" at the end may belong to a name as well: "* LIST () "/" foo}". */
static bool announces(struct imap_span line) {
  size_t at = line.size - 1;
  while (at > 0 && imap_char_is(line.data[at - 1], IMAP_CHAR_TOKEN)) at--;
  return at > 0 && line.data[at - 1] == '{';
}

/* literal = "{" number64 ["+"] "}": `line` ends in "}". The digits may begin
** with zeros. */
static int read_announcement(struct imap_framer *f, struct imap_span line) {
  size_t end = line.size - 1, at;
  if (end > 0 && line.data[end - 1] == '+') end--;
  for (at = end; at > 0 && imap_char_is(line.data[at - 1], IMAP_CHAR_DIGIT);)
    at--;
  if (at == end || at == 0 || line.data[at - 1] != '{')
    return fail(f, IMAP_PROTOCOL, "the size of a literal is not a number");
  while (at < end && line.data[at] == '0') at++;
  if (end - at > MAX_LITERAL_DIGITS)
    return fail(f, IMAP_LIMIT, "the size of a literal has too many digits");
  for (f->literal = 0; at < end; at++)
    f->literal = f->literal * 10 + (uint64_t)(line.data[at] - '0');
  f->phase = IMAP_FRAMER_ANNOUNCED;
  return IMAP_OK;
}

/* Looks for the end of the current line, and whether a literal follows it. */
static int take_line(struct imap_framer *f, struct imap_span *out) {
  size_t have = received(f), end;
  const char *start, *lf;
  struct imap_span line;
  if (have == f->seen) return IMAP_MORE;
  start = response(f);
  lf = memchr(start + f->seen, '\n', have - f->seen);
  f->seen = lf != NULL ? (size_t)(lf - start) + 1 : have;
  if (f->seen - f->line > f->limits.line)
    return fail(f, IMAP_LIMIT, "a line is longer than the limit `line`");
  if (f->seen > f->limits.response)
    return fail(f, IMAP_LIMIT, "a response is longer than the limit `response`");
  if (lf == NULL) return IMAP_MORE;
  end = f->seen - 1;
  if (end > f->line && start[end - 1] == '\r') end--;
  *out = (struct imap_span){start, end};
  if (f->line == 0) f->status_line = begins_status(start, end);
  line = (struct imap_span){start + f->line, end - f->line};
  if (line.size > 0 && start[end - 1] == '}' && !f->status_line &&
      announces(line))
    return read_announcement(f, line);
  f->phase = IMAP_FRAMER_WHOLE;
  return IMAP_OK;
}

/* A literal that is gathered must fit, before any of it is. */
static int begin_literal(struct imap_framer *f) {
  f->phase = IMAP_FRAMER_GATHER;
  if (f->literal > f->limits.literal)
    return fail(f, IMAP_LIMIT, "a literal is larger than the limit `literal`");
  if (f->literal > f->limits.response - f->seen)
    return fail(f, IMAP_LIMIT, "a response is longer than the limit `response`");
  return IMAP_OK;
}

/* Takes what came of the literal; IMAP_OK: that was all of it. */
static int take_literal(struct imap_framer *f, struct imap_span *out) {
  size_t here = received(f) - f->seen;
  if (here > f->literal) here = (size_t)f->literal;
  f->literal -= here;
  if (f->phase == IMAP_FRAMER_FLOW && here > 0) {
    *out = (struct imap_span){response(f) + f->seen, here};
    f->piece = here;
    return IMAP_PIECE;
  }
  f->seen += here;
  if (f->literal > 0) return IMAP_MORE;
  f->line = f->seen;
  f->phase = IMAP_FRAMER_LINE;
  return IMAP_OK;
}

int imap_framer_next(struct imap_framer *f, struct imap_span *out) {
  int status = f->status;
  if (status < 0) return status;
  drop_handed_out(f);
  if (f->phase == IMAP_FRAMER_ANNOUNCED) status = begin_literal(f);
  while (status == IMAP_OK) {
    if (f->phase != IMAP_FRAMER_LINE)
      status = take_literal(f, out);
    else
      status = take_line(f, out);
    if (f->phase == IMAP_FRAMER_WHOLE) return status;
    if (f->phase == IMAP_FRAMER_ANNOUNCED && status == IMAP_OK) {
      if (f->watching && !f->flowed) return IMAP_LITERAL;
      status = begin_literal(f);
    }
  }
  return status;
}
