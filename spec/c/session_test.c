/* session_test.c - the session at its worst moments: dead, dying in the midst
** of a row, and not sure which mailbox is open. */
#include "check.h"
#include "sample.h"

static void hear(struct imap_session *s, const char *text) {
  size_t size = strlen(text), room;
  char *space = imap_session_space(s, &room);
  CHECK(space != NULL && room >= size);
  if (space == NULL) return;
  memcpy(space, text, size);
  imap_session_filled(s, size);
}

/* Runs until it wants more; frees what is done, and says how many that were. */
static unsigned run(struct imap_session *s) {
  struct imap_event event;
  unsigned done = 0;
  while (imap_session_next(s, &event) == IMAP_OK)
    if (event.kind == IMAP_EVENT_DONE) {
      imap_action_free(event.action);
      done++;
    }
  return done;
}

/* The server takes all; what it took last is in `said`. */
static void take(struct imap_session *s, char said[1000]) {
  struct imap_span out = imap_session_output(s);
  CHECK(out.size < 1000);
  if (out.size > 0) memcpy(said, out.data, out.size);
  said[out.size] = '\0';
  imap_session_sent(s, out.size);
}

static void answer(struct imap_session *s, unsigned number, const char *rest) {
  char line[200];
  (void)snprintf(line, sizeof line, "%.4s%u %s\r\n", s->tag_prefix, number,
                 rest);
  hear(s, line);
}

/* Logged in by PREAUTH, without a command. */
static struct imap_session *ready_with(const char *capabilities,
                                       uint32_t messages) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  struct imap_session *s;
  char greeting[100];
  limits.messages = messages;
  s = imap_session_new(&limits, false);
  if (s == NULL) abort();
  imap_session_start(s, sample_action(SAMPLE_CONNECT, 0));
  (void)snprintf(greeting, sizeof greeting,
                 "* PREAUTH [CAPABILITY IMAP4rev1 %s] ready\r\n", capabilities);
  hear(s, greeting);
  CHECK(run(s) == 1 && s->state == IMAP_SESSION_READY);
  return s;
}

static struct imap_session *ready(uint32_t messages) {
  return ready_with("UIDPLUS", messages);
}

enum { /* inputs of sample.h */
  NAMED_BY_UID = 1u << 2 | 1u << 5, /* UIDs 7 and 9 */
  IN_INBOX = 0, IN_WORK = 1
};

/* Each action is answered once, also one that comes too late. */
static void answers_the_late(void) {
  struct imap_session *s = ready(10);
  struct imap_action *late = sample_action(SAMPLE_CREATE, 0);
  struct imap_event event;
  imap_session_start(s, sample_action(SAMPLE_NOOP, 0));
  imap_session_kill(s, IMAP_CODE_TIMEOUT, "too slow");
  CHECK(run(s) == 1);
  imap_session_start(s, late);
  CHECK(imap_session_next(s, &event) == IMAP_OK);
  CHECK(event.kind == IMAP_EVENT_DONE && event.action == late);
  CHECK(late->failure.code == IMAP_CODE_TIMEOUT);
  CHECK(late->failure.outcome == IMAP_OUTCOME_NOT_SENT);
  imap_action_free(late);
  CHECK(imap_session_next(s, &event) == IMAP_CLOSED);
  imap_session_free(s);
}

/* A row that breaks a limit ends the session while its command is looked at. */
static void dies_within_a_row(void) {
  struct imap_session *s = ready(2);
  char said[1000];
  imap_session_start(s, sample_action(SAMPLE_SEARCH, 1u << 16));
  imap_session_start(s, sample_action(SAMPLE_SEARCH, 0xffffff));
  imap_session_start(s, sample_action(SAMPLE_NOOP, 0));
  CHECK(run(s) == 0);
  take(s, said);
  hear(s, "* 3 EXISTS\r\n");
  answer(s, 1, "OK open");
  hear(s, "* SEARCH 1 2 3 4 5\r\n* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n"
          "* 3 FETCH (UID 3)\r\n* SEARCH 6\r\n");
  CHECK(run(s) == 3);
  CHECK(s->state == IMAP_SESSION_DEAD && s->fault.code == IMAP_CODE_LIMIT);
  imap_session_free(s);
}

/* INBOX is open for changes, and SELECT Work is on its way. */
static struct imap_session *between_two(void) {
  struct imap_session *s = ready(10);
  char said[1000];
  imap_session_start(s, sample_action(SAMPLE_STORE, IN_INBOX | NAMED_BY_UID));
  CHECK(run(s) == 0);
  take(s, said);
  CHECK(strstr(said, "SELECT INBOX\r\n") != NULL);
  CHECK(strstr(said, "UID STORE 7,9 ") != NULL);
  hear(s, "* 9 EXISTS\r\n");
  answer(s, 1, "OK [READ-WRITE] open");
  answer(s, 2, "OK stored");
  hear(s, "* 7 FETCH (UID 7 FLAGS ())\r\n* 9 FETCH (UID 9 FLAGS ())\r\n");
  answer(s, 3, "OK fetched");
  CHECK(run(s) == 1);
  imap_session_start(s, sample_action(SAMPLE_STORE, IN_WORK | NAMED_BY_UID));
  CHECK(run(s) == 0);
  take(s, said);
  CHECK(strstr(said, "SELECT Work\r\n") != NULL);
  CHECK(strstr(said, "STORE") == NULL);
  CHECK(s->current != NULL && s->tail != NULL && s->current != s->tail);
  return s;
}

/* SELECT was refused, though CLOSED was said before: what is open then is not
** known, and a change waits for the next OK (WIRE.md, rule 2). */
static void trusts_no_closed(void) {
  struct imap_session *s = between_two();
  hear(s, "* OK [CLOSED] gone\r\n");
  CHECK(run(s) == 0);
  CHECK(imap_session_output(s).size == 0);
  answer(s, 4, "BAD too many commands");
  CHECK(run(s) == 1);
  CHECK(imap_session_output(s).size == 0);
  imap_session_ended(s);
  (void)run(s);
  imap_session_free(s);
}

/* G9: what is known of the mailbox once SELECT has failed, whoever looks. */
static void forgets_what_failed(void) {
  static const char *const answers[] = {"NO x", "BAD x"};
  for (size_t i = 0; i < 2; i++) {
    struct imap_session *s = between_two();
    answer(s, 4, answers[i]);
    (void)run(s);
    CHECK(s->current == NULL && s->tail == NULL && s->unknown == (i == 1));
    imap_session_free(s);
  }
}

/* G10: what comes behind CLOSED is of the next mailbox, and of none before. */
static void forgets_what_is_closed(void) {
  struct imap_session *s = between_two();
  hear(s, "* 4 EXISTS\r\n* OK [CLOSED] gone\r\n");
  CHECK(run(s) == 0);
  CHECK(s->current == NULL && s->unknown && s->tail->exists == 0);
  hear(s, "* 2 EXISTS\r\n");
  answer(s, 4, "OK [READ-WRITE] open");
  (void)run(s);
  CHECK(s->current == s->tail && !s->unknown && s->tail->announced == 2);
  imap_session_free(s);
}

/* G6: without UIDPLUS nothing is sent, unless the caller allows it. */
static void expunges_nothing_unasked(void) {
  struct imap_session *s = ready_with("", 10);
  struct imap_action *a = sample_action(SAMPLE_DELETE, NAMED_BY_UID);
  struct imap_event event;
  bool done;
  imap_session_start(s, a);
  done = imap_session_next(s, &event) == IMAP_OK &&
         event.kind == IMAP_EVENT_DONE && event.action == a;
  CHECK(done && a->failure.code == IMAP_CODE_UNSUPPORTED);
  CHECK(a->failure.outcome == IMAP_OUTCOME_NOT_SENT);
  CHECK(imap_session_output(s).size == 0);
  if (done) imap_action_free(a);
  imap_session_free(s);
}

int main(void) {
  forgets_what_failed();
  forgets_what_is_closed();
  expunges_nothing_unasked();
  answers_the_late();
  dies_within_a_row();
  trusts_no_closed();
  return check_report();
}
