/* message.c - a FETCH row as a message table: flags, dates, the envelope. */
#include <string.h>

#include "binding/binding.h"
#include "mime/words.h"
#include "protocol/chars.h"
#include "protocol/date.h"

static void malformed(struct imaplua_maker *m, const char *what) {
  if (m->error == NULL) m->error = what;
}

/* System flags are spelled as in RFC 9051, whatever the server's letters. */
static struct imap_span flag_name(struct imap_span flag) {
  static const char *const system[] = {"\\Seen", "\\Answered", "\\Flagged",
                                       "\\Deleted", "\\Draft", "\\Recent"};
  static const char *const upper[] = {"\\SEEN", "\\ANSWERED", "\\FLAGGED",
                                      "\\DELETED", "\\DRAFT", "\\RECENT"};
  if (flag.size == 0 || flag.data[0] != '\\') return flag;
  for (size_t i = 0; i < sizeof system / sizeof *system; i++)
    if (imap_span_is(flag, upper[i])) return imap_span_of(system[i]);
  return flag;
}

void imaplua_push_flags(struct imaplua_maker *m, const struct imap_node *node) {
  const struct imap_tape *tape = m->response->tape;
  struct imap_cursor flags = imap_node_children(tape, node);
  const struct imap_node *flag;
  if (node == NULL ||
      (node->kind != IMAP_NODE_LIST && node->kind != IMAP_NODE_NIL))
    malformed(m, "FLAGS is no list");
  lua_createtable(m->L, 0, (int)flags.left);
  while ((flag = imap_cursor_take(&flags)) != NULL) {
    struct imap_span name = imap_node_text(tape, flag);
    if (name.data == NULL) continue;
    name = flag_name(name);
    lua_pushlstring(m->L, name.data, name.size);
    lua_pushboolean(m->L, 1);
    lua_rawset(m->L, -3);
  }
}

/* --- addresses (RFC 9051, "address"; groups as in RFC 5322 3.4) --- */

static bool is_text(const struct imap_node *node) {
  return node != NULL && node->kind != IMAP_NODE_NIL &&
         node->kind != IMAP_NODE_LIST;
}

/* mailbox "@" host, or what there is of it */
static void push_address(struct imaplua_maker *m, const struct imap_node *local,
                         const struct imap_node *host) {
  lua_State *L = m->L;
  if (is_text(local))
    imaplua_push_words(m, local);
  else
    lua_pushliteral(L, "");
  if (!is_text(host)) return;
  lua_pushliteral(L, "@");
  imaplua_push_words(m, host);
  lua_concat(L, 3);
}

static void push_mail_address(struct imaplua_maker *m,
                              const struct imap_node *const field[4]) {
  lua_State *L = m->L;
  int table;
  lua_createtable(L, 0, 5);
  table = lua_gettop(L);
  if (is_text(field[0])) {
    imaplua_push_words(m, field[0]);
    imaplua_set(m, table, KEY_NAME);
  }
  if (is_text(field[2])) {
    imaplua_push_words(m, field[2]);
    imaplua_set(m, table, KEY_MAILBOX);
  }
  if (is_text(field[3])) {
    imaplua_push_words(m, field[3]);
    imaplua_set(m, table, KEY_HOST);
  }
  push_address(m, field[2], field[3]);
  imaplua_set(m, table, KEY_ADDRESS);
}

/* State of a list of addresses while it is walked. */
struct group {
  const struct imap_node *name; /* the group that is open, or NULL */
  bool has_members;
};

static void append_group(struct imaplua_maker *m, int list,
                         const struct group *g) {
  lua_createtable(m->L, 0, 1);
  imaplua_push_words(m, g->name);
  imaplua_set(m, lua_gettop(m->L) - 1, KEY_GROUP);
  lua_rawseti(m->L, list, (int)lua_rawlen(m->L, list) + 1);
}

/* addr-name SP addr-adl SP addr-mailbox SP addr-host. A name that is a literal
** with its octets miscounted (seen by MailKit) falls into several fields: then
** the first and the last two serve, and the row still says so. */
static bool read_address(struct imaplua_maker *m, const struct imap_node *node,
                         const struct imap_node *field[4]) {
  struct imap_cursor fields = imap_node_children(m->response->tape, node);
  bool whole = fields.left == 4;
  if (!whole) malformed(m, "an address in ENVELOPE is malformed");
  if (fields.left < 4) return false;
  field[0] = imap_cursor_take(&fields);
  while (fields.left > 2) field[1] = imap_cursor_take(&fields);
  field[2] = imap_cursor_take(&fields);
  field[3] = imap_cursor_take(&fields);
  return whole || (is_text(field[2]) && is_text(field[3]));
}

/* One address, or the beginning or end of a group. */
static void append_address(struct imaplua_maker *m, int list,
                           const struct imap_node *node, struct group *g) {
  const struct imap_node *field[4];
  if (!read_address(m, node, field)) return;
  if (is_text(field[3]) || (is_text(field[2]) && is_text(field[0]))) {
    push_mail_address(m, field);
    if (g->name != NULL) {
      g->has_members = true;
      imaplua_push_words(m, g->name);
      imaplua_set(m, lua_gettop(m->L) - 1, KEY_GROUP);
    }
    lua_rawseti(m->L, list, (int)lua_rawlen(m->L, list) + 1);
    return;
  }
  if (g->name != NULL && !g->has_members) append_group(m, list, g);
  g->name = is_text(field[2]) ? field[2] : NULL;
  g->has_members = false;
}

static void push_addresses(struct imaplua_maker *m,
                           const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  struct group g = {NULL, false};
  const struct imap_node *address;
  int list;
  lua_createtable(m->L, (int)at.left, 0);
  list = lua_gettop(m->L);
  if (is_text(node)) malformed(m, "a list of addresses in ENVELOPE is none");
  while ((address = imap_cursor_take(&at)) != NULL)
    append_address(m, list, address, &g);
  if (g.name != NULL && !g.has_members) append_group(m, list, &g);
}

/* --- the envelope --- */

static void set_date(struct imaplua_maker *m, int table,
                     const struct imap_node *node) {
  const char *text;
  size_t size;
  int64_t seconds;
  imaplua_push_string(m, node);
  text = lua_tolstring(m->L, -1, &size);
  if (text != NULL && imap_date_parse_message((struct imap_span){text, size},
                                              &seconds) == IMAP_OK) {
    imaplua_push_i64(m->L, seconds);
    imaplua_set(m, table, KEY_DATE);
  }
  imaplua_set(m, table, KEY_DATE_TEXT);
}

/* A message-id keeps its angle brackets; the blanks around it go. */
static void push_message_id(struct imaplua_maker *m,
                            const struct imap_node *node) {
  const char *text;
  size_t size;
  imaplua_push_words(m, node);
  text = lua_tolstring(m->L, -1, &size);
  if (text == NULL || size == 0) return;
  if (text[0] != ' ' && text[size - 1] != ' ' && text[0] != '\t') return;
  while (size > 0 && (*text == ' ' || *text == '\t')) text++, size--;
  while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) size--;
  lua_pushlstring(m->L, text, size);
  lua_replace(m->L, -2);
}

/* envelope = "(" ten fields ")". The last two may be missing, as MailKit saw;
** with fewer still, what there is is read, and the row says so. */
void imaplua_push_envelope(struct imaplua_maker *m,
                           const struct imap_node *node) {
  static const enum imaplua_key lists[] = {KEY_FROM, KEY_SENDER, KEY_REPLY_TO,
                                           KEY_TO, KEY_CC, KEY_BCC};
  struct imap_cursor fields = imap_node_children(m->response->tape, node);
  int table;
  luaL_checkstack(m->L, 16, "envelope");
  if (fields.left < 8 && (node == NULL || node->kind != IMAP_NODE_NIL))
    malformed(m, "ENVELOPE is malformed");
  if (fields.left == 0) {
    lua_pushnil(m->L);
    return;
  }
  lua_createtable(m->L, 0, 11);
  table = lua_gettop(m->L);
  set_date(m, table, imap_cursor_take(&fields));
  imaplua_push_words(m, imap_cursor_take(&fields));
  imaplua_set(m, table, KEY_SUBJECT);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    push_addresses(m, imap_cursor_take(&fields));
    imaplua_set(m, table, lists[i]);
  }
  push_message_id(m, imap_cursor_take(&fields));
  imaplua_set(m, table, KEY_IN_REPLY_TO);
  push_message_id(m, imap_cursor_take(&fields));
  imaplua_set(m, table, KEY_MESSAGE_ID);
}

/* --- header fields --- */

/* One field's value, unfolded and decoded, into t[lower-case name]. */
static void add_header(struct imaplua_maker *m, int table,
                       struct imap_span name, struct imap_span value) {
  lua_State *L = m->L;
  imap_buffer_clear(m->text);
  for (size_t i = 0; i < name.size; i++)
    imap_buffer_add_byte(m->text, imap_lower(name.data[i]));
  lua_pushlstring(L, m->text->data, m->text->size);
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, table);
  }
  imap_buffer_clear(m->text);
  if (mime_words_decode(value, m->text) != IMAP_OK)
    imaplua_no_memory(L);
  lua_pushlstring(L, m->text->size > 0 ? m->text->data : "", m->text->size);
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_pop(L, 2);
}

/* The end of the field that begins at `at`: its line and those that go on. */
static size_t field_end(struct imap_span text, size_t at) {
  while (at < text.size) {
    const char *lf = memchr(text.data + at, '\n', text.size - at);
    if (lf == NULL) return text.size;
    at = (size_t)(lf - text.data) + 1;
    if (at >= text.size || (text.data[at] != ' ' && text.data[at] != '\t'))
      return at;
  }
  return at;
}

static struct imap_span trim(struct imap_span s) {
  while (s.size > 0 && strchr(" \t\r\n", s.data[s.size - 1]) != NULL) s.size--;
  while (s.size > 0 && strchr(" \t\r\n", s.data[0]) != NULL) s.data++, s.size--;
  return s;
}

void imaplua_push_headers(struct imaplua_maker *m,
                          const struct imap_node *node) {
  struct imap_span text;
  size_t at = 0;
  int table;
  lua_newtable(m->L);
  table = lua_gettop(m->L);
  if (!is_text(node)) return;
  imap_buffer_clear(m->scratch);
  text = imap_node_string(m->response->tape, node, m->scratch);
  if (m->scratch->status != IMAP_OK) imaplua_no_memory(m->L);
  while (at < text.size) {
    size_t end = field_end(text, at);
    const char *colon = memchr(text.data + at, ':', end - at);
    if (colon != NULL && colon > text.data + at) {
      struct imap_span name = {text.data + at, (size_t)(colon - text.data) - at};
      struct imap_span value = {colon + 1,
                                (size_t)(text.data + end - colon) - 1};
      add_header(m, table, trim(name), trim(value));
    }
    at = end;
  }
}

/* --- the row --- */

static void push_number(struct imaplua_maker *m, const struct imap_node *node,
                        const char *what) {
  uint64_t number;
  if (imap_node_number(m->response->tape, node, UINT64_MAX, &number)) {
    imaplua_push_u64(m->L, number);
    return;
  }
  if (node->kind != IMAP_NODE_NIL) malformed(m, what);
  lua_pushnil(m->L);
}

/* One below zero, as Zoho sends, is none. */
static void push_modseq(struct imaplua_maker *m, const struct imap_node *node) {
  struct imap_span text = imap_node_text(m->response->tape, node);
  if (text.size > 1 && text.data[0] == '-' &&
      imap_char_is(text.data[1], IMAP_CHAR_DIGIT))
    lua_pushnil(m->L);
  else
    push_number(m, node, "MODSEQ is no number");
}

/* MODSEQ (n), EMAILID (x), THREADID (x) or NIL */
static const struct imap_node *inner(const struct imaplua_maker *m,
                                     const struct imap_node *node) {
  struct imap_cursor c = imap_node_children(m->response->tape, node);
  const struct imap_node *first = imap_cursor_take(&c);
  return first != NULL ? first : node;
}

static void push_date(struct imaplua_maker *m, const struct imap_node *node,
                      const char *what) {
  int64_t seconds;
  struct imap_span text = imap_node_text(m->response->tape, node);
  if (node->kind != IMAP_NODE_NIL && text.data != NULL &&
      imap_date_parse_internal(text, &seconds) == IMAP_OK) {
    imaplua_push_i64(m->L, seconds);
    return;
  }
  if (node->kind != IMAP_NODE_NIL) malformed(m, what);
  lua_pushnil(m->L);
}

static enum imaplua_key push_item(struct imaplua_maker *m,
                                  const struct imap_fetch_item *item) {
  const struct imap_node *value = item->value;
  switch (item->item) {
    case IMAP_ITEM_FLAGS:
      imaplua_push_flags(m, value);
      return KEY_FLAGS;
    case IMAP_ITEM_SIZE:
      push_number(m, value, "RFC822.SIZE is no number");
      return KEY_SIZE;
    case IMAP_ITEM_INTERNAL_DATE:
      push_date(m, value, "INTERNALDATE is no date");
      return KEY_INTERNAL_DATE;
    case IMAP_ITEM_ENVELOPE:
      imaplua_push_envelope(m, value);
      return KEY_ENVELOPE;
    case IMAP_ITEM_BODY_STRUCTURE:
      imaplua_push_structure(m, value);
      return KEY_BODY_STRUCTURE;
    case IMAP_ITEM_MODSEQ:
      push_modseq(m, inner(m, value));
      return KEY_MODSEQ;
    case IMAP_ITEM_EMAIL_ID:
      imaplua_push_string(m, inner(m, value));
      return KEY_EMAIL_ID;
    case IMAP_ITEM_THREAD_ID:
      imaplua_push_string(m, inner(m, value));
      return KEY_THREAD_ID;
    case IMAP_ITEM_PREVIEW:
      imaplua_push_string(m, value);
      return KEY_PREVIEW;
    case IMAP_ITEM_SAVE_DATE:
      push_date(m, value, "SAVEDATE is no date");
      return KEY_SAVE_DATE;
    case IMAP_ITEM_SECTION:
      imaplua_push_headers(m, value);
      return KEY_HEADERS;
    default:
      return KEY_NONE;
  }
}

void imaplua_fill_message(struct imaplua_maker *m, int table, uint32_t wanted) {
  struct imap_cursor at = imap_fetch_items(m->response);
  struct imap_fetch_item item;
  m->error = m->response->malformed;
  while (imap_fetch_next(&at, &item)) {
    enum imaplua_key key;
    if (item.item == IMAP_ITEM_OTHER || item.item == IMAP_ITEM_UID) continue;
    if (!(wanted & 1u << item.item)) continue;
    key = push_item(m, &item);
    if (key != KEY_NONE) imaplua_set(m, table, key);
  }
  if (item.malformed) malformed(m, "an item of FETCH lacks its name or value");
  if (m->error == NULL) return;
  lua_pushstring(m->L, m->error);
  imaplua_set(m, table, KEY_ERROR);
  lua_pushlstring(m->L, m->response->bytes.data, m->response->bytes.size);
  imaplua_set(m, table, KEY_RAW);
}
