/* results.c - the result of an action that has ended. */
#include "binding/binding.h"

enum { PATHS = 2 }; /* fields that lua/imapconn adds: path, new_path */

/* --- sets, numbers and texts --- */

static void push_uid(lua_State *L, uint32_t uid) {
  lua_pushinteger(L, (lua_Integer)uid);
}

/* Each number of the set, in an array. What is shown here was named or seen
** one by one, so it is no larger than what the caller or the rows hold. */
static void push_numbers(lua_State *L, struct imap_seqset *set) {
  int count = 0;
  imap_seqset_tidy(set);
  lua_newtable(L);
  for (size_t i = 0; i < set->count; i++) {
    uint64_t n = set->ranges[i].first;
    for (; n <= set->ranges[i].last; n++) {
      push_uid(L, (uint32_t)n);
      lua_rawseti(L, -2, ++count);
    }
  }
}

static void set_numbers(lua_State *L, struct imap_seqset *set,
                        const char *name) {
  push_numbers(L, set);
  lua_setfield(L, -2, name);
}

static void set_uid(lua_State *L, uint32_t uid, const char *name) {
  if (uid == 0) return;
  push_uid(L, uid);
  lua_setfield(L, -2, name);
}

static void set_span(lua_State *L, struct imap_span text, const char *name) {
  if (text.size == 0) return;
  lua_pushlstring(L, text.data, text.size);
  lua_setfield(L, -2, name);
}

/* --- messages --- */

/* rows in the order of `found`, without those that are gone. They arrived so
** in nearly every case; then the table of rows is the result. */
static void push_messages(lua_State *L, struct imap_action *a, int rows,
                          bool newest_first) {
  struct imap_found *found = &a->found;
  struct imap_found_place place = {0, 0};
  const struct imap_found_row *row;
  int count = 0;
  int result;
  if (!found->shuffled && !found->renumbered && !newest_first) {
    lua_pushvalue(L, rows);
    return;
  }
  lua_createtable(L, (int)found->count, 0);
  result = lua_gettop(L);
  while ((row = imap_found_next(found, &place)) != NULL) {
    lua_rawgeti(L, rows, (int)row->order + 1);
    if (found->renumbered && a->shows_seq && row->seq > 0) {
      push_uid(L, row->seq);
      lua_setfield(L, -2, "seq");
    }
    count++;
    lua_rawseti(L, result,
                newest_first ? (int)found->count - count + 1 : count);
  }
}

/* SEARCH alone answered: { { uid = n }, … }. */
static void push_hits(lua_State *L, const struct imap_action *a) {
  uint64_t size = imap_seqset_size(&a->hits);
  int count = 0;
  lua_pushstring(L, a->search.only_seq ? "seq" : "uid");
  lua_createtable(L, (int)size, 0);
  for (size_t i = 0; i < a->hits.count; i++) {
    uint64_t n = a->hits.ranges[i].first;
    for (; n <= a->hits.ranges[i].last; n++) {
      lua_createtable(L, 0, 1);
      lua_pushvalue(L, -3);
      push_uid(L, (uint32_t)n);
      lua_rawset(L, -3);
      count++;
      lua_rawseti(L, -2, a->search.newest_first ? (int)size - count + 1 : count);
    }
  }
}

static void push_store(lua_State *L, struct imap_action *a, int rows) {
  lua_createtable(L, 0, 3 + PATHS);
  push_messages(L, a, rows, false);
  lua_setfield(L, -2, "messages");
  set_numbers(L, &a->store.modified, "modified");
  if (!a->silent) set_numbers(L, &a->missing, "missing");
}

static void push_search(lua_State *L, struct imap_action *a, int rows) {
  if (a->search.only_seq || a->search.only_uid)
    push_hits(L, a);
  else
    push_messages(L, a, rows, a->search.newest_first);
}

static void push_copy(lua_State *L, struct imap_action *a, int rows) {
  const struct imap_copy *copy = &a->copy;
  (void)rows;
  lua_createtable(L, 0, 3 + PATHS);
  set_numbers(L, &a->missing, "missing");
  set_uid(L, copy->target_uid_validity, "uid_validity");
  if (!copy->pairs_known) return;
  lua_createtable(L, (int)copy->pair_count, 0);
  for (size_t i = 0; i < copy->pair_count; i++) {
    lua_createtable(L, 0, 2);
    set_uid(L, copy->pairs[i].source, "uid");
    set_uid(L, copy->pairs[i].copy, "new_uid");
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "messages");
}

static void push_delete(lua_State *L, struct imap_action *a, int rows) {
  (void)rows;
  lua_createtable(L, 0, 2 + PATHS);
  set_numbers(L, &a->removed, "uids");
  set_numbers(L, &a->missing, "missing");
}

static void push_append(lua_State *L, struct imap_action *a, int rows) {
  (void)rows;
  lua_createtable(L, (int)a->append.count, 0);
  for (size_t i = 0; i < a->append.count; i++) {
    const struct imap_append_message *m = &a->append.messages[i];
    lua_createtable(L, 0, 2);
    if (m->stored) {
      set_uid(L, m->uid, "uid");
      set_uid(L, m->uid_validity, "uid_validity");
    } else {
      imaplua_push_failure(L, a, m->failure.code != IMAP_CODE_NONE
                                     ? &m->failure : &a->failure);
      lua_setfield(L, -2, "failure");
    }
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* --- mailboxes --- */

static void push_create(lua_State *L, struct imap_action *a, int rows) {
  (void)rows;
  lua_createtable(L, 0, 3);
  lua_pushboolean(L, a->create.created);
  lua_setfield(L, -2, "created");
  lua_pushboolean(L, a->create.subscribed);
  lua_setfield(L, -2, "subscribed");
  set_span(L, imap_buffer_span(&a->create.mailbox_id), "mailbox_id");
}

/* row.status, and row.subscribed by LSUB; the row is on top. `index` is the
** stack index of rows[0]. */
static void complete_mailbox(lua_State *L, const struct imap_action *a,
                             int index) {
  int row = lua_gettop(L);
  lua_rawgeti(L, index, IMAPLUA_BY_LSUB);
  lua_rawgeti(L, index, IMAPLUA_BY_STATUS);
  lua_getfield(L, row, "raw_path");
  if (a->status_items != 0) {
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    lua_setfield(L, row, "status");
  }
  lua_rawget(L, row + 1);
  if (!lua_isnil(L, -1)) {
    lua_pushboolean(L, 1);
    lua_setfield(L, row, "subscribed");
  }
  lua_settop(L, row);
}

/* Without LIST-EXTENDED, the subscribed ones are those of LSUB, as LIST showed
** them; one that LIST did not show does not exist. */
static void push_subscribed(lua_State *L, int index) {
  int result, lsub, list, count;
  lua_rawgeti(L, index, IMAPLUA_LSUB_ROWS);
  lsub = lua_gettop(L);
  lua_rawgeti(L, index, IMAPLUA_BY_LIST);
  list = lua_gettop(L);
  lua_newtable(L);
  result = lua_gettop(L);
  count = (int)lua_rawlen(L, lsub);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, lsub, i);
    lua_getfield(L, -1, "raw_path");
    lua_rawget(L, list);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushboolean(L, 0);
      lua_setfield(L, -2, "selectable");
    }
    lua_rawseti(L, result, i);
    lua_settop(L, result);
  }
  lua_replace(L, lsub);
  lua_settop(L, lsub);
}

static void push_list(lua_State *L, struct imap_action *a, int rows) {
  int index, result, count;
  lua_rawgeti(L, rows, 0);
  index = lua_gettop(L);
  if (lua_isnil(L, index)) { /* nothing came */
    lua_newtable(L);
    return;
  }
  lua_pushnil(L);
  lua_rawseti(L, rows, 0);
  if (a->list.subscribed_only && !a->list.extended)
    push_subscribed(L, index);
  else
    lua_pushvalue(L, rows);
  result = lua_gettop(L);
  count = (int)lua_rawlen(L, result);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, result, i);
    complete_mailbox(L, a, index);
    lua_settop(L, result);
  }
}

/* --- any --- */

static void push_rows(lua_State *L, struct imap_action *a, int rows) {
  (void)a;
  lua_pushvalue(L, rows);
}

static const struct {
  const struct imap_routine *routine;
  void (*push)(lua_State *L, struct imap_action *a, int rows);
} makers[] = {
  {&imap_store_routine, push_store},   {&imap_search_routine, push_search},
  {&imap_copy_routine, push_copy},     {&imap_delete_routine, push_delete},
  {&imap_append_routine, push_append}, {&imap_create_routine, push_create},
  {&imap_list_routine, push_list},     {&imap_status_routine, push_rows},
  {&imap_download_routine, push_rows}
};

bool imaplua_has_result(const struct imap_action *a) {
  return a->failure.code == IMAP_CODE_NONE ||
         a->failure.outcome == IMAP_OUTCOME_PARTIAL ||
         (a->routine == &imap_append_routine && a->append.count > 1);
}

void imaplua_push_result(lua_State *L, struct imap_action *a, int rows) {
  int top = lua_gettop(L);
  luaL_checkstack(L, 16, "result");
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
    if (makers[i].routine == a->routine) {
      makers[i].push(L, a, rows);
      if (lua_gettop(L) > top + 1) lua_replace(L, top + 1);
      lua_settop(L, top + 1);
      return;
    }
  lua_newtable(L);
}

static void set_text(lua_State *L, const char *text, const char *name) {
  if (text != NULL) set_span(L, imap_span_of(text), name);
}

void imaplua_push_failure(lua_State *L, const struct imap_action *a,
                          const struct imap_failure *f) {
  lua_createtable(L, 0, 9);
  set_text(L, imap_code_name(f->code), "code");
  set_span(L, imap_buffer_span(&f->reason), "reason");
  set_text(L, f->command, "command");
  set_text(L, f->field, "field");
  set_text(L, imap_outcome_name(f->outcome), "outcome");
  set_text(L, f->response_code, "response_code");
  lua_pushboolean(L, a != NULL && a->routine->changes);
  lua_setfield(L, -2, "changes");
  set_span(L, imap_buffer_span(&f->response_text), "response_text");
}
