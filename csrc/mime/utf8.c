/* utf8.c - what is UTF-8 and what is not (RFC 3629). */
#include "mime/utf8.h"

#include "protocol/eight.h"

/* UTF8-1 is ASCII; for the others the lead byte says how many follow, and
** which range the first of them must be in (RFC 3629 4): no overlong forms, no
** surrogates, nothing above U+10FFFF. */
struct lead {
  unsigned follow;
  unsigned char low, high;
};

static struct lead lead_of(unsigned char byte) {
  if (byte < 0xC2 || byte > 0xF4) return (struct lead){0, 0, 0};
  if (byte < 0xE0) return (struct lead){1, 0x80, 0xBF};
  if (byte == 0xE0) return (struct lead){2, 0xA0, 0xBF};
  if (byte == 0xED) return (struct lead){2, 0x80, 0x9F};
  if (byte < 0xF0) return (struct lead){2, 0x80, 0xBF};
  if (byte == 0xF0) return (struct lead){3, 0x90, 0xBF};
  if (byte == 0xF4) return (struct lead){3, 0x80, 0x8F};
  return (struct lead){3, 0x80, 0xBF};
}

struct mime_utf8_unit mime_utf8_look(const char *data, size_t size) {
  const unsigned char *byte = (const unsigned char *)data;
  struct lead lead = lead_of(byte[0]);
  size_t have = 1;
  if (byte[0] < 0x80) return (struct mime_utf8_unit){MIME_UTF8_WHOLE, 1};
  if (lead.follow == 0) return (struct mime_utf8_unit){MIME_UTF8_BROKEN, 1};
  while (have <= lead.follow) {
    if (have == size) return (struct mime_utf8_unit){MIME_UTF8_CUT, have};
    if (byte[have] < lead.low || byte[have] > lead.high)
      return (struct mime_utf8_unit){MIME_UTF8_BROKEN, have};
    lead.low = 0x80;
    lead.high = 0xBF;
    have++;
  }
  return (struct mime_utf8_unit){MIME_UTF8_WHOLE, have};
}

size_t mime_utf8_ascii(const char *data, size_t size) {
  size_t i = 0;
  while (size - i >= IMAP_EIGHT && imap_eight_high(imap_eight(data + i)) == 0)
    i += IMAP_EIGHT;
  while (i < size && (unsigned char)data[i] < 0x80) i++;
  return i;
}

size_t mime_utf8_good(const char *data, size_t size) {
  size_t i = 0;
  while (i < size) {
    struct mime_utf8_unit unit;
    if ((unsigned char)data[i] < 0x80) {
      i += mime_utf8_ascii(data + i, size - i);
      continue;
    }
    unit = mime_utf8_look(data + i, size - i);
    if (unit.state != MIME_UTF8_WHOLE) break;
    i += unit.size;
  }
  return i;
}

char *mime_utf8_put(char *to, uint_least16_t character) {
  if (character < 0x80) {
    *to++ = (char)character;
  } else if (character < 0x800) {
    *to++ = (char)(0xC0 | character >> 6);
    *to++ = (char)(0x80 | (character & 0x3F));
  } else {
    *to++ = (char)(0xE0 | character >> 12);
    *to++ = (char)(0x80 | (character >> 6 & 0x3F));
    *to++ = (char)(0x80 | (character & 0x3F));
  }
  return to;
}
