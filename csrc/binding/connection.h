/* connection.h - the connection object of the core: a session and, unless the
** caller moves the bytes, a transport. Its companion table holds, by the
** action's id, the rows of each running action (of an append, the messages that
** it sends). Ids are used again: Lua keeps small ones in arrays. */
#ifndef IMAPLUA_CONNECTION_H
#define IMAPLUA_CONNECTION_H

#include "binding/binding.h"

struct connection {
  const char *kind;    /* set as long as there is a session */
  struct imap_session *session;
  struct imap_transport *transport;      /* NULL: the caller moves the bytes */
  struct imap_transport_shared *shared;  /* held as long as the transport */
  bool own_transport;  /* made by open(), also when it is gone */
  bool connecting;
  bool entered;        /* left by an error when it is on at entry */
  unsigned forks;      /* when it was made: a child must leave it alone */
  bool looked;         /* nothing can be there to be read before the next wait */
  bool bye_told;       /* Lua knows that the server has said BYE */
  double moved;        /* octets, in both directions */
  uint64_t ids;        /* a bit for each that is taken, from 1 on */
  struct imap_action *making; /* being filled from a table */
  struct imap_action *done;   /* ended; its result was not taken yet */
  struct imap_buffer scratch, text; /* of the maker */
  struct imap_tls_info tls;
};

/* The argument `index`. */
struct connection *imaplua_connection(lua_State *L, int index);

/* The process was forked since it was made: the child must leave it alone. */
bool imaplua_forked(const struct connection *c);

/* Can it be used? */
bool imaplua_alive(const struct connection *c);

/* Ends it, without a word to the peer. */
void imaplua_drop_transport(struct connection *c);
void imaplua_close(struct connection *c);

/* Forgets the action that ended last, with its number. */
void imaplua_drop_done(struct connection *c);

/* The rows of an action of the object at index 1, onto the stack. */
void imaplua_push_rows(lua_State *L, int id);

/* What became of the action `done`, which is forgotten then: its result, or nil,
** its failure and, where there is any, what was done. Answers how many. */
int imaplua_push_done(lua_State *L, struct connection *c);

/* advance.c: what moves it, set in the table on top; describe.c: what it tells
** of itself. */
void imaplua_open_advance(lua_State *L);
extern const luaL_Reg imaplua_describe_methods[];

#endif
