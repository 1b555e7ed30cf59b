/* maker.c - keys, numbers and strings of result tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "binding/binding.h"
#include "mime/words.h"

static const char *const key_names[KEY_COUNT] = {
  "", "seq", "uid", "flags", "size", "internal_date", "envelope",
  "body_structure", "modseq", "email_id", "thread_id", "preview", "save_date",
  "headers", "content", "error", "raw", "date", "date_text", "subject", "from",
  "sender", "reply_to", "to", "cc", "bcc", "in_reply_to", "message_id", "name",
  "mailbox", "host", "address", "group", "part", "type", "params", "encoding",
  "lines", "id", "description", "md5", "disposition", "disposition_params",
  "filename", "language", "location", "parts"
};

void imaplua_push_keys(lua_State *L) {
  static const char *const place = "imapconn.core.keys";
  lua_getfield(L, LUA_REGISTRYINDEX, place);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  lua_createtable(L, KEY_COUNT, 0);
  for (int i = 1; i < KEY_COUNT; i++) {
    lua_pushstring(L, key_names[i]);
    lua_rawseti(L, -2, i);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, place);
}

/* As Lua itself says it: without a place in front. */
_Noreturn void imaplua_no_memory(lua_State *L) {
  lua_pushliteral(L, "not enough memory");
  lua_error(L);
  abort(); /* lua_error does not return */
}

void imaplua_set(const struct imaplua_maker *m, int table,
                 enum imaplua_key key) {
  lua_rawgeti(m->L, m->keys, key);
  lua_insert(m->L, -2);
  lua_rawset(m->L, table);
}

#if LUA_VERSION_NUM >= 503
void imaplua_push_i64(lua_State *L, int64_t number) {
  lua_pushinteger(L, (lua_Integer)number);
}

void imaplua_push_u64(lua_State *L, uint64_t number) {
  if (number <= INT64_MAX) {
    lua_pushinteger(L, (lua_Integer)number);
  } else {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    lua_pushstring(L, text);
  }
}
#else
static const int64_t exact = INT64_C(1) << 53; /* what a double holds */

void imaplua_push_i64(lua_State *L, int64_t number) {
  if (number >= -exact && number <= exact) {
    lua_pushnumber(L, (lua_Number)number);
  } else {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    lua_pushstring(L, text);
  }
}

void imaplua_push_u64(lua_State *L, uint64_t number) {
  if (number <= (uint64_t)exact) {
    lua_pushnumber(L, (lua_Number)number);
  } else {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    lua_pushstring(L, text);
  }
}
#endif

/* The text of a string node, NIL and lists being none. */
static struct imap_span string_of(struct imaplua_maker *m,
                                  const struct imap_node *node) {
  struct imap_span text;
  if (node == NULL) return (struct imap_span){NULL, 0};
  imap_buffer_clear(m->scratch);
  text = imap_node_string(m->response->tape, node, m->scratch);
  if (m->scratch->status != IMAP_OK) imaplua_no_memory(m->L);
  return text;
}

void imaplua_push_string(struct imaplua_maker *m,
                         const struct imap_node *node) {
  struct imap_span text = string_of(m, node);
  if (text.data == NULL)
    lua_pushnil(m->L);
  else
    lua_pushlstring(m->L, text.data, text.size);
}

void imaplua_push_words(struct imaplua_maker *m, const struct imap_node *node) {
  struct imap_span text = string_of(m, node);
  if (text.data != NULL && !mime_words_plain(text)) {
    imap_buffer_clear(m->text);
    if (mime_words_decode(text, m->text) != IMAP_OK)
      imaplua_no_memory(m->L);
    text = imap_buffer_span(m->text);
    if (text.data == NULL) text = imap_span_of("");
  }
  if (text.data == NULL)
    lua_pushnil(m->L);
  else
    lua_pushlstring(m->L, text.data, text.size);
}
