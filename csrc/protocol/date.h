/* date.h - dates on the wire and seconds since the epoch (UTC), without the
** C library's calendar, so that no time zone of the host matters. */
#ifndef IMAP_DATE_H
#define IMAP_DATE_H

#include <stdint.h>

#include "protocol/buffer.h"

/* date-time of RFC 9051, without its quotes: "17-Jul-1996 02:44:25 -0700",
** also with a blank for the first digit. IMAP_INVALID where it is not one. */
int imap_date_parse_internal(struct imap_span text, int64_t *seconds);

/* The date of a message (RFC 5322 3.3 and 4.3), as found in real mail: week
** day optional, obsolete zones, two-digit years, comments, missing seconds or
** zone. IMAP_INVALID where no date can be read with certainty. */
int imap_date_parse_message(struct imap_span text, int64_t *seconds);

/* "17-Jul-1996 09:44:25 +0000" and "17-Jul-1996" (its UTC day); years 1 to
** 9999, else IMAP_INVALID. */
int imap_date_write_internal(int64_t seconds, struct imap_buffer *out);
int imap_date_write_day(int64_t seconds, struct imap_buffer *out);

/* "YYYY-MM-DD", a real day. */
int imap_date_parse_day(struct imap_span text, int64_t *seconds);

#endif
