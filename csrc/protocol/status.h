/* status.h - result codes that every part of the core shares.
** Zero and positive values are no errors; negative ones stick to the object
** that answered them: after one, it does nothing until it is reset or freed. */
#ifndef IMAP_STATUS_H
#define IMAP_STATUS_H

enum imap_status {
  IMAP_OK = 0,        /* done, or: here is what was asked for */
  IMAP_MORE = 1,      /* nothing wrong, but more input is needed */
  IMAP_NOMEM = -1,    /* memory is exhausted */
  IMAP_LIMIT = -2,    /* a configured limit was passed */
  IMAP_PROTOCOL = -3, /* the peer sent what IMAP does not allow */
  IMAP_INVALID = -4,  /* an argument cannot be put on the wire, or is malformed */
  IMAP_CLOSED = -5    /* the connection has ended */
};

/* One line for people; never NULL. */
const char *imap_status_text(int status);

#endif
