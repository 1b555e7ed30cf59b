/* envelope.c - ENVELOPE as a table: dates, addresses, message ids. */
#include <string.h>

#include "binding/binding.h"
#include "protocol/date.h"

/* --- addresses (RFC 9051, "address"; groups as in RFC 5322 3.4) --- */

/* The strings of an address, side by side on the Lua stack. */
enum { NAME, MAILBOX, HOST, ADDRESS, STRINGS };

/* The lists of addresses of one envelope while they are walked. In nearly all
** mail the sender and the reply-to are the author: strings of the address
** before serve again where the next is made of the same bytes, which saves the
** listing of bench/rows.lua 5,000 instructions a message. */
struct addresses {
  int list;    /* stack index of the list being made */
  int strings; /* … of the strings of the last address */
  int count;   /* addresses in the list */
  const struct imap_node *last;           /* the last address */
  const struct imap_node *field[ADDRESS]; /* … its name, mailbox and host */
  const struct imap_node *group;          /* the group that is open, or NULL */
  bool has_members;
};

/* addr-name SP addr-adl SP addr-mailbox SP addr-host. A name that is a literal
** with its octets miscounted (seen by MailKit) falls into several fields: then
** the first and the last two serve, and the row still says so. */
static bool read_address(struct imaplua_maker *m, const struct imap_node *node,
                         const struct imap_node *field[ADDRESS]) {
  struct imap_cursor fields = imap_node_children(m->response->tape, node);
  bool whole = fields.left == 4;
  if (!whole) imaplua_malformed(m, "an address in ENVELOPE is malformed");
  if (fields.left < 4) return false;
  field[NAME] = imap_cursor_take(&fields);
  while (fields.left > 2) (void)imap_cursor_take(&fields);
  field[MAILBOX] = imap_cursor_take(&fields);
  field[HOST] = imap_cursor_take(&fields);
  return whole || (imap_node_is_text(field[MAILBOX]) &&
                   imap_node_is_text(field[HOST]));
}

/* A string that lies at `index`: nearly always the node's bytes as they are. */
static struct imap_span string_at(const struct imaplua_maker *m, int index,
                                  const struct imap_node *node) {
  struct imap_span text = {NULL, 0};
  if (node->kind == IMAP_NODE_PLAIN)
    return imap_node_bytes(m->response->tape, node);
  text.data = lua_tolstring(m->L, index, &text.size);
  return text;
}

/* mailbox "@" host, or what there is of it */
static void push_address(struct imaplua_maker *m, struct imap_span mailbox,
                         struct imap_span host) {
  size_t size = mailbox.size;
  char *text;
  imap_buffer_clear(m->text);
  text = imap_buffer_room(m->text, mailbox.size + 1 + host.size);
  if (text == NULL) imaplua_no_memory(m->L);
  if (mailbox.size > 0) memcpy(text, mailbox.data, mailbox.size);
  if (host.data != NULL) {
    text[size++] = '@';
    memcpy(text + size, host.data, host.size);
    size += host.size;
  }
  lua_pushlstring(m->L, text, size);
}

static void push_strings(struct imaplua_maker *m, const struct addresses *a) {
  lua_settop(m->L, a->strings - 1);
  for (int i = 0; i < ADDRESS; i++) imaplua_push_words(m, a->field[i]);
  push_address(m, string_at(m, a->strings + MAILBOX, a->field[MAILBOX]),
               string_at(m, a->strings + HOST, a->field[HOST]));
}

static void set_string(lua_State *L, int table, enum imaplua_key key,
                       int string) {
  imaplua_push_key(L, key);
  lua_pushvalue(L, string);
  lua_rawset(L, table);
}

static void append_address(struct imaplua_maker *m, struct addresses *a) {
  static const enum imaplua_key keys[ADDRESS] = {KEY_NAME, KEY_MAILBOX,
                                                 KEY_HOST};
  int table = a->strings + STRINGS, fields = a->group != NULL ? 2 : 1;
  for (int i = 0; i < ADDRESS; i++) fields += imap_node_is_text(a->field[i]);
  lua_createtable(m->L, 0, fields);
  for (int i = 0; i < ADDRESS; i++)
    if (imap_node_is_text(a->field[i]))
      set_string(m->L, table, keys[i], a->strings + i);
  set_string(m->L, table, KEY_ADDRESS, a->strings + ADDRESS);
  if (a->group != NULL) imaplua_set_words(m, table, KEY_GROUP, a->group);
  a->has_members = true;
  lua_rawseti(m->L, a->list, ++a->count);
}

/* A group without members has an entry of its own. */
static void end_group(struct imaplua_maker *m, struct addresses *a) {
  if (a->group == NULL || a->has_members) return;
  lua_createtable(m->L, 0, 1);
  imaplua_set_words(m, lua_gettop(m->L), KEY_GROUP, a->group);
  lua_rawseti(m->L, a->list, ++a->count);
}

static void begin_group(struct addresses *a, const struct imap_node *name) {
  a->group = imap_node_is_text(name) ? name : NULL;
  a->has_members = false;
}

static bool is_last(const struct imap_tape *tape, const struct addresses *a,
                    const struct imap_node *node) {
  return a->last != NULL && imap_span_equal(imap_node_bytes(tape, node),
                                            imap_node_bytes(tape, a->last));
}

/* One address, or the beginning or end of a group. */
static void take_address(struct imaplua_maker *m, struct addresses *a,
                         const struct imap_node *node) {
  const struct imap_node *field[ADDRESS];
  if (is_last(m->response->tape, a, node)) {
    append_address(m, a);
    return;
  }
  if (!read_address(m, node, field)) return;
  if (imap_node_is_text(field[HOST]) || (imap_node_is_text(field[MAILBOX]) &&
                                         imap_node_is_text(field[NAME]))) {
    a->last = node;
    memcpy(a->field, field, sizeof field);
    push_strings(m, a);
    append_address(m, a);
    return;
  }
  end_group(m, a);
  begin_group(a, field[MAILBOX]);
}

/* The list into envelope[key]. */
static void set_addresses(struct imaplua_maker *m, int envelope,
                          enum imaplua_key key, struct addresses *a,
                          const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  const struct imap_node *address;
  if (imap_node_is_text(node)) imaplua_malformed(m, "a list of addresses in ENVELOPE is none");
  lua_createtable(m->L, (int)at.left, 0);
  lua_replace(m->L, a->list);
  a->count = 0;
  begin_group(a, NULL);
  while ((address = imap_cursor_take(&at)) != NULL) take_address(m, a, address);
  end_group(m, a);
  imaplua_push_key(m->L, key);
  lua_pushvalue(m->L, a->list);
  lua_rawset(m->L, envelope);
}

static void set_lists(struct imaplua_maker *m, int envelope,
                      struct imap_cursor *fields) {
  static const enum imaplua_key lists[] = {KEY_FROM, KEY_SENDER, KEY_REPLY_TO,
                                           KEY_TO, KEY_CC, KEY_BCC};
  struct addresses a = {.list = lua_gettop(m->L) + 1};
  a.strings = a.list + 1;
  lua_settop(m->L, a.list + STRINGS);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    set_addresses(m, envelope, lists[i], &a, imap_cursor_take(fields));
  lua_settop(m->L, a.list - 1);
}

/* --- the envelope --- */

static void set_date(struct imaplua_maker *m, int table,
                     const struct imap_node *node) {
  struct imap_span text = imaplua_string(m, node);
  int64_t seconds;
  if (text.data == NULL) return;
  if (imap_date_parse_message(text, &seconds) == IMAP_OK) {
    imaplua_push_key(m->L, KEY_DATE);
    imaplua_push_whole(m->L, seconds);
    lua_rawset(m->L, table);
  }
  imaplua_push_key(m->L, KEY_DATE_TEXT);
  imaplua_push_span(m->L, text);
  lua_rawset(m->L, table);
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

/* A message-id keeps its angle brackets; the blanks around it go. */
static void set_message_id(struct imaplua_maker *m, int table,
                           const struct imap_node *node,
                           enum imaplua_key key) {
  struct imap_span text = imaplua_words(m, node);
  if (text.data == NULL) return;
  while (text.size > 0 && is_blank(text.data[0])) text.data++, text.size--;
  while (text.size > 0 && is_blank(text.data[text.size - 1])) text.size--;
  imaplua_push_key(m->L, key);
  imaplua_push_span(m->L, text);
  lua_rawset(m->L, table);
}

/* envelope = "(" ten fields ")". The last two may be missing, as MailKit saw;
** with fewer still, what there is is read, and the row says so. */
void imaplua_push_envelope(struct imaplua_maker *m,
                           const struct imap_node *node) {
  struct imap_cursor fields = imap_node_children(m->response->tape, node);
  int table;
  luaL_checkstack(m->L, 16, "envelope");
  if (fields.left < 8 && (node == NULL || node->kind != IMAP_NODE_NIL))
    imaplua_malformed(m, "ENVELOPE is malformed");
  if (fields.left == 0) {
    lua_pushnil(m->L);
    return;
  }
  lua_createtable(m->L, 0, 11);
  table = lua_gettop(m->L);
  set_date(m, table, imap_cursor_take(&fields));
  imaplua_set_words(m, table, KEY_SUBJECT, imap_cursor_take(&fields));
  set_lists(m, table, &fields);
  set_message_id(m, table, imap_cursor_take(&fields), KEY_IN_REPLY_TO);
  set_message_id(m, table, imap_cursor_take(&fields), KEY_MESSAGE_ID);
}
