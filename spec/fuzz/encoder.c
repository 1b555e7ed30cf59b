/* encoder.c - fuzzes the encoder of commands: what a server reads of a command
** is what went in, whatever it holds; and what cannot be sent is refused.
** Input: a byte of settings, then arguments: a kind, a length, the text. */
#include "fuzz.h"
#include "protocol/chars.h"
#include "protocol/encode.h"
#include "protocol/limits.h"

enum { MAX_ARGUMENTS = 64 };

enum kind {
  KIND_ATOM, KIND_NUMBER, KIND_STRING, KIND_ASTRING, KIND_SECRET, KIND_MAILBOX,
  KIND_SET, KIND_FLAGS, KIND_CONTENT, KIND_OPEN, KIND_CLOSE, KIND_COUNT
};

struct argument {
  enum kind kind;
  struct imap_span text;
  uint64_t number;
  bool binary;
};

struct command {
  struct argument arguments[MAX_ARGUMENTS];
  size_t count;
  unsigned depth;
};

static bool is_forbidden(struct imap_span text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] == '\0' || text.data[i] == '\r' || text.data[i] == '\n')
      return true;
  return false;
}

/* None, or some with a blank between. */
static bool are_flags(struct imap_span text) {
  size_t start = 0;
  for (size_t i = 0; text.size > 0 && i <= text.size; i++) {
    if (i < text.size && text.data[i] != ' ') continue;
    if (!imap_is_flag((struct imap_span){text.data + start, i - start})) return false;
    start = i + 1;
  }
  return true;
}

/* May it be sent? Said here once more, in other words than the encoder's. */
static bool is_fit(const struct argument *a) {
  struct imap_seqset set;
  bool fit = false;
  switch (a->kind) {
    case KIND_ATOM:
      for (size_t i = 0; i < a->text.size; i++) {
        unsigned char c = (unsigned char)a->text.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL) return false;
      }
      return a->text.size > 0;
    case KIND_FLAGS:
      return are_flags(a->text);
    case KIND_MAILBOX:
      return a->text.size <= IMAP_MAX_MAILBOX_NAME && !is_forbidden(a->text);
    case KIND_STRING: case KIND_ASTRING: case KIND_SECRET:
      return !is_forbidden(a->text);
    case KIND_SET:
      imap_seqset_init(&set);
      fit = imap_seqset_parse(&set, a->text) == IMAP_OK;
      imap_seqset_free(&set);
      return fit;
    default:
      return true;
  }
}

static struct argument read_argument(struct fuzz_input *in,
                                     const struct command *c) {
  struct argument a = {.kind = fuzz_byte(in) % KIND_COUNT};
  size_t size = fuzz_byte(in);
  if (a.kind == KIND_CLOSE && c->depth == 0) a.kind = KIND_OPEN;
  if (a.kind == KIND_NUMBER) {
    a.number = (uint64_t)fuzz_number(in) << 32 | fuzz_number(in);
  } else if (a.kind == KIND_CONTENT) {
    a.number = fuzz_number(in) >> (size % 32);
    a.binary = (size & 32) != 0;
  } else if (a.kind != KIND_OPEN && a.kind != KIND_CLOSE) {
    a.text = fuzz_take(in, size < 250 ? size : size * 40);
  }
  return a;
}

/* --- one side --- */

static void encode(struct imap_encoder *e, const struct argument *a) {
  switch (a->kind) {
    case KIND_ATOM: imap_encode_atom(e, a->text); break;
    case KIND_NUMBER: imap_encode_number(e, a->number); break;
    case KIND_STRING: imap_encode_string(e, a->text); break;
    case KIND_ASTRING: imap_encode_astring(e, a->text); break;
    case KIND_SECRET: imap_encode_secret(e, a->text); break;
    case KIND_MAILBOX: imap_encode_mailbox(e, a->text); break;
    case KIND_SET: imap_encode_bare_set(e, a->text); break;
    case KIND_FLAGS: imap_encode_flags(e, a->text); break;
    case KIND_CONTENT: imap_encode_content(e, a->number, a->binary); break;
    case KIND_OPEN: imap_encode_open(e); break;
    default: imap_encode_close(e); break;
  }
}

/* --- the other: a server's reader --- */

struct reader {
  const struct imap_encoder *e;
  size_t at, stop;
};

static char look(const struct reader *r) {
  NEED(r->at < r->e->bytes.size);
  return r->e->bytes.data[r->at];
}

static void expect(struct reader *r, const char *text) {
  for (; *text != '\0'; text++) {
    NEED(look(r) == *text);
    r->at++;
  }
}

static void expect_span(struct reader *r, struct imap_span text) {
  for (size_t i = 0; i < text.size; i++) {
    NEED(look(r) == text.data[i]);
    r->at++;
  }
}

static void expect_quoted(struct reader *r, struct imap_span text) {
  expect(r, "\"");
  NEED(text.size <= 1000);
  for (size_t i = 0; i < text.size; i++) {
    if (look(r) == '\\')
      r->at++;
    else
      NEED(look(r) != '"');
    NEED(r->e->utf8 || (unsigned char)look(r) < 0x80);
    NEED(look(r) == text.data[i]);
    r->at++;
  }
  expect(r, "\"");
}

/* "{n}" with a stop that waits, or "{n+}" where the server takes it. */
static void expect_announcement(struct reader *r, uint64_t size,
                                uint64_t content) {
  bool plus = r->e->literals == IMAP_LITERAL_PLUS ||
              (r->e->literals == IMAP_LITERAL_MINUS && size <= 4096);
  char text[32];
  (void)snprintf(text, sizeof text, "{%llu%s}\r\n", (unsigned long long)size,
                 plus ? "+" : "");
  expect(r, text);
  if (plus && content == 0) return;
  NEED(r->stop < r->e->stop_count);
  NEED(r->e->stops[r->stop].at == r->at);
  NEED(r->e->stops[r->stop].wait == !plus);
  NEED(r->e->stops[r->stop].content == content);
  r->stop++;
}

static void expect_string(struct reader *r, struct imap_span text) {
  if (look(r) == '"') {
    expect_quoted(r, text);
  } else {
    expect_announcement(r, text.size, 0);
    expect_span(r, text);
  }
}

/* Bare it must not be taken for anything else. */
static void expect_astring(struct reader *r, struct imap_span text) {
  if (look(r) == '"' || look(r) == '{') {
    expect_string(r, text);
    return;
  }
  NEED(text.size > 0 && !imap_span_is(text, "NIL"));
  for (size_t i = 0; i < text.size; i++)
    NEED(imap_char_is(text.data[i], IMAP_CHAR_ASTRING));
  expect_span(r, text);
}

static void expect_flags(struct reader *r, struct imap_span text) {
  expect(r, "(");
  expect_span(r, text);
  expect(r, ")");
}

static void expect_argument(struct reader *r, const struct argument *a) {
  char number[32];
  switch (a->kind) {
    case KIND_NUMBER:
      (void)snprintf(number, sizeof number, "%llu",
                     (unsigned long long)a->number);
      expect(r, number);
      break;
    case KIND_STRING: case KIND_SECRET: expect_string(r, a->text); break;
    case KIND_ASTRING: case KIND_MAILBOX: expect_astring(r, a->text); break;
    case KIND_CONTENT:
      if (a->binary) expect(r, "~");
      expect_announcement(r, a->number, a->number);
      break;
    case KIND_FLAGS: expect_flags(r, a->text); break;
    case KIND_OPEN: expect(r, "("); break;
    case KIND_CLOSE: expect(r, ")"); break;
    default: expect_span(r, a->text); break;
  }
}

static void check_bytes(const struct imap_encoder *e, const struct command *c) {
  struct reader r = {e, 0, 0};
  bool first = false;
  expect(&r, "tag1 COMMAND");
  for (size_t i = 0; i < c->count; i++) {
    if (!first && c->arguments[i].kind != KIND_CLOSE) expect(&r, " ");
    expect_argument(&r, &c->arguments[i]);
    first = c->arguments[i].kind == KIND_OPEN;
  }
  expect(&r, "\r\n");
  NEED(r.at == e->bytes.size && r.stop == e->stop_count);
  NEED(e->trace.size == 0 ||
       !is_forbidden(imap_buffer_span(&e->trace)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  unsigned settings = fuzz_byte(&in);
  struct imap_encoder e;
  struct command c = {.count = 0};
  bool fit = true;
  int status;
  imap_encoder_init(&e, settings % 3, (settings & 4) != 0, (settings & 8) != 0);
  imap_encode_begin(&e, "tag1", "COMMAND");
  while (in.size > 0 && c.count < MAX_ARGUMENTS) {
    struct argument a = read_argument(&in, &c);
    if (a.kind == KIND_OPEN) c.depth++;
    if (a.kind == KIND_CLOSE) c.depth--;
    fit = is_fit(&a) && fit;
    encode(&e, &a);
    c.arguments[c.count++] = a;
  }
  status = imap_encode_end(&e);
  NEED(status == (fit ? IMAP_OK : IMAP_INVALID));
  if (fit) check_bytes(&e, &c);
  imap_encoder_free(&e);
  return 0;
}
