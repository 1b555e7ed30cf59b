/* failure.h - why an action failed, as the caller's error will say it. */
#ifndef IMAP_FAILURE_H
#define IMAP_FAILURE_H

#include "protocol/response.h"

/* The codes of the Lua API that the core can come to. */
enum imap_code {
  IMAP_CODE_NONE, /* no failure */
  IMAP_CODE_INVALID_ARGUMENT,
  IMAP_CODE_RESOLVE,
  IMAP_CODE_CONNECT,
  IMAP_CODE_TLS,
  IMAP_CODE_AUTH,
  IMAP_CODE_TIMEOUT,
  IMAP_CODE_CLOSED,
  IMAP_CODE_PROTOCOL,
  IMAP_CODE_LIMIT,
  IMAP_CODE_NO,
  IMAP_CODE_BAD,
  IMAP_CODE_NOT_FOUND,
  IMAP_CODE_UNSUPPORTED,
  IMAP_CODE_CALLBACK,
  IMAP_CODE_NOMEM
};
const char *imap_code_name(enum imap_code code);

enum imap_outcome {
  IMAP_OUTCOME_NONE, /* nothing to say: it changes nothing */
  IMAP_OUTCOME_NOT_SENT,
  IMAP_OUTCOME_REFUSED,
  IMAP_OUTCOME_UNKNOWN,
  IMAP_OUTCOME_PARTIAL
};
const char *imap_outcome_name(enum imap_outcome outcome);

struct imap_failure {
  enum imap_code code;
  enum imap_outcome outcome;
  const char *command; /* "UID STORE"; static, NULL: none */
  const char *field;   /* the input at fault; static, NULL: none */
  struct imap_buffer reason; /* one line for people */
  char response_code[64];
  struct imap_buffer response_text; /* the server's own words */
};

void imap_failure_init(struct imap_failure *f);
void imap_failure_free(struct imap_failure *f);

/* The first failure stays; later ones are ignored. */
void imap_failure_set(struct imap_failure *f, enum imap_code code,
                      const char *command, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* A command was answered NO or BAD. */
void imap_failure_answer(struct imap_failure *f, const char *command,
                         const struct imap_response *answer);

/* A response code of our own finding, as a server would have named it. */
void imap_failure_code(struct imap_failure *f, const char *code);

/* Keeps the server's response code and text. */
void imap_failure_quote(struct imap_failure *f, const struct imap_response *r);

/* Takes over another's failure; where this one has none. */
void imap_failure_copy(struct imap_failure *f, const struct imap_failure *from);

#endif
