/* options.c - the options of a connection, from a table. lua/imapconn has
** checked them. Strings are borrowed from the table, which must stay. */
#include <string.h>

#include "binding/binding.h"

/* As lua/imapconn/options.lua has them: sizes that a double holds exactly, and the depth of
** recursion. */
#define MOST_OCTETS 1099511627776.0
enum { DEEPEST = 1000 };

/* No metamethod runs. */
static void field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
}

static const char *text(lua_State *L, int table, const char *name) {
  const char *value;
  field(L, table, name);
  value = lua_tostring(L, -1);
  lua_pop(L, 1);
  return value;
}

static double number(lua_State *L, int table, const char *name,
                     double fallback) {
  double value = fallback;
  field(L, table, name);
  if (lua_isnumber(L, -1)) value = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return value;
}

static bool boolean(lua_State *L, int table, const char *name) {
  bool value;
  field(L, table, name);
  value = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return value;
}

bool imaplua_is_whole(double value, double low, double high) {
  return value >= low && value <= high && value == (double)(uint64_t)value;
}

bool imaplua_are_limits(lua_State *L, int t) {
  static const struct { const char *name; double most; } known[] = {
    {"line", MOST_OCTETS}, {"literal", MOST_OCTETS}, {"response", MOST_OCTETS},
    {"nesting", DEEPEST}, {"nodes", UINT32_MAX}, {"messages", UINT32_MAX}
  };
  bool fine = lua_istable(L, t);
  if (!fine) return false;
  lua_pushnil(L);
  while (fine && lua_next(L, t) != 0) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    bool number = lua_type(L, -1) == LUA_TNUMBER;
    fine = false;
    for (size_t i = 0; number && i < sizeof known / sizeof *known; i++)
      if (strcmp(name, known[i].name) == 0)
        fine = imaplua_is_whole(lua_tonumber(L, -1), 1, known[i].most);
    lua_pop(L, fine ? 1 : 2);
  }
  return fine;
}

struct imap_limits imaplua_limits(lua_State *L, int options) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  if (!lua_istable(L, options)) return limits;
  field(L, options, "limits");
  if (lua_istable(L, -1)) {
    int t = lua_gettop(L);
    limits.line = (size_t)number(L, t, "line", (double)limits.line);
    limits.literal = (size_t)number(L, t, "literal", (double)limits.literal);
    limits.response = (size_t)number(L, t, "response", (double)limits.response);
    limits.nesting = (uint32_t)number(L, t, "nesting", limits.nesting);
    limits.nodes = (uint32_t)number(L, t, "nodes", limits.nodes);
    limits.messages = (uint32_t)number(L, t, "messages", limits.messages);
  }
  lua_pop(L, 1);
  return limits;
}

static enum imap_tls_version tls_version(const char *name,
                                         enum imap_tls_version fallback) {
  static const char *const names[] = {"TLSv1.0", "TLSv1.1", "TLSv1.2",
                                      "TLSv1.3"};
  for (int i = 0; name != NULL && i < 4; i++)
    if (strcmp(name, names[i]) == 0) return (enum imap_tls_version)i;
  return fallback;
}

static enum imap_security security(const char *name) {
  if (name != NULL && strcmp(name, "plain") == 0) return IMAP_PLAIN;
  if (name != NULL && strcmp(name, "starttls") == 0) return IMAP_STARTTLS;
  return IMAP_TLS;
}

void imaplua_read_options(lua_State *L, int t,
                          struct imap_transport_options *out) {
  struct imap_limits limits = imaplua_limits(L, t);
  *out = (struct imap_transport_options){
    .host = text(L, t, "host"),
    .port = (unsigned)number(L, t, "port", 993),
    .security = security(text(L, t, "security")),
    .min_tls_version = tls_version(text(L, t, "min_tls_version"), IMAP_TLS_1_1),
    .max_tls_version = tls_version(text(L, t, "max_tls_version"), IMAP_TLS_1_3),
    .min_dh_size = (unsigned)number(L, t, "min_dh_size", 1024),
    .verify = boolean(L, t, "verify"),
    .server_name = text(L, t, "server_name"),
    .ca_file = text(L, t, "ca_file"),
    .ca_path = text(L, t, "ca_path"),
    .client_cert = text(L, t, "client_cert"),
    .client_key = text(L, t, "client_key"),
    .client_key_password = text(L, t, "client_key_password"),
    .pinned_public_key = text(L, t, "pinned_public_key"),
    .proxy = text(L, t, "proxy"),
    .line_limit = limits.line,
    .trace = boolean(L, t, "trace")
  };
}
