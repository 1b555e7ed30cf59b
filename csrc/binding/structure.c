/* structure.c - BODYSTRUCTURE as a tree of nodes (RFC 9051 7.5.2, "body"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding/binding.h"
#include "mime/params.h"
#include "protocol/chars.h"

enum {
  MAX_PARTS_NAME = 4096, /* octets of "1.2.3…" */
  MAX_PARAMS = 256       /* parameters of one field that are read */
};

static void push_body(struct imaplua_maker *m, const struct imap_node *node,
                      struct imap_buffer *part);

static void malformed(struct imaplua_maker *m) {
  if (m->error == NULL) m->error = "BODYSTRUCTURE is malformed";
}

static bool is_text(const struct imap_node *node) {
  return node != NULL && node->kind != IMAP_NODE_NIL &&
         node->kind != IMAP_NODE_LIST;
}

/* A word in lower case, or nil. */
static void push_lower(struct imaplua_maker *m, const struct imap_node *node) {
  const char *text;
  size_t size;
  char *copy;
  imaplua_push_string(m, node);
  text = lua_tolstring(m->L, -1, &size);
  if (text == NULL || size == 0) return;
  imap_buffer_clear(m->text);
  copy = imap_buffer_room(m->text, size);
  if (copy == NULL) {
    imaplua_no_memory(m->L);
    return;
  }
  for (size_t i = 0; i < size; i++) copy[i] = imap_lower(text[i]);
  lua_pushlstring(m->L, copy, size);
  lua_replace(m->L, -2);
}

static void set_string(struct imaplua_maker *m, int table,
                       const struct imap_node *node, enum imaplua_key key) {
  if (!is_text(node)) return;
  imaplua_push_string(m, node);
  imaplua_set(m, table, key);
}

static void set_number(struct imaplua_maker *m, int table,
                       const struct imap_node *node, enum imaplua_key key) {
  uint64_t number;
  if (!imap_node_number(m->response->tape, node, UINT64_MAX, &number)) return;
  imaplua_push_u64(m->L, number);
  imaplua_set(m, table, key);
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
    if (!is_text(name) || !is_text(value)) continue;
    out[count].name = imap_node_string(m->response->tape, name, m->scratch);
    out[count].value = imap_node_string(m->response->tape, value, m->scratch);
    count++;
  }
  return count;
}

/* A table of them, decoded to UTF-8 (RFC 2231). */
static void push_params(struct imaplua_maker *m, const struct imap_node *node) {
  struct mime_param raw[MAX_PARAMS], decoded[MAX_PARAMS];
  size_t made = 0, count = read_params(m, node, raw);
  imap_buffer_clear(m->text);
  if (count > 0 &&
      mime_params_decode(raw, count, m->text, decoded, &made) != IMAP_OK)
    imaplua_no_memory(m->L);
  lua_createtable(m->L, 0, (int)made);
  for (size_t i = 0; i < made; i++) {
    lua_pushlstring(m->L, decoded[i].name.data, decoded[i].name.size);
    lua_pushlstring(m->L, decoded[i].value.size > 0 ? decoded[i].value.data : "",
                    decoded[i].value.size);
    lua_rawset(m->L, -3);
  }
}

/* The file's name: of the disposition, else of the type. */
static void set_filename(struct imaplua_maker *m, int table,
                         enum imaplua_key params, const char *name) {
  lua_State *L = m->L;
  lua_rawgeti(L, m->keys, params);
  lua_rawget(L, table);
  if (lua_istable(L, -1)) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1)) {
      imaplua_set(m, table, KEY_FILENAME);
      return;
    }
  }
  lua_pop(L, 1);
}

/* --- the extension data that both kinds of body share --- */

/* A bare word is one too (Exchange sends it so), but no bare sentence: Synapse
** leaves the disposition out, and what follows stands in its place. */
static void set_disposition(struct imaplua_maker *m, int table,
                            const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  const struct imap_node *name = imap_cursor_take(&at);
  struct imap_span word = imap_node_text(m->response->tape, node);
  if (is_text(node) && memchr(word.data, ' ', word.size) == NULL) name = node;
  if (!is_text(name)) return;
  push_lower(m, name);
  imaplua_set(m, table, KEY_DISPOSITION);
  push_params(m, imap_cursor_take(&at));
  imaplua_set(m, table, KEY_DISPOSITION_PARAMS);
}

static void set_languages(struct imaplua_maker *m, int table,
                          const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  const struct imap_node *each = is_text(node) ? node : imap_cursor_take(&at);
  int count = 0;
  if (each == NULL) return;
  lua_createtable(m->L, 1, 0);
  for (; each != NULL; each = imap_cursor_take(&at)) {
    if (!is_text(each)) continue;
    imaplua_push_string(m, each);
    lua_rawseti(m->L, -2, ++count);
  }
  imaplua_set(m, table, KEY_LANGUAGE);
}

static void set_tail(struct imaplua_maker *m, int table,
                     struct imap_cursor *at) {
  set_disposition(m, table, imap_cursor_take(at));
  set_languages(m, table, imap_cursor_take(at));
  set_string(m, table, imap_cursor_take(at), KEY_LOCATION);
  set_filename(m, table, KEY_PARAMS, "name");
  set_filename(m, table, KEY_DISPOSITION_PARAMS, "filename");
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
  if (is_count(m, ahead(at, 5)) || is_count(m, ahead(at, 6))) return false;
  return is_multipart_word(m, at.next) ||
         (!is_text(at.next) && is_multipart_word(m, ahead(at, 1)));
}

static void set_part(struct imaplua_maker *m, int table,
                     const struct imap_buffer *part, bool whole) {
  if (part->size > 0)
    lua_pushlstring(m->L, part->data, part->size);
  else
    lua_pushliteral(m->L, "");
  if (whole) {
    lua_pushstring(m->L, part->size > 0 ? ".TEXT" : "TEXT");
    lua_concat(m->L, 2);
  }
  imaplua_set(m, table, KEY_PART);
}

static void set_type(struct imaplua_maker *m, int table,
                     const struct imap_node *type,
                     const struct imap_node *subtype, const char *types[2]) {
  if (is_text(type))
    push_lower(m, type);
  else
    lua_pushstring(m->L, types[0]);
  lua_pushliteral(m->L, "/");
  if (is_text(subtype))
    push_lower(m, subtype);
  else
    lua_pushstring(m->L, types[1]);
  lua_concat(m->L, 3);
  imaplua_set(m, table, KEY_TYPE);
}

/* A child's name: "2" below the root, "1.2" below "1". */
static void push_child(struct imaplua_maker *m, const struct imap_node *node,
                       struct imap_buffer *part, int index) {
  size_t before = part->size;
  char number[16];
  (void)snprintf(number, sizeof number, "%s%d", before > 0 ? "." : "", index);
  if (imap_buffer_add_text(part, number) != IMAP_OK)
    luaL_error(m->L, "a body is nested too deep");
  push_body(m, node, part);
  part->size = before;
}

/* body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]. `whole` says
** that it is the body of a message, whose section is TEXT. */
static void push_multipart(struct imaplua_maker *m,
                           const struct imap_node *node,
                           struct imap_buffer *part, bool whole) {
  const char *types[] = {"multipart", "mixed"};
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  const struct imap_node *child = imap_cursor_take(&at);
  int table, count = 0;
  lua_createtable(m->L, 0, 8);
  table = lua_gettop(m->L);
  set_part(m, table, part, whole);
  lua_newtable(m->L);
  for (; is_list(child); child = imap_cursor_take(&at)) {
    push_child(m, child, part, count + 1);
    lua_rawseti(m->L, -2, ++count);
  }
  imaplua_set(m, table, KEY_PARTS);
  if (count == 0 && !is_text(child)) child = imap_cursor_take(&at);
  set_type(m, table, NULL, child, types);
  push_params(m, imap_cursor_take(&at));
  imaplua_set(m, table, KEY_PARAMS);
  set_tail(m, table, &at);
}

/* media-type SP media-subtype. With a number in sixth place one of them was
** left out (seen by MailKit): it is a type if it is one that goes without. */
static void read_type(struct imaplua_maker *m, int table,
                      struct imap_cursor *at) {
  const struct imap_tape *tape = m->response->tape;
  const char *types[] = {"application", "octet-stream"};
  bool lacking = is_count(m, ahead(*at, 5));
  const struct imap_node *type = imap_cursor_take(at), *subtype = NULL;
  if (!lacking) subtype = imap_cursor_take(at);
  if (imap_node_is(tape, type, "TEXT")) {
    types[1] = "plain";
  } else if (imap_node_is(tape, type, "MESSAGE")) {
    types[1] = is_list(ahead(*at, 5)) ? "rfc822" : "octet-stream";
  } else if (lacking && !imap_node_is(tape, type, "APPLICATION") &&
             !imap_node_is(tape, type, "AUDIO") &&
             !imap_node_is(tape, type, "IMAGE") &&
             !imap_node_is(tape, type, "VIDEO")) {
    subtype = type;
    type = NULL;
  }
  set_type(m, table, type, subtype, types);
}

/* body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc
** SP body-fld-octets */
static void set_fields(struct imaplua_maker *m, int table,
                       struct imap_cursor *at) {
  push_params(m, imap_cursor_take(at));
  imaplua_set(m, table, KEY_PARAMS);
  set_string(m, table, imap_cursor_take(at), KEY_ID);
  imaplua_push_words(m, imap_cursor_take(at));
  imaplua_set(m, table, KEY_DESCRIPTION);
  push_lower(m, imap_cursor_take(at));
  imaplua_set(m, table, KEY_ENCODING);
  set_number(m, table, imap_cursor_take(at), KEY_SIZE);
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
    set_number(m, table, imap_cursor_take(at), KEY_LINES);
}

/* body-type-1part, with what message/rfc822 and text add. */
static void push_single(struct imaplua_maker *m, const struct imap_node *node,
                        struct imap_buffer *part) {
  const struct imap_tape *tape = m->response->tape;
  struct imap_cursor at = imap_node_children(tape, node);
  const struct imap_node *type = ahead(at, 0);
  int table;
  lua_createtable(m->L, 0, 10);
  table = lua_gettop(m->L);
  set_part(m, table, part, false);
  read_type(m, table, &at);
  set_fields(m, table, &at);
  if (imap_node_is(tape, type, "MESSAGE") && is_list(ahead(at, 0)))
    set_message(m, table, &at, part);
  if (imap_node_is(tape, type, "MULTIPART")) { /* … which has no parts */
    lua_newtable(m->L);
    imaplua_set(m, table, KEY_PARTS);
  }
  set_lines(m, table, &at, imap_node_is(tape, type, "TEXT"));
  set_string(m, table, imap_cursor_take(&at), KEY_MD5);
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
