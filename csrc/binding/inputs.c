/* inputs.c - an action from a table of inputs. lua/imapconn has checked them;
** what is read here is of the right type, or a mistake of ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding/binding.h"

/* Reading one table of inputs into one action. */
struct form {
  lua_State *L;
  int table;
  struct imap_action *a;
};

/* --- single fields; each leaves the stack as it was --- */

static void field(const struct form *f, const char *name) {
  lua_pushstring(f->L, name);
  lua_rawget(f->L, f->table);
}

static bool read_bool(const struct form *f, const char *name) {
  bool value;
  field(f, name);
  value = lua_toboolean(f->L, -1) != 0;
  lua_pop(f->L, 1);
  return value;
}

static double read_number(const struct form *f, const char *name) {
  double value;
  field(f, name);
  value = lua_tonumber(f->L, -1);
  lua_pop(f->L, 1);
  return value;
}

static bool has(const struct form *f, const char *name) {
  bool is_there;
  field(f, name);
  is_there = !lua_isnil(f->L, -1);
  lua_pop(f->L, 1);
  return is_there;
}

/* Memory that somebody owns already, or Lua's error. */
static void *need(const struct form *f, void *memory) {
  if (memory == NULL) imaplua_no_memory(f->L);
  return memory;
}

static void read_text(const struct form *f, const char *name,
                      struct imap_buffer *out) {
  const char *text;
  size_t size;
  field(f, name);
  text = lua_tolstring(f->L, -1, &size);
  if (text != NULL && imap_buffer_add(out, text, size) != IMAP_OK) {
    if (out->status == IMAP_NOMEM) imaplua_no_memory(f->L);
    luaL_error(f->L, "input %s is too long", name);
  }
  lua_pop(f->L, 1);
}

static void read_numbers(const struct form *f, const char *name,
                         struct imap_seqset *out) {
  const char *text;
  size_t size;
  field(f, name);
  text = lua_tolstring(f->L, -1, &size);
  if (text != NULL) {
    int status = imap_seqset_parse(out, (struct imap_span){text, size});
    if (status == IMAP_NOMEM) imaplua_no_memory(f->L);
    if (status != IMAP_OK) luaL_error(f->L, "%s is no set", name);
  }
  lua_pop(f->L, 1);
}

static uint64_t read_u64(const struct form *f, const char *name) {
  uint64_t number = 0;
  const char *text;
  size_t size;
  field(f, name);
  text = lua_tolstring(f->L, -1, &size);
  if (text != NULL)
    (void)imap_number_parse((struct imap_span){text, size}, UINT64_MAX, &number);
  lua_pop(f->L, 1);
  return number;
}

/* The set of messages, as check.lua makes it, at the top of the stack. */
static void read_set(const struct form *outer) {
  struct imap_action *a = outer->a;
  a->by_uid = read_bool(outer, "by_uid");
  a->reopen = !a->by_uid;
  if (lua_istable(outer->L, -1)) {
    const struct form f = {outer->L, lua_gettop(outer->L), a};
    if (read_bool(&f, "fresh")) a->reopen = true;
    read_numbers(&f, "text", &a->set);
    if (a->by_uid) read_numbers(&f, "named", &a->named);
  } else {
    uint32_t number = (uint32_t)lua_tonumber(outer->L, -1);
    if (imap_seqset_add(&a->set, number, number) != IMAP_OK ||
        (a->by_uid && imap_seqset_add(&a->named, number, number) != IMAP_OK))
      imaplua_no_memory(outer->L);
  }
}

static void read_messages(const struct form *f) {
  field(f, "set");
  if (!lua_isnil(f->L, -1)) read_set(f);
  lua_pop(f->L, 1);
  f->a->uid_validity = (uint32_t)read_number(f, "uid_validity");
}

/* --- the kinds --- */

static void fill_none(const struct form *f) {
  (void)f;
}

static void fill_connect(const struct form *f) {
  struct imap_login *login = &f->a->login;
  const char *name;
  read_text(f, "username", &login->username);
  read_text(f, "password", &login->password);
  read_text(f, "token", &login->token);
  read_text(f, "host", &login->host);
  login->has_username = has(f, "username");
  login->has_password = has(f, "password");
  login->has_token = has(f, "token");
  login->port = (unsigned)read_number(f, "port");
  login->starttls = read_bool(f, "starttls");
  login->compress = read_bool(f, "compress");
  login->is_protected = read_bool(f, "protected");
  field(f, "mechanism");
  name = lua_tostring(f->L, -1);
  if (name != NULL)
    (void)snprintf(login->mechanism, sizeof login->mechanism, "%s", name);
  lua_pop(f->L, 1);
}

static void fill_store(const struct form *f) {
  struct imap_action *a = f->a;
  const char *mode;
  read_text(f, "mailbox", &a->mailbox);
  read_messages(f);
  field(f, "mode");
  mode = lua_tostring(f->L, -1);
  if (mode != NULL && mode[0] == 'r') a->store.mode = IMAP_STORE_REMOVE;
  if (mode != NULL && mode[0] == 's') a->store.mode = IMAP_STORE_SET;
  lua_pop(f->L, 1);
  read_text(f, "flags", &a->texts);
  a->silent = read_bool(f, "silent");
  a->store.conditional = has(f, "unchanged_since");
  if (a->store.conditional)
    a->store.unchanged_since = read_u64(f, "unchanged_since");
  a->shows_seq = a->shows_uid = true;
  a->items = 1u << IMAP_ITEM_FLAGS;
}

static void fill_append_message(const struct form *outer, int table,
                                struct imap_append_message *m) {
  const struct form f = {outer->L, table, outer->a};
  m->size = (uint64_t)read_number(&f, "size");
  m->dated = has(&f, "date");
  m->date = (int64_t)read_number(&f, "date");
  m->binary = read_bool(&f, "binary");
  m->flags = f.a->texts.size;
  read_text(&f, "flags", &f.a->texts);
  m->flags_size = f.a->texts.size - m->flags;
}

static void fill_append(const struct form *f) {
  struct imap_append *append = &f->a->append;
  size_t count;
  read_text(f, "mailbox", &f->a->mailbox);
  field(f, "messages");
  count = lua_rawlen(f->L, -1);
  append->messages = need(f, calloc(count, sizeof *append->messages));
  append->count = count;
  for (size_t i = 0; i < count; i++)
    imap_failure_init(&append->messages[i].failure);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(f->L, -1, (int)i + 1);
    fill_append_message(f, lua_gettop(f->L), &append->messages[i]);
    lua_pop(f->L, 1);
  }
  lua_pop(f->L, 1);
}

static void fill_copy(const struct form *f) {
  read_text(f, "mailbox", &f->a->mailbox);
  read_text(f, "target", &f->a->target);
  read_messages(f);
}

static void fill_named(const struct form *f) { /* create, rename */
  read_text(f, "mailbox", &f->a->mailbox);
  read_text(f, "target", &f->a->target);
}

static void fill_delete(const struct form *f) {
  read_text(f, "mailbox", &f->a->mailbox);
  read_messages(f);
  f->a->delete.allow_expunge = read_bool(f, "allow_expunge");
}

static void fill_download(const struct form *f) {
  struct imap_action *a = f->a;
  struct imap_download *d = &a->download;
  read_text(f, "mailbox", &a->mailbox);
  read_messages(f);
  read_text(f, "section", &a->section);
  a->single = true;
  d->whole = read_bool(f, "whole");
  d->flows = read_bool(f, "flows");
  d->needs_structure = d->flows && read_bool(f, "decode");
  d->mark_read = read_bool(f, "mark_read");
}

static uint32_t bit_of(const char *const *names, size_t count,
                       const char *name) {
  for (size_t i = 0; i < count; i++)
    if (name != NULL && strcmp(names[i], name) == 0) return 1u << i;
  return 0;
}

/* The bits of the names in the array inputs[field_name]. */
static uint32_t read_bits(const struct form *f, const char *field_name,
                          const char *const *names, size_t count) {
  uint32_t bits = 0;
  field(f, field_name);
  if (lua_istable(f->L, -1)) {
    size_t size = lua_rawlen(f->L, -1);
    for (size_t i = 1; i <= size; i++) {
      lua_rawgeti(f->L, -1, (int)i);
      bits |= bit_of(names, count, lua_tostring(f->L, -1));
      lua_pop(f->L, 1);
    }
  }
  lua_pop(f->L, 1);
  return bits;
}

static uint32_t read_status_items(const struct form *f) {
  static const char *const names[] = { /* in the order of imap_status_item */
    "messages", "recent", "unseen", "uid_next", "uid_validity",
    "highest_modseq", "size", "mailbox_id"
  };
  return read_bits(f, "items", names, sizeof names / sizeof *names);
}

static void fill_status(const struct form *f) {
  read_text(f, "mailbox", &f->a->mailbox);
  f->a->status_items = read_status_items(f);
}

static void fill_list(const struct form *f) {
  read_text(f, "reference", &f->a->list.reference);
  read_text(f, "pattern", &f->a->list.pattern);
  f->a->list.subscribed_only = read_bool(f, "subscribed_only");
  f->a->status_items = read_status_items(f);
}

/* --- search --- */

static void read_term(const struct form *f, struct imap_search_term *term) {
  size_t size;
  const char *text = lua_tolstring(f->L, -1, &size);
  if (text == NULL || size == 0) {
    luaL_error(f->L, "a search term is empty");
    return;
  }
  switch (text[0]) {
    case 'a': term->kind = IMAP_TERM_ATOM; break;
    case 'n': term->kind = IMAP_TERM_SET; break;
    case '(': term->kind = IMAP_TERM_OPEN; break;
    case ')': term->kind = IMAP_TERM_CLOSE; break;
    default: term->kind = IMAP_TERM_STRING; break;
  }
  term->start = f->a->texts.size;
  term->size = size - 1;
  if (imap_buffer_add(&f->a->texts, text + 1, size - 1) != IMAP_OK) imaplua_no_memory(f->L);
}

static void read_terms(const struct form *f) {
  struct imap_search *search = &f->a->search;
  size_t count;
  field(f, "terms");
  count = lua_istable(f->L, -1) ? lua_rawlen(f->L, -1) : 0;
  search->terms = need(f, calloc(count + 1, sizeof *search->terms));
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(f->L, -1, (int)i + 1);
    read_term(f, &search->terms[i]);
    lua_pop(f->L, 1);
  }
  search->term_count = count;
  lua_pop(f->L, 1);
}

static void fill_search(const struct form *f) {
  static const char *const names[] = {
    "seq", "uid", "flags", "size", "internal_date", "envelope",
    "body_structure", "modseq", "email_id", "thread_id", "preview",
    "save_date", "headers"
  };
  static const enum imap_item items[] = {
    IMAP_ITEM_OTHER, IMAP_ITEM_UID, IMAP_ITEM_FLAGS, IMAP_ITEM_SIZE,
    IMAP_ITEM_INTERNAL_DATE, IMAP_ITEM_ENVELOPE, IMAP_ITEM_BODY_STRUCTURE,
    IMAP_ITEM_MODSEQ, IMAP_ITEM_EMAIL_ID, IMAP_ITEM_THREAD_ID,
    IMAP_ITEM_PREVIEW, IMAP_ITEM_SAVE_DATE, IMAP_ITEM_SECTION
  };
  struct imap_action *a = f->a;
  uint32_t bits = read_bits(f, "fields", names, sizeof names / sizeof *names);
  read_text(f, "mailbox", &a->mailbox);
  read_messages(f);
  read_text(f, "charset", &a->search.charset);
  read_terms(f);
  a->search.limit = (uint32_t)read_number(f, "limit");
  a->search.newest_first = read_bool(f, "newest_first");
  a->shows_seq = (bits & 1u) != 0;
  a->shows_uid = (bits & 2u) != 0;
  a->search.only_seq = bits == 1u;
  a->search.only_uid = bits == 2u;
  for (size_t i = 0; i < sizeof items / sizeof *items; i++)
    if (bits & 1u << i) a->items |= 1u << items[i];
  a->items &= ~(1u << IMAP_ITEM_OTHER);
  a->items |= 1u << IMAP_ITEM_UID;
}

static const struct {
  const char *kind;
  const struct imap_routine *routine;
  void (*fill)(const struct form *f);
} kinds[] = { /* what is called for each message first */
  {"store", &imap_store_routine, fill_store},
  {"download", &imap_download_routine, fill_download},
  {"append", &imap_append_routine, fill_append},
  {"copy", &imap_copy_routine, fill_copy},
  {"delete", &imap_delete_routine, fill_delete},
  {"search", &imap_search_routine, fill_search},
  {"status", &imap_status_routine, fill_status},
  {"list", &imap_list_routine, fill_list},
  {"create", &imap_create_routine, fill_named},
  {"rename", &imap_rename_routine, fill_named},
  {"connect", &imap_connect_routine, fill_connect},
  {"logout", &imap_logout_routine, fill_none},
  {"noop", &imap_noop_routine, fill_none},
  {"leave", &imap_leave_routine, fill_none}
};

struct imap_action *imaplua_make_action(lua_State *L, const char *kind,
                                        int inputs, struct imap_action **box) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct form f = {L, inputs, NULL};
    if (strcmp(kinds[i].kind, kind) != 0) continue;
    f.a = *box = imap_action_new(kinds[i].routine); /* the box owns it */
    if (f.a == NULL) imaplua_no_memory(L);
    kinds[i].fill(&f);
    return f.a;
  }
  luaL_error(L, "there is no action %s", kind);
  return NULL;
}
