/* encode.c - a command's bytes; nothing else reaches the wire. */
#include "protocol/encode.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/chars.h"
#include "protocol/limits.h"

enum {
  MAX_COMMAND = 1 << 28,  /* octets of one command, without its contents */
  MAX_QUOTED = 1000,      /* longer strings go as literals */
  MAX_LITERAL_MINUS = 4096 /* RFC 7888 section 5 */
};

void imap_encoder_init(struct imap_encoder *e, enum imap_literals literals,
                       bool utf8, bool tracing) {
  memset(e, 0, sizeof *e);
  imap_buffer_init_secret(&e->bytes, MAX_COMMAND);
  imap_buffer_init(&e->trace, MAX_COMMAND);
  e->literals = literals;
  e->utf8 = utf8;
  e->tracing = tracing;
}

void imap_encoder_free(struct imap_encoder *e) {
  imap_buffer_free(&e->bytes);
  imap_buffer_free(&e->trace);
  free(e->stops);
  e->stops = NULL;
  e->stop_count = e->stop_capacity = 0;
}

static void fail(struct imap_encoder *e, int status) {
  if (e->status == IMAP_OK) e->status = status;
}

static void show(struct imap_encoder *e, const char *data, size_t size) {
  if (e->tracing) imap_buffer_add(&e->trace, data, size);
}

/* The same bytes for the server and for the trace. */
static void put(struct imap_encoder *e, const char *data, size_t size) {
  imap_buffer_add(&e->bytes, data, size);
  show(e, data, size);
}

static void put_text(struct imap_encoder *e, const char *text) {
  put(e, text, strlen(text));
}

static void separate(struct imap_encoder *e) {
  if (!e->first) put(e, " ", 1);
  e->first = false;
}

static void add_stop(struct imap_encoder *e, struct imap_stop stop) {
  if (e->stop_count == e->stop_capacity) {
    size_t capacity = e->stop_capacity > 0 ? e->stop_capacity * 2 : 2;
    void *stops = realloc(e->stops, capacity * sizeof *e->stops);
    if (stops == NULL) {
      fail(e, IMAP_NOMEM);
      return;
    }
    e->stops = stops;
    e->stop_capacity = capacity;
  }
  e->stops[e->stop_count++] = stop;
}

void imap_encode_begin(struct imap_encoder *e, const char *tag,
                       const char *name) {
  put_text(e, tag);
  put(e, " ", 1);
  put_text(e, name);
}

int imap_encode_end(struct imap_encoder *e) {
  imap_buffer_add_text(&e->bytes, "\r\n");
  fail(e, e->bytes.status);
  fail(e, e->trace.status);
  return e->status;
}

void imap_encode_word(struct imap_encoder *e, const char *word) {
  separate(e);
  put_text(e, word);
}

bool imap_is_atom(struct imap_span text) {
  for (size_t i = 0; i < text.size; i++)
    if (!imap_char_is(text.data[i], IMAP_CHAR_ATOM)) return false;
  return text.size > 0;
}

bool imap_is_flag(struct imap_span text) {
  if (text.size > 1 && text.data[0] == '\\') {
    text.data++;
    text.size--;
  }
  /* "]" is no ATOM-CHAR, yet real keywords hold it ("[css3-page]") */
  for (size_t i = 0; i < text.size; i++)
    if (!imap_char_is(text.data[i], IMAP_CHAR_ASTRING)) return false;
  return text.size > 0;
}

void imap_encode_atom(struct imap_encoder *e, struct imap_span atom) {
  if (!imap_is_atom(atom)) fail(e, IMAP_INVALID);
  separate(e);
  put(e, atom.data, atom.size);
}

void imap_encode_number(struct imap_encoder *e, uint64_t number) {
  char text[IMAP_DECIMAL_ROOM], *end = text + sizeof text;
  const char *digits = imap_decimal(number, end);
  separate(e);
  put(e, digits, (size_t)(end - digits));
}

/* What a string holds that decides how it may go. */
struct traits {
  bool forbidden; /* NUL, CR or LF */
  bool eight_bit;
  bool astring;   /* could be sent bare */
};

static struct traits look_at(struct imap_span s) {
  struct traits t = {false, false, s.size > 0};
  for (size_t i = 0; i < s.size; i++) {
    char c = s.data[i];
    if (c == '\0' || c == '\r' || c == '\n') t.forbidden = true;
    if ((unsigned char)c >= 0x80) t.eight_bit = true;
    if (!imap_char_is(c, IMAP_CHAR_ASTRING)) t.astring = false;
  }
  if (imap_span_is(s, "NIL")) t.astring = false;
  return t;
}

/* Announces a literal; its octets follow. */
static void announce(struct imap_encoder *e, uint64_t octets,
                     struct imap_stop stop) {
  char text[IMAP_DECIMAL_ROOM], *end = text + sizeof text;
  const char *digits = imap_decimal(octets, end);
  bool plus = e->literals == IMAP_LITERAL_PLUS ||
              (e->literals == IMAP_LITERAL_MINUS && octets <= MAX_LITERAL_MINUS);
  put(e, "{", 1);
  put(e, digits, (size_t)(end - digits));
  put(e, plus ? "+}" : "}", plus ? 2 : 1);
  imap_buffer_add_text(&e->bytes, "\r\n");
  stop.at = e->bytes.size;
  stop.wait = !plus;
  if (stop.wait || stop.content > 0) add_stop(e, stop);
}

static void put_literal(struct imap_encoder *e, struct imap_span s) {
  announce(e, s.size, (struct imap_stop){0});
  imap_buffer_add_span(&e->bytes, s);
}

static void put_quoted(struct imap_encoder *e, struct imap_span s, bool secret) {
  bool tracing = e->tracing;
  if (secret) {
    show(e, "\"***\"", 5);
    e->tracing = false;
  }
  put(e, "\"", 1);
  for (size_t i = 0; i < s.size; i++) {
    if (s.data[i] == '"' || s.data[i] == '\\') put(e, "\\", 1);
    put(e, s.data + i, 1);
  }
  put(e, "\"", 1);
  e->tracing = tracing;
}

static void put_string(struct imap_encoder *e, struct imap_span s, bool secret) {
  struct traits t = look_at(s);
  if (t.forbidden) fail(e, IMAP_INVALID);
  separate(e);
  if ((t.eight_bit && !e->utf8) || s.size > MAX_QUOTED)
    put_literal(e, s);
  else
    put_quoted(e, s, secret);
}

void imap_encode_string(struct imap_encoder *e, struct imap_span string) {
  put_string(e, string, false);
}

void imap_encode_secret(struct imap_encoder *e, struct imap_span string) {
  put_string(e, string, true);
}

void imap_encode_credential(struct imap_encoder *e, struct imap_span base64) {
  separate(e);
  show(e, "***", 3);
  imap_buffer_add_span(&e->bytes, base64);
}

void imap_encode_astring(struct imap_encoder *e, struct imap_span string) {
  if (look_at(string).astring && string.size <= MAX_QUOTED) {
    separate(e);
    put(e, string.data, string.size);
  } else {
    put_string(e, string, false);
  }
}

void imap_encode_mailbox(struct imap_encoder *e, struct imap_span wire) {
  if (wire.size > IMAP_MAX_MAILBOX_NAME) fail(e, IMAP_INVALID);
  imap_encode_astring(e, wire);
}

void imap_encode_set(struct imap_encoder *e, const struct imap_seqset *set,
                     size_t *next, size_t room) {
  size_t from;
  separate(e);
  from = e->bytes.size;
  fail(e, imap_seqset_write(set, next, room, &e->bytes));
  if (e->bytes.status == IMAP_OK)
    show(e, e->bytes.data + from, e->bytes.size - from);
}

void imap_encode_bare_set(struct imap_encoder *e, struct imap_span text) {
  struct imap_seqset set;
  imap_seqset_init(&set);
  fail(e, imap_seqset_parse(&set, text));
  imap_seqset_free(&set);
  separate(e);
  put(e, text.data, text.size);
}

void imap_encode_open(struct imap_encoder *e) {
  separate(e);
  put(e, "(", 1);
  e->first = true;
}

void imap_encode_close(struct imap_encoder *e) {
  put(e, ")", 1);
  e->first = false;
}

void imap_encode_flags(struct imap_encoder *e, struct imap_span flags) {
  size_t at = 0;
  imap_encode_open(e);
  while (flags.size > 0 && at <= flags.size) {
    struct imap_span flag = {flags.data + at, flags.size - at};
    const char *blank = memchr(flag.data, ' ', flag.size);
    if (blank != NULL) flag.size = (size_t)(blank - flag.data);
    if (!imap_is_flag(flag)) fail(e, IMAP_INVALID);
    separate(e);
    put(e, flag.data, flag.size);
    at += flag.size + 1;
  }
  imap_encode_close(e);
}

void imap_encode_content(struct imap_encoder *e, uint64_t octets, bool binary) {
  struct imap_stop stop = {.content = octets, .index = e->contents++};
  separate(e);
  if (binary) put(e, "~", 1);
  announce(e, octets, stop);
}
