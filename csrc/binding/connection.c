/* connection.c - the life of a connection object, and its actions. */
#include "binding/connection.h"

#include <pthread.h>
#include <string.h>

static const char connection_kind; /* its address tells a connection */

/* Looked at before luaL_checkudata, which hashes its name each time, and looks
** two tables up: a tenth of all that C does in a call. */
static bool is_connection(lua_State *L, int index) {
  const struct connection *c = lua_touserdata(L, index);
  return c != NULL && lua_rawlen(L, index) == sizeof *c && c->kind == &connection_kind;
}

struct connection *imaplua_connection(lua_State *L, int index) {
  struct connection *c;
  if (is_connection(L, index)) return lua_touserdata(L, index);
  c = luaL_checkudata(L, index, IMAPLUA_CONNECTION);
  luaL_argcheck(L, c->session != NULL, index, "the connection was collected");
  return c;
}

/* Counted, since to ask for the process's id takes a system call, and that five
** times for each call of a user's. */
static unsigned forks;
static bool forks_count;
static void note_fork(void) { forks++; }
static void count_forks(void) { forks_count = pthread_atfork(NULL, NULL, note_fork) == 0; }

bool imaplua_forked(const struct connection *c) { return c->forks != forks; }

bool imaplua_alive(const struct connection *c) {
  return !imaplua_forked(c) && !c->entered &&
         c->session->state != IMAP_SESSION_DEAD &&
         (!c->own_transport || c->transport != NULL);
}

void imaplua_drop_transport(struct connection *c) {
  imap_transport_close(c->transport, imaplua_forked(c));
  c->transport = NULL;
  if (c->shared != NULL) imap_transport_shared_free(c->shared);
  c->shared = NULL;
}

void imaplua_close(struct connection *c) {
  imap_session_kill(c->session, IMAP_CODE_CLOSED, "the connection is closed");
  imaplua_drop_transport(c);
}

static int collect(lua_State *L) {
  struct connection *c = luaL_checkudata(L, 1, IMAPLUA_CONNECTION);
  imaplua_drop_transport(c);
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
  c->forks = forks;
  c->session = imap_session_new(&limits, tracing);
  if (c->session == NULL) imaplua_no_memory(L);
  c->kind = &connection_kind;
  return c;
}

int imaplua_attach(lua_State *L) {
  struct connection *c;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "trace");
  c = new_connection(L, lua_toboolean(L, -1) != 0);
  lua_getfield(L, 1, "resumed");
  if (lua_isstring(L, -1)) imap_session_resumed(c->session, lua_tostring(L, -1));
  lua_pop(L, 1);
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
  if (f->stage == IMAP_STAGE_NOMEM) imaplua_no_memory(L);
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
  if (box->shared == NULL) imaplua_no_memory(L);
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

static uint64_t id_bit(int id) { return UINT64_C(1) << (id - 1); }

void imaplua_drop_done(struct connection *c) {
  if (c->done != NULL) c->ids &= ~id_bit(c->done->id);
  imap_action_free(c->done);
  c->done = NULL;
}

enum { MOST_RUNNING = 64 };

/* The least that is free; 0: none. */
static int free_id(const struct connection *c) {
  for (int id = 1; id <= MOST_RUNNING; id++)
    if ((c->ids & id_bit(id)) == 0) return id;
  return 0;
}

/* What is kept while it runs, onto the stack: a table for its rows; an append has
** none, and keeps the messages whose texts it sends. */
static void push_kept(lua_State *L, const struct imap_action *a, int inputs) {
  if (a->routine == &imap_append_routine)
    lua_getfield(L, inputs, "messages");
  else
    lua_createtable(L, 0, a->routine == &imap_download_routine ? 4 : 0);
}

/* start(kind, inputs): the action's id; nothing where the connection has ended. */
static int start(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  const char *kind = luaL_checkstring(L, 2);
  struct imap_action *a;
  int id = free_id(c);
  luaL_checktype(L, 3, LUA_TTABLE);
  if (!imaplua_alive(c)) return 0;
  if (id == 0) return luaL_error(L, "%d actions are running already", MOST_RUNNING);
  imap_action_free(c->making);
  c->making = NULL;
  a = imaplua_make_action(L, kind, 3, &c->making);
  imaplua_get_companion(L, 1);
  push_kept(L, a, 3);
  lua_rawseti(L, -2, id);
  a->id = id;
  c->ids |= id_bit(id);
  c->making = NULL;
  imap_session_start(c->session, a);
  lua_pushinteger(L, id);
  return 1;
}

/* The rows of the action onto the stack. */
void imaplua_push_rows(lua_State *L, int id) {
  imaplua_get_companion(L, 1);
  lua_rawgeti(L, -1, id);
  lua_remove(L, -2);
}

int imaplua_push_done(lua_State *L, struct connection *c) {
  struct imap_action *a = c->done;
  int id = a->id, rows;
  if (a->failure.code == IMAP_CODE_NOMEM)
    imaplua_no_memory(L);
  imaplua_push_rows(L, id);
  rows = lua_gettop(L);
  if (a->failure.code != IMAP_CODE_NONE) {
    lua_pushnil(L);
    imaplua_push_failure(L, a, &a->failure);
  }
  if (imaplua_has_result(a)) imaplua_push_result(L, a, rows);
  imaplua_get_companion(L, 1);
  lua_pushnil(L);
  lua_rawseti(L, -2, id);
  lua_pop(L, 1);
  imaplua_drop_done(c);
  lua_remove(L, rows);
  return lua_gettop(L) - rows + 1;
}

/* The structure of the part that a download has seen so far. */
static int structure(lua_State *L) {
  (void)imaplua_connection(L, 1);
  imaplua_push_rows(L, (int)luaL_checkinteger(L, 2));
  if (lua_istable(L, -1)) lua_getfield(L, -1, "body_structure");
  return 1;
}

/* --- the rest --- */

static int kill_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  const char *code = luaL_checkstring(L, 2);
  const char *reason = luaL_checkstring(L, 3);
  enum imap_code which = IMAP_CODE_CLOSED;
  if (strcmp(code, "timeout") == 0) which = IMAP_CODE_TIMEOUT;
  if (strcmp(code, "callback") == 0) which = IMAP_CODE_CALLBACK;
  if (strcmp(code, "tls") == 0) which = IMAP_CODE_TLS;
  if (strcmp(code, "connect") == 0) which = IMAP_CODE_CONNECT;
  if (strcmp(code, "resolve") == 0) which = IMAP_CODE_RESOLVE;
  if (strcmp(code, "protocol") == 0) which = IMAP_CODE_PROTOCOL;
  if (strcmp(code, "limit") == 0) which = IMAP_CODE_LIMIT;
  c->connecting = false;
  imap_session_kill(c->session, which, reason);
  return 0;
}

static int close_method(lua_State *L) {
  imaplua_close(imaplua_connection(L, 1));
  return 0;
}

static int fd_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  if (c->transport == NULL) return 0;
  lua_pushinteger(L, imap_transport_fd(c->transport));
  return 1;
}

static int arm_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  double seconds = luaL_checknumber(L, 2);
  bool writing = imap_session_output(c->session).size > 0;
  if (c->transport == NULL) return 0;
  if (seconds > 1e8) seconds = -1; /* no deadline */
  (void)imap_transport_arm(c->transport, seconds, writing);
  return 0;
}

void imaplua_open_connection(lua_State *L) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static const luaL_Reg methods[] = {
    {"start", start}, {"structure", structure},
    {"kill", kill_method}, {"close", close_method}, {"fd", fd_method},
    {"arm", arm_method}, {NULL, NULL}
  };
  if (pthread_once(&once, count_forks) != 0 || !forks_count) imaplua_no_memory(L);
  luaL_newmetatable(L, IMAPLUA_CONNECTION);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  luaL_setfuncs(L, imaplua_describe_methods, 0);
  imaplua_open_advance(L);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_pushliteral(L, "imapconn.core");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
