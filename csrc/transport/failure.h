/* failure.h - filling in struct imap_transport_failure. */
#ifndef IMAP_TRANSPORT_FAILURE_H
#define IMAP_TRANSPORT_FAILURE_H

#include "transport/transport.h"

/* Notes what failed, unless something was noted before: the first cause is the
** one to report. Answers the status that belongs to the stage. */
int imap_fail(struct imap_transport_failure *failure, enum imap_stage stage,
              const char *field, const char *format, ...)
#if defined(__GNUC__)
  __attribute__((format(printf, 4, 5)))
#endif
  ;

int imap_fail_memory(struct imap_transport_failure *failure);

int imap_stage_status(enum imap_stage stage);

#endif
