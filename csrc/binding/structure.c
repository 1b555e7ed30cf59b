/* structure.c - BODYSTRUCTURE as a tree of nodes (RFC 9051 7.5.2, "body"). */
#include <stdlib.h>
#include <string.h>

#include "binding/binding.h"
#include "mime/params.h"
#include "protocol/chars.h"

enum {
  MAX_PARTS_NAME = 4096, /* octets of "1.2.3…" */
  MAX_PARAMS = 256,      /* parameters of one field that are read */
  MULTIPART_FIELDS = 4   /* part, parts, type, params: all that most have */
};

static void push_body(struct imaplua_maker *m, const struct imap_node *node,
                      struct imap_buffer *part);

static void malformed(struct imaplua_maker *m) {
  imaplua_malformed(m, "BODYSTRUCTURE is malformed");
}

/* --- words in lower case --- */

/* Words that most parts have are not copied: that saves 3,000 instructions a
** message. */
static bool push_known(lua_State *L, struct imap_span word) {
  static const struct {
    struct imap_span word;
    enum imaplua_key key;
  } known[] = {
    {IMAP_SPAN("charset"), KEY_CHARSET}, {IMAP_SPAN("boundary"), KEY_BOUNDARY},
    {IMAP_SPAN("7bit"), KEY_7BIT}, {IMAP_SPAN("8bit"), KEY_8BIT},
    {IMAP_SPAN("base64"), KEY_BASE64},
    {IMAP_SPAN("quoted-printable"), KEY_QUOTED_PRINTABLE},
    {IMAP_SPAN("attachment"), KEY_ATTACHMENT}, {IMAP_SPAN("inline"), KEY_INLINE},
    {IMAP_SPAN("name"), KEY_NAME}, {IMAP_SPAN("filename"), KEY_FILENAME},
    {IMAP_SPAN("format"), KEY_FORMAT}
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].word.size != word.size || !imap_span_same(word, known[i].word))
      continue;
    imaplua_push_key(L, known[i].key);
    return true;
  }
  return false;
}

/* Adds a word in lower case to the maker's text. */
static void add_lower(struct imaplua_maker *m, struct imap_span word) {
  char *copy = imap_buffer_room(m->text, word.size);
  if (copy == NULL) return; /* which imaplua_push_text() sees */
  for (size_t i = 0; i < word.size; i++) copy[i] = imap_lower(word.data[i]);
  m->text->size += word.size;
}

static void set_lower(struct imaplua_maker *m, int table, enum imaplua_key key,
                      const struct imap_node *node) {
  struct imap_span word = imaplua_string(m, node);
  if (word.data == NULL) return;
  imaplua_push_key(m->L, key);
  if (!push_known(m->L, word)) {
    imap_buffer_clear(m->text);
    add_lower(m, word);
    imaplua_push_text(m);
  }
  lua_rawset(m->L, table);
}

static bool push_known_type(lua_State *L, struct imap_span type,
                            struct imap_span subtype) {
  static const struct {
    struct imap_span type, subtype;
    enum imaplua_key key;
  } known[] = {
    {IMAP_SPAN("text"), IMAP_SPAN("plain"), KEY_TEXT_PLAIN},
    {IMAP_SPAN("text"), IMAP_SPAN("html"), KEY_TEXT_HTML},
    {IMAP_SPAN("multipart"), IMAP_SPAN("mixed"), KEY_MULTIPART_MIXED},
    {IMAP_SPAN("multipart"), IMAP_SPAN("alternative"),
     KEY_MULTIPART_ALTERNATIVE},
    {IMAP_SPAN("multipart"), IMAP_SPAN("related"), KEY_MULTIPART_RELATED},
    {IMAP_SPAN("image"), IMAP_SPAN("png"), KEY_IMAGE_PNG},
    {IMAP_SPAN("image"), IMAP_SPAN("jpeg"), KEY_IMAGE_JPEG},
    {IMAP_SPAN("application"), IMAP_SPAN("pdf"), KEY_APPLICATION_PDF}
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].subtype.size != subtype.size ||
        !imap_span_same(subtype, known[i].subtype) ||
        !imap_span_same(type, known[i].type))
      continue;
    imaplua_push_key(L, known[i].key);
    return true;
  }
  return false;
}

/* type "/" subtype */
static void set_type(struct imaplua_maker *m, int table, struct imap_span type,
                     struct imap_span subtype) {
  imaplua_push_key(m->L, KEY_TYPE);
  if (!push_known_type(m->L, type, subtype)) {
    imap_buffer_clear(m->text);
    add_lower(m, type);
    imap_buffer_add_byte(m->text, '/');
    add_lower(m, subtype);
    imaplua_push_text(m);
  }
  lua_rawset(m->L, table);
}

static void set_number(struct imaplua_maker *m, int table,
                       enum imaplua_key key, const struct imap_node *node) {
  uint64_t number;
  if (!imap_node_number(m->response->tape, node, UINT64_MAX, &number)) return;
  imaplua_push_key(m->L, key);
  imaplua_push_u64(m->L, number);
  lua_rawset(m->L, table);
}

/* --- parameters --- */

/* name SP value, in pairs; quoted strings with their escapes undone, so that
** spans into the scratch buffer hold until the last is read. */
static size_t read_params(struct imaplua_maker *m, const struct imap_node *node,
                          struct mime_param *out) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  size_t count = 0;
  imap_buffer_clear(m->scratch);
  if (node != NULL && imap_buffer_room(m->scratch, node->size) == NULL)
    imaplua_no_memory(m->L);
  while (at.left >= 2 && count < MAX_PARAMS) {
    const struct imap_node *name = imap_cursor_take(&at);
    const struct imap_node *value = imap_cursor_take(&at);
    if (!imap_node_is_text(name) || !imap_node_is_text(value)) continue;
    out[count].name = imap_node_string(m->response->tape, name, m->scratch);
    out[count].value = imap_node_string(m->response->tape, value, m->scratch);
    count++;
  }
  return count;
}

/* table[key] = a table of them, decoded to UTF-8 (RFC 2231). The one called
** `file` is the file's name: of the disposition, else of the type. */
static void set_params(struct imaplua_maker *m, int table, enum imaplua_key key,
                       const struct imap_node *node, struct imap_span file) {
  struct mime_param raw[MAX_PARAMS], decoded[MAX_PARAMS];
  size_t made = 0, count = read_params(m, node, raw);
  lua_State *L = m->L;
  imap_buffer_clear(m->text);
  if (mime_params_decode(raw, count, m->text, decoded, &made) != IMAP_OK)
    imaplua_no_memory(L);
  imaplua_push_key(L, key);
  lua_createtable(L, 0, (int)made);
  for (size_t i = 0; i < made; i++) {
    if (!push_known(L, decoded[i].name))
      lua_pushlstring(L, decoded[i].name.data, decoded[i].name.size);
    lua_pushlstring(L, decoded[i].value.size > 0 ? decoded[i].value.data : "",
                    decoded[i].value.size);
    if (imap_span_equal(decoded[i].name, file)) {
      imaplua_push_key(L, KEY_FILENAME);
      lua_pushvalue(L, -2);
      lua_rawset(L, table);
    }
    lua_rawset(L, -3);
  }
  lua_rawset(L, table);
}

static void set_type_params(struct imaplua_maker *m, int table,
                            const struct imap_node *node) {
  set_params(m, table, KEY_PARAMS, node, imap_span_of("name"));
}

/* --- the extension data that both kinds of body share --- */

/* A bare word is one too (Exchange sends it so), but no bare sentence: Synapse
** leaves the disposition out, and what follows stands in its place. */
static void set_disposition(struct imaplua_maker *m, int table,
                            const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  const struct imap_node *name = imap_cursor_take(&at);
  struct imap_span word = imap_node_text(m->response->tape, node);
  if (imap_node_is_text(node) && memchr(word.data, ' ', word.size) == NULL)
    name = node;
  if (!imap_node_is_text(name)) return;
  set_lower(m, table, KEY_DISPOSITION, name);
  set_params(m, table, KEY_DISPOSITION_PARAMS, imap_cursor_take(&at),
             imap_span_of("filename"));
}

static void set_languages(struct imaplua_maker *m, int table,
                          const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  const struct imap_node *each = imap_node_is_text(node) ? node : imap_cursor_take(&at);
  int count = 0;
  if (each == NULL) return;
  lua_createtable(m->L, 1, 0);
  for (; each != NULL; each = imap_cursor_take(&at)) {
    if (!imap_node_is_text(each)) continue;
    imaplua_push_string(m, each);
    lua_rawseti(m->L, -2, ++count);
  }
  imaplua_set(m, table, KEY_LANGUAGE);
}

static void set_tail(struct imaplua_maker *m, int table,
                     struct imap_cursor *at) {
  set_disposition(m, table, imap_cursor_take(at));
  set_languages(m, table, imap_cursor_take(at));
  imaplua_set_string(m, table, KEY_LOCATION, imap_cursor_take(at));
}

/* --- bodies --- */

static bool is_list(const struct imap_node *node) {
  return node != NULL && node->kind == IMAP_NODE_LIST;
}

/* An unquoted number, below zero too: a size or a count of lines. */
static bool is_count(const struct imaplua_maker *m,
                     const struct imap_node *node) {
  struct imap_span text = imap_node_text(m->response->tape, node);
  if (node == NULL || node->kind != IMAP_NODE_ATOM) return false;
  if (text.size > 1 && text.data[0] == '-') text.data++, text.size--;
  return text.size > 0 && imap_char_is(text.data[0], IMAP_CHAR_DIGIT);
}

/* The node `skip` siblings on, or NULL. */
static const struct imap_node *ahead(struct imap_cursor at, int skip) {
  while (skip-- > 0) (void)imap_cursor_take(&at);
  return imap_cursor_take(&at);
}

/* Subtypes of multipart, for one that is sent without its parts. */
static bool is_multipart_word(const struct imaplua_maker *m,
                              const struct imap_node *node) {
  static const char *const words[] = {
    "MIXED", "ALTERNATIVE", "RELATED", "REPORT", "DIGEST", "SIGNED",
    "ENCRYPTED", "PARALLEL", "FORM-DATA", "APPLEDOUBLE"
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (imap_node_is(m->response->tape, node, words[i])) return true;
  return false;
}

/* A multipart begins with its parts. Where it has none, Gmail begins with the
** subtype, ("ALTERNATIVE" …), and others with NIL, (NIL "alternative" …), both
** seen by MailKit; its size then is where a single body has none. */
static bool is_multipart(const struct imaplua_maker *m,
                         const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  if (at.left == 0) return false;
  if (at.next->kind == IMAP_NODE_LIST) return true;
  if (is_count(m, ahead(at, 6)) || is_count(m, ahead(at, 5))) return false;
  return is_multipart_word(m, at.next) ||
         (!imap_node_is_text(at.next) && is_multipart_word(m, ahead(at, 1)));
}

/* The section's name; of the body of a message, `whole`, it is TEXT. */
static void set_part(struct imaplua_maker *m, int table,
                     const struct imap_buffer *part, bool whole) {
  imaplua_push_key(m->L, KEY_PART);
  if (whole) {
    imap_buffer_clear(m->text);
    imap_buffer_add_span(m->text, imap_buffer_span(part));
    imap_buffer_add_text(m->text, part->size > 0 ? ".TEXT" : "TEXT");
    imaplua_push_text(m);
  } else {
    lua_pushlstring(m->L, part->size > 0 ? part->data : "", part->size);
  }
  lua_rawset(m->L, table);
}

/* A word, or what stands in for one that is missing. */
static struct imap_span word_or(const struct imaplua_maker *m,
                                const struct imap_node *node,
                                const char *other) {
  return imap_node_is_text(node) ? imap_node_text(m->response->tape, node)
                                 : imap_span_of(other);
}

/* Adds "2" below the root, ".2" below "1". */
static int add_index(struct imap_buffer *part, unsigned index) {
  char room[1 + IMAP_DECIMAL_ROOM], *end = room + sizeof room;
  char *text = imap_decimal(index, end);
  if (part->size > 0) *--text = '.';
  return imap_buffer_add(part, text, (size_t)(end - text));
}

/* A child, named by its index below its parent's name. */
static void push_child(struct imaplua_maker *m, const struct imap_node *node,
                       struct imap_buffer *part, unsigned index) {
  size_t before = part->size;
  if (add_index(part, index) != IMAP_OK)
    luaL_error(m->L, "a body is nested too deep");
  push_body(m, node, part);
  part->size = before;
}

/* How many parts a multipart begins with. */
static unsigned count_parts(struct imap_cursor at) {
  unsigned count = 0;
  while (is_list(imap_cursor_take(&at))) count++;
  return count;
}

/* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]. `whole` says
** that it is the body of a message, whose section is TEXT. */
static void push_multipart(struct imaplua_maker *m,
                           const struct imap_node *node,
                           struct imap_buffer *part, bool whole) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  unsigned count = count_parts(at);
  const struct imap_node *subtype;
  int table;
  lua_createtable(m->L, 0, MULTIPART_FIELDS);
  table = lua_gettop(m->L);
  set_part(m, table, part, whole);
  imaplua_push_key(m->L, KEY_PARTS);
  lua_createtable(m->L, (int)count, 0);
  for (unsigned i = 1; i <= count; i++) {
    push_child(m, imap_cursor_take(&at), part, i);
    lua_rawseti(m->L, -2, (int)i);
  }
  lua_rawset(m->L, table);
  subtype = imap_cursor_take(&at);
  if (count == 0 && !imap_node_is_text(subtype))
    subtype = imap_cursor_take(&at);
  set_type(m, table, imap_span_of("multipart"), word_or(m, subtype, "mixed"));
  set_type_params(m, table, imap_cursor_take(&at));
  set_tail(m, table, &at);
}

/* media-type SP media-subtype, as a rule as the sender wrote them. With a number in sixth place one of them was
** left out (seen by MailKit): it is a type if it is one that goes without. */
static void read_type(struct imaplua_maker *m, int table,
                      struct imap_cursor *at) {
  const struct imap_tape *tape = m->response->tape;
  const char *types[] = {"application", "octet-stream"};
  bool lacking = is_count(m, ahead(*at, 5));
  const struct imap_node *type = imap_cursor_take(at), *subtype = NULL;
  if (!lacking) subtype = imap_cursor_take(at);
  if (imap_node_is(tape, type, "text")) {
    types[1] = "plain";
  } else if (imap_node_is(tape, type, "message")) {
    types[1] = is_list(ahead(*at, 5)) ? "rfc822" : "octet-stream";
  } else if (lacking && !imap_node_is(tape, type, "application") &&
             !imap_node_is(tape, type, "audio") &&
             !imap_node_is(tape, type, "image") &&
             !imap_node_is(tape, type, "video")) {
    subtype = type;
    type = NULL;
  }
  set_type(m, table, word_or(m, type, types[0]), word_or(m, subtype, types[1]));
}

/* body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc
** SP body-fld-octets */
static void set_fields(struct imaplua_maker *m, int table,
                       struct imap_cursor *at) {
  set_type_params(m, table, imap_cursor_take(at));
  imaplua_set_string(m, table, KEY_ID, imap_cursor_take(at));
  imaplua_set_words(m, table, KEY_DESCRIPTION, imap_cursor_take(at));
  set_lower(m, table, KEY_ENCODING, imap_cursor_take(at));
  set_number(m, table, KEY_SIZE, imap_cursor_take(at));
}

/* envelope SP body: the message inside. "()" and NIL, for a body that there is
** none of, were seen by MailKit. */
static void set_message(struct imaplua_maker *m, int table,
                        struct imap_cursor *at, struct imap_buffer *part) {
  const struct imap_node *body;
  imaplua_push_envelope(m, imap_cursor_take(at));
  imaplua_set(m, table, KEY_ENVELOPE);
  body = imap_cursor_take(at);
  lua_createtable(m->L, 1, 0);
  if (is_list(body) && body->count > 0) {
    if (is_multipart(m, body))
      push_multipart(m, body, part, true);
    else
      push_child(m, body, part, 1);
    lua_rawseti(m->L, -2, 1);
  }
  imaplua_set(m, table, KEY_PARTS);
}

/* body-fld-lines, which a text has; a server may leave it out. */
static void set_lines(struct imaplua_maker *m, int table,
                      struct imap_cursor *at, bool text) {
  enum { TAIL = 4 }; /* md5, disposition, language, location */
  if (is_count(m, ahead(*at, 0)) || (text && at->left > TAIL))
    set_number(m, table, KEY_LINES, imap_cursor_take(at));
}

/* How many fields a single body has, or about as many: part, type and params
** for the first three children; a list behind them is a disposition, which
** makes two, and a file's name. */
static int count_fields(struct imap_cursor at) {
  const struct imap_node *child;
  int fields = 3;
  for (int i = 0; (child = imap_cursor_take(&at)) != NULL; i++) {
    if (i < 3 || child->kind == IMAP_NODE_NIL) continue;
    fields += child->kind == IMAP_NODE_LIST ? 3 : 1;
  }
  return fields;
}

/* body-type-1part, with what message/rfc822 and text add. */
static void push_single(struct imaplua_maker *m, const struct imap_node *node,
                        struct imap_buffer *part) {
  const struct imap_tape *tape = m->response->tape;
  struct imap_cursor at = imap_node_children(tape, node);
  const struct imap_node *type = ahead(at, 0);
  int table;
  lua_createtable(m->L, 0, count_fields(at));
  table = lua_gettop(m->L);
  set_part(m, table, part, false);
  read_type(m, table, &at);
  set_fields(m, table, &at);
  if (imap_node_is(tape, type, "message") && is_list(ahead(at, 0)))
    set_message(m, table, &at, part);
  if (imap_node_is(tape, type, "MULTIPART")) { /* … which has no parts */
    lua_newtable(m->L);
    imaplua_set(m, table, KEY_PARTS);
  }
  set_lines(m, table, &at, imap_node_is(tape, type, "text"));
  imaplua_set_string(m, table, KEY_MD5, imap_cursor_take(&at));
  set_tail(m, table, &at);
}

/* Always makes a node, so that the parts behind it keep their numbers. */
static void push_body(struct imaplua_maker *m, const struct imap_node *node,
                      struct imap_buffer *part) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  luaL_checkstack(m->L, 24, "body structure");
  if (is_multipart(m, node)) {
    push_multipart(m, node, part, false);
    return;
  }
  if (at.left < 2) malformed(m);
  push_single(m, node, part);
}

void imaplua_push_structure(struct imaplua_maker *m,
                            const struct imap_node *node) {
  struct imap_buffer part;
  char room[MAX_PARTS_NAME];
  if (!is_list(node) || node->count == 0) {
    if (node == NULL || node->kind != IMAP_NODE_NIL) malformed(m);
    lua_pushnil(m->L);
    return;
  }
  /* on the stack: Lua may raise while the tree is made */
  imap_buffer_init(&part, sizeof room);
  part.data = room;
  part.capacity = sizeof room;
  if (is_multipart(m, node)) {
    push_multipart(m, node, &part, true);
    return;
  }
  imap_buffer_add_byte(&part, '1');
  push_body(m, node, &part);
}
