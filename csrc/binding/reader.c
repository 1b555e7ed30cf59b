/* reader.c - an open file of io's as the content of a message: read in pieces
** from where it stands, with CRLF at its line ends, and given to a connection
** without becoming strings of Lua's in between. What is only like a file,
** lua/imapconn/content.lua reads. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "binding/connection.h"
#include "protocol/lines.h"

/* Octets read at a time: as many as the file has, so that the collector is not
** told of memory that nobody needs. */
enum { SMALLEST = 4096, LARGEST = 65536 };

/* Octets that pass by at a time, before Lua may look at its clocks. */
enum { MOST_PASSED = 1 << 20 };

struct reader {
  off_t start;       /* where the file stood */
  uint64_t size;     /* octets that it will give */
  uint64_t bare;     /* line ends that are to be mended on the way */
  uint64_t position; /* octets that it gave */
  struct imap_span held; /* of what was read, mended, what is still to be given */
  bool after_cr;     /* what was read last ends in CR */
  bool astray;       /* the file does not stand at `position` */
  size_t piece;      /* octets read at a time */
  char bytes[]; /* two pieces: read into the second; mended from the first on */
};

/* NULL: none of io's, or closed. */
static FILE *file_at(lua_State *L, int index) {
  const imaplua_stream *stream = lua_touserdata(L, index);
  FILE *file = NULL;
  if (stream == NULL || !lua_getmetatable(L, index)) return NULL;
  luaL_getmetatable(L, LUA_FILEHANDLE);
  if (lua_rawequal(L, -1, -2)) file = imaplua_stream_file(stream);
  lua_pop(L, 2);
  return file;
}

/* Reads the next piece: how many octets; 0 at the end, or with why it failed. */
static size_t read_piece(struct reader *r, FILE *file, const char **why) {
  size_t count = fread(r->bytes + r->piece, 1, r->piece, file);
  *why = count == 0 && ferror(file) ? strerror(errno) : NULL;
  if (*why != NULL) clearerr(file);
  return count;
}

/* Counts what is left of the file, as it will be given. Where no line end is bare,
** none is looked for again: that is an eighth of an append's CPU time. */
static const char *measure(struct reader *r, FILE *file, bool *binary) {
  struct imap_span piece = {r->bytes + r->piece, 0};
  const char *why;
  bool after_cr = false;
  while ((piece.size = read_piece(r, file, &why)) > 0) {
    struct imap_lines lines = imap_lines_look(piece, after_cr);
    after_cr = imap_lines_end_with_cr(piece, after_cr);
    r->size += piece.size + lines.bare;
    r->bare += lines.bare;
    if (lines.has_nul) *binary = true;
  }
  return why;
}

static bool rewind_to_start(struct reader *r, FILE *file) {
  r->position = 0;
  r->after_cr = r->astray = false;
  r->held.size = 0;
  return fseeko(file, r->start, SEEK_SET) == 0;
}

/* How much to read at a time of what the file has from `start` on; 0: it cannot
** seek. */
static size_t piece_of(FILE *file, off_t start) {
  off_t end;
  if (start < 0 || fseeko(file, 0, SEEK_END) != 0) return 0;
  end = ftello(file);
  if (fseeko(file, start, SEEK_SET) != 0) return 0;
  if (end < start + SMALLEST) return SMALLEST;
  return end < start + LARGEST ? (size_t)(end - start) : LARGEST;
}

/* reader(file): the reader, its size, and whether there is a NUL; or nil and why
** reading failed; or nil where it is no file of io's, or none that can seek. */
int imaplua_reader(lua_State *L) {
  FILE *file = file_at(L, 1);
  bool binary = false;
  struct reader *r;
  const char *why;
  off_t start;
  size_t piece;
  if (file == NULL) return 0;
  start = ftello(file);
  piece = piece_of(file, start);
  if (piece == 0) return 0;
  r = lua_newuserdata(L, sizeof *r + 2 * piece);
  memset(r, 0, sizeof *r);
  r->start = start;
  r->piece = piece;
  luaL_getmetatable(L, IMAPLUA_READER);
  lua_setmetatable(L, -2);
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  imaplua_set_companion(L, -2);
  why = measure(r, file, &binary);
  if (why == NULL && !rewind_to_start(r, file)) why = "it cannot be read again";
  if (why != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
  }
  imaplua_push_u64(L, r->size);
  lua_pushboolean(L, binary);
  return 3;
}

/* Holds the next piece: NULL; else why there is none, or "less" or "more" where
** the file has not as many octets as were announced. Before the last octets are held
** the file must have ended: the command is not finished while it has not. */
static const char *refill(struct reader *r, FILE *file) {
  struct imap_span piece = {r->bytes + r->piece, 0};
  const char *why;
  if (r->astray &&
      fseeko(file, r->start + (off_t)r->position, SEEK_SET) != 0)
    return "it cannot be read again";
  r->astray = false;
  piece.size = read_piece(r, file, &why);
  if (why != NULL) return why;
  if (piece.size == 0) return "less";
  r->held = piece;
  if (r->bare > 0 && imap_lines_look(piece, r->after_cr).bare > 0)
    r->held = (struct imap_span){
        r->bytes, imap_lines_mend(piece, r->after_cr, r->bytes)};
  r->after_cr = imap_lines_end_with_cr(piece, r->after_cr);
  if (r->position + r->held.size < r->size) return NULL;
  if (r->position + r->held.size > r->size || fgetc(file) != EOF)
    return "more";
  return NULL;
}

/* What needs no mending goes from the file to the socket: a quarter of the CPU time
** of a long message in plaintext. The end does not: refill() looks whether it is
** one. How many octets went; 0: they are for supply(). */
static size_t pass(struct reader *r, FILE *file, struct connection *c) {
  uint64_t left = r->size - r->position;
  size_t count;
  if (r->bare > 0 || r->held.size > 0 || left <= LARGEST ||
      c->transport == NULL || !imap_session_may_pass(c->session))
    return 0;
  left -= LARGEST;
  if (left > MOST_PASSED) left = MOST_PASSED;
  count = imap_transport_send_file(c->transport, fileno(file),
                                   r->start + (off_t)r->position, (size_t)left);
  if (count == 0) return 0;
  imap_session_passed(c->session, count);
  c->moved += (double)count;
  r->position += count;
  r->astray = true;
  return count;
}

static const char *supply(lua_State *L, struct reader *r, FILE *file,
                          struct connection *c, size_t max, size_t *given) {
  *given = 0;
  while (*given < max && r->position < r->size) {
    struct imap_span now;
    const char *why = r->held.size == 0 ? refill(r, file) : NULL;
    if (why != NULL) return why;
    now = r->held;
    if (now.size > max - *given) now.size = max - *given;
    if (imap_session_supply(c->session, now) != IMAP_OK) imaplua_no_memory(L);
    r->held.data += now.size;
    r->held.size -= now.size;
    r->position += now.size;
    *given += now.size;
  }
  return NULL;
}

/* reader:supply(core, offset, max): gives up to `max` octets from `offset` on, or
** as many as pass by; at least one: how many; or nil and why not, as refill()
** says. */
static int supply_method(lua_State *L) {
  struct reader *r = luaL_checkudata(L, 1, IMAPLUA_READER);
  struct connection *c = imaplua_connection(L, 2);
  double offset = luaL_checknumber(L, 3);
  size_t max = (size_t)luaL_checknumber(L, 4), given = 0;
  const char *why = NULL;
  FILE *file;
  imaplua_get_companion(L, 1);
  lua_rawgeti(L, -1, 1);
  file = file_at(L, lua_gettop(L));
  if (file == NULL)
    why = "it was closed";
  else if ((offset == 0 || offset != (double)r->position) &&
           !rewind_to_start(r, file)) /* the command is sent once more */
    why = "it cannot be read again";
  if (why == NULL) given = pass(r, file, c);
  if (why == NULL && given == 0) why = supply(L, r, file, c, max, &given);
  if (why != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
  }
  imaplua_push_u64(L, given);
  return 1;
}

void imaplua_open_reader(lua_State *L) {
  static const luaL_Reg methods[] = {{"supply", supply_method}, {NULL, NULL}};
  luaL_newmetatable(L, IMAPLUA_READER);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
