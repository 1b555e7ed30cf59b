/* decoder.c - a part's decoder as an object: feed, finish, converted. */
#include "binding/binding.h"
#include "mime/decode.h"

struct decoder {
  struct mime_decoder *decoder;
  struct imap_buffer out;
};

enum { MAX_PIECE = 1 << 30 };

static struct decoder *check(lua_State *L) {
  struct decoder *d = luaL_checkudata(L, 1, IMAPLUA_DECODER);
  luaL_argcheck(L, d->decoder != NULL, 1, "the decoder is closed");
  return d;
}

int imaplua_decoder(lua_State *L) {
  struct imap_span encoding, charset = {NULL, 0};
  struct decoder *d;
  encoding.data = luaL_checklstring(L, 1, &encoding.size);
  if (!lua_isnoneornil(L, 2)) charset.data = luaL_checklstring(L, 2, &charset.size);
  d = lua_newuserdata(L, sizeof *d);
  d->decoder = NULL;
  imap_buffer_init(&d->out, MAX_PIECE);
  luaL_getmetatable(L, IMAPLUA_DECODER);
  lua_setmetatable(L, -2);
  d->decoder = mime_decoder_new(encoding, charset);
  if (d->decoder == NULL) imaplua_no_memory(L);
  return 1;
}

static int push_out(lua_State *L, struct decoder *d, int status) {
  if (status != IMAP_OK) imaplua_no_memory(L);
  lua_pushlstring(L, d->out.size > 0 ? d->out.data : "", d->out.size);
  return 1;
}

static int feed(lua_State *L) {
  struct decoder *d = check(L);
  struct imap_span piece;
  piece.data = luaL_checklstring(L, 2, &piece.size);
  imap_buffer_clear(&d->out);
  return push_out(L, d, mime_decoder_feed(d->decoder, piece, &d->out));
}

static int finish(lua_State *L) {
  struct decoder *d = check(L);
  imap_buffer_clear(&d->out);
  return push_out(L, d, mime_decoder_finish(d->decoder, &d->out));
}

static int converted(lua_State *L) {
  lua_pushboolean(L, mime_decoder_converted(check(L)->decoder));
  return 1;
}

static int collect(lua_State *L) {
  struct decoder *d = luaL_checkudata(L, 1, IMAPLUA_DECODER);
  mime_decoder_free(d->decoder);
  d->decoder = NULL;
  imap_buffer_free(&d->out);
  return 0;
}

void imaplua_open_decoder(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"feed", feed}, {"finish", finish}, {"converted", converted}, {NULL, NULL}
  };
  luaL_newmetatable(L, IMAPLUA_DECODER);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}
