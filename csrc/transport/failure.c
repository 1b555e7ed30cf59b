/* failure.c - filling in struct imap_transport_failure. */
#include "transport/failure.h"

#include <stdarg.h>
#include <stdio.h>

int imap_stage_status(enum imap_stage stage) {
  switch (stage) {
    case IMAP_STAGE_NONE: return IMAP_OK;
    case IMAP_STAGE_ARGUMENT:
    case IMAP_STAGE_UNSUPPORTED: return IMAP_INVALID;
    case IMAP_STAGE_PROTOCOL: return IMAP_PROTOCOL;
    case IMAP_STAGE_LIMIT: return IMAP_LIMIT;
    case IMAP_STAGE_NOMEM: return IMAP_NOMEM;
    default: return IMAP_CLOSED;
  }
}

/* A server's words and a library's messages may hold anything; the text is one
** line for people and for logs. */
static void make_one_line(char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f) *text = ' ';
}

int imap_fail(struct imap_transport_failure *failure, enum imap_stage stage,
              const char *field, const char *format, ...) {
  if (failure->stage == IMAP_STAGE_NONE) {
    va_list arguments;
    failure->stage = stage;
    failure->field = field;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    make_one_line(failure->text);
  }
  return imap_stage_status(failure->stage);
}

int imap_fail_memory(struct imap_transport_failure *failure) {
  return imap_fail(failure, IMAP_STAGE_NOMEM, NULL, "out of memory");
}
