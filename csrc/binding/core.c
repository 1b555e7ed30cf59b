/* core.c - the module imapconn.core, and its small functions. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "binding/binding.h"
#include "protocol/chars.h"
#include "protocol/date.h"
#include "protocol/lines.h"
#include "protocol/utf7.h"
#include "transport/poller.h"

static int now(lua_State *L) {
  lua_pushnumber(L, imap_poller_seconds());
  return 1;
}

/* poll({ fd, ... }, seconds): the set of those that are readable, empty after
** `seconds` or early after a signal; or nil and why. */
static int poll_readable(lua_State *L) {
  size_t count;
  struct pollfd *p;
  luaL_checktype(L, 1, LUA_TTABLE);
  count = lua_rawlen(L, 1);
  p = lua_newuserdata(L, (count + 1) * sizeof *p);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 1, (int)i + 1);
    p[i] = (struct pollfd){.fd = (int)luaL_checkinteger(L, -1), .events = POLLIN};
    lua_pop(L, 1);
  }
  if (poll(p, count, imap_poller_milliseconds(luaL_checknumber(L, 2))) < 0 &&
      errno != EINTR) {
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
  }
  lua_newtable(L);
  for (size_t i = 0; i < count; i++) {
    if (p[i].revents == 0) continue;
    lua_pushboolean(L, 1);
    lua_rawseti(L, -2, p[i].fd);
  }
  return 1;
}

/* wait(fd, seconds): true when readable, or early after a signal (so that
** Ctrl-C takes effect in Lua at once); nil and "timeout", or nil and why. */
static int wait_readable(lua_State *L) {
  struct pollfd p = {.fd = (int)luaL_checkinteger(L, 1), .events = POLLIN};
  int ready = poll(&p, 1, imap_poller_milliseconds(luaL_checknumber(L, 2)));
  if (ready > 0 || (ready < 0 && errno == EINTR)) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, ready == 0 ? "timeout" : strerror(errno));
  return 2;
}

static struct imap_span check_span(lua_State *L, int arg) {
  struct imap_span s;
  s.data = luaL_checklstring(L, arg, &s.size);
  return s;
}

/* Pushes what was written, or nil where it could not be. Frees the buffer
** first on no memory; Lua may raise while copying, so small texts only. */
static int push_written(lua_State *L, int status, struct imap_buffer *b) {
  char small[2 * IMAP_MAX_LINE_SENT];
  size_t size = b->size;
  if (status == IMAP_OK && size <= sizeof small) {
    if (size > 0) memcpy(small, b->data, size);
    imap_buffer_free(b);
    lua_pushlstring(L, small, size);
    return 1;
  }
  imap_buffer_free(b);
  if (status == IMAP_NOMEM) imaplua_no_memory(L);
  lua_pushnil(L);
  return 1;
}

/* UTF-8 without NUL, CR and LF. */
static bool is_one_line(struct imap_span text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] == '\0' || text.data[i] == '\r' || text.data[i] == '\n')
      return false;
  return imap_utf8_valid(text);
}

static int is_line(lua_State *L) {
  lua_pushboolean(L, is_one_line(check_span(L, 1)));
  return 1;
}

/* to_wire(line, utf8): as it is, where the wire takes UTF-8; nil where it is no
** line. */
static int to_wire(lua_State *L) {
  struct imap_span utf8 = check_span(L, 1);
  struct imap_buffer b;
  if (!is_one_line(utf8)) return 0;
  if (lua_toboolean(L, 2)) {
    lua_pushvalue(L, 1);
    return 1;
  }
  imap_buffer_init(&b, 2 * IMAP_MAX_LINE_SENT);
  return push_written(L, imap_utf7_encode(utf8, &b), &b);
}

static int day(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  struct imap_buffer b;
  int64_t whole;
  imap_buffer_init(&b, 64);
  if (!(seconds >= -1e15 && seconds <= 1e15)) return 0;
  whole = (int64_t)seconds;
  if (seconds < (double)whole) whole--; /* the day that it lies in */
  return push_written(L, imap_date_write_day(whole, &b), &b);
}

static int parse_day(lua_State *L) {
  int64_t seconds;
  if (imap_date_parse_day(check_span(L, 1), &seconds) != IMAP_OK) return 0;
  imaplua_push_whole(L, seconds);
  return 1;
}

/* In ASCII alone, as IMAP has it: string.upper follows the locale that the host
** has set, and in Turkish the capital of i is no I. */
static int upper(lua_State *L) {
  struct imap_span text = check_span(L, 1);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < text.size; i++) luaL_addchar(&b, imap_upper(text.data[i]));
  luaL_pushresult(&b);
  return 1;
}

static int is_atom(lua_State *L) {
  lua_pushboolean(L, imap_is_atom(check_span(L, 1)));
  return 1;
}

static bool repeats(const char *words, size_t size, struct imap_span flag) {
  while (size > 0) {
    const char *blank = memchr(words, ' ', size);
    size_t length = blank != NULL ? (size_t)(blank - words) : size;
    if (imap_span_same((struct imap_span){words, length}, flag)) return true;
    length += blank != NULL;
    words += length;
    size -= length;
  }
  return false;
}

/* flags(array, most): each once, but for \Recent, as a text with blanks between; or
** nil and the one that is no flag, or nil: more than `most` octets. */
static int flags(lua_State *L) {
  char words[IMAP_MAX_LINE_SENT];
  size_t size = 0, most = (size_t)luaL_checkinteger(L, 2), count;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, most < sizeof words, 2, "too many");
  count = lua_rawlen(L, 1);
  for (size_t i = 1; i <= count; i++) {
    struct imap_span flag = {"", 0};
    lua_rawgeti(L, 1, (int)i);
    if (lua_type(L, -1) == LUA_TSTRING) flag = check_span(L, -1);
    if (!imap_is_flag(flag)) {
      lua_pushnil(L);
      lua_insert(L, -2);
      return 2;
    }
    if (!imap_span_same(flag, imap_span_of("\\Recent")) &&
        !repeats(words, size, flag)) {
      if (size + (size > 0) + flag.size > most) return 0;
      if (size > 0) words[size++] = ' ';
      memcpy(words + size, flag.data, flag.size);
      size += flag.size;
    }
    lua_pop(L, 1);
  }
  lua_pushlstring(L, words, size);
  return 1;
}

/* has_all(known, given): whether each key of the second table is in the first. */
static int has_all(lua_State *L) {
  bool all = true;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_pushnil(L);
  while (all && lua_next(L, 2)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawget(L, 1);
    all = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
  }
  lua_pushboolean(L, all);
  return 1;
}

/* count(value): how many elements, where it is an array, read raw. */
static int count_elements(lua_State *L) {
  size_t count = 0, found = 0;
  if (!lua_istable(L, 1)) return 0;
  lua_settop(L, 1);
  for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) count++;
  for (; found < count; found++) {
    lua_rawgeti(L, 1, (int)found + 1);
    if (lua_isnil(L, -1)) return 0;
    lua_settop(L, 1);
  }
  lua_pushinteger(L, (lua_Integer)count);
  return 1;
}

/* integer(value, low, high): it as an integer, where it is an integral number
** between them; they are at most 2^53. */
static int integer(lua_State *L) {
  double low = luaL_checknumber(L, 2), high = luaL_checknumber(L, 3), value;
  if (lua_type(L, 1) != LUA_TNUMBER) return 0;
  value = lua_tonumber(L, 1);
  if (!(value >= low && value <= high)) return 0;
  if ((double)(int64_t)value != value) return 0;
  if (lua_isinteger(L, 1) && lua_tointeger(L, 1) != (int64_t)value) return 0;
  imaplua_push_whole(L, (int64_t)value);
  return 1;
}

/* --- sets: normalised, and what stands alone in them --- */

struct sets {
  struct imap_seqset all, named;
  struct imap_buffer text;
};

static int collect_sets(lua_State *L) {
  struct sets *s = lua_touserdata(L, 1);
  imap_seqset_free(&s->all);
  imap_seqset_free(&s->named);
  imap_buffer_free(&s->text);
  return 0;
}

static struct sets *new_sets(lua_State *L) {
  struct sets *s = lua_newuserdata(L, sizeof *s);
  imap_seqset_init(&s->all);
  imap_seqset_init(&s->named);
  imap_buffer_init(&s->text, (size_t)1 << 30);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, collect_sets);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return s;
}

/* The elements of "1,3:5,7" that are single numbers. */
static int read_named(struct sets *s, struct imap_span text) {
  int status = IMAP_OK;
  while (text.size > 0 && status == IMAP_OK) {
    const char *comma = memchr(text.data, ',', text.size);
    size_t size = comma != NULL ? (size_t)(comma - text.data) : text.size;
    uint64_t number;
    if (imap_number_parse((struct imap_span){text.data, size}, UINT32_MAX,
                          &number) == IMAP_OK && number > 0)
      status = imap_seqset_add(&s->named, (uint32_t)number, (uint32_t)number);
    size += comma != NULL;
    text.data += size;
    text.size -= size;
  }
  return status;
}

static void push_set(lua_State *L, struct sets *s,
                     const struct imap_seqset *set) {
  size_t next = 0;
  imap_buffer_clear(&s->text);
  imap_seqset_tidy((struct imap_seqset *)set);
  if (set->count == 0 && !set->star) {
    lua_pushnil(L);
    return;
  }
  if (imap_seqset_write(set, &next, s->text.ceiling, &s->text) != IMAP_OK)
    imaplua_no_memory(L);
  lua_pushlstring(L, s->text.data, s->text.size);
}

static int set(lua_State *L) {
  struct imap_span text = check_span(L, 1);
  struct sets *s = new_sets(L);
  int status = imap_seqset_parse(&s->all, text);
  if (status == IMAP_OK) status = read_named(s, text);
  if (status == IMAP_NOMEM) imaplua_no_memory(L);
  if (status != IMAP_OK) return 0;
  push_set(L, s, &s->all);
  push_set(L, s, &s->named);
  lua_pushboolean(L, s->all.star);
  return 3;
}

/* --- bare line ends (RFC 5322 2.3) --- */

/* lines(chunk, after_cr): octets of it with CRLF, whether the next chunk is after
** a CR, and whether there is a NUL. */
static int lines(lua_State *L) {
  struct imap_span chunk = check_span(L, 1);
  bool after_cr = lua_toboolean(L, 2) != 0;
  struct imap_lines found = imap_lines_look(chunk, after_cr);
  imaplua_push_u64(L, chunk.size + found.bare);
  lua_pushboolean(L, imap_lines_end_with_cr(chunk, after_cr));
  lua_pushboolean(L, found.has_nul);
  return 3;
}

/* crlf(chunk, after_cr): it with CRLF, which is Lua's own string, uncopied, where
** no line end is bare; whether the next chunk is after a CR; and whether there is
** a NUL. */
static int crlf(lua_State *L) {
  struct imap_span chunk = check_span(L, 1);
  bool after_cr = lua_toboolean(L, 2) != 0;
  struct imap_lines found = imap_lines_look(chunk, after_cr);
  if (found.bare == 0) {
    lua_pushvalue(L, 1);
  } else {
    char *room = lua_newuserdata(L, chunk.size + found.bare);
    lua_pushlstring(L, room, imap_lines_mend(chunk, after_cr, room));
  }
  lua_pushboolean(L, imap_lines_end_with_cr(chunk, after_cr));
  lua_pushboolean(L, found.has_nul);
  return 3;
}

/* A whole number from 0 to 2^64 - 1, given as a number or in decimal, as a
** decimal string; else nothing. */
static int number(lua_State *L) {
  char text[24];
  uint64_t value;
  if (lua_type(L, 1) == LUA_TSTRING) {
    if (imap_number_parse(check_span(L, 1), UINT64_MAX, &value) != IMAP_OK)
      return 0;
  } else if (lua_isinteger(L, 1)) {
    if (lua_tointeger(L, 1) < 0) return 0;
    value = (uint64_t)lua_tointeger(L, 1);
  } else {
    double d = luaL_checknumber(L, 1);
    if (!(d >= 0 && d <= 9007199254740992.0)) return 0;
    value = (uint64_t)d;
    if ((double)value != d) return 0;
  }
  text[sizeof text - 1] = '\0';
  lua_pushstring(L, imap_decimal(value, text + sizeof text - 1));
  return 1;
}

int luaopen_imapconn_core(lua_State *L);

int luaopen_imapconn_core(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"now", now}, {"wait", wait_readable}, {"poll", poll_readable},
    {"to_wire", to_wire}, {"upper", upper},
    {"is_atom", is_atom}, {"flags", flags}, {"is_line", is_line},
    {"has_all", has_all}, {"count", count_elements}, {"integer", integer},
    {"day", day}, {"parse_day", parse_day}, {"number", number}, {"set", set},
    {"lines", lines}, {"crlf", crlf}, {"reader", imaplua_reader},
    {"decoder", imaplua_decoder}, {"open", imaplua_open},
    {"attach", imaplua_attach}, {NULL, NULL}
  };
  imaplua_open_connection(L);
  imaplua_open_decoder(L);
  imaplua_open_reader(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  imaplua_set_maker(L, "parse", imaplua_parse);
  lua_pushliteral(L, IMAPLUA_VERSION);
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
