/* transfer.h - the transfer encodings, undone piece by piece (RFC 2045 6).
** A step takes bytes from the front of *in and writes to `block` what they
** stand for; it stops where the block might not hold more, so it is called
** until *in is empty. It needs no memory but its state, which is all zeros at
** the start. Whatever comes in is read as far as it makes sense. */
#ifndef MIME_TRANSFER_H
#define MIME_TRANSFER_H

#include <stdint.h>

#include "protocol/buffer.h"

enum { MIME_BLOCK_MIN = 256 }; /* the least room that a step accepts */

/* Hexadecimal digits, in either case. */
bool mime_is_hex(char byte);
/* The byte that two of them spell, or -1 where they are not. */
int mime_hex_byte(char high, char low);

/* base64 (RFC 2045 6.8). What is not of the alphabet is skipped; padding ends
** a group wherever it stands, so bodies that were encoded one by one and then
** joined come out whole. */
struct mime_base64 {
  uint_least32_t bits; /* of the group that is not complete, six a character */
  unsigned count;      /* characters in it, 0 to 3 */
};

size_t mime_base64_step(struct mime_base64 *state, struct imap_span *in,
                        char *block, size_t room);
/* What is left when padding is missing: up to 2 bytes. */
size_t mime_base64_finish(struct mime_base64 *state, char *block);
/* True where the bits kept are more than missing padding explains: the group
** goes on elsewhere. */
bool mime_base64_cut(const struct mime_base64 *state);

/* quoted-printable (RFC 2045 6.7). A line has at most 76 characters (rule 5);
** a longer run of blanks is taken for text, so what is held stays small. */
enum { MIME_QUOTED_HELD = 80 };

struct mime_quoted {
  size_t size;
  char held[MIME_QUOTED_HELD]; /* blanks, or what began with "=" */
};

size_t mime_quoted_step(struct mime_quoted *state, struct imap_span *in,
                        char *block, size_t room);
size_t mime_quoted_finish(struct mime_quoted *state, char *block);

/* uuencode: "begin" line, lines of a length and data, "end" line. */
struct mime_uu {
  bool inside;       /* behind a "begin" line */
  bool skip;         /* nothing more of this line counts */
  bool within;       /* the line's first character has been seen */
  unsigned matched;  /* characters of "begin " seen at the start of a line */
  unsigned expected; /* bytes that the line still has to give */
  unsigned count;    /* characters in the group */
  uint_least32_t bits;
};

size_t mime_uu_step(struct mime_uu *state, struct imap_span *in, char *block,
                    size_t room);
/* What is left of a line that is cut short: up to 2 bytes. */
size_t mime_uu_finish(struct mime_uu *state, char *block);

#endif
