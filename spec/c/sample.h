/* sample.h - actions of every kind, for the C specs and the fuzz targets.
** `variant` chooses among the inputs that a caller may give. */
#ifndef SPEC_SAMPLE_H
#define SPEC_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"

enum sample {
  SAMPLE_CONNECT, SAMPLE_STORE, SAMPLE_APPEND, SAMPLE_COPY, SAMPLE_CREATE,
  SAMPLE_DELETE, SAMPLE_DOWNLOAD, SAMPLE_STATUS, SAMPLE_LIST, SAMPLE_RENAME,
  SAMPLE_SEARCH, SAMPLE_NOOP, SAMPLE_LOGOUT, SAMPLE_COUNT
};

/* Takes the lowest `bits` of the variant. */
static inline unsigned sample_bits(uint32_t *variant, unsigned bits) {
  unsigned value = *variant & ((1u << bits) - 1);
  *variant >>= bits;
  return value;
}

static inline int sample_text(struct imap_buffer *out, const char *text) {
  return imap_buffer_add_text(out, text);
}

static inline int sample_mailbox(struct imap_buffer *out, unsigned which) {
  static const char *const names[] = {"INBOX", "Work", "Work/Old", "&APw-x \""};
  return sample_text(out, names[which % 4]);
}

/* So many ranges that they need more than one line. */
static inline int sample_long_set(struct imap_seqset *set) {
  int status = IMAP_OK;
  for (uint32_t n = 100000; n < 104000 && status == IMAP_OK; n += 2)
    status = imap_seqset_add(set, n, n);
  return status;
}

/* `named` are the numbers that stand alone (see action.h). */
static inline int sample_set(struct imap_action *a, uint32_t *variant) {
  static const struct { const char *set, *named; bool reopen; } sets[] = {
    {"1", "1", false}, {"7,9", "7,9", false}, {"1:3", NULL, true},
    {"*", NULL, true}, {"2:*", NULL, true}, {"3,5:6", "3", true},
    {"4294967295", "4294967295", false}, {NULL, NULL, false}
  };
  unsigned which = sample_bits(variant, 3);
  int status = IMAP_OK;
  a->by_uid = sample_bits(variant, 1) != 0;
  a->reopen = sets[which].reopen || !a->by_uid;
  if (sample_bits(variant, 2) == 3) a->uid_validity = 7;
  if (sets[which].set == NULL) return sample_long_set(&a->set);
  status = imap_seqset_parse(&a->set, imap_span_of(sets[which].set));
  if (status == IMAP_OK && sets[which].named != NULL && a->by_uid)
    status = imap_seqset_parse(&a->named, imap_span_of(sets[which].named));
  return status;
}

static inline int sample_connect(struct imap_action *a, uint32_t variant) {
  static const char *const mechanisms[] = {
    "", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5",
    "OAUTHBEARER", "XOAUTH2", "EXTERNAL", "ANONYMOUS"
  };
  struct imap_login *login = &a->login;
  int status;
  strcpy(login->mechanism, mechanisms[sample_bits(&variant, 4) % 10]);
  login->has_username = sample_bits(&variant, 3) != 7;
  login->has_token = sample_bits(&variant, 1) != 0;
  login->has_password = sample_bits(&variant, 2) != 3;
  login->starttls = sample_bits(&variant, 1) != 0;
  login->is_protected = sample_bits(&variant, 1) != 0 || login->starttls;
  login->port = 993;
  status = sample_text(&login->host, "imap.example.org");
  if (status == IMAP_OK && login->has_username)
    status = sample_text(&login->username, "ann");
  if (status == IMAP_OK && login->has_password)
    status = sample_text(&login->password, "pass\"w\\\xC3\xBCrd");
  if (status == IMAP_OK && login->has_token)
    status = sample_text(&login->token, "vF9dft4qmT");
  return status;
}

static inline int sample_store(struct imap_action *a, uint32_t variant) {
  a->store.mode = sample_bits(&variant, 2) % 3;
  a->silent = sample_bits(&variant, 1) != 0;
  a->store.conditional = sample_bits(&variant, 1) != 0;
  a->store.unchanged_since = 12;
  a->shows_seq = a->shows_uid = true;
  a->items = 1u << IMAP_ITEM_FLAGS;
  return sample_text(&a->texts, sample_bits(&variant, 1) ? "\\Seen $Forwarded" : "\\Seen");
}

static inline int sample_append(struct imap_action *a, uint32_t variant) {
  size_t count = 1 + sample_bits(&variant, 2);
  a->append.messages = calloc(count, sizeof *a->append.messages);
  if (a->append.messages == NULL) return IMAP_NOMEM;
  a->append.count = count;
  for (size_t i = 0; i < count; i++) {
    struct imap_append_message *m = &a->append.messages[i];
    imap_failure_init(&m->failure);
    m->size = (uint64_t)sample_bits(&variant, 3) * 700 + i;
    m->dated = sample_bits(&variant, 1) != 0;
    m->date = 1700000000;
  }
  a->append.messages[0].flags_size = strlen("\\Seen $Forwarded");
  return sample_text(&a->texts, "\\Seen $Forwarded");
}

static inline int sample_download(struct imap_action *a, uint32_t variant) {
  struct imap_download *d = &a->download;
  a->single = true;
  d->whole = sample_bits(&variant, 1) == 0;
  d->flows = sample_bits(&variant, 1) != 0;
  d->needs_structure = sample_bits(&variant, 1) != 0 && d->flows && !d->whole;
  d->mark_read = sample_bits(&variant, 1) != 0;
  return d->whole ? IMAP_OK : sample_text(&a->section, "1.2");
}

static inline int sample_term(struct imap_action *a, bool bare,
                              const char *text) {
  struct imap_search_term *term = &a->search.terms[a->search.term_count++];
  term->kind = bare ? IMAP_TERM_ATOM : IMAP_TERM_STRING;
  term->start = a->texts.size;
  term->size = strlen(text);
  return sample_text(&a->texts, text);
}

static inline int sample_search(struct imap_action *a, uint32_t variant) {
  int status = IMAP_OK;
  a->items = 1u << IMAP_ITEM_UID | sample_bits(&variant, 7) << IMAP_ITEM_FLAGS;
  if (sample_bits(&variant, 1)) a->items |= 1u << IMAP_ITEM_SECTION;
  a->shows_uid = true;
  a->search.limit = sample_bits(&variant, 2);
  a->search.newest_first = sample_bits(&variant, 1) != 0;
  a->search.only_seq = sample_bits(&variant, 2) == 3;
  a->search.only_uid = !a->search.only_seq && sample_bits(&variant, 2) == 3;
  a->search.terms = calloc(4, sizeof *a->search.terms);
  if (a->search.terms == NULL) return IMAP_NOMEM;
  if (sample_bits(&variant, 1) == 0) return IMAP_OK;
  status = sample_term(a, true, "FROM");
  if (status == IMAP_OK) status = sample_term(a, false, "J\xC3\xBCrg");
  if (status == IMAP_OK) status = sample_text(&a->search.charset, "UTF-8");
  return status;
}

static inline int sample_fill(struct imap_action *a, enum sample kind,
                              uint32_t variant) {
  int status = sample_mailbox(&a->mailbox, sample_bits(&variant, 2));
  if (status != IMAP_OK) return status;
  switch (kind) {
    case SAMPLE_STORE: case SAMPLE_COPY: case SAMPLE_DELETE:
    case SAMPLE_DOWNLOAD:
      status = sample_set(a, &variant);
      break;
    case SAMPLE_SEARCH:
      if (sample_bits(&variant, 1)) status = sample_set(a, &variant);
      a->by_uid = true;
      break;
    default:
      break;
  }
  if (status != IMAP_OK) return status;
  switch (kind) {
    case SAMPLE_CONNECT: return sample_connect(a, variant);
    case SAMPLE_STORE: return sample_store(a, variant);
    case SAMPLE_APPEND: return sample_append(a, variant);
    case SAMPLE_DOWNLOAD: return sample_download(a, variant);
    case SAMPLE_SEARCH: return sample_search(a, variant);
    case SAMPLE_COPY: case SAMPLE_RENAME:
      return sample_mailbox(&a->target, sample_bits(&variant, 2) + 1);
    case SAMPLE_DELETE:
      a->by_uid = true;
      a->delete.allow_expunge = sample_bits(&variant, 1) != 0;
      return IMAP_OK;
    case SAMPLE_LIST:
      a->list.subscribed_only = sample_bits(&variant, 1) != 0;
      a->status_items = sample_bits(&variant, 8);
      return sample_text(&a->list.pattern, "*");
    case SAMPLE_STATUS:
      a->status_items = sample_bits(&variant, 8) | IMAP_STATUS_MESSAGES;
      return IMAP_OK;
    default: return IMAP_OK;
  }
}

/* NULL: out of memory. */
static inline struct imap_action *sample_action(enum sample kind,
                                                uint32_t variant) {
  static const struct imap_routine *const routines[SAMPLE_COUNT] = {
    &imap_connect_routine, &imap_store_routine, &imap_append_routine,
    &imap_copy_routine, &imap_create_routine, &imap_delete_routine,
    &imap_download_routine, &imap_status_routine, &imap_list_routine,
    &imap_rename_routine, &imap_search_routine, &imap_noop_routine,
    &imap_logout_routine
  };
  struct imap_action *a = imap_action_new(routines[kind]);
  if (a != NULL && sample_fill(a, kind, variant) != IMAP_OK) {
    imap_action_free(a);
    a = NULL;
  }
  return a;
}

#endif
