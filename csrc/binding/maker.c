/* maker.c - numbers and strings of result tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "binding/binding.h"
#include "mime/words.h"

/* As Lua itself says it: without a place in front. */
_Noreturn void imaplua_no_memory(lua_State *L) {
  lua_pushliteral(L, "not enough memory");
  lua_error(L);
  abort(); /* lua_error does not return */
}

void imaplua_set(const struct imaplua_maker *m, int table,
                 enum imaplua_key key) {
  imaplua_push_key(m->L, key);
  lua_insert(m->L, -2);
  lua_rawset(m->L, table);
}

void imaplua_push_u64(lua_State *L, uint64_t number) {
  if (number <= IMAPLUA_EXACT) {
    imaplua_push_whole(L, number);
  } else {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    lua_pushstring(L, text);
  }
}

struct imap_span imaplua_string(struct imaplua_maker *m,
                                const struct imap_node *node) {
  struct imap_span text;
  if (!imap_node_is_text(node)) return (struct imap_span){NULL, 0};
  if (node->kind != IMAP_NODE_ESCAPED)
    return imap_node_bytes(m->response->tape, node);
  imap_buffer_clear(m->scratch);
  text = imap_node_string(m->response->tape, node, m->scratch);
  if (m->scratch->status != IMAP_OK) imaplua_no_memory(m->L);
  return text;
}

struct imap_span imaplua_decoded(struct imaplua_maker *m,
                                 const struct imap_node *node) {
  struct imap_span text = imaplua_string(m, node);
  if (text.data == NULL || mime_words_plain(text)) return text;
  imap_buffer_clear(m->text);
  if (mime_words_decode(text, m->text) != IMAP_OK) imaplua_no_memory(m->L);
  return m->text->size > 0 ? imap_buffer_span(m->text) : imap_span_of("");
}

void imaplua_push_span(lua_State *L, struct imap_span text) {
  if (text.data == NULL)
    lua_pushnil(L);
  else
    lua_pushlstring(L, text.data, text.size);
}

void imaplua_push_string(struct imaplua_maker *m,
                         const struct imap_node *node) {
  imaplua_push_span(m->L, imaplua_string(m, node));
}

void imaplua_push_words(struct imaplua_maker *m, const struct imap_node *node) {
  imaplua_push_span(m->L, imaplua_words(m, node));
}

static void set_span(lua_State *L, int table, enum imaplua_key key,
                     struct imap_span text) {
  if (text.data == NULL) return;
  imaplua_push_key(L, key);
  lua_pushlstring(L, text.data, text.size);
  lua_rawset(L, table);
}

void imaplua_set_string(struct imaplua_maker *m, int table,
                        enum imaplua_key key, const struct imap_node *node) {
  set_span(m->L, table, key, imaplua_string(m, node));
}

void imaplua_set_words(struct imaplua_maker *m, int table,
                       enum imaplua_key key, const struct imap_node *node) {
  set_span(m->L, table, key, imaplua_words(m, node));
}

void imaplua_push_text(struct imaplua_maker *m) {
  if (m->text->status != IMAP_OK) imaplua_no_memory(m->L);
  lua_pushlstring(m->L, m->text->size > 0 ? m->text->data : "", m->text->size);
}
