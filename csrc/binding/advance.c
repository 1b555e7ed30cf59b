/* advance.c - what moves a connection: advance() does what can be done, and says
** what to do next. It waits once, where it may; nothing here calls Lua. */
#include <string.h>

#include "binding/connection.h"
#include "transport/poller.h"

enum { MAX_MOVED = 1 << 23 }; /* octets before Lua may look at its clocks */

static void make_row(lua_State *L, struct connection *c,
                     const struct imap_event *event) {
  int top = lua_gettop(L);
  struct imaplua_maker m = {.L = L, .scratch = &c->scratch, .text = &c->text};
  imaplua_push_rows(L, event->action->id);
  imaplua_add_row(&m, event, lua_gettop(L), c->session->utf8);
  lua_settop(L, top);
}

/* Gives the session up to `max` of the octets; answers how many. */
static size_t supply(lua_State *L, struct connection *c, struct imap_span octets,
                     size_t max) {
  if (octets.size > max) octets.size = max;
  if (imap_session_supply(c->session, octets) != IMAP_OK) imaplua_no_memory(L);
  return octets.size;
}

/* The octets that an append asks for, where Lua has given it the whole text. To
** ask Lua for them takes 5,000 instructions. */
static bool supply_text(lua_State *L, struct connection *c,
                        const struct imap_event *event) {
  int top = lua_gettop(L);
  struct imap_span text;
  imaplua_push_rows(L, event->action->id);
  lua_rawgeti(L, -1, (int)event->index + 1);
  lua_getfield(L, -1, "text");
  text.data = lua_tolstring(L, -1, &text.size);
  if (text.data != NULL) {
    text.data += event->offset;
    text.size -= (size_t)event->offset;
    (void)supply(L, c, text, (size_t)event->size);
  }
  lua_settop(L, top);
  return text.data != NULL;
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
      imaplua_push_u64(L, event->size);
      return 4;
    case IMAP_EVENT_CONTENT:
      if (supply_text(L, c, event)) return 0;
      lua_pushliteral(L, "content");
      lua_pushinteger(L, event->action->id);
      lua_pushinteger(L, (lua_Integer)event->index + 1);
      imaplua_push_u64(L, event->offset);
      lua_pushinteger(L, (lua_Integer)event->size);
      return 5;
    case IMAP_EVENT_UPGRADE:
      lua_pushliteral(L, "upgrade");
      return 1;
    case IMAP_EVENT_DONE:
      imaplua_drop_done(c);
      c->done = event->action;
      lua_pushliteral(L, "done");
      lua_pushinteger(L, event->action->id);
      return 2 + imaplua_push_done(L, c);
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
  bool judged;
  struct imap_span prelude = imap_transport_prelude(c->transport, &judged);
  if (judged && !begins_with(prelude, "* OK") &&
      !begins_with(prelude, "* PREAUTH") && !begins_with(prelude, "* BYE"))
    imap_session_greeted(c->session);
  if (judged) c->session->replayed = prelude.size; /* the transport has traced it */
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

/* There cannot be anything to read: all had been read, and one action alone has
** just said all that it has to say; or it was looked for, and nothing else has
** been done since. To read in vain costs 2 us of a call's 30. */
static bool is_too_early(struct connection *c, size_t output, size_t sent) {
  bool looked = c->looked && output == 0;
  c->looked = output > 0 && sent == output && imap_session_alone(c->session) &&
              imap_transport_drained(c->transport);
  return looked || c->looked;
}

/* Sends until nothing is left, or nothing more is taken: TLS takes 16 KB at a
** time. What is gone is taken off once, since the rest is moved to the front. */
static int send_output(struct connection *c, struct imap_span out, size_t *sent) {
  int status = IMAP_OK;
  *sent = 0;
  while (*sent < out.size && status == IMAP_OK) {
    size_t now;
    status = imap_transport_send(c->transport, out.data + *sent,
                                 out.size - *sent, &now);
    *sent += now;
  }
  if (*sent > 0) imap_session_sent(c->session, *sent);
  return status;
}

/* TLS gives a record at a time, Dovecot's of 4 KB: behind a long one there is as
** a rule another, and whoever takes 64 KB at a time is called less often. */
enum { LONG_RECORD = 1024 };

/* What came before a failure is looked at first: the failure shows again. */
static int receive_input(struct connection *c, char *space, size_t room, size_t *got) {
  size_t now;
  int status;
  *got = 0;
  do {
    status = imap_transport_receive(c->transport, space + *got, room - *got, &now);
    *got += now;
  } while (now >= LONG_RECORD && *got < room &&
           !imap_transport_drained(c->transport));
  return *got > 0 ? IMAP_OK : status;
}

/* Moves bytes both ways: while sending we read, and while reading we send
** (WIRE.md, rule 9). Returns how many octets. */
static size_t move_bytes(struct connection *c) {
  struct imap_span out = imap_session_output(c->session);
  size_t sent, got = 0, room;
  char *space;
  int status = send_output(c, out, &sent);
  c->moved += (double)sent;
  if (status < 0 && status != IMAP_CLOSED) {
    transport_failed(c);
    return 1;
  }
  if (is_too_early(c, out.size, sent)) return sent;
  space = imap_session_space(c->session, &room);
  if (space == NULL) return 1;
  status = receive_input(c, space, room, &got);
  if (got > 0) imap_session_filled(c->session, got);
  c->looked = got > 0 ? imap_transport_drained(c->transport)
                      : sent > 0 && status == IMAP_MORE;
  if (status == IMAP_CLOSED)
    imap_session_ended(c->session);
  else if (status < 0)
    transport_failed(c);
  c->moved += (double)got;
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

/* Two of the longest segments: with so much at hand a server sends whole ones,
** whatever was acknowledged. To hasten each wait in 500 MB costs 20 ms. */
enum { PLENTY = 1 << 17 };

/* How long advance() may wait by itself, and what came of it. */
struct rest {
  double till;  /* on the clock of now(); it has passed: not at all */
  double since; /* when it began to wait, and nothing has moved; or 0 */
  int failed;    /* what errno says */
};

/* Something is for Lua to know before there is any waiting: lines of the trace, or
** that BYE leaves less time. */
static bool has_news(const struct connection *c) {
  return c->session->trace.size > 0 || (c->session->bye && !c->bye_told);
}

/* Nothing can be done at once. True: some time has passed, look again. To wait in
** here, and not by way of Lua, saves a call 5,000 instructions. */
static bool has_waited(struct connection *c, struct rest *rest) {
  double now;
  if (imap_session_coming(c->session) < PLENTY)
    imap_transport_hasten(c->transport);
  if (rest->till <= 0 || has_news(c)) return false;
  now = imap_poller_seconds();
  if (now >= rest->till) return false;
  rest->failed = imap_transport_rest(c->transport, rest->till - now,
                                     imap_session_output(c->session).size > 0);
  rest->since = now;
  rest->till = 0;
  return rest->failed == 0;
}

static int say_wait(lua_State *L, const struct rest *rest) {
  lua_pushliteral(L, "wait");
  lua_pushnumber(L, rest->since > 0 ? imap_poller_seconds() - rest->since : 0);
  if (rest->failed == 0) return 2;
  lua_pushstring(L, strerror(rest->failed));
  return 3;
}

static int advance_loop(lua_State *L, struct connection *c, struct rest *rest) {
  uint64_t inflated = c->session->inflated;
  size_t moved = 0;
  for (;;) {
    struct imap_event event;
    int status;
    if (c->connecting && go_on_connecting(c) == IMAP_MORE) {
      if (has_waited(c, rest)) continue;
      return say_wait(L, rest);
    }
    status = imap_session_next(c->session, &event);
    if (status == IMAP_OK) {
      int count = push_event(L, c, &event);
      if (count > 0) return count;
      continue;
    }
    if (status < 0) {
      imaplua_drop_transport(c);
      return say(L, "dead");
    }
    if (!c->own_transport) return ask_caller(L, c);
    {
      size_t now = move_bytes(c);
      moved += now;
      if (now > 0)
        rest->since = 0;
      else if (!has_waited(c, rest))
        return say_wait(L, rest);
    }
    if (moved + c->session->inflated - inflated > MAX_MOVED) return say(L, "again");
  }
}

/* advance([till]): it may wait itself until `till`, on the clock of now(). */
static int advance(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  struct rest rest = {lua_tonumber(L, 2), 0, 0};
  int count;
  if (imaplua_forked(c)) return say(L, "dead");
  if (c->entered) /* a memory error left it midway: nothing can be trusted */
    imap_session_kill(c->session, IMAP_CODE_CLOSED,
                      "an earlier error left the connection in doubt");
  if (c->own_transport && c->transport == NULL) {
    c->connecting = false;
    imaplua_close(c);
  }
  c->entered = true;
  count = advance_loop(L, c, &rest);
  c->entered = false;
  return count;
}

/* --- bytes moved by the caller --- */

static int feed_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  size_t size;
  const char *bytes = luaL_checklstring(L, 2, &size);
  c->moved += (double)size;
  if (!feed(c, bytes, size)) imaplua_no_memory(L);
  return 0;
}

static int sent_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  size_t size = (size_t)luaL_checknumber(L, 2);
  c->moved += (double)size;
  if (size > imap_session_output(c->session).size)
    size = imap_session_output(c->session).size; /* it died meanwhile */
  imap_session_sent(c->session, size);
  return 0;
}

static int ended_method(lua_State *L) {
  imap_session_ended(imaplua_connection(L, 1)->session);
  return 0;
}

static int upgraded_method(lua_State *L) {
  imap_session_upgraded(imaplua_connection(L, 1)->session);
  return 0;
}

/* supply(bytes, offset, max): up to `max` of the bytes, from `offset` on; answers
** how many. */
static int supply_method(lua_State *L) {
  struct connection *c = imaplua_connection(L, 1);
  struct imap_span bytes;
  size_t offset = (size_t)luaL_checknumber(L, 3);
  size_t max = (size_t)luaL_checknumber(L, 4);
  bytes.data = luaL_checklstring(L, 2, &bytes.size);
  luaL_argcheck(L, offset <= bytes.size, 3, "behind the end");
  bytes.data += offset;
  bytes.size -= offset;
  imaplua_push_u64(L, supply(L, c, bytes, max));
  return 1;
}

void imaplua_open_advance(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"feed", feed_method}, {"sent", sent_method}, {"ended", ended_method},
    {"upgraded", upgraded_method}, {"supply", supply_method}, {NULL, NULL}
  };
  luaL_setfuncs(L, methods, 0);
  imaplua_set_maker(L, "advance", advance);
}
