/* binding.h - what the files of the C module imapconn.core share.
** Arguments are checked, then anchored (a userdata that is safe to collect),
** then acted upon. Nothing that malloc gave is unowned while Lua can raise. */
#ifndef IMAPLUA_BINDING_H
#define IMAPLUA_BINDING_H

#include "actions/actions.h"
#include "binding/keys.h"
#include "transport/transport.h"

#define IMAPLUA_VERSION "0.1.0"
#define IMAPLUA_CONNECTION "imapconn.core.connection"
#define IMAPLUA_DECODER "imapconn.core.decoder"
#define IMAPLUA_READER "imapconn.core.reader"

/* What rows are made with: one for each connection, reused. */
struct imaplua_maker {
  lua_State *L;
  const struct imap_response *response;
  const char *error;          /* the first thing that was malformed */
  struct imap_buffer *scratch; /* a string's escapes undone */
  struct imap_buffer *text;    /* the same, decoded */
};

/* A row that is not as it should be says so in its field `error`: the first thing
** that was found. */
static inline void imaplua_malformed(struct imaplua_maker *m, const char *what) {
  if (m->error == NULL) m->error = what;
}

/* Raises what Lua raises when memory is exhausted. */
_Noreturn void imaplua_no_memory(lua_State *L);

/* A whole number; its decimal digits where a Lua number would not be exact. */
void imaplua_push_u64(lua_State *L, uint64_t number);

/* table[key] = the value on top, which is popped. Dearer than pushing the key
** in front of the value, and lua_rawset() behind it. */
void imaplua_set(const struct imaplua_maker *m, int table, enum imaplua_key key);

/* message.c, envelope.c, structure.c: a value onto the stack. NULL nodes are allowed. */
void imaplua_push_flags(struct imaplua_maker *m, const struct imap_node *node);
void imaplua_push_envelope(struct imaplua_maker *m,
                           const struct imap_node *node);
void imaplua_push_structure(struct imaplua_maker *m,
                            const struct imap_node *node);
void imaplua_push_headers(struct imaplua_maker *m,
                          const struct imap_node *node);

/* maker.c: a string node's text, undecoded or decoded to UTF-8 (RFC 2047). It
** holds until the next is asked for; data NULL: NIL, a list, or no node. */
struct imap_span imaplua_string(struct imaplua_maker *m,
                                const struct imap_node *node);
struct imap_span imaplua_decoded(struct imaplua_maker *m,
                                 const struct imap_node *node);

/* Decoded too, but inline for what most are: text without anything to decode. */
static inline struct imap_span imaplua_words(struct imaplua_maker *m,
                                             const struct imap_node *node) {
  if (node != NULL && node->kind == IMAP_NODE_PLAIN)
    return imap_node_bytes(m->response->tape, node);
  return imaplua_decoded(m, node);
}

/* … onto the stack; nil where there is none. */
void imaplua_push_span(lua_State *L, struct imap_span text);
void imaplua_push_string(struct imaplua_maker *m, const struct imap_node *node);
void imaplua_push_words(struct imaplua_maker *m, const struct imap_node *node);

/* table[key] = the text, decoded or not, where there is any. */
void imaplua_set_string(struct imaplua_maker *m, int table,
                        enum imaplua_key key, const struct imap_node *node);
void imaplua_set_words(struct imaplua_maker *m, int table,
                       enum imaplua_key key, const struct imap_node *node);

/* What was written to the maker's text, onto the stack. */
void imaplua_push_text(struct imaplua_maker *m);

/* Sets the fields in `wanted` (1 << enum imap_item) of a FETCH row in the
** message table at index `table`. */
void imaplua_fill_message(struct imaplua_maker *m, int table, uint32_t wanted);

/* inputs.c: an action from a table of inputs; *box owns it at once. */
struct imap_action *imaplua_make_action(lua_State *L, const char *kind,
                                        int inputs, struct imap_action **box);

/* rows.c: a row into the action's rows (a table at index `rows`). */
void imaplua_add_row(struct imaplua_maker *m, const struct imap_event *event,
                     int rows, bool utf8);

/* … and what it is made of: a row of LIST onto the stack; the items of STATUS
** into the table at index `table`. */
void imaplua_push_mailbox(struct imaplua_maker *m, bool utf8);
void imaplua_fill_status(struct imaplua_maker *m, int table);

/* For LIST, rows[0] is an array of what comes beside the rows. */
enum imaplua_index {
  IMAPLUA_BY_LIST = 1, /* rows of LIST by raw name */
  IMAPLUA_BY_LSUB,     /* rows of LSUB by raw name */
  IMAPLUA_LSUB_ROWS,   /* … and in order */
  IMAPLUA_BY_STATUS,   /* tables of STATUS by raw name */
  IMAPLUA_INDEXES = IMAPLUA_BY_STATUS
};

/* results.c: the result of an action that has ended, from its rows; or why it
** failed. One that failed has a result too where some of it was done, and where it
** is about several messages, of which each says what became of it. */
bool imaplua_has_result(const struct imap_action *a);
void imaplua_push_result(lua_State *L, struct imap_action *a, int rows);
void imaplua_push_failure(lua_State *L, const struct imap_action *a,
                          const struct imap_failure *f);

/* The module's parts. */
void imaplua_open_connection(lua_State *L); /* its metatable */
void imaplua_open_decoder(lua_State *L);
void imaplua_open_reader(lua_State *L);
int imaplua_open(lua_State *L);
int imaplua_attach(lua_State *L);
int imaplua_parse(lua_State *L);
void imaplua_set_typed(struct imaplua_maker *m, int table); /* typed.c */
int imaplua_decoder(lua_State *L);
int imaplua_reader(lua_State *L);

/* options.c: options.limits, which may be absent; whether a value is limits. */
struct imap_limits imaplua_limits(lua_State *L, int options);
bool imaplua_are_limits(lua_State *L, int value);
bool imaplua_is_whole(double value, double low, double high);

/* … what imap_transport_open() takes, from a table of options. */
void imaplua_read_options(lua_State *L, int table,
                          struct imap_transport_options *out);

#endif
