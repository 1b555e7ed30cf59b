/* status.c - the texts of the result codes. */
#include "protocol/status.h"

const char *imap_status_text(int status) {
  switch (status) {
    case IMAP_OK: return "ok";
    case IMAP_MORE: return "more input is needed";
    case IMAP_NOMEM: return "not enough memory";
    case IMAP_LIMIT: return "a limit was passed";
    case IMAP_PROTOCOL: return "the server sent what IMAP does not allow";
    case IMAP_INVALID: return "an argument is not valid";
    case IMAP_CLOSED: return "the connection is closed";
    default: return "unknown status";
  }
}
