/* text.c - see text.h. */
#include "text.h"

#include <string.h>

static int number(const char **at, const char *end) {
  int n = 0;
  while (*at < end && (**at < '0' || **at > '9')) ++*at;
  while (*at < end && **at >= '0' && **at <= '9') n = n * 10 + *(*at)++ - '0';
  return n;
}

/* Days since 1970 of a date of the Gregorian calendar, March being month 0. */
static int64_t days(int year, int month, int day) {
  if (month < 0) year--, month += 12;
  return 365L * year + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719469;
}

int64_t text_date(struct span date) {
  static const char names[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
  const char *at = date.data, *end = at + date.size, *name;
  int day = number(&at, end), month = 0, zone;
  for (name = at + 1; month < 12 && memcmp(names + 3 * month, name, 3) != 0;) month++;
  int year = number(&at, end), hour = number(&at, end), minute = number(&at, end);
  int second = number(&at, end);
  int sign = memchr(at, '-', (size_t)(end - at)) != NULL ? -1 : 1;
  zone = number(&at, end);
  return days(year, month >= 10 ? month - 12 : month, day) * 86400 + hour * 3600 +
         minute * 60 + second - sign * (zone / 100 * 3600 + zone % 100 * 60);
}

static int hex(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

static size_t from_quoted(const char *at, const char *end, char *out) {
  char *begin = out;
  for (; at < end; at++) {
    if (*at == '_') {
      *out++ = ' ';
    } else if (*at == '=' && end - at > 2) {
      *out++ = (char)(hex(at[1]) << 4 | hex(at[2]));
      at += 2;
    } else {
      *out++ = *at;
    }
  }
  return (size_t)(out - begin);
}

static int sixbits(char c) {
  if (c >= 'a') return c - 'a' + 26;
  if (c >= 'A') return c - 'A';
  return c == '+' ? 62 : c == '/' ? 63 : c - '0' + 52;
}

static size_t from_base64(const char *at, const char *end, char *out) {
  char *begin = out;
  for (; end - at >= 4; at += 4) {
    int bits = sixbits(at[0]) << 18 | sixbits(at[1]) << 12;
    *out++ = (char)(bits >> 16);
    if (at[2] == '=') break;
    bits |= sixbits(at[2]) << 6;
    *out++ = (char)(bits >> 8);
    if (at[3] == '=') break;
    *out++ = (char)(bits | sixbits(at[3]));
  }
  return (size_t)(out - begin);
}

/* In place, from the back. */
static size_t from_latin1(char *text, size_t size) {
  size_t high = 0;
  for (size_t i = 0; i < size; i++) high += (unsigned char)text[i] > 127;
  for (size_t from = size, to = size + high; from-- > 0;) {
    unsigned char c = (unsigned char)text[from];
    text[--to] = c > 127 ? (char)(0x80 | (c & 0x3F)) : (char)c;
    if (c > 127) text[--to] = (char)(0xC0 | c >> 6);
  }
  return size + high;
}

/* "=?" charset "?" encoding "?" text "?=": how much of the text it is; 0 where
** there is none. */
static size_t word(const char *at, const char *end, char *out, size_t *made) {
  const char *kind = memchr(at + 2, '?', (size_t)(end - at - 2)), *text, *close;
  if (kind == NULL || end - kind < 5 || kind[2] != '?') return 0;
  text = kind + 3;
  close = memmem(text, (size_t)(end - text), "?=", 2);
  if (close == NULL) return 0;
  *made = (kind[1] | 32) == 'q' ? from_quoted(text, close, out) : from_base64(text, close, out);
  if (at[2] == 'i') *made = from_latin1(out, *made);
  return (size_t)(close + 2 - at);
}

struct span text_words(struct span text, char *out) {
  const char *at = text.data, *end = at + text.size, *behind = NULL;
  char *to = out;
  if (text.size == 0 || memmem(at, text.size, "=?", 2) == NULL) return text;
  while (at < end) {
    size_t made, used = end - at > 6 && at[0] == '=' && at[1] == '?' ? word(at, end, to, &made) : 0;
    if (used == 0) {
      *to++ = *at++;
      continue;
    }
    /* blanks between two words are none */
    if (behind != NULL) memmove(behind == at ? to : to - (at - behind), to, made), to -= at - behind;
    to += made;
    at += used;
    behind = at;
    while (at < end && *at == ' ') *to++ = *at++;
    if (at < end && *at != '=') behind = NULL;
  }
  return (struct span){ out, (size_t)(to - out) };
}
