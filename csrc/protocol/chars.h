/* chars.h - one table of character classes (RFC 9051 section 9); digits. */
#ifndef IMAP_CHARS_H
#define IMAP_CHARS_H

#include <stdbool.h>
#include <stdint.h>

enum {
  IMAP_CHAR_ATOM = 1,    /* ATOM-CHAR: fit for an atom that we send */
  IMAP_CHAR_ASTRING = 2, /* ATOM-CHAR or ']' */
  IMAP_CHAR_DIGIT = 4,
  IMAP_CHAR_TOKEN = 8,   /* goes on in an atom that a server sent: all but
                            SP ( ) " { CR LF, as real servers use the rest */
  IMAP_CHAR_BASE64 = 16, /* A-Z a-z 0-9 + / */
  IMAP_CHAR_PLAIN = 32,  /* goes on in a quoted string in which nothing is to be
                            decoded: ASCII but " \ = and controls to CR */
  IMAP_CHAR_ITEM = 64    /* IMAP_CHAR_TOKEN but "[" */
};

extern const unsigned char imap_char_table[256];

static inline bool imap_char_is(char byte, int classes) {
  return (imap_char_table[(unsigned char)byte] & classes) != 0;
}

/* ASCII only: the protocol knows no locale. */
static inline char imap_upper(char byte) {
  return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* Is `byte` that letter, in either case? */
static inline bool imap_is_letter(char byte, char letter) {
  return (byte | 0x20) == (letter | 0x20);
}

static inline char imap_lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Writes the digits in front of `end`, and answers where they begin. A call of
** snprintf() costs a thousand instructions. */
enum { IMAP_DECIMAL_ROOM = 20 };
static inline char *imap_decimal(uint64_t value, char *end) {
  do {
    *--end = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return end;
}

#endif
