/* message.c - a FETCH row as a message table: flags, dates, headers. */
#include <string.h>

#include "binding/binding.h"
#include "mime/words.h"
#include "protocol/chars.h"
#include "protocol/date.h"

/* System flags are spelled as in RFC 9051, whatever the server's letters. */
static void push_flag(struct imaplua_maker *m, struct imap_span flag) {
  static const struct {
    struct imap_span word;
    enum imaplua_key key;
  } system[] = {
    {IMAP_SPAN("\\Seen"), KEY_SEEN}, {IMAP_SPAN("\\Answered"), KEY_ANSWERED},
    {IMAP_SPAN("\\Flagged"), KEY_FLAGGED},
    {IMAP_SPAN("\\Deleted"), KEY_DELETED}, {IMAP_SPAN("\\Draft"), KEY_DRAFT},
    {IMAP_SPAN("\\Recent"), KEY_RECENT}
  };
  if (flag.size > 0 && flag.data[0] == '\\')
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
      if (imap_span_same(flag, system[i].word)) {
        imaplua_push_key(m->L, system[i].key);
        return;
      }
  lua_pushlstring(m->L, flag.data, flag.size);
}

void imaplua_push_flags(struct imaplua_maker *m, const struct imap_node *node) {
  const struct imap_tape *tape = m->response->tape;
  struct imap_cursor flags = imap_node_children(tape, node);
  const struct imap_node *flag;
  if (node == NULL ||
      (node->kind != IMAP_NODE_LIST && node->kind != IMAP_NODE_NIL))
    imaplua_malformed(m, "FLAGS is no list");
  lua_createtable(m->L, 0, (int)flags.left);
  while ((flag = imap_cursor_take(&flags)) != NULL) {
    struct imap_span name = imap_node_text(tape, flag);
    if (name.data == NULL) continue;
    push_flag(m, name);
    lua_pushboolean(m->L, 1);
    lua_rawset(m->L, -3);
  }
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
  if (!imap_node_is_text(node)) return;
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
  if (node->kind != IMAP_NODE_NIL) imaplua_malformed(m, what);
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
    imaplua_push_whole(m->L, seconds);
    return;
  }
  if (node->kind != IMAP_NODE_NIL) imaplua_malformed(m, what);
  lua_pushnil(m->L);
}

static void push_item(struct imaplua_maker *m, enum imap_item item) {
  const struct imap_node *value = m->response->values[item];
  switch (item) {
    case IMAP_ITEM_FLAGS: imaplua_push_flags(m, value); break;
    case IMAP_ITEM_SIZE:
      push_number(m, value, "RFC822.SIZE is no number");
      break;
    case IMAP_ITEM_INTERNAL_DATE:
      push_date(m, value, "INTERNALDATE is no date");
      break;
    case IMAP_ITEM_ENVELOPE: imaplua_push_envelope(m, value); break;
    case IMAP_ITEM_BODY_STRUCTURE: imaplua_push_structure(m, value); break;
    case IMAP_ITEM_MODSEQ: push_modseq(m, inner(m, value)); break;
    case IMAP_ITEM_EMAIL_ID:
    case IMAP_ITEM_THREAD_ID: imaplua_push_string(m, inner(m, value)); break;
    case IMAP_ITEM_PREVIEW: imaplua_push_string(m, value); break;
    case IMAP_ITEM_SAVE_DATE: push_date(m, value, "SAVEDATE is no date"); break;
    case IMAP_ITEM_SECTION: imaplua_push_headers(m, value); break;
    default: lua_pushnil(m->L);
  }
}

void imaplua_fill_message(struct imaplua_maker *m, int table, uint32_t wanted) {
  static const enum imaplua_key keys[IMAP_ITEM_COUNT] = {
    [IMAP_ITEM_FLAGS] = KEY_FLAGS, [IMAP_ITEM_SIZE] = KEY_SIZE,
    [IMAP_ITEM_INTERNAL_DATE] = KEY_INTERNAL_DATE,
    [IMAP_ITEM_ENVELOPE] = KEY_ENVELOPE,
    [IMAP_ITEM_BODY_STRUCTURE] = KEY_BODY_STRUCTURE,
    [IMAP_ITEM_MODSEQ] = KEY_MODSEQ, [IMAP_ITEM_EMAIL_ID] = KEY_EMAIL_ID,
    [IMAP_ITEM_THREAD_ID] = KEY_THREAD_ID, [IMAP_ITEM_PREVIEW] = KEY_PREVIEW,
    [IMAP_ITEM_SAVE_DATE] = KEY_SAVE_DATE, [IMAP_ITEM_SECTION] = KEY_HEADERS
  };
  m->error = m->response->malformed;
  for (int i = 0; i < IMAP_ITEM_COUNT; i++) {
    if (keys[i] == KEY_NONE || !(wanted & m->response->items & 1u << i)) continue;
    imaplua_push_key(m->L, keys[i]);
    push_item(m, (enum imap_item)i);
    lua_rawset(m->L, table);
  }
  if (m->error == NULL) return;
  lua_pushstring(m->L, m->error);
  imaplua_set(m, table, KEY_ERROR);
  lua_pushlstring(m->L, m->response->bytes.data, m->response->bytes.size);
  imaplua_set(m, table, KEY_RAW);
}
