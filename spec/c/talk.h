/* talk.h - conversations of a mechanism with a server, for the tests of SASL. */
#ifndef TALK_H
#define TALK_H

#include <stdlib.h>

#include "check.h"
#include "protocol/base64.h"
#include "protocol/sasl.h"

/* One conversation: `said` is what the client answered last. */
struct talk {
  struct imap_sasl *sasl;
  struct imap_buffer said;
};

static inline struct talk talk_as(const char *mechanism,
                                  struct imap_credentials credentials) {
  struct talk t;
  const struct imap_sasl_mechanism *m =
      imap_sasl_find(imap_span_of(mechanism));
  CHECK(m != NULL);
  if (m == NULL) exit(1);
  t.sasl = imap_sasl_new(m, &credentials);
  CHECK(t.sasl != NULL);
  if (t.sasl == NULL) exit(1);
  imap_buffer_init(&t.said, 1 << 20);
  return t;
}

static inline struct talk talk(const char *mechanism, const char *username,
                               const char *password) {
  struct imap_credentials c = {.username = imap_span_of(username),
                               .password = imap_span_of(password)};
  return talk_as(mechanism, c);
}

static inline void hang_up(struct talk *t) {
  imap_sasl_free(t->sasl);
  imap_buffer_wipe(&t->said);
}

static inline int hear(struct talk *t, struct imap_span challenge) {
  imap_buffer_clear(&t->said);
  return imap_sasl_step(t->sasl, challenge, &t->said);
}

/* S: challenge, C: answer */
static inline int answers(struct talk *t, const char *challenge,
                          const char *answer) {
  int status = hear(t, imap_span_of(challenge));
  int good = status == IMAP_OK && imap_span_equal(imap_buffer_span(&t->said),
                                                  imap_span_of(answer));
  if (!good)
    printf("  S: %s\n  C: %.*s (%d: %s)\n", challenge, (int)t->said.size,
           t->said.data, status, imap_sasl_problem(t->sasl));
  return good;
}

static inline int begins(struct talk *t, const char *initial) {
  imap_buffer_clear(&t->said);
  return imap_sasl_initial(t->sasl, &t->said) == IMAP_OK &&
         imap_span_equal(imap_buffer_span(&t->said), imap_span_of(initial));
}

/* S: challenge; the client breaks off, and says a word of `why`. */
static inline int breaks_off(struct talk *t, const char *challenge,
                             const char *why) {
  int status = hear(t, imap_span_of(challenge));
  const char *problem = imap_sasl_problem(t->sasl);
  int good = status == IMAP_PROTOCOL && t->said.size == 0 &&
             strstr(problem, why) != NULL &&
             imap_sasl_finish(t->sasl) == IMAP_PROTOCOL;
  if (!good) printf("  S: %s\n  %d: %s\n", challenge, status, problem);
  return good;
}

static inline int said_in_base64(const struct talk *t, const char *wanted) {
  struct imap_buffer text;
  int good;
  imap_buffer_init(&text, 1 << 20);
  imap_base64_encode(imap_buffer_span(&t->said), &text);
  good = imap_span_equal(imap_buffer_span(&text), imap_span_of(wanted));
  imap_buffer_free(&text);
  return good;
}

#endif
