/* params.c - parameters of Content-Type and Content-Disposition (RFC 2231). */
#include "mime/params.h"

#include <stdlib.h>
#include <string.h>

#include "mime/charset.h"
#include "mime/convert.h"
#include "mime/names.h"
#include "mime/transfer.h"
#include "mime/words.h"
#include "protocol/chars.h"

enum { FEW = 16, BLOCK = MIME_BLOCK_MIN, SECTION_DIGITS = 6 };

/* In the order in which they are preferred. */
enum form {
  EXTENDED, /* name* */
  SECTION,  /* name*0, name*1* */
  PLAIN     /* name */
};

struct piece {
  struct imap_span name, value; /* the name without its "*…" */
  enum form form;
  unsigned section; /* of SECTION */
  bool percent;     /* percent-encoded */
  size_t order;     /* in which they were given */
};

/* section = "*" 1*DIGIT; false where none stands at the end of the name. */
static bool try_section(struct imap_span name, struct piece *p) {
  size_t mark = name.size;
  unsigned number = 0;
  while (mark > 0 && imap_char_is(name.data[mark - 1], IMAP_CHAR_DIGIT))
    mark--;
  if (mark < 2 || mark == name.size || name.data[mark - 1] != '*' ||
      name.size - mark > SECTION_DIGITS)
    return false;
  for (size_t i = mark; i < name.size; i++)
    number = number * 10 + (unsigned)(name.data[i] - '0');
  p->form = SECTION;
  p->section = number;
  p->name = (struct imap_span){name.data, mark - 1};
  return true;
}

/* parameter = attribute [section] ["*"] "=" value; a name that is not so is
** taken as it stands. */
static struct piece piece_of(const struct mime_param *param, size_t order) {
  struct imap_span name = param->name;
  struct piece p = {name, param->value, PLAIN, 0, false, order};
  p.percent = name.size > 1 && name.data[name.size - 1] == '*';
  if (p.percent) name.size--;
  if (!try_section(name, &p) && p.percent) {
    p.form = EXTENDED;
    p.name = name;
  }
  return p;
}

static int compare_names(struct imap_span a, struct imap_span b) {
  for (size_t i = 0; i < a.size && i < b.size; i++) {
    int difference = imap_lower(a.data[i]) - imap_lower(b.data[i]);
    if (difference != 0) return difference;
  }
  return (a.size > b.size) - (a.size < b.size);
}

/* By name, then as preferred: of two equal sections the encoded one, of two
** equal parameters the first. */
static int compare(const void *left, const void *right) {
  const struct piece *a = left, *b = right;
  int names = compare_names(a->name, b->name);
  if (names != 0) return names;
  if (a->form != b->form) return a->form < b->form ? -1 : 1;
  if (a->section != b->section) return a->section < b->section ? -1 : 1;
  if (a->percent != b->percent) return a->percent ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

static struct imap_span rest_of(struct imap_span s, size_t from) {
  return (struct imap_span){s.data + from, s.size - from};
}

/* extended-value = [charset] "'" [language] "'" text. Without the quotes, or
** with quotes that only belong to the text, no charset is named. */
static struct imap_span take_charset(struct imap_span *value) {
  struct imap_span none = {NULL, 0}, charset = none;
  const char *first, *second;
  size_t after;
  if (value->size == 0) return none;
  first = memchr(value->data, '\'', value->size);
  if (first == NULL) return none;
  charset.data = value->data;
  charset.size = (size_t)(first - value->data);
  after = charset.size + 1;
  second = memchr(first + 1, '\'', value->size - after);
  if (second == NULL) return none;
  if (second > first + 1 && mime_charset_find(charset) == NULL) return none;
  *value = rest_of(*value, (size_t)(second - value->data) + 1);
  return charset;
}

static void add_percent(struct mime_converter *converter, struct imap_span in,
                        struct imap_buffer *text) {
  char block[BLOCK];
  size_t used = 0;
  for (size_t i = 0; i < in.size; i++) {
    char byte = in.data[i];
    if (byte == '%' && in.size - i > 2) {
      int spelt = mime_hex_byte(in.data[i + 1], in.data[i + 2]);
      if (spelt >= 0) {
        byte = (char)spelt;
        i += 2;
      }
    }
    block[used++] = byte;
    if (used < sizeof block) continue;
    mime_converter_feed(converter, (struct imap_span){block, used}, text);
    used = 0;
  }
  mime_converter_feed(converter, (struct imap_span){block, used}, text);
}

/* In an unknown charset, or none, the bytes are guessed. */
static int open_converter(struct mime_converter *converter,
                          struct imap_span charset) {
  const struct imap_span none = {NULL, 0};
  const struct mime_charset *found = mime_charset_find(charset);
  int status = IMAP_INVALID;
  if (found != NULL) status = mime_converter_open(converter, found);
  if (status != IMAP_INVALID) return status;
  return mime_converter_open(converter, mime_charset_find(none));
}

static int add_extended(const struct piece *pieces, size_t count,
                        struct imap_buffer *text) {
  struct mime_converter converter;
  struct imap_span charset = {NULL, 0}, value = pieces[0].value;
  int status;
  if (pieces[0].percent) charset = take_charset(&value);
  status = open_converter(&converter, charset);
  if (status != IMAP_OK) return text->status = status;
  for (size_t i = 0; i < count; i++) {
    if (i > 0) value = pieces[i].value;
    if (pieces[i].percent)
      add_percent(&converter, value, text);
    else
      mime_converter_feed(&converter, value, text);
  }
  mime_converter_finish(&converter, text);
  mime_converter_close(&converter);
  return text->status;
}

/* Sections that are not encoded; a word of RFC 2047 may go from one to the
** next. */
static int add_joined(const struct piece *pieces, size_t count,
                      struct imap_buffer *text) {
  struct imap_buffer joined;
  imap_buffer_init(&joined, text->ceiling);
  for (size_t i = 0; i < count; i++)
    imap_buffer_add_span(&joined, pieces[i].value);
  if (joined.status == IMAP_OK)
    mime_words_decode(imap_buffer_span(&joined), text);
  else
    text->status = joined.status;
  imap_buffer_free(&joined);
  return text->status;
}

static int add_value(const struct piece *pieces, size_t count,
                     struct imap_buffer *text) {
  for (size_t i = 0; i < count; i++)
    if (pieces[i].percent) return add_extended(pieces, count, text);
  if (count == 1) return mime_words_decode(pieces[0].value, text);
  return add_joined(pieces, count, text);
}

/* Names are compared as they will be shown: two that differ may be guessed to be
** the same. They live in `names` from here on. */
static int decode_names(struct piece *pieces, size_t count,
                        struct imap_buffer *names) {
  const char *at;
  for (size_t i = 0; i < count; i++) {
    size_t start = names->size;
    if (mime_charset_guess(pieces[i].name, names) != IMAP_OK)
      return names->status;
    pieces[i].name.size = names->size - start;
  }
  for (size_t i = 0; i < names->size; i++)
    names->data[i] = imap_lower(names->data[i]);
  at = names->data;
  for (size_t i = 0; i < count; i++) {
    pieces[i].name.data = at;
    if (pieces[i].name.size > 0) at += pieces[i].name.size;
  }
  return IMAP_OK;
}

/* How many of the sections at the front count: each number once, and gaps are
** closed, for the end of a file name says what it is. They move together. */
static size_t unite(struct piece *pieces, size_t count) {
  size_t kept = 1;
  if (pieces[0].form != SECTION) return 1;
  for (size_t i = 1; i < count && pieces[i].form == SECTION; i++)
    if (pieces[i].section != pieces[kept - 1].section)
      pieces[kept++] = pieces[i];
  return kept;
}

/* The text's memory may still move: only sizes count until the end. */
static int add_all(struct piece *pieces, size_t count,
                   struct imap_buffer *text, struct mime_param *out,
                   size_t *made) {
  for (size_t i = 0, next; i < count && text->status == IMAP_OK; i = next) {
    struct mime_param *param = &out[(*made)++];
    size_t start = text->size;
    next = i + 1;
    while (next < count &&
           compare_names(pieces[i].name, pieces[next].name) == 0)
      next++;
    imap_buffer_add_span(text, pieces[i].name);
    param->name.size = text->size - start;
    start = text->size;
    add_value(pieces + i, unite(pieces + i, next - i), text);
    param->value.size = text->size - start;
  }
  return text->status;
}

static void place(struct mime_param *out, size_t made, const char *data) {
  for (size_t i = 0; i < made; i++) {
    out[i].name.data = data;
    data += out[i].name.size;
    out[i].value.data = data;
    data += out[i].value.size;
  }
}

/* --- what nearly all mail has: nothing to decode or to join --- */

/* Letters, digits, and a few marks: neither "*" nor encoded words. */
static bool is_simple_name(struct imap_span name) {
  for (size_t i = 0; i < name.size; i++)
    if (!imap_char_is(name.data[i], IMAP_CHAR_BASE64) && name.data[i] != '-')
      return false;
  return name.size > 0;
}

static bool are_simple(const struct mime_param *in, size_t count) {
  if (count > FEW) return false;
  for (size_t i = 0; i < count; i++)
    if (!is_simple_name(in[i].name) || !mime_words_plain(in[i].value))
      return false;
  return true;
}

/* Into its place among those before, unless its name is there. */
static void insert(struct mime_param *out, size_t *made,
                   struct mime_param param) {
  size_t at = *made;
  int order = 1;
  while (at > 0 && (order = compare_names(param.name, out[at - 1].name)) < 0)
    at--;
  if (at > 0 && order == 0) return;
  for (size_t i = *made; i > at; i--) out[i] = out[i - 1];
  out[at] = param;
  ++*made;
}

/* Only the names are written. All at once, so that their memory stays. */
static int take_simple(const struct mime_param *in, size_t count,
                       struct imap_buffer *text, struct mime_param *out,
                       size_t *made) {
  size_t size = 0;
  char *to;
  for (size_t i = 0; i < count; i++) size += in[i].name.size;
  to = imap_buffer_room(text, size);
  if (to == NULL) return text->status;
  text->size += size;
  for (size_t i = 0; i < count; i++) {
    struct mime_param param = {{to, in[i].name.size}, in[i].value};
    for (size_t j = 0; j < param.name.size; j++)
      *to++ = imap_lower(in[i].name.data[j]);
    insert(out, made, param);
  }
  return IMAP_OK;
}

int mime_params_decode(const struct mime_param *in, size_t count,
                       struct imap_buffer *text, struct mime_param *out,
                       size_t *made) {
  struct piece few[FEW], *pieces = few;
  struct imap_buffer names;
  size_t start = text->size;
  *made = 0;
  if (count == 0) return text->status;
  if (are_simple(in, count)) return take_simple(in, count, text, out, made);
  if (count > FEW) pieces = calloc(count, sizeof *pieces);
  if (pieces == NULL) return text->status = IMAP_NOMEM;
  imap_buffer_init(&names, text->ceiling);
  for (size_t i = 0; i < count; i++) pieces[i] = piece_of(&in[i], i);
  if (decode_names(pieces, count, &names) == IMAP_OK)
    qsort(pieces, count, sizeof *pieces, compare);
  else
    text->status = names.status;
  if (add_all(pieces, count, text, out, made) == IMAP_OK)
    place(out, *made, text->data + start);
  else
    *made = 0;
  imap_buffer_free(&names);
  if (pieces != few) free(pieces);
  return text->status;
}
