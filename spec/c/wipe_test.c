/* wipe_test.c - no memory is given back that holds a secret, by whatever
** mechanism we log in, and whatever becomes of it (B10). */
#include <malloc.h>
#include <string.h>

/* Every block that is freed or moved is looked through. */
static void look_through(void *block);
#define FAILING_LOOK(block) look_through(block)
#include "failing.h"

#include "check.h"
#include "protocol/base64.h"
#include "sample.h"

static const char *hidden[9]; /* what must not be found */
static size_t hidden_count, found;

static void look_through(void *block) {
  size_t size = block != NULL ? malloc_usable_size(block) : 0;
  for (size_t i = 0; i < hidden_count; i++)
    if (size > 0 && memmem(block, size, hidden[i], strlen(hidden[i])) != NULL)
      found++;
}

enum outcome { SAYS_OK, SAYS_NO, IS_LOST, OUTCOMES };

struct server {
  struct imap_session *session;
  enum outcome outcome;
  bool initial;   /* SASL-IR */
  unsigned asked; /* challenges so far */
};

static void say(struct server *v, const char *text) {
  size_t size = strlen(text), room;
  char *space = imap_session_space(v->session, &room);
  if (space == NULL) return;
  memcpy(space, text, size);
  imap_session_filled(v->session, size);
}

/* SCRAM's first message of the server's takes the client's nonce up. */
static void say_scram(struct server *v, const char *response) {
  struct imap_buffer message, coded;
  struct imap_span code = imap_span_of(response);
  const char *nonce;
  char first[200], line[400];
  code.size = strcspn(response, "\r");
  imap_buffer_init(&message, 1000);
  imap_buffer_init(&coded, 1000);
  CHECK(imap_base64_decode(code, &message) == IMAP_OK);
  imap_buffer_add_byte(&message, '\0');
  nonce = strstr(message.data, ",r=");
  CHECK(nonce != NULL);
  (void)snprintf(first, sizeof first, "%sx,s=QUJDRA==,i=4096",
                 nonce != NULL ? nonce + 1 : "");
  CHECK(imap_base64_encode(imap_span_of(first), &coded) == IMAP_OK);
  (void)snprintf(line, sizeof line, "+ %.*s\r\n", (int)coded.size, coded.data);
  say(v, line);
  imap_buffer_free(&message);
  imap_buffer_free(&coded);
}

static void conclude(struct server *v) {
  char line[100];
  if (v->outcome == IS_LOST) {
    imap_session_ended(v->session);
    return;
  }
  (void)snprintf(line, sizeof line, "%.4s1 %s\r\n", v->session->tag_prefix,
                 v->outcome == SAYS_OK ? "OK [CAPABILITY IMAP4rev1] in" : "NO no");
  say(v, line);
}

/* Answers what was said: the mechanism's challenges, then the outcome. */
static void answer(struct server *v, const char *said, const char *mechanism) {
  static const struct { const char *mechanism, *challenges[2]; } all[] = {
    {"LOGIN", {"+ VXNlcm5hbWU6\r\n", "+ UGFzc3dvcmQ6\r\n"}},
    {"CRAM-MD5", {"+ PDFAeD4=\r\n", NULL}}
  };
  unsigned asked = v->asked++;
  const char *response = strrchr(said, ' ');
  if (strncmp(mechanism, "SCRAM", 5) == 0) {
    if (asked == 0 && !v->initial) say(v, "+ \r\n");
    else if (asked == (v->initial ? 0u : 1u))
      say_scram(v, response != NULL ? response + 1 : said);
    else conclude(v);
    return;
  }
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(mechanism, all[i].mechanism) == 0) {
      const char *challenge = asked < 2 ? all[i].challenges[asked] : NULL;
      if (challenge != NULL) say(v, challenge);
      else conclude(v);
      return;
    }
  if (strstr(said, "}\r\n") != NULL || /* LOGIN's literal */
      (mechanism[0] != '\0' && asked == 0 && !v->initial))
    say(v, "+ \r\n");
  else conclude(v);
}

static void log_in(unsigned number, bool initial, enum outcome outcome) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  struct server v = {imap_session_new(&limits, true), outcome, initial, 0};
  struct imap_action *a = sample_action(
      SAMPLE_CONNECT, number << 2 | 1u << 9 | 1u << 13);
  char mechanism[32], greeting[200];
  bool done = false;
  CHECK(a != NULL && v.session != NULL);
  if (a == NULL || v.session == NULL) return;
  strcpy(mechanism, a->login.mechanism);
  a->login.has_token = strstr(mechanism, "OAUTH") != NULL;
  (void)snprintf(greeting, sizeof greeting, "* OK [CAPABILITY %s%s%s IMAP4rev1] hi\r\n",
                 initial ? "SASL-IR" : "ID", mechanism[0] != '\0' ? " AUTH=" : "",
                 mechanism);
  imap_session_start(v.session, a);
  say(&v, greeting);
  while (!done) {
    struct imap_event event;
    char said[1000];
    struct imap_span out;
    while (imap_session_next(v.session, &event) == IMAP_OK)
      if (event.kind == IMAP_EVENT_DONE) {
        CHECK((event.action->failure.code == IMAP_CODE_NONE) ==
              (outcome == SAYS_OK && strncmp(mechanism, "SCRAM", 5) != 0));
        imap_action_free(event.action);
        done = true;
      }
    out = imap_session_output(v.session);
    CHECK(out.size < sizeof said && (done || out.size > 0));
    if (done || out.size == 0) break;
    memcpy(said, out.data, out.size);
    said[out.size] = '\0';
    imap_session_sent(v.session, out.size);
    answer(&v, said, mechanism);
  }
  CHECK(done);
  imap_session_free(v.session);
}

int main(void) {
  /* the secrets of sample.h, and what of their base64 depends on nothing else */
  static const char *const secrets[] = {
    "pass\"w\\", "pass\\\"w", "cGFzcyJ3XMO", "Bhc3Mid1z", "wYXNzIndcw7x",
    "vF9dft4qmT", "dkY5ZGZ0NHF", "ZGOWRmdDR", "2RjlkZnQ"
  };
  memcpy(hidden, secrets, sizeof secrets);
  hidden_count = sizeof secrets / sizeof *secrets;
  for (unsigned number = 0; number < 8; number++)
    for (unsigned n = 0; n < 2 * OUTCOMES; n++) {
      found = 0;
      log_in(number, n % 2 == 1, (enum outcome)(n / 2));
      CHECK(found == 0);
    }
  return check_report();
}
