/* failure.c - why an action failed. */
#include "protocol/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/chars.h"

enum {
  MAX_REASON = 320,
  MAX_TEXT = 1000 /* octets of a server's text that are kept */
};

const char *imap_code_name(enum imap_code code) {
  static const char *const names[] = {
    "none", "invalid_argument", "resolve", "connect", "tls", "auth", "timeout",
    "closed", "protocol", "limit", "no", "bad", "not_found", "unsupported",
    "callback", "memory"
  };
  return names[code];
}

const char *imap_outcome_name(enum imap_outcome outcome) {
  static const char *const names[] = {
    NULL, "not_sent", "refused", "unknown", "partial"
  };
  return names[outcome];
}

void imap_failure_init(struct imap_failure *f) {
  memset(f, 0, sizeof *f);
  imap_buffer_init(&f->reason, MAX_REASON);
  imap_buffer_init(&f->response_text, MAX_TEXT);
}

void imap_failure_free(struct imap_failure *f) {
  imap_buffer_free(&f->reason);
  imap_buffer_free(&f->response_text);
}

/* Where there is no memory for the reason, that is the failure. */
static void keep_reason(struct imap_failure *f, struct imap_span reason) {
  imap_buffer_clear(&f->reason);
  if (imap_buffer_add_span(&f->reason, reason) != IMAP_OK) f->code = IMAP_CODE_NOMEM;
}

void imap_failure_set(struct imap_failure *f, enum imap_code code,
                      const char *command, const char *format, ...) {
  char reason[MAX_REASON];
  va_list args;
  if (f->code != IMAP_CODE_NONE) return;
  f->code = code;
  f->command = command;
  va_start(args, format);
  (void)vsnprintf(reason, sizeof reason, format, args);
  va_end(args);
  keep_reason(f, imap_span_of(reason));
}

/* A server's words are for one line: control bytes become blanks. */
static void keep_text(struct imap_failure *f, struct imap_span text) {
  size_t size = text.size < MAX_TEXT ? text.size : MAX_TEXT;
  imap_buffer_clear(&f->response_text);
  imap_buffer_add(&f->response_text, text.data, size);
  for (size_t i = 0; i < f->response_text.size; i++)
    if ((unsigned char)f->response_text.data[i] < ' ')
      f->response_text.data[i] = ' ';
}

static void keep_code(struct imap_failure *f, struct imap_span code) {
  size_t size = 0;
  for (; size < code.size && size < sizeof f->response_code - 1; size++)
    f->response_code[size] = imap_upper(code.data[size]);
  f->response_code[size] = '\0';
}

void imap_failure_answer(struct imap_failure *f, const char *command,
                         const struct imap_response *answer) {
  bool bad = answer->name == IMAP_NAME_BAD;
  if (f->code != IMAP_CODE_NONE) return;
  imap_failure_set(f, bad ? IMAP_CODE_BAD : IMAP_CODE_NO, command,
                   "the server answered %s to %s", bad ? "BAD" : "NO", command);
  f->outcome = IMAP_OUTCOME_REFUSED;
  imap_failure_quote(f, answer);
}

void imap_failure_code(struct imap_failure *f, const char *code) {
  keep_code(f, imap_span_of(code));
}

void imap_failure_quote(struct imap_failure *f, const struct imap_response *r) {
  keep_code(f, r->code);
  keep_text(f, r->text);
}

void imap_failure_copy(struct imap_failure *f, const struct imap_failure *from) {
  struct imap_buffer reason = f->reason, text = f->response_text;
  if (f->code != IMAP_CODE_NONE) return;
  *f = *from;
  f->reason = reason;
  f->response_text = text;
  keep_reason(f, imap_buffer_span(&from->reason));
  imap_buffer_clear(&f->response_text);
  imap_buffer_add_span(&f->response_text,
                       imap_buffer_span(&from->response_text));
}
