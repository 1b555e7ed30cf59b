/* describe.c - what a connection tells of itself. */
#include <string.h>

#include "binding/connection.h"
#include "protocol/chars.h"

/* Octets moved, ever; and whether the server has said BYE. */
static int moved_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  c->bye_told = c->session->bye;
  lua_pushnumber(L, c->moved);
  lua_pushboolean(L, c->bye_told);
  return 2;
}

static int alive_method(lua_State *L) {
  lua_pushboolean(L, imaplua_alive(imaplua_connection(L, 1)));
  return 1;
}

/* { { direction, line }, … } since the last call */
static int trace_method(lua_State *L) {
  struct imap_buffer *trace = &imaplua_connection(L, 1)->session->trace;
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

/* Upper case, whatever the server's; but the two that RFC 9051 spells so. */
static void push_capability(lua_State *L, struct imap_span name) {
  static const char *const spelled[] = {"IMAP4rev1", "IMAP4rev2"};
  luaL_Buffer b;
  for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
    if (!imap_span_same(name, imap_span_of(spelled[i]))) continue;
    lua_pushstring(L, spelled[i]);
    return;
  }
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < name.size; i++)
    luaL_addchar(&b, imap_upper(name.data[i]));
  luaL_pushresult(&b);
}

static void push_capabilities(lua_State *L, const struct imap_caps *caps) {
  size_t at = 0;
  lua_newtable(L);
  while (at < caps->list.size) {
    const char *name = caps->list.data + at;
    const char *blank = memchr(name, ' ', caps->list.size - at);
    size_t size = (size_t)(blank - name);
    push_capability(L, (struct imap_span){name, size});
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
  struct connection *c = imaplua_connection(L, 1);
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
  const struct connection *c = imaplua_connection(L, 1);
  struct imap_span name;
  name.data = luaL_checklstring(L, 2, &name.size);
  lua_pushboolean(L, imap_caps_named(&c->session->caps, name));
  return 1;
}

static int append_limit_method(lua_State *L) {
  const struct imap_caps *caps = &imaplua_connection(L, 1)->session->caps;
  if (caps->append_limit == UINT64_MAX) return 0;
  imaplua_push_u64(L, caps->append_limit);
  return 1;
}

/* Logged in, nothing under way, no mailbox open, not compressed: fit for a pool. */
static int quiet_method(lua_State *L) {
  const struct imap_session *s = imaplua_connection(L, 1)->session;
  lua_pushboolean(L, imap_session_quiet(s) && s->current == NULL &&
                         !s->unknown && s->deflate == NULL);
  return 1;
}

static int utf8_method(lua_State *L) {
  lua_pushboolean(L, imaplua_connection(L, 1)->session->utf8);
  return 1;
}

const luaL_Reg imaplua_describe_methods[] = {
  {"moved", moved_method},
  {"is_alive", alive_method}, {"trace", trace_method}, {"info", info_method},
  {"has", has_method}, {"append_limit", append_limit_method},
  {"utf8_names", utf8_method}, {"is_quiet", quiet_method}, {NULL, NULL}
};
