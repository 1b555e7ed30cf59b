/* connection.c - the connection object of the core: a session and, unless the
** caller moves the bytes, a transport. advance() does what can be done without
** waiting, and says what to do next; nothing here blocks or calls Lua. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding/binding.h"

enum {
  MAX_MOVED = 1 << 23, /* octets moved before Lua may look at its clocks */
  MAX_FEED = 1 << 16
};

struct connection {
  struct imap_session *session;
  struct imap_transport *transport;      /* NULL: the caller moves the bytes */
  struct imap_transport_shared *shared;  /* held as long as the transport */
  bool own_transport;  /* made by open(), also when it is gone */
  bool connecting;
  bool entered;        /* left by an error when it is on at entry */
  long pid;            /* a forked child must leave the connection alone */
  double moved;        /* octets, in both directions */
  int next_id;
  struct imap_action *making; /* being filled from a table */
  struct imap_action *done;   /* ended; its result was not taken yet */
  struct imap_buffer scratch, text; /* of the maker */
  struct imap_tls_info tls;
};

/* The companion table: [id] the rows of a running action. */

static struct connection *check(lua_State *L) {
  return luaL_checkudata(L, 1, IMAPLUA_CONNECTION);
}

static bool forked(const struct connection *c) {
  return c->pid != (long)getpid();
}

static void drop_transport(struct connection *c) {
  imap_transport_close(c->transport, forked(c));
  c->transport = NULL;
  if (c->shared != NULL) imap_transport_shared_free(c->shared);
  c->shared = NULL;
}

static void close_connection(struct connection *c) {
  if (c->session != NULL)
    imap_session_kill(c->session, IMAP_CODE_CLOSED, "the connection is closed");
  drop_transport(c);
}

static int collect(lua_State *L) {
  struct connection *c = check(L);
  drop_transport(c);
  imap_session_free(c->session);
  imap_action_free(c->making);
  imap_action_free(c->done);
  imap_buffer_free(&c->scratch);
  imap_buffer_free(&c->text);
  memset(c, 0, sizeof *c);
  return 0;
}

/* --- making one --- */

static struct connection *new_connection(lua_State *L, bool tracing) {
  struct imap_limits limits = imaplua_limits(L, 1);
  struct connection *c = lua_newuserdata(L, sizeof *c);
  memset(c, 0, sizeof *c);
  imap_buffer_init(&c->scratch, limits.response);
  imap_buffer_init(&c->text, 4 * limits.response);
  luaL_getmetatable(L, IMAPLUA_CONNECTION);
  lua_setmetatable(L, -2);
  lua_newtable(L);
  imaplua_set_companion(L, -2);
  c->pid = (long)getpid();
  c->session = imap_session_new(&limits, tracing);
  if (c->session == NULL) luaL_error(L, "not enough memory");
  return c;
}

int imaplua_attach(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "trace");
  (void)new_connection(L, lua_toboolean(L, -1) != 0);
  return 1;
}

static const char *stage_name(enum imap_stage stage) {
  switch (stage) {
    case IMAP_STAGE_ARGUMENT: return "invalid_argument";
    case IMAP_STAGE_UNSUPPORTED: return "unsupported";
    case IMAP_STAGE_RESOLVE: return "resolve";
    case IMAP_STAGE_CONNECT: return "connect";
    case IMAP_STAGE_TLS: return "tls";
    case IMAP_STAGE_PROTOCOL: return "protocol";
    case IMAP_STAGE_LIMIT: return "limit";
    default: return "closed";
  }
}

static int push_transport_failure(lua_State *L,
                                  const struct imap_transport_failure *f) {
  if (f->stage == IMAP_STAGE_NOMEM) return luaL_error(L, "not enough memory");
  lua_createtable(L, 0, 4);
  lua_pushstring(L, stage_name(f->stage));
  lua_setfield(L, -2, "code");
  lua_pushstring(L, f->text);
  lua_setfield(L, -2, "reason");
  if (f->field != NULL) {
    lua_pushstring(L, f->field);
    lua_setfield(L, -2, "field");
  }
  lua_pushliteral(L, "not_sent");
  lua_setfield(L, -2, "outcome");
  return 1;
}

/* What the connections of one Lua state share, kept in its registry. */
struct shared_box {
  struct imap_transport_shared *shared;
};

static int collect_shared(lua_State *L) {
  struct shared_box *box = lua_touserdata(L, 1);
  if (box->shared != NULL) imap_transport_shared_free(box->shared);
  box->shared = NULL;
  return 0;
}

static struct imap_transport_shared *shared_of(lua_State *L) {
  static const char *const place = "imapconn.core.shared";
  struct shared_box *box;
  lua_getfield(L, LUA_REGISTRYINDEX, place);
  box = lua_touserdata(L, -1);
  if (box == NULL) {
    lua_pop(L, 1);
    box = lua_newuserdata(L, sizeof *box);
    box->shared = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, collect_shared);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, place);
  }
  if (box->shared == NULL) box->shared = imap_transport_shared_new();
  if (box->shared == NULL) luaL_error(L, "not enough memory");
  lua_pop(L, 1);
  return box->shared;
}

int imaplua_open(lua_State *L) {
  struct imap_transport_options options;
  struct imap_transport_failure failure;
  struct connection *c;
  luaL_checktype(L, 1, LUA_TTABLE);
  imaplua_read_options(L, 1, &options);
  c = new_connection(L, options.trace);
  c->own_transport = c->connecting = true;
  memset(&failure, 0, sizeof failure);
  if (imap_transport_open(shared_of(L), &options, &c->transport, &failure) !=
      IMAP_OK) {
    lua_pushnil(L);
    push_transport_failure(L, &failure);
    return 2;
  }
  return 1;
}

/* --- actions --- */

static int start(lua_State *L) {
  struct connection *c = check(L);
  const char *kind = luaL_checkstring(L, 2);
  struct imap_action *a;
  luaL_checktype(L, 3, LUA_TTABLE);
  imap_action_free(c->making);
  c->making = NULL;
  a = imaplua_make_action(L, kind, 3, &c->making);
  imaplua_get_companion(L, 1);
  lua_newtable(L);
  lua_rawseti(L, -2, ++c->next_id);
  a->id = c->next_id;
  c->making = NULL;
  imap_session_start(c->session, a);
  lua_pushinteger(L, c->next_id);
  return 1;
}

/* The rows of the action onto the stack. */
static void push_rows(lua_State *L, int id) {
  imaplua_get_companion(L, 1);
  lua_rawgeti(L, -1, id);
  lua_remove(L, -2);
}

static int result(lua_State *L) {
  struct connection *c = check(L);
  int id = (int)luaL_checkinteger(L, 2);
  struct imap_action *a = c->done;
  int rows;
  if (a == NULL || a->id != id) return luaL_error(L, "action %d has no result", id);
  if (a->failure.code == IMAP_CODE_NOMEM)
    return luaL_error(L, "not enough memory");
  push_rows(L, id);
  rows = lua_gettop(L);
  if (a->failure.code == IMAP_CODE_NONE) {
    imaplua_push_result(L, a, rows);
  } else {
    lua_pushnil(L);
    imaplua_push_failure(L, a, &a->failure);
    if (a->failure.outcome == IMAP_OUTCOME_PARTIAL || a->append_count > 1)
      imaplua_push_result(L, a, rows);
  }
  imaplua_get_companion(L, 1);
  lua_pushnil(L);
  lua_rawseti(L, -2, id);
  lua_pop(L, 1);
  c->done = NULL;
  imap_action_free(a);
  return lua_gettop(L) - rows;
}

/* The structure of the part that a download has seen so far. */
static int structure(lua_State *L) {
  (void)check(L);
  push_rows(L, (int)luaL_checkinteger(L, 2));
  if (lua_istable(L, -1)) lua_getfield(L, -1, "body_structure");
  return 1;
}

/* --- advancing --- */

static void make_row(lua_State *L, struct connection *c,
                     const struct imap_event *event) {
  int top = lua_gettop(L);
  struct imaplua_maker m = {.L = L, .scratch = &c->scratch, .text = &c->text};
  luaL_checkstack(L, 8, "row");
  imaplua_push_keys(L);
  m.keys = lua_gettop(L);
  push_rows(L, event->action->id);
  imaplua_add_row(&m, event, lua_gettop(L), c->session->utf8);
  lua_settop(L, top);
}

/* Hands an event to Lua; 0: it was taken here. */
static int push_event(lua_State *L, struct connection *c,
                      const struct imap_event *event) {
  switch (event->kind) {
    case IMAP_EVENT_ROW:
      make_row(L, c, event);
      return 0;
    case IMAP_EVENT_PIECE:
      lua_pushliteral(L, "piece");
      lua_pushinteger(L, event->action->id);
      lua_pushlstring(L, event->piece.data, event->piece.size);
      lua_pushnumber(L, (lua_Number)event->size);
      return 4;
    case IMAP_EVENT_CONTENT:
      lua_pushliteral(L, "content");
      lua_pushinteger(L, event->action->id);
      lua_pushinteger(L, (lua_Integer)event->index + 1);
      lua_pushnumber(L, (lua_Number)event->offset);
      lua_pushinteger(L, (lua_Integer)event->size);
      return 5;
    case IMAP_EVENT_UPGRADE:
      lua_pushliteral(L, "upgrade");
      return 1;
    case IMAP_EVENT_DONE:
      imap_action_free(c->done);
      c->done = event->action;
      lua_pushliteral(L, "done");
      lua_pushinteger(L, event->action->id);
      return 2;
  }
  return 0;
}

/* libcurl's own lines, then the session's. */
static void take_transport_trace(struct connection *c) {
  struct imap_buffer *lines = imap_transport_trace(c->transport);
  imap_buffer_add_span(&c->session->trace, imap_buffer_span(lines));
  imap_buffer_clear(lines);
}

static enum imap_code stage_code(enum imap_stage stage) {
  switch (stage) {
    case IMAP_STAGE_TLS: return IMAP_CODE_TLS;
    case IMAP_STAGE_PROTOCOL: return IMAP_CODE_PROTOCOL;
    case IMAP_STAGE_LIMIT: return IMAP_CODE_LIMIT;
    case IMAP_STAGE_NOMEM: return IMAP_CODE_NOMEM;
    case IMAP_STAGE_ARGUMENT: return IMAP_CODE_INVALID_ARGUMENT;
    case IMAP_STAGE_UNSUPPORTED: return IMAP_CODE_UNSUPPORTED;
    case IMAP_STAGE_RESOLVE: return IMAP_CODE_RESOLVE;
    case IMAP_STAGE_CONNECT: return IMAP_CODE_CONNECT;
    default: return IMAP_CODE_CLOSED;
  }
}

static void transport_failed(struct connection *c) {
  const struct imap_transport_failure *f = imap_transport_failure(c->transport);
  c->session->fault.field = f->field;
  imap_session_kill(c->session, stage_code(f->stage), f->text);
}

/* Copies bytes into the session. False: out of memory, and it is dead. */
static bool feed(struct connection *c, const char *data, size_t size) {
  while (size > 0) {
    size_t room;
    char *space = imap_session_space(c->session, &room);
    if (space == NULL) return false;
    if (room > size) room = size;
    memcpy(space, data, room);
    imap_session_filled(c->session, room);
    data += room;
    size -= room;
  }
  return true;
}

static bool begins_with(struct imap_span text, const char *word) {
  size_t size = strlen(word);
  return text.size >= size && memcmp(text.data, word, size) == 0;
}

/* Connected: what the server said so far goes to the session. After STARTTLS
** nothing of the greeting is left to be believed. */
static void hand_over(struct connection *c) {
  struct imap_span prelude = imap_transport_prelude(c->transport);
  if (!begins_with(prelude, "* OK") && !begins_with(prelude, "* PREAUTH") &&
      !begins_with(prelude, "* BYE"))
    imap_session_greeted(c->session);
  c->session->replayed = prelude.size; /* the transport has traced it */
  (void)feed(c, prelude.data, prelude.size);
}

/* IMAP_OK: connected, or failed and dead. IMAP_MORE: wait. */
static int go_on_connecting(struct connection *c) {
  int status = imap_transport_connect(c->transport);
  take_transport_trace(c);
  if (status == IMAP_MORE) return IMAP_MORE;
  c->connecting = false;
  if (status < 0)
    transport_failed(c);
  else
    hand_over(c);
  return IMAP_OK;
}

/* Moves bytes both ways: while sending we read, and while reading we send
** (WIRE.md, rule 9). Returns how many octets. */
static size_t move_bytes(struct connection *c) {
  struct imap_span out = imap_session_output(c->session);
  size_t sent = 0, got = 0, room;
  char *space;
  int status;
  if (out.size > 0) {
    status = imap_transport_send(c->transport, out.data, out.size, &sent);
    if (sent > 0) imap_session_sent(c->session, sent);
    if (status < 0 && status != IMAP_CLOSED) {
      transport_failed(c);
      return 1;
    }
  }
  space = imap_session_space(c->session, &room);
  if (space == NULL) return 1;
  status = imap_transport_receive(c->transport, space, room, &got);
  if (got > 0) imap_session_filled(c->session, got);
  if (status == IMAP_CLOSED)
    imap_session_ended(c->session);
  else if (status < 0)
    transport_failed(c);
  c->moved += (double)(sent + got);
  return status < 0 ? sent + got + 1 : sent + got;
}

static int say(lua_State *L, const char *what) {
  lua_pushstring(L, what);
  return 1;
}

/* The caller moves the bytes. */
static int ask_caller(lua_State *L, struct connection *c) {
  struct imap_span out = imap_session_output(c->session);
  if (out.size == 0) return say(L, "receive");
  lua_pushliteral(L, "send");
  lua_pushlstring(L, out.data, out.size);
  return 2;
}

static int advance_loop(lua_State *L, struct connection *c) {
  size_t moved = 0;
  for (;;) {
    struct imap_event event;
    int status;
    if (c->connecting && go_on_connecting(c) == IMAP_MORE)
      return say(L, "wait");
    status = imap_session_next(c->session, &event);
    if (status == IMAP_OK) {
      int count = push_event(L, c, &event);
      if (count > 0) return count;
      continue;
    }
    if (status < 0) {
      drop_transport(c);
      return say(L, "dead");
    }
    if (!c->own_transport) return ask_caller(L, c);
    {
      size_t now = move_bytes(c);
      moved += now;
      if (now == 0) return say(L, "wait");
    }
    if (moved > MAX_MOVED) return say(L, "again");
  }
}

static int advance(lua_State *L) {
  struct connection *c = check(L);
  int count;
  if (c->session == NULL || forked(c)) return say(L, "dead");
  if (c->entered) /* a memory error left it midway: nothing can be trusted */
    imap_session_kill(c->session, IMAP_CODE_CLOSED,
                      "an earlier error left the connection in doubt");
  if (c->own_transport && c->transport == NULL) {
    c->connecting = false;
    close_connection(c);
  }
  c->entered = true;
  count = advance_loop(L, c);
  c->entered = false;
  return count;
}

/* --- bytes moved by the caller --- */

static int feed_method(lua_State *L) {
  struct connection *c = check(L);
  size_t size;
  const char *bytes = luaL_checklstring(L, 2, &size);
  c->moved += (double)size;
  if (!feed(c, bytes, size)) return luaL_error(L, "not enough memory");
  return 0;
}

static int sent_method(lua_State *L) {
  struct connection *c = check(L);
  size_t size = (size_t)luaL_checknumber(L, 2);
  c->moved += (double)size;
  if (size > imap_session_output(c->session).size)
    size = imap_session_output(c->session).size; /* it died meanwhile */
  imap_session_sent(c->session, size);
  return 0;
}

static int ended_method(lua_State *L) {
  imap_session_ended(check(L)->session);
  return 0;
}

static int upgraded_method(lua_State *L) {
  imap_session_upgraded(check(L)->session);
  return 0;
}

static int supply_method(lua_State *L) {
  struct connection *c = check(L);
  struct imap_span bytes;
  bytes.data = luaL_checklstring(L, 2, &bytes.size);
  if (imap_session_supply(c->session, bytes) != IMAP_OK)
    return luaL_error(L, "not enough memory");
  return 0;
}

/* --- the rest --- */

static int kill_method(lua_State *L) {
  struct connection *c = check(L);
  const char *code = luaL_checkstring(L, 2);
  const char *reason = luaL_checkstring(L, 3);
  enum imap_code which = IMAP_CODE_CLOSED;
  if (strcmp(code, "timeout") == 0) which = IMAP_CODE_TIMEOUT;
  if (strcmp(code, "callback") == 0) which = IMAP_CODE_CALLBACK;
  if (strcmp(code, "tls") == 0) which = IMAP_CODE_TLS;
  if (strcmp(code, "connect") == 0) which = IMAP_CODE_CONNECT;
  if (strcmp(code, "resolve") == 0) which = IMAP_CODE_RESOLVE;
  if (strcmp(code, "protocol") == 0) which = IMAP_CODE_PROTOCOL;
  c->connecting = false;
  imap_session_kill(c->session, which, reason);
  return 0;
}

static int close_method(lua_State *L) {
  close_connection(check(L));
  return 0;
}

static int fd_method(lua_State *L) {
  struct connection *c = check(L);
  if (c->transport == NULL) return 0;
  lua_pushinteger(L, imap_transport_fd(c->transport));
  return 1;
}

static int arm_method(lua_State *L) {
  struct connection *c = check(L);
  double seconds = luaL_checknumber(L, 2);
  bool writing = imap_session_output(c->session).size > 0;
  if (c->transport == NULL) return 0;
  if (seconds > 1e8) seconds = -1; /* no deadline */
  (void)imap_transport_arm(c->transport, seconds, writing);
  return 0;
}

static int moved_method(lua_State *L) {
  lua_pushnumber(L, check(L)->moved);
  return 1;
}

static int words_method(lua_State *L) {
  const struct connection *c = check(L);
  lua_pushboolean(L, c->session != NULL && c->session->bye);
  return 1;
}

static int alive_method(lua_State *L) {
  const struct connection *c = check(L);
  bool alive = c->session != NULL && !forked(c) && !c->entered &&
               c->session->state != IMAP_SESSION_DEAD &&
               (!c->own_transport || c->transport != NULL);
  lua_pushboolean(L, alive);
  return 1;
}

/* { { direction, line }, … } since the last call */
static int trace_method(lua_State *L) {
  struct imap_buffer *trace = &check(L)->session->trace;
  size_t at = 0;
  int count = 0;
  lua_newtable(L);
  while (at < trace->size) {
    const char *line = trace->data + at;
    const char *lf = memchr(line, '\n', trace->size - at);
    size_t size = lf != NULL ? (size_t)(lf - line) : trace->size - at;
    lua_createtable(L, 2, 0);
    lua_pushlstring(L, line, 1);
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, size > 3 ? line + 3 : "", size > 3 ? size - 3 : 0);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, ++count);
    at += size + 1;
  }
  imap_buffer_clear(trace);
  return 1;
}

static void push_capabilities(lua_State *L, const struct imap_caps *caps) {
  size_t at = 0;
  lua_newtable(L);
  while (at < caps->list.size) {
    const char *name = caps->list.data + at;
    const char *blank = memchr(name, ' ', caps->list.size - at);
    size_t size = (size_t)(blank - name);
    lua_pushlstring(L, name, size);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    at += size + 1;
  }
}

static void push_tls(lua_State *L, struct connection *c) {
  if (c->transport != NULL) imap_transport_tls(c->transport, &c->tls);
  if (c->tls.version[0] == '\0') {
    lua_pushnil(L);
    return;
  }
  lua_createtable(L, 0, 4);
  lua_pushstring(L, c->tls.version);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, c->tls.cipher);
  lua_setfield(L, -2, "cipher");
  lua_pushstring(L, c->tls.backend);
  lua_setfield(L, -2, "backend");
  lua_pushboolean(L, c->tls.resumed);
  lua_setfield(L, -2, "resumed");
}

static int info_method(lua_State *L) {
  struct connection *c = check(L);
  const struct imap_session *s = c->session;
  lua_createtable(L, 0, 4);
  push_tls(L, c);
  lua_setfield(L, -2, "tls");
  push_capabilities(L, &s->caps);
  lua_setfield(L, -2, "capabilities");
  if (s->auth[0] != '\0') {
    lua_pushstring(L, s->auth);
    lua_setfield(L, -2, "auth");
  }
  if (s->greeting.size > 0) {
    lua_pushlstring(L, s->greeting.data, s->greeting.size);
    lua_setfield(L, -2, "greeting");
  }
  return 1;
}

static int has_method(lua_State *L) {
  const struct connection *c = check(L);
  struct imap_span name;
  name.data = luaL_checklstring(L, 2, &name.size);
  lua_pushboolean(L, imap_caps_named(&c->session->caps, name));
  return 1;
}

static int append_limit_method(lua_State *L) {
  const struct imap_caps *caps = &check(L)->session->caps;
  if (caps->append_limit == UINT64_MAX) return 0;
  imaplua_push_u64(L, caps->append_limit);
  return 1;
}

static int utf8_method(lua_State *L) {
  lua_pushboolean(L, check(L)->session->utf8);
  return 1;
}

void imaplua_open_connection(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"start", start}, {"advance", advance}, {"result", result},
    {"structure", structure}, {"supply", supply_method}, {"feed", feed_method},
    {"sent", sent_method}, {"ended", ended_method},
    {"upgraded", upgraded_method}, {"kill", kill_method},
    {"close", close_method}, {"fd", fd_method}, {"arm", arm_method},
    {"moved", moved_method}, {"ended_words", words_method},
    {"is_alive", alive_method}, {"trace", trace_method}, {"info", info_method},
    {"has", has_method}, {"append_limit", append_limit_method},
    {"utf8_names", utf8_method}, {NULL, NULL}
  };
  luaL_newmetatable(L, IMAPLUA_CONNECTION);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_pushliteral(L, "imapconn.core");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
