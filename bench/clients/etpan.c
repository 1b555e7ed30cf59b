/* etpan.c - libetpan as a client of the bench (see bench/run.lua). */
#include "etpan.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static mailimap *conn;
static const char *mailbox;
static int count;

/* What was delivered: rows of a listing; or text, for which there is a buffer. */
static clist *rows;
static MMAPString *text;

static const char *setting(const char *name) {
  char full[64];
  snprintf(full, sizeof full, "BENCH_%s", name);
  const char *value = getenv(full);
  if (value != NULL) return value;
  fprintf(stderr, "etpan: %s is not set\n", full);
  exit(1);
}

static void need(int result) {
  if (result == MAILIMAP_NO_ERROR || result == MAILIMAP_NO_ERROR_AUTHENTICATED ||
      result == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
    return;
  fprintf(stderr, "etpan: failure %d: %s\n", result, conn->imap_response);
  exit(1);
}

static void say(const char *word) {
  puts(word);
  fflush(stdout);
  if (getchar() == EOF) exit(1);
}

static void open_connection(void) {
  uint16_t port = (uint16_t)atoi(setting("PORT"));
  conn = mailimap_new(0, NULL);
  if (strcmp(setting("TLS"), "1") == 0) need(mailimap_ssl_connect(conn, setting("HOST"), port));
  else need(mailimap_socket_connect(conn, setting("HOST"), port));
  need(mailimap_login(conn, setting("USER"), setting("PASSWORD")));
}

static void close_connection(void) {
  need(mailimap_logout(conn));
  mailimap_free(conn);
}

/* --- listing --- */

static void listing(void) {
  struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
  struct mailimap_set *all = mailimap_set_new_interval(1, 0);
  mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_uid());
  mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_flags());
  mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_internaldate());
  mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_rfc822_size());
  mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_envelope());
  mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_bodystructure());
  need(mailimap_examine(conn, mailbox));
  need(mailimap_uid_fetch(conn, all, type, &rows));
  mailimap_set_free(all);
  mailimap_fetch_type_free(type);
}

/* --- downloads --- */

static struct {
  size_t total, next, count;
  char taken[65536];
} sampler;

static bool sample(int type, struct mailimap_msg_att_body_section *section, const char *bytes,
                   size_t length, void *context) {
  (void)type, (void)section, (void)context;
  for (; sampler.next < sampler.total + length; sampler.next += 65521)
    sampler.taken[sampler.count++] = bytes[sampler.next - sampler.total];
  sampler.total += length;
  return true;
}

static clist *fetch_body(uint32_t uid) {
  struct mailimap_section *whole = mailimap_section_new(NULL);
  struct mailimap_fetch_type *type =
      mailimap_fetch_type_new_fetch_att(mailimap_fetch_att_new_body_peek_section(whole));
  struct mailimap_set *set = mailimap_set_new_single(uid);
  clist *result;
  need(mailimap_uid_fetch(conn, set, type, &result));
  mailimap_set_free(set);
  mailimap_fetch_type_free(type);
  return result;
}

static void download(void) {
  char line[64];
  mailimap_set_msg_body_handler(conn, sample, NULL);
  need(mailimap_examine(conn, mailbox));
  for (int uid = 1; uid <= count; uid++) {
    sampler.total = sampler.next = sampler.count = 0;
    mailimap_fetch_list_free(fetch_body((uint32_t)uid));
    snprintf(line, sizeof line, "%zu ", sampler.total);
    mmap_string_append(text, line);
    mmap_string_append_len(text, sampler.taken, sampler.count);
    mmap_string_append_c(text, '\n');
  }
}

static void sample_body(clist *result) {
  struct mailimap_msg_att *message = clist_content(clist_begin(result));
  char line[64];
  for (clistiter *i = clist_begin(message->att_list); i != NULL; i = clist_next(i)) {
    struct mailimap_msg_att_item *item = clist_content(i);
    struct mailimap_msg_att_static *fixed = item->att_data.att_static;
    if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC || fixed->att_type != MAILIMAP_MSG_ATT_BODY_SECTION) continue;
    size_t size = fixed->att_data.att_body_section->sec_length;
    snprintf(line, sizeof line, "%zu %.16s\n", size, fixed->att_data.att_body_section->sec_body_part + size / 2);
    mmap_string_append(text, line);
  }
  mailimap_fetch_list_free(result);
}

static void small(void) {
  need(mailimap_examine(conn, mailbox));
  for (int uid = 1; uid <= count; uid++) sample_body(fetch_body((uint32_t)uid));
}

/* --- appends --- */

static struct message {
  char *bytes;
  size_t size;
} *messages;

static void read_messages(void) {
  FILE *file = fopen(setting("MESSAGES"), "r");
  messages = calloc((size_t)count, sizeof *messages);
  if (file == NULL || messages == NULL) exit(1);
  for (int i = 0; i < count; i++) {
    struct message *m = &messages[i];
    if (fscanf(file, "%zu", &m->size) != 1 || getc(file) != '\n') exit(1);
    if ((m->bytes = malloc(m->size)) == NULL || fread(m->bytes, 1, m->size, file) != m->size) exit(1);
  }
  fclose(file);
}

static void append(void) {
  for (int i = 0; i < count; i++)
    need(mailimap_append_simple(conn, mailbox, messages[i].bytes, messages[i].size));
}

static void append_file(void) {
  for (int i = 0; i < count; i++) {
    struct stat about;
    int file = open(setting("BIG"), O_RDONLY);
    if (file < 0 || fstat(file, &about) != 0) exit(1);
    size_t size = (size_t)about.st_size;
    char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) exit(1);
    need(mailimap_append_simple(conn, mailbox, bytes, size));
    munmap(bytes, size);
    close(file);
  }
}

/* --- searches --- */

static void search(void) {
  char word[64];
  need(mailimap_examine(conn, mailbox));
  for (int n = 0; n < count; n++) {
    clist *found;
    snprintf(word, sizeof word, "person%d@host%d.example.org", n, n % 40);
    struct mailimap_search_key *key = mailimap_search_key_new_from(strdup(word));
    need(mailimap_uid_search(conn, NULL, key, &found));
    for (clistiter *i = clist_begin(found); i != NULL; i = clist_next(i)) {
      snprintf(word, sizeof word, "%s%u", i == clist_begin(found) ? "" : " ", *(uint32_t *)clist_content(i));
      mmap_string_append(text, word);
    }
    mmap_string_append_c(text, '\n');
    mailimap_search_result_free(found);
    mailimap_search_key_free(key);
  }
}

/* --- flags --- */

static void store(struct mailimap_set *set, struct mailimap_flag *flag) {
  struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
  mailimap_flag_list_add(flags, flag);
  struct mailimap_store_att_flags *change = mailimap_store_att_flags_new_add_flags_silent(flags);
  need(mailimap_uid_store(conn, set, change));
  mailimap_store_att_flags_free(change);
  mailimap_set_free(set);
}

static void flags(void) {
  need(mailimap_select(conn, mailbox));
  for (int uid = 1; uid <= count; uid++)
    store(mailimap_set_new_single((uint32_t)uid), mailimap_flag_new_flagged());
  store(mailimap_set_new_interval(1, 0), mailimap_flag_new_seen());
}

/* --- connecting --- */

static void connecting(void) {
  for (int i = 0; i < count; i++) {
    open_connection();
    close_connection();
  }
}

/* --- mailboxes --- */

static unsigned value(struct mailimap_mailbox_data_status *status, int what) {
  for (clistiter *i = clist_begin(status->st_info_list); i != NULL; i = clist_next(i)) {
    struct mailimap_status_info *info = clist_content(i);
    if (info->st_att == what) return info->st_value;
  }
  exit(1);
}

static void keep_status(const char *name, struct mailimap_mailbox_data_status *status) {
  char line[512];
  snprintf(line, sizeof line, "%s\t%u\t%u\t%u\t%u\n", name, value(status, MAILIMAP_STATUS_ATT_MESSAGES),
           value(status, MAILIMAP_STATUS_ATT_UNSEEN), value(status, MAILIMAP_STATUS_ATT_UIDNEXT),
           value(status, MAILIMAP_STATUS_ATT_UIDVALIDITY));
  mmap_string_append(text, line);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The names of a list, in the order in which they are delivered. */
static char **sorted_names(clist *list) {
  char **names = calloc((size_t)clist_count(list), sizeof *names), **next = names;
  if (names == NULL) exit(1);
  for (clistiter *i = clist_begin(list); i != NULL; i = clist_next(i))
    *next++ = ((struct mailimap_mailbox_list *)clist_content(i))->mb_name;
  qsort(names, (size_t)clist_count(list), sizeof *names, by_text);
  return names;
}

static void mailboxes(void) {
  clist *list;
  struct mailimap_status_att_list *wanted = mailimap_status_att_list_new_empty();
  mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_MESSAGES);
  mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_UNSEEN);
  mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_UIDNEXT);
  mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_UIDVALIDITY);
  need(mailimap_list(conn, "", "*", &list));
  char **names = sorted_names(list);
  for (int i = 0; i < clist_count(list); i++) {
    struct mailimap_mailbox_data_status *status;
    need(mailimap_status(conn, names[i], wanted, &status));
    keep_status(names[i], status);
    mailimap_mailbox_data_status_free(status);
  }
  free(names);
  mailimap_list_result_free(list);
  mailimap_status_att_list_free(wanted);
}

/* ------------------- */

static const struct {
  const char *name;
  void (*work)(void);
} workloads[] = {
  { "listing", listing }, { "download", download }, { "small", small }, { "append", append },
  { "append-file", append_file },
  { "search", search }, { "flags", flags }, { "connect", connecting }, { "mailboxes", mailboxes },
};

static void (*wanted_work(void))(void) {
  const char *wanted = setting("WORKLOAD");
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
    if (strcmp(workloads[i].name, wanted) == 0) return workloads[i].work;
  fprintf(stderr, "etpan: no workload '%s'\n", wanted);
  exit(1);
}

static void tell(void) {
  for (clistiter *i = rows != NULL ? clist_begin(rows) : NULL; i != NULL; i = clist_next(i))
    print_listing(clist_content(i));
  fwrite(text->str, 1, text->len, stdout);
}

int main(void) {
  void (*work)(void) = wanted_work();
  bool connects = work == connecting;
  mailbox = setting("MAILBOX");
  count = atoi(setting("COUNT"));
  text = mmap_string_new("");
  if (work == append) read_messages();
  if (!connects) open_connection();
  say("ready");
  work();
  say("done");
  tell();
  if (!connects) close_connection();
  return 0;
}
