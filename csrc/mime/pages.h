/* pages.h - the upper halves of charsets that have one byte for a character.
** page[byte - 0x80] is the character, U+FFFD where there is none; the lower
** half is ASCII. Here, and not left to iconv, so that the names in a mailbox
** list cost no descriptor each and are the same with every libc. */
#ifndef MIME_PAGES_H
#define MIME_PAGES_H

#include <stdint.h>

extern const uint_least16_t mime_page_ibm866[129];
extern const uint_least16_t mime_page_iso8859_2[129];
extern const uint_least16_t mime_page_iso8859_3[129];
extern const uint_least16_t mime_page_iso8859_4[129];
extern const uint_least16_t mime_page_iso8859_5[129];
extern const uint_least16_t mime_page_iso8859_6[129];
extern const uint_least16_t mime_page_iso8859_7[129];
extern const uint_least16_t mime_page_iso8859_8[129];
extern const uint_least16_t mime_page_iso8859_10[129];
extern const uint_least16_t mime_page_iso8859_13[129];
extern const uint_least16_t mime_page_iso8859_14[129];
extern const uint_least16_t mime_page_iso8859_15[129];
extern const uint_least16_t mime_page_iso8859_16[129];
extern const uint_least16_t mime_page_koi8_r[129];
extern const uint_least16_t mime_page_koi8_u[129];
extern const uint_least16_t mime_page_macintosh[129];
extern const uint_least16_t mime_page_mac_cyrillic[129];
extern const uint_least16_t mime_page_windows874[129];
extern const uint_least16_t mime_page_windows1250[129];
extern const uint_least16_t mime_page_windows1251[129];
extern const uint_least16_t mime_page_windows1252[129];
extern const uint_least16_t mime_page_windows1253[129];
extern const uint_least16_t mime_page_windows1254[129];
extern const uint_least16_t mime_page_windows1255[129];
extern const uint_least16_t mime_page_windows1256[129];
extern const uint_least16_t mime_page_windows1257[129];
extern const uint_least16_t mime_page_windows1258[129];
extern const uint_least16_t mime_page_cp437[129];
extern const uint_least16_t mime_page_cp850[129];
extern const uint_least16_t mime_page_cp852[129];

#endif
