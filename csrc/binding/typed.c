/* typed.c - what imapconn.core.parse tells of a response besides its tokens:
** the data of those that RFC 9051 and its extensions give a shape. Which field
** holds what stands in parse.c. What has another shape has no field. */
#include <string.h>

#include "binding/binding.h"
#include "protocol/chars.h"

/* Pops the value on top into response[name]; nil leaves nothing. */
static void set(struct imaplua_maker *m, int table, const char *name) {
  lua_setfield(m->L, table, name);
}

/* A number, or nil. */
static void push_number(struct imaplua_maker *m, const struct imap_node *node) {
  uint64_t number;
  if (imap_node_number(m->response->tape, node, INT64_MAX, &number))
    imaplua_push_u64(m->L, number);
  else
    lua_pushnil(m->L);
}

/* A sequence set as it stands, or nil where it is none. */
static void push_set(struct imaplua_maker *m, const struct imap_node *node) {
  struct imap_span text = imap_node_text(m->response->tape, node);
  struct imap_seqset numbers;
  int status = IMAP_INVALID;
  imap_seqset_init(&numbers);
  if (text.data != NULL && node->kind == IMAP_NODE_ATOM)
    status = imap_seqset_parse(&numbers, text);
  imap_seqset_free(&numbers);
  if (status == IMAP_OK)
    lua_pushlstring(m->L, text.data, text.size);
  else
    lua_pushnil(m->L);
}

static void push_upper(struct imaplua_maker *m, const struct imap_node *node) {
  struct imap_span text = imap_node_text(m->response->tape, node);
  luaL_Buffer b;
  luaL_buffinit(m->L, &b);
  for (size_t i = 0; i < text.size; i++)
    luaL_addchar(&b, imap_upper(text.data[i]));
  luaL_pushresult(&b);
}

/* { IDLE = true, … } */
static void push_names(struct imaplua_maker *m, struct imap_cursor at) {
  const struct imap_node *node;
  lua_newtable(m->L);
  while ((node = imap_cursor_take(&at)) != NULL) {
    if (node->kind != IMAP_NODE_ATOM) continue;
    push_upper(m, node);
    lua_pushboolean(m->L, 1);
    lua_rawset(m->L, -3);
  }
}

/* --- SEARCH, SORT, ESEARCH, VANISHED --- */

/* "(MODSEQ n)" behind the numbers of SEARCH (RFC 7162). */
static void set_modseq(struct imaplua_maker *m, int table,
                       const struct imap_node *node) {
  struct imap_cursor at = imap_node_children(m->response->tape, node);
  if (!imap_node_is(m->response->tape, imap_cursor_take(&at), "MODSEQ")) return;
  push_number(m, imap_cursor_take(&at));
  set(m, table, "modseq");
}

static void set_numbers(struct imaplua_maker *m, int table) {
  struct imap_cursor at = m->response->data;
  const struct imap_node *node;
  uint64_t number;
  int count = 0;
  lua_createtable(m->L, (int)at.left, 0);
  while ((node = imap_cursor_take(&at)) != NULL) {
    if (node->kind == IMAP_NODE_LIST) set_modseq(m, table, node);
    if (!imap_node_number(m->response->tape, node, UINT32_MAX, &number))
      continue;
    imaplua_push_u64(m->L, number);
    lua_rawseti(m->L, -2, ++count);
  }
  set(m, table, "numbers");
}

/* One item of ESEARCH into the table on top. */
static void add_esearch(struct imaplua_maker *m, const struct imap_node *name,
                        const struct imap_node *value) {
  static const struct { const char *word, *key; } items[] = {
    {"MIN", "min"}, {"MAX", "max"}, {"COUNT", "count"}, {"MODSEQ", "modseq"}
  };
  const struct imap_tape *tape = m->response->tape;
  int table = lua_gettop(m->L);
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    if (!imap_node_is(tape, name, items[i].word)) continue;
    push_number(m, value);
    set(m, table, items[i].key);
  }
  if (imap_node_is(tape, name, "ALL")) {
    push_set(m, value);
    set(m, table, "all");
  }
  if (imap_node_is(tape, name, "PARTIAL")) {
    struct imap_cursor at = imap_node_children(tape, value);
    (void)imap_cursor_take(&at);
    push_set(m, imap_cursor_take(&at));
    set(m, table, "partial");
  }
}

/* ESEARCH [(TAG "…")] [UID] *(item SP value) */
static void set_esearch(struct imaplua_maker *m, int table) {
  const struct imap_tape *tape = m->response->tape;
  struct imap_cursor at = m->response->data;
  lua_createtable(m->L, 0, 6);
  if (at.left > 0 && at.next->kind == IMAP_NODE_LIST) {
    struct imap_cursor tag = imap_node_children(tape, imap_cursor_take(&at));
    (void)imap_cursor_take(&tag);
    imaplua_push_string(m, imap_cursor_take(&tag));
    set(m, lua_gettop(m->L) - 1, "tag");
  }
  lua_pushboolean(m->L, at.left > 0 && imap_node_is(tape, at.next, "UID"));
  if (lua_toboolean(m->L, -1)) (void)imap_cursor_take(&at);
  set(m, lua_gettop(m->L) - 1, "uid");
  while (at.left >= 2) {
    const struct imap_node *name = imap_cursor_take(&at);
    add_esearch(m, name, imap_cursor_take(&at));
  }
  set(m, table, "search");
}

/* VANISHED [(EARLIER)] known-uids (RFC 7162) */
static void set_vanished(struct imaplua_maker *m, int table) {
  struct imap_cursor at = m->response->data;
  bool earlier = at.left > 0 && at.next->kind == IMAP_NODE_LIST;
  lua_createtable(m->L, 0, 2);
  if (earlier) (void)imap_cursor_take(&at);
  lua_pushboolean(m->L, earlier);
  set(m, lua_gettop(m->L) - 1, "earlier");
  push_set(m, imap_cursor_take(&at));
  set(m, lua_gettop(m->L) - 1, "uids");
  set(m, table, "vanished");
}

/* --- mailboxes --- */

static void set_status(struct imaplua_maker *m, int table) {
  struct imap_cursor at = m->response->data;
  lua_newtable(m->L);
  imaplua_fill_status(m, lua_gettop(m->L));
  set(m, table, "status");
  imaplua_push_string(m, imap_cursor_take(&at));
  set(m, table, "raw_path");
}

static void set_mailbox(struct imaplua_maker *m, int table) {
  if (m->response->data.left < 3) return;
  imaplua_push_mailbox(m, false);
  set(m, table, "mailbox");
}

/* --- arguments of response codes --- */

/* COPYUID validity from to; APPENDUID validity uids (RFC 9051 7.1) */
static void push_uids(struct imaplua_maker *m, struct imap_cursor at,
                      const char *first, const char *second) {
  int table;
  lua_createtable(m->L, 0, 3);
  table = lua_gettop(m->L);
  push_number(m, imap_cursor_take(&at));
  set(m, table, "uid_validity");
  push_set(m, imap_cursor_take(&at));
  set(m, table, first);
  if (second == NULL) return;
  push_set(m, imap_cursor_take(&at));
  set(m, table, second);
}

enum shape { NUMBER, SET, STRING, FLAGS, NAMES, APPENDUID, COPYUID };

static const struct {
  const char *word;
  enum shape shape;
} codes[] = {
  {"UIDNEXT", NUMBER}, {"UIDVALIDITY", NUMBER}, {"UNSEEN", NUMBER},
  {"HIGHESTMODSEQ", NUMBER}, {"MODIFIED", SET}, {"MAILBOXID", STRING},
  {"REFERRAL", STRING}, {"PERMANENTFLAGS", FLAGS}, {"CAPABILITY", NAMES},
  {"APPENDUID", APPENDUID}, {"COPYUID", COPYUID}
};

static void push_argument(struct imaplua_maker *m, enum shape shape) {
  struct imap_cursor at = m->response->data, inner;
  const struct imap_node *first = imap_cursor_take(&at);
  switch (shape) {
    case NUMBER:
      push_number(m, first);
      break;
    case SET:
      push_set(m, first);
      break;
    case STRING:
      inner = imap_node_children(m->response->tape, first);
      imaplua_push_string(m, inner.left > 0 ? inner.next : first);
      break;
    case FLAGS:
      imaplua_push_flags(m, first);
      break;
    case NAMES:
      push_names(m, m->response->data);
      break;
    case APPENDUID:
      push_uids(m, m->response->data, "uids", NULL);
      break;
    case COPYUID:
      push_uids(m, m->response->data, "from", "to");
      break;
  }
}

static void set_argument(struct imaplua_maker *m, int table) {
  const struct imap_response *r = m->response;
  if (r->data.left == 0) return;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (!imap_span_is(r->code, codes[i].word)) continue;
    push_argument(m, codes[i].shape);
    set(m, table, "argument");
  }
}

/* --- the whole --- */

void imaplua_set_typed(struct imaplua_maker *m, int table) {
  struct imap_cursor at = m->response->data;
  if (m->response->code.data != NULL) set_argument(m, table);
  if (m->response->kind != IMAP_UNTAGGED || m->response->numbered) return;
  switch (m->response->name) {
    case IMAP_NAME_LIST:
    case IMAP_NAME_LSUB:
    case IMAP_NAME_XLIST:
      set_mailbox(m, table);
      break;
    case IMAP_NAME_STATUS:
      set_status(m, table);
      break;
    case IMAP_NAME_SEARCH:
    case IMAP_NAME_SORT:
      set_numbers(m, table);
      break;
    case IMAP_NAME_ESEARCH:
      set_esearch(m, table);
      break;
    case IMAP_NAME_VANISHED:
      set_vanished(m, table);
      break;
    case IMAP_NAME_CAPABILITY:
    case IMAP_NAME_ENABLED:
      push_names(m, at);
      set(m, table, "capabilities");
      break;
    case IMAP_NAME_FLAGS:
      imaplua_push_flags(m, imap_cursor_take(&at));
      set(m, table, "flags");
      break;
    default:
      break;
  }
}
