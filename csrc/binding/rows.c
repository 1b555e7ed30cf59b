/* rows.c - rows that arrive, collected in one Lua table for each action. */
#include <string.h>

#include "binding/binding.h"
#include "protocol/utf7.h"

/* --- FETCH --- */

/* Fields of a row, `seq` and `uid` among them. */
static int count_fields(const struct imap_action *a) {
  int fields = 2;
  for (uint32_t items = a->items; items != 0; items &= items - 1) fields++;
  return fields;
}

static void set_number(struct imaplua_maker *m, int table, enum imaplua_key key,
                       uint32_t number) {
  imaplua_push_key(m->L, key);
  lua_pushinteger(m->L, (lua_Integer)number);
  lua_rawset(m->L, table);
}

static void add_message(struct imaplua_maker *m, const struct imap_event *event,
                        int rows) {
  const struct imap_action *a = event->action;
  lua_State *L = m->L;
  int table;
  if (event->again)
    lua_rawgeti(L, rows, (int)event->found->order + 1);
  else
    lua_createtable(L, 0, count_fields(a));
  table = lua_gettop(L);
  if (a->shows_seq) set_number(m, table, KEY_SEQ, event->found->seq);
  if (a->shows_uid) set_number(m, table, KEY_UID, event->found->uid);
  imaplua_fill_message(m, table, a->items);
  if (event->again)
    lua_pop(L, 1);
  else
    lua_rawseti(L, rows, (int)event->found->order + 1);
}

static void add_content(struct imaplua_maker *m, const struct imap_action *a,
                        const struct imap_fetch_item *item, int rows) {
  if (!imap_span_equal(imap_fetch_section(item->name),
                       imap_buffer_span(&a->section)))
    return;
  if (item->value->kind == IMAP_NODE_FLOWED) return;
  imaplua_set_string(m, rows, KEY_CONTENT, item->value);
}

static void add_download(struct imaplua_maker *m,
                         const struct imap_event *event, int rows) {
  struct imap_cursor at = imap_fetch_items(m->response);
  struct imap_fetch_item item;
  set_number(m, rows, KEY_SEQ, event->found->seq);
  set_number(m, rows, KEY_UID, event->found->uid);
  imaplua_fill_message(m, rows, 1u << IMAP_ITEM_SIZE |
                                    1u << IMAP_ITEM_BODY_STRUCTURE);
  while (imap_fetch_next(&at, &item))
    if (item.item == IMAP_ITEM_SECTION)
      add_content(m, event->action, &item, rows);
}

/* --- STATUS --- */

static const struct {
  const char *word, *key;
} status_items[] = {
  {"MESSAGES", "messages"}, {"RECENT", "recent"}, {"UNSEEN", "unseen"},
  {"UIDNEXT", "uid_next"}, {"UIDVALIDITY", "uid_validity"},
  {"HIGHESTMODSEQ", "highest_modseq"}, {"SIZE", "size"}
};

static void set_status_item(struct imaplua_maker *m, int table,
                            const struct imap_node *name,
                            const struct imap_node *value) {
  const struct imap_tape *tape = m->response->tape;
  uint64_t number;
  if (imap_node_is(tape, name, "MAILBOXID")) {
    struct imap_cursor inner = imap_node_children(tape, value);
    imaplua_push_string(m, imap_cursor_take(&inner));
    lua_setfield(m->L, table, "mailbox_id");
    return;
  }
  if (!imap_node_number(tape, value, UINT64_MAX, &number)) return;
  for (size_t i = 0; i < sizeof status_items / sizeof *status_items; i++)
    if (imap_node_is(tape, name, status_items[i].word)) {
      imaplua_push_u64(m->L, number);
      lua_setfield(m->L, table, status_items[i].key);
    }
}

/* STATUS mailbox (item value …) */
void imaplua_fill_status(struct imaplua_maker *m, int table) {
  struct imap_cursor data = m->response->data, items;
  (void)imap_cursor_take(&data);
  items = imap_node_children(m->response->tape, imap_cursor_take(&data));
  while (items.left >= 2) {
    const struct imap_node *name = imap_cursor_take(&items);
    set_status_item(m, table, name, imap_cursor_take(&items));
  }
}

/* --- LIST --- */

/* rows[0] holds what arrives beside the rows, each by raw name. */
static void push_index(struct imaplua_maker *m, int rows,
                       enum imaplua_index index) {
  lua_State *L = m->L;
  lua_rawgeti(L, rows, 0);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_createtable(L, IMAPLUA_INDEXES, 0);
    for (int i = 1; i <= IMAPLUA_INDEXES; i++) {
      lua_newtable(L);
      lua_rawseti(L, -2, i);
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, rows, 0);
  }
  lua_rawgeti(L, -1, index);
  lua_remove(L, -2);
}

/* The name as a key: INBOX is the same in any case. */
static void push_name_key(struct imaplua_maker *m,
                          const struct imap_node *name) {
  const char *text;
  size_t size;
  imaplua_push_string(m, name);
  if (lua_isnil(m->L, -1)) { /* a mailbox may be called NIL */
    struct imap_span raw = imap_node_text(m->response->tape, name);
    lua_pop(m->L, 1);
    lua_pushlstring(m->L, raw.data != NULL ? raw.data : "", raw.size);
  }
  text = lua_tolstring(m->L, -1, &size);
  if (imap_span_is((struct imap_span){text, size}, "INBOX")) {
    lua_pop(m->L, 1);
    lua_pushliteral(m->L, "INBOX");
  }
}

/* path, name, parent: from the raw name, decoded where it can be. */
static void set_paths(struct imaplua_maker *m, int row, bool utf8) {
  lua_State *L = m->L;
  size_t size, at;
  const char *raw, *delimiter;
  lua_getfield(L, row, "raw_path");
  raw = lua_tolstring(L, -1, &size);
  imap_buffer_clear(m->text);
  if (!utf8 && imap_utf7_decode((struct imap_span){raw, size}, m->text) == IMAP_OK)
    lua_pushlstring(L, m->text->size > 0 ? m->text->data : "", m->text->size);
  else
    lua_pushvalue(L, -1);
  lua_remove(L, -2);
  raw = lua_tolstring(L, -1, &size);
  lua_getfield(L, row, "delimiter");
  delimiter = lua_tostring(L, -1);
  at = size;
  while (delimiter != NULL && at > 0 && raw[at - 1] != delimiter[0]) at--;
  if (delimiter == NULL) at = 0;
  lua_pushlstring(L, raw + at, size - at);
  lua_setfield(L, row, "name");
  if (at > 1) {
    lua_pushlstring(L, raw, at - 1);
    lua_setfield(L, row, "parent");
  }
  lua_pop(L, 1);
  lua_setfield(L, row, "path");
}

static const char *const attributes[] = { /* RFC 9051 7.3.1, RFC 8457 */
  "\\NonExistent", "\\NoInferiors", "\\Noselect", "\\HasChildren",
  "\\HasNoChildren", "\\Marked", "\\Unmarked", "\\Subscribed", "\\Remote",
  "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent",
  "\\Trash", "\\Important"
};
enum { NONEXISTENT = 0, NOSELECT = 2, SUBSCRIBED = 7, FIRST_SPECIAL_USE = 9 };

/* One attribute: into the set `flags`, and what it says of the row. */
static void add_attribute(struct imaplua_maker *m, int row, int flags,
                          struct imap_span name) {
  lua_State *L = m->L;
  size_t i = 0, count = sizeof attributes / sizeof *attributes;
  while (i < count && !imap_span_same(name, imap_span_of(attributes[i]))) i++;
  if (i < count) name = imap_span_of(attributes[i]);
  lua_pushlstring(L, name.data, name.size);
  if (i >= FIRST_SPECIAL_USE && i < count) {
    lua_pushvalue(L, -1);
    lua_setfield(L, row, "special_use");
  }
  lua_pushboolean(L, 1);
  lua_rawset(L, flags);
  if (i == SUBSCRIBED) {
    lua_pushboolean(L, 1);
    lua_setfield(L, row, "subscribed");
  }
  if (i == NONEXISTENT || i == NOSELECT) {
    lua_pushboolean(L, 0);
    lua_setfield(L, row, "selectable");
  }
}

static void set_attributes(struct imaplua_maker *m, int row,
                           const struct imap_node *list) {
  struct imap_cursor at = imap_node_children(m->response->tape, list);
  const struct imap_node *node;
  int flags;
  lua_pushboolean(m->L, 0);
  lua_setfield(m->L, row, "subscribed");
  lua_pushboolean(m->L, 1);
  lua_setfield(m->L, row, "selectable");
  lua_newtable(m->L);
  flags = lua_gettop(m->L);
  while ((node = imap_cursor_take(&at)) != NULL) {
    struct imap_span name = imap_node_text(m->response->tape, node);
    if (name.data != NULL) add_attribute(m, row, flags, name);
  }
  lua_setfield(m->L, row, "flags");
}

/* LIST (attributes) delimiter mailbox */
void imaplua_push_mailbox(struct imaplua_maker *m, bool utf8) {
  struct imap_cursor data = m->response->data;
  const struct imap_node *flags = imap_cursor_take(&data);
  const struct imap_node *delimiter = imap_cursor_take(&data), *name;
  int row;
  lua_createtable(m->L, 0, 10);
  row = lua_gettop(m->L);
  set_attributes(m, row, flags);
  if (delimiter != NULL) {
    imaplua_push_string(m, delimiter);
    if (lua_rawlen(m->L, -1) == 0) { /* NIL, or "": a flat name */
      lua_pop(m->L, 1);
      lua_pushnil(m->L);
    }
    lua_setfield(m->L, row, "delimiter");
  }
  name = imap_cursor_take(&data);
  if (name == NULL || name->kind == IMAP_NODE_LIST) {
    lua_pushliteral(m->L, "a mailbox has no name");
    imaplua_set(m, row, KEY_ERROR);
    lua_pushlstring(m->L, m->response->bytes.data, m->response->bytes.size);
    imaplua_set(m, row, KEY_RAW);
  }
  push_name_key(m, name);
  lua_setfield(m->L, row, "raw_path");
  set_paths(m, row, utf8);
}

static void add_mailbox(struct imaplua_maker *m, int rows, bool utf8) {
  bool lsub = m->response->name == IMAP_NAME_LSUB;
  lua_State *L = m->L;
  int row;
  imaplua_push_mailbox(m, utf8);
  row = lua_gettop(L);
  push_index(m, rows, lsub ? IMAPLUA_BY_LSUB : IMAPLUA_BY_LIST);
  lua_getfield(L, row, "raw_path");
  lua_pushvalue(L, row);
  lua_rawset(L, -3);
  if (lsub)
    push_index(m, rows, IMAPLUA_LSUB_ROWS);
  else
    lua_pushvalue(L, rows);
  lua_pushvalue(L, row);
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_settop(L, row - 1);
}

static void add_mailbox_status(struct imaplua_maker *m, int rows) {
  struct imap_cursor data = m->response->data;
  lua_State *L = m->L;
  int top = lua_gettop(L);
  push_index(m, rows, IMAPLUA_BY_STATUS);
  push_name_key(m, imap_cursor_take(&data));
  lua_newtable(L);
  imaplua_fill_status(m, lua_gettop(L));
  lua_rawset(L, -3);
  lua_settop(L, top);
}

void imaplua_add_row(struct imaplua_maker *m, const struct imap_event *event,
                     int rows, bool utf8) {
  const struct imap_routine *routine = event->action->routine;
  m->response = event->response;
  m->error = NULL;
  luaL_checkstack(m->L, 24, "row");
  if (routine == &imap_download_routine)
    add_download(m, event, rows);
  else if (routine == &imap_status_routine)
    imaplua_fill_status(m, rows);
  else if (routine != &imap_list_routine)
    add_message(m, event, rows);
  else if (event->response->name == IMAP_NAME_STATUS)
    add_mailbox_status(m, rows);
  else
    add_mailbox(m, rows, utf8);
}
