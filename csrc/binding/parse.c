/* parse.c - imapconn.core.parse: responses from bytes, as tables. A tool for
** tests and diagnosis: what the library reads, without a connection.
**
**   parse(bytes [, { limits = {…}, splits = { offset, … } }])
**     -> { response, … }  |  nil, message, err
**
** It fails where a connection would end: with `protocol`, `limit`, or `closed`
** where the bytes end inside a response; and with `invalid_argument`. `splits`
** cuts the bytes at offsets, in ascending order. Options are read raw. A
** response has, as far as it goes:
**
**   kind          "tagged", "untagged" or "continuation"
**   tag           of a tagged response
**   name          its first word in upper case: "OK", "FETCH", …
**   number        of "* 3 FETCH" and its like
**   code          the response code as sent; its arguments are in data
**   argument      of those codes that have a shape: a number for UIDNEXT,
**                 UIDVALIDITY, UNSEEN, HIGHESTMODSEQ; a set of names for
**                 PERMANENTFLAGS, CAPABILITY; text for MODIFIED (a sequence
**                 set), MAILBOXID, REFERRAL; { uid_validity, uids } for
**                 APPENDUID, { uid_validity, from, to } for COPYUID
**   text          of a status or a continuation
**   data          raw tokens: strings, arrays for lists, false for NIL
**   message       FETCH: a message table, with `sections` by name, and with
**                 `error` and `raw` where it is malformed
**   mailbox       LIST, LSUB, XLIST: a row of list_mailboxes
**   status        STATUS: as of get_mailbox_status; the mailbox is raw_path
**   numbers       SEARCH, SORT: an array; and modseq
**   search        ESEARCH: { tag, uid, min, max, count, all, partial, modseq },
**                 all and partial being sequence sets as sent
**   capabilities  CAPABILITY, ENABLED: a set of names in upper case
**   flags         FLAGS: a set
**   vanished      VANISHED: { earlier, uids } */
#include <string.h>

#include "binding/binding.h"
#include "protocol/chars.h"

/* The framer and the parser of one call, safe to collect. */
struct tools {
  struct imap_framer framer;
  struct imap_parser parser;
  struct imap_response response;
  struct imap_buffer scratch, text;
};

enum { OPTIONS = 2, RESPONSES }; /* places on the stack */
#define FARTHEST 1099511627776.0 /* of the splits */

static int collect(lua_State *L) {
  struct tools *t = lua_touserdata(L, 1);
  imap_framer_free(&t->framer);
  imap_parser_free(&t->parser);
  imap_buffer_free(&t->scratch);
  imap_buffer_free(&t->text);
  return 0;
}

static struct tools *new_tools(lua_State *L, const struct imap_limits *limits) {
  struct tools *t = lua_newuserdata(L, sizeof *t);
  memset(t, 0, sizeof *t);
  imap_framer_init(&t->framer, limits);
  imap_parser_init(&t->parser, limits);
  imap_buffer_init(&t->scratch, limits->response);
  imap_buffer_init(&t->text, 4 * limits->response);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return t;
}

/* --- raw tokens: strings, tables for lists, false for NIL --- */

static void push_token(struct imaplua_maker *m, const struct imap_node *node) {
  struct imap_cursor at;
  const struct imap_node *child;
  int count = 0;
  luaL_checkstack(m->L, 8, "tokens");
  if (node->kind == IMAP_NODE_NIL) {
    lua_pushboolean(m->L, 0);
    return;
  }
  if (node->kind != IMAP_NODE_LIST) {
    imaplua_push_string(m, node);
    return;
  }
  at = imap_node_children(m->response->tape, node);
  lua_createtable(m->L, (int)at.left, 0);
  while ((child = imap_cursor_take(&at)) != NULL) {
    push_token(m, child);
    lua_rawseti(m->L, -2, ++count);
  }
}

static void set_tokens(struct imaplua_maker *m, int table, const char *name) {
  struct imap_cursor at = m->response->data;
  const struct imap_node *node;
  int count = 0;
  lua_createtable(m->L, (int)at.left, 0);
  while ((node = imap_cursor_take(&at)) != NULL) {
    push_token(m, node);
    lua_rawseti(m->L, -2, ++count);
  }
  lua_setfield(m->L, table, name);
}

/* --- one response --- */

static void set_text(lua_State *L, int table, const char *name,
                     struct imap_span text) {
  if (text.data == NULL) return;
  lua_pushlstring(L, text.data, text.size);
  lua_setfield(L, table, name);
}

/* The sections of a FETCH row, by name. */
static void set_sections(struct imaplua_maker *m, int table) {
  struct imap_cursor at = imap_fetch_items(m->response);
  struct imap_fetch_item item;
  lua_newtable(m->L);
  while (imap_fetch_next(&at, &item)) {
    if (item.item != IMAP_ITEM_SECTION) continue;
    lua_pushlstring(m->L, item.name.data, item.name.size);
    imaplua_push_string(m, item.value);
    lua_rawset(m->L, -3);
  }
  lua_setfield(m->L, table, "sections");
}

static void set_fetch(struct imaplua_maker *m, int table) {
  const uint32_t all = ~(1u << IMAP_ITEM_SECTION);
  const struct imap_response *row = m->response;
  lua_newtable(m->L);
  if (row->uid != 0) {
    imaplua_push_u64(m->L, row->uid);
    imaplua_set(m, lua_gettop(m->L) - 1, KEY_UID);
  }
  imaplua_fill_message(m, lua_gettop(m->L), all);
  if (row->items & 1u << IMAP_ITEM_SECTION) set_sections(m, lua_gettop(m->L));
  lua_setfield(m->L, table, "message");
}

static void push_response(struct imaplua_maker *m) {
  static const char *const kinds[] = {"tagged", "untagged", "continuation"};
  const struct imap_response *r = m->response;
  lua_State *L = m->L;
  int table;
  lua_createtable(L, 0, 8);
  table = lua_gettop(L);
  lua_pushstring(L, kinds[r->kind]);
  lua_setfield(L, table, "kind");
  set_text(L, table, "tag", r->tag);
  if (r->word.size > 0) {
    struct imap_span name = r->word;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < name.size; i++)
      luaL_addchar(&b, imap_upper(name.data[i]));
    luaL_pushresult(&b);
    lua_setfield(L, table, "name");
  }
  if (r->numbered) {
    imaplua_push_u64(L, r->number);
    lua_setfield(L, table, "number");
  }
  set_text(L, table, "code", r->code);
  set_text(L, table, "text", r->text);
  if (r->data.left > 0) set_tokens(m, table, "data");
  if (r->name == IMAP_NAME_FETCH && r->numbered) set_fetch(m, table);
  imaplua_set_typed(m, table);
}

/* --- failure --- */

static int show_error(lua_State *L) {
  lua_settop(L, 1);
  lua_getfield(L, 1, "message");
  return 1;
}

/* nil, message, err; the message is on top. */
static int give_error(lua_State *L, const char *code, const char *field) {
  int message = lua_gettop(L), err;
  lua_pushnil(L);
  lua_pushvalue(L, message);
  lua_createtable(L, 0, 4);
  err = lua_gettop(L);
  lua_pushstring(L, code);
  lua_setfield(L, err, "code");
  lua_pushvalue(L, message);
  lua_setfield(L, err, "message");
  lua_pushstring(L, field);
  lua_setfield(L, err, "field");
  lua_pushboolean(L, 0);
  lua_setfield(L, err, "retryable");
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, show_error);
  lua_setfield(L, -2, "__tostring");
  lua_setmetatable(L, err);
  return 3;
}

static int give_failure(lua_State *L, const struct tools *t, int status,
                        int done) {
  static const struct { int status; const char *code; } codes[] = {
    {IMAP_LIMIT, "limit"}, {IMAP_PROTOCOL, "protocol"}
  };
  const char *problem = t->framer.problem != NULL ? t->framer.problem
                        : t->parser.problem != NULL ? t->parser.problem
                                                    : imap_status_text(status);
  const char *code = "closed";
  if (status == IMAP_NOMEM) imaplua_no_memory(L);
  if (status == IMAP_MORE) problem = "the bytes end inside a response";
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (codes[i].status == status) code = codes[i].code;
  lua_pushfstring(L, "parse: response %d: %s", done + 1, problem);
  return give_error(L, code, NULL);
}

/* --- what is given: each answers the field that is wrong, or NULL --- */

/* Splits ascend; those behind the end cut nothing. */
static const char *check_splits(lua_State *L, int splits) {
  double last = 0;
  if (!lua_istable(L, splits)) return "splits";
  for (int i = 1;; i++) {
    bool fits, end;
    lua_rawgeti(L, splits, i);
    end = lua_isnil(L, -1);
    fits = lua_type(L, -1) == LUA_TNUMBER &&
           imaplua_is_whole(lua_tonumber(L, -1), last, FARTHEST);
    if (fits) last = lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (end) return NULL;
    if (!fits) return "splits";
  }
}

/* An option; its name is at `value - 1`. */
static const char *check_option(lua_State *L, int value) {
  const char *name;
  if (lua_type(L, value - 1) != LUA_TSTRING) return "options";
  name = lua_tostring(L, value - 1);
  if (strcmp(name, "limits") == 0)
    return imaplua_are_limits(L, value) ? NULL : name;
  if (strcmp(name, "splits") == 0) return check_splits(L, value);
  return name;
}

static const char *check_arguments(lua_State *L) {
  const char *wrong = NULL;
  if (lua_type(L, 1) != LUA_TSTRING) return "bytes";
  if (lua_isnoneornil(L, OPTIONS)) return NULL;
  if (!lua_istable(L, OPTIONS)) return "options";
  lua_pushnil(L);
  while (wrong == NULL && lua_next(L, OPTIONS) != 0) {
    wrong = check_option(L, lua_gettop(L));
    if (wrong == NULL) lua_pop(L, 1); /* else the name must stay */
  }
  return wrong;
}

static int refuse(lua_State *L, const char *field) {
  static const struct { const char *field, *what; } known[] = {
    {"bytes", "must be a string"},
    {"options", "must be a table with limits and splits"},
    {"limits", "must be a table as in the options of connect"},
    {"splits", "must be an array of ascending offsets"},
    {NULL, "is no option; there are limits and splits"}
  };
  size_t i = 0;
  while (known[i].field != NULL && strcmp(known[i].field, field) != 0) i++;
  lua_pushfstring(L, "parse: %s %s", field, known[i].what);
  return give_error(L, "invalid_argument", field);
}

/* --- the whole --- */

/* Adds each response that is whole; IMAP_MORE: the others are not. */
static int take_responses(lua_State *L, struct tools *t,
                          struct imaplua_maker *m, int *count) {
  for (;;) {
    struct imap_span whole;
    int status = imap_framer_next(&t->framer, &whole);
    if (status == IMAP_OK)
      status = imap_parse(&t->parser, &t->framer, whole, &t->response);
    if (status != IMAP_OK) return status;
    push_response(m);
    lua_rawseti(L, RESPONSES, ++*count);
  }
}

static int feed(lua_State *L, struct tools *t, struct imaplua_maker *m,
                const char *bytes, size_t size, int *count) {
  int status = IMAP_MORE;
  while (size > 0 && status == IMAP_MORE) {
    size_t room;
    char *space = imap_framer_space(&t->framer, &room);
    if (space == NULL) return t->framer.status;
    if (room > size) room = size;
    memcpy(space, bytes, room);
    imap_framer_filled(&t->framer, room);
    bytes += room;
    size -= room;
    status = take_responses(L, t, m, count);
  }
  return status == IMAP_MORE ? IMAP_OK : status;
}

/* Feeds the bytes cut at the offsets in options.splits. */
static int feed_pieces(lua_State *L, struct tools *t, struct imaplua_maker *m,
                       const char *bytes, size_t size, int *count) {
  size_t at = 0, splits = 0;
  int status = IMAP_OK, table = 0;
  if (lua_istable(L, OPTIONS)) {
    lua_pushliteral(L, "splits");
    lua_rawget(L, OPTIONS);
    table = lua_gettop(L);
    if (lua_istable(L, table)) splits = lua_rawlen(L, table);
  }
  for (size_t i = 1; i <= splits && status == IMAP_OK; i++) {
    size_t end;
    lua_rawgeti(L, table, (int)i);
    end = (size_t)lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (end > size) break;
    status = feed(L, t, m, bytes + at, end - at, count);
    at = end;
  }
  return status == IMAP_OK ? feed(L, t, m, bytes + at, size - at, count)
                           : status;
}

int imaplua_parse(lua_State *L) {
  struct imaplua_maker m = {.L = L};
  struct imap_limits limits;
  struct tools *t;
  size_t size;
  const char *bytes, *wrong;
  int status, count = 0;
  lua_settop(L, OPTIONS);
  wrong = check_arguments(L);
  if (wrong != NULL) return refuse(L, wrong);
  bytes = lua_tolstring(L, 1, &size);
  limits = imaplua_limits(L, OPTIONS);
  lua_newtable(L);
  t = new_tools(L, &limits);
  m.response = &t->response;
  m.scratch = &t->scratch;
  m.text = &t->text;
  status = feed_pieces(L, t, &m, bytes, size, &count);
  if (status == IMAP_OK && imap_framer_pending(&t->framer) > 0)
    status = IMAP_MORE;
  if (status != IMAP_OK) return give_failure(L, t, status, count);
  lua_pushvalue(L, RESPONSES);
  return 1;
}
