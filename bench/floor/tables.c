/* tables.c - the floor of a listing: rows of FETCH become the tables that
** imapconn makes of them, in C, in one pass, with nothing around it. What the
** private Dovecot sends is trusted: nothing is checked.
** A Lua module: open(), list() -> messages, close(). */
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "text.h"
#include "wire.h"

enum { ROOM = 1 << 20 };

/* The keys of the tables; each is on the stack at its number. */
#define KEYS(X) \
  X(uid) X(flags) X(internal_date) X(size) X(envelope) X(body_structure) \
  X(date) X(date_text) X(subject) X(from) X(sender) X(reply_to) X(to) X(cc) \
  X(bcc) X(in_reply_to) X(message_id) X(name) X(mailbox) X(host) X(address) \
  X(part) X(parts) X(type) X(params) X(id) X(description) X(encoding) X(lines) \
  X(md5) X(disposition) X(disposition_params) X(filename) X(location)
#define AS_ENUM(name) KEY_##name,
#define AS_STRING(name) #name,
enum key { KEY_NONE, KEYS(AS_ENUM) KEY_END };
static const char *const names[] = { NULL, KEYS(AS_STRING) };

static lua_State *L;
static const char *at;             /* the next octet of the row */
static char scratch[65536], more[65536];

/* t[key] = the value on top, t being below it */
static void set(enum key key) {
  lua_pushvalue(L, key);
  lua_insert(L, -2);
  lua_rawset(L, -3);
}

static void push(struct span s) {
  if (s.data == NULL) lua_pushnil(L);
  else lua_pushlstring(L, s.data, s.size);
}

static void set_span(enum key key, struct span s) {
  if (s.data == NULL) return;
  lua_pushvalue(L, key);
  lua_pushlstring(L, s.data, s.size);
  lua_rawset(L, -3);
}

static void set_integer(enum key key, lua_Integer n) {
  lua_pushvalue(L, key);
  lua_pushinteger(L, n);
  lua_rawset(L, -3);
}

/* --- tokens --- */

static void blank(void) { while (*at == ' ') at++; }

static lua_Integer read_integer(void) {
  lua_Integer n = 0;
  blank();
  while (*at >= '0' && *at <= '9') n = n * 10 + *at++ - '0';
  return n;
}

static struct span literal(void) {
  at++;
  size_t size = (size_t)read_integer();
  struct span s = { at + 3, size };   /* "}" CR LF */
  at += 3 + size;
  return s;
}

static struct span quoted(void) {
  const char *begin = ++at;
  at += strcspn(at, "\"\\");
  if (*at == '"') return (struct span){ begin, (size_t)(at++ - begin) };
  size_t size = (size_t)(at - begin);
  memcpy(scratch, begin, size);
  for (; *at != '"'; at++) {
    if (*at == '\\') at++;
    scratch[size++] = *at;
  }
  at++;
  return (struct span){ scratch, size };
}

static struct span string(void) {
  blank();
  if (*at == '"') return quoted();
  if (*at == '{') return literal();
  const char *begin = at;
  at += strcspn(at, " ()\r");
  if (at - begin == 3 && memcmp(begin, "NIL", 3) == 0) return (struct span){ NULL, 0 };
  return (struct span){ begin, (size_t)(at - begin) };
}

/* Whether a list begins; else it is NIL. */
static int list(void) {
  blank();
  if (*at == '(') return at++, 1;
  at += 3;
  return 0;
}

static int list_ends(void) {
  blank();
  return *at == ')' ? (at++, 1) : 0;
}

/* How many items a list of words has, from its first on. */
static int count_words(void) {
  const char *before = at;
  int count = 0;
  for (blank(); *at != ')'; blank(), count++) string();
  at = before;
  return count;
}

static struct span lower(struct span s, char *out) {
  for (size_t i = 0; i < s.size; i++)
    out[i] = s.data[i] >= 'A' && s.data[i] <= 'Z' ? (char)(s.data[i] | 32) : s.data[i];
  return (struct span){ s.data == NULL ? NULL : out, s.size };
}

/* --- the envelope --- */

static void read_address(void) {
  struct span name, box, host;
  at++;
  lua_createtable(L, 0, *at == 'N' ? 3 : 4);
  name = string();
  if (name.data != NULL) set_span(KEY_name, text_words(name, more));
  string();
  box = string();
  host = string();
  set_span(KEY_mailbox, box);
  set_span(KEY_host, host);
  memcpy(more, box.data, box.size);
  more[box.size] = '@';
  memcpy(more + box.size + 1, host.data, host.size);
  set_span(KEY_address, (struct span){ more, box.size + 1 + host.size });
  list_ends();
}

static void read_addresses(enum key key) {
  int count = 0;
  lua_createtable(L, 1, 0);
  if (list())
    while (!list_ends()) {
      read_address();
      lua_rawseti(L, -2, ++count);
    }
  set(key);
}

static void read_envelope(void) {
  static const enum key people[] = { KEY_from, KEY_sender, KEY_reply_to, KEY_to, KEY_cc, KEY_bcc };
  list();
  lua_createtable(L, 0, 11);
  struct span date = string();
  set_integer(KEY_date, text_date(date));
  set_span(KEY_date_text, date);
  set_span(KEY_subject, text_words(string(), more));
  for (size_t i = 0; i < sizeof people / sizeof *people; i++) read_addresses(people[i]);
  set_span(KEY_in_reply_to, string());
  set_span(KEY_message_id, string());
  list_ends();
}

/* --- the body structure --- */

static void read_params(enum key key) {
  if (!list()) {
    lua_newtable(L);
  } else {
    lua_createtable(L, 0, count_words() / 2);
    while (!list_ends()) {
      push(lower(string(), more));
      push(string());
      lua_rawset(L, -3);
    }
  }
  set(key);
}

/* The parameter of that name is the file's, unless there is none. */
static void set_filename(enum key params, enum key name) {
  lua_pushvalue(L, params);
  lua_rawget(L, -2);
  if (lua_istable(L, -1)) {
    lua_pushvalue(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1)) {
      set(KEY_filename);
      return;
    }
  }
  lua_pop(L, 1);
}

/* disposition, language, location */
static void read_tail(void) {
  if (list()) {
    set_span(KEY_disposition, lower(string(), more));
    read_params(KEY_disposition_params);
    list_ends();
  }
  string();
  set_span(KEY_location, string());
  list_ends();
  set_filename(KEY_params, KEY_name);
  set_filename(KEY_disposition_params, KEY_filename);
}

static void read_body(const char *part, size_t length);

static void read_multipart(const char *part, size_t length) {
  char child[256];
  int count = 0;
  lua_createtable(L, 0, 4);
  set_span(KEY_part, length > 0 ? (struct span){ part, length } : (struct span){ "TEXT", 4 });
  lua_createtable(L, 2, 0);
  memcpy(child, part, length);
  for (blank(); *at == '('; blank()) {
    size_t used = length;
    if (used > 0) child[used++] = '.';
    child[used++] = (char)('1' + count);
    read_body(child, used);
    lua_rawseti(L, -2, ++count);
  }
  set(KEY_parts);
  memcpy(more, "multipart/", 10);
  set_span(KEY_type, (struct span){ more, 10 + lower(string(), more + 10).size });
  read_params(KEY_params);
  read_tail();
}

static void read_single(const char *part, size_t length) {
  lua_createtable(L, 0, 8);
  set_span(KEY_part, (struct span){ part, length });
  size_t type = lower(string(), more).size;
  more[type++] = '/';
  type += lower(string(), more + type).size;
  set_span(KEY_type, (struct span){ more, type });
  int is_text = memcmp(more, "text/", 5) == 0;
  read_params(KEY_params);
  set_span(KEY_id, string());
  set_span(KEY_description, string());
  set_span(KEY_encoding, lower(string(), more));
  set_integer(KEY_size, read_integer());
  if (is_text) set_integer(KEY_lines, read_integer());
  set_span(KEY_md5, string());
  read_tail();
}

static void read_body(const char *part, size_t length) {
  blank();
  at++;
  if (*at == '(') read_multipart(part, length);
  else read_single(part, length);
}

/* --- the row --- */

static void read_flags(void) {
  list();
  lua_createtable(L, 0, count_words());
  while (!list_ends()) {
    push(string());
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
}

/* ITEM SP value, until ")" */
static void read_item(void) {
  struct span name = string();
  blank();
  switch (name.data[0]) {
    case 'U': set_integer(KEY_uid, read_integer()); break;
    case 'R': set_integer(KEY_size, read_integer()); break;
    case 'I': set_integer(KEY_internal_date, text_date(string())); break;
    case 'F': read_flags(); set(KEY_flags); break;
    case 'E': read_envelope(); set(KEY_envelope); break;
    default:
      if (at[1] == '(') read_body("", 0);
      else read_body("1", 1);
      set(KEY_body_structure);
  }
}

/* The octets up to the end of the response that begins there, literals and all;
** 0 while it is not whole. */
static size_t response_length(const char *begin, const char *end) {
  const char *from = begin, *lf;
  while ((lf = memchr(from, '\n', (size_t)(end - from))) != NULL) {
    from = lf + 1;
    if (lf - begin < 3 || lf[-2] != '}') return (size_t)(from - begin);
    const char *brace = memrchr(begin, '{', (size_t)(lf - begin));
    size_t size = strtoul(brace + 1, NULL, 10);
    if ((size_t)(end - from) < size) return 0;
    from += size;
  }
  return 0;
}

/* Reads one response; false at the end of the FETCH. */
static int read_response(const char *begin, int *count) {
  if (*begin == 'b') return 0;
  const char *fetch = strchr(begin + 2, ' ');
  if (memcmp(fetch, " FETCH (", 8) != 0) return 1;
  at = fetch + 8;
  lua_createtable(L, 0, 6);
  while (!list_ends()) read_item();
  lua_rawseti(L, -2, ++*count);
  return 1;
}

static void read_responses(void) {
  static char bytes[ROOM + 1];
  size_t have = 0, length;
  int count = 0;
  for (;;) {
    char *begin = bytes, *end;
    have += link_receive(bytes + have, ROOM - have);
    end = bytes + have;
    *end = '\0';
    while ((length = response_length(begin, end)) > 0) {
      if (!read_response(begin, &count)) return;
      begin += length;
    }
    have = (size_t)(end - begin);
    memmove(bytes, begin, have);
  }
}

static int list_messages(lua_State *state) {
  L = state;
  lua_settop(L, 0);
  luaL_checkstack(L, KEY_END + 64, "floor");
  for (int i = 1; i < KEY_END; i++) lua_pushstring(L, names[i]);
  lua_newtable(L);
  wire_sendf("a EXAMINE %s\r\n"
             "b UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n",
             wire_setting("MAILBOX"));
  read_responses();
  return 1;
}

static int open_connection(lua_State *state) {
  (void)state;
  wire_open();
  return 0;
}

static int close_connection(lua_State *state) {
  (void)state;
  wire_close();
  return 0;
}

int luaopen_tables(lua_State *state);
int luaopen_tables(lua_State *state) {
  static const luaL_Reg functions[] = {
    { "open", open_connection }, { "list", list_messages }, { "close", close_connection }, { NULL, NULL },
  };
  luaL_newlib(state, functions);
  return 1;
}
