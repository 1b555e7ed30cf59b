/* date.c - dates on the wire and seconds since the epoch, by the proleptic
** Gregorian calendar; nothing of the host's clock or time zone comes in. */
#include "protocol/date.h"

#include <stdio.h>

#include "protocol/chars.h"

enum {
  DAY_SECONDS = 86400,
  EPOCH_DAY = 719162 /* 1970-01-01, counted from 0001-01-01 */
};

static const char months[][10] = {
  "January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December"
};

struct civil {
  int year, month, day, hour, minute, second;
  int offset; /* minutes east of UTC */
};

/* --- The calendar ------------------------------------------------------- */

static bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* From 0001-01-01 to the first of January of `year`, 1 to 10000. */
static int days_before_year(int year) {
  int past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400;
}

static int days_before_month(int year, int month) {
  static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304,
                             334, 365};
  return days[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}

static bool is_real(const struct civil *c) {
  if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12)
    return false;
  if (c->day < 1 || c->day > days_before_month(c->year, c->month + 1) -
                                 days_before_month(c->year, c->month))
    return false;
  /* 60 is a leap second: it counts as the one behind it */
  return c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static int to_seconds(const struct civil *c, int64_t *seconds) {
  int64_t day, minute;
  if (!is_real(c)) return IMAP_INVALID;
  day = days_before_year(c->year) + days_before_month(c->year, c->month) +
        c->day - 1 - EPOCH_DAY;
  minute = c->hour * 60 + c->minute - c->offset;
  *seconds = day * DAY_SECONDS + minute * 60 + c->second;
  return IMAP_OK;
}

/* The UTC day and time; false outside of the years 1 to 9999. */
static bool from_seconds(int64_t seconds, struct civil *c) {
  const int64_t start = -(int64_t)EPOCH_DAY * DAY_SECONDS;
  int day, rest;
  if (seconds < start) return false;
  if (seconds >= start + (int64_t)days_before_year(10000) * DAY_SECONDS)
    return false;
  day = (int)((seconds - start) / DAY_SECONDS);
  rest = (int)((seconds - start) % DAY_SECONDS);
  c->year = day / 366 + 1; /* early by twenty at most */
  while (days_before_year(c->year + 1) <= day) c->year++;
  day -= days_before_year(c->year);
  c->month = 1;
  while (days_before_month(c->year, c->month + 1) <= day) c->month++;
  c->day = day - days_before_month(c->year, c->month) + 1;
  c->hour = rest / 3600;
  c->minute = rest / 60 % 60;
  c->second = rest % 60;
  return true;
}

/* --- Pieces of text ----------------------------------------------------- */

struct scan {
  const char *at, *end;
};

static struct scan scan_of(struct imap_span text) {
  return (struct scan){text.data, text.size > 0 ? text.data + text.size
                                                : text.data};
}

static bool at_end(const struct scan *s) { return s->at == s->end; }

static bool try_byte(struct scan *s, char byte) {
  if (at_end(s) || *s->at != byte) return false;
  s->at++;
  return true;
}

static bool next_is_digit(const struct scan *s) {
  return !at_end(s) && imap_char_is(*s->at, IMAP_CHAR_DIGIT);
}

/* A run of `least` to `most` digits, and no digit behind it. */
static bool try_number(struct scan *s, int least, int most, int *out) {
  struct scan rest = *s;
  int number = 0, count = 0;
  for (; count < most && next_is_digit(&rest); count++)
    number = number * 10 + (*rest.at++ - '0');
  if (count < least || next_is_digit(&rest)) return false;
  *s = rest;
  *out = number;
  return true;
}

/* Letters, and bytes of other alphabets; may be empty. */
static struct imap_span take_word(struct scan *s) {
  const char *start = s->at;
  for (; !at_end(s); s->at++) {
    char upper = imap_upper(*s->at);
    if ((upper < 'A' || upper > 'Z') && (unsigned char)upper < 0x80) break;
  }
  return (struct imap_span){start, (size_t)(s->at - start)};
}

/* `word` is `name`, or its first letters: at least three, as in "Sept". */
static bool abbreviates(struct imap_span word, const char *name) {
  if (word.size < 3) return false;
  for (size_t i = 0; i < word.size; i++)
    if (name[i] == '\0' || !imap_is_letter(word.data[i], name[i]))
      return false;
  return true;
}

static bool need_month(struct scan *s, int *month) {
  struct imap_span word = take_word(s);
  for (*month = 1; *month <= 12; ++*month)
    if (abbreviates(word, months[*month - 1])) return true;
  return false;
}

/* zone = ("+" / "-") 4DIGIT; a colon in its middle as in ISO 8601 */
static bool need_offset(struct scan *s, bool colon, int *offset) {
  int hours = 0, minutes;
  bool west = try_byte(s, '-');
  if (!west && !try_byte(s, '+')) return false;
  if (try_number(s, 4, 4, &minutes)) {
    hours = minutes / 100;
    minutes %= 100;
  } else if (!colon || !try_number(s, 2, 2, &hours) || !try_byte(s, ':') ||
             !try_number(s, 2, 2, &minutes)) {
    return false;
  }
  if (hours > 23 || minutes > 59) return false;
  *offset = (hours * 60 + minutes) * (west ? -1 : 1);
  return true;
}

/* --- IMAP's own dates --------------------------------------------------- */

/* date-day-fixed; also one digit alone: "8-Mar-2023" stands among the replies
** that swift-nio-imap tests itself with */
static bool need_fixed_day(struct scan *s, int *day) {
  if (try_byte(s, ' ')) return try_number(s, 1, 1, day);
  return try_number(s, 1, 2, day);
}

/* time = 2DIGIT ":" 2DIGIT ":" 2DIGIT */
static bool need_strict_time(struct scan *s, struct civil *c) {
  return try_number(s, 2, 2, &c->hour) && try_byte(s, ':') &&
         try_number(s, 2, 2, &c->minute) && try_byte(s, ':') &&
         try_number(s, 2, 2, &c->second);
}

int imap_date_parse_internal(struct imap_span text, int64_t *seconds) {
  struct scan s = scan_of(text);
  struct civil c = {0};
  bool ok = need_fixed_day(&s, &c.day) && try_byte(&s, '-') &&
            need_month(&s, &c.month) && try_byte(&s, '-') &&
            try_number(&s, 4, 4, &c.year) && try_byte(&s, ' ') &&
            need_strict_time(&s, &c) && try_byte(&s, ' ') &&
            need_offset(&s, false, &c.offset) && at_end(&s);
  return ok ? to_seconds(&c, seconds) : IMAP_INVALID;
}

/* 4DIGIT "-" 2DIGIT "-" 2DIGIT */
static bool need_iso_day(struct scan *s, struct civil *c) {
  return try_number(s, 4, 4, &c->year) && try_byte(s, '-') &&
         try_number(s, 2, 2, &c->month) && try_byte(s, '-') &&
         try_number(s, 2, 2, &c->day);
}

int imap_date_parse_day(struct imap_span text, int64_t *seconds) {
  struct scan s = scan_of(text);
  struct civil c = {0};
  bool ok = need_iso_day(&s, &c) && at_end(&s);
  return ok ? to_seconds(&c, seconds) : IMAP_INVALID;
}

int imap_date_write_internal(int64_t seconds, struct imap_buffer *out) {
  char text[64];
  struct civil c;
  int size;
  if (!from_seconds(seconds, &c)) return IMAP_INVALID;
  size = snprintf(text, sizeof text, "%02d-%.3s-%04d %02d:%02d:%02d +0000",
                  c.day, months[c.month - 1], c.year, c.hour, c.minute,
                  c.second);
  return imap_buffer_add(out, text, (size_t)size);
}

int imap_date_write_day(int64_t seconds, struct imap_buffer *out) {
  char text[64];
  struct civil c;
  int size;
  if (!from_seconds(seconds, &c)) return IMAP_INVALID;
  size = snprintf(text, sizeof text, "%d-%.3s-%04d", c.day,
                  months[c.month - 1], c.year);
  return imap_buffer_add(out, text, (size_t)size);
}

/* --- The date of a message ---------------------------------------------- */

/* Behind "(": to the end of the comment, or of the text. */
static void skip_comment(struct scan *s) {
  for (size_t depth = 1; depth > 0 && !at_end(s); s->at++) {
    if (*s->at == '(') depth++;
    else if (*s->at == ')') depth--;
    else if (*s->at == '\\' && s->end - s->at > 1) s->at++;
  }
}

/* CFWS, and any of `more`: nothing above "/". */
static void skip(struct scan *s, const char *more) {
  for (; !at_end(s) && *s->at <= '/'; s->at++) {
    const char *also = more;
    char byte = *s->at;
    if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') continue;
    while (*also != '\0' && *also != byte) also++;
    if (*also != '\0') continue;
    if (byte != '(') return;
    s->at++;
    skip_comment(s);
    s->at--; /* the loop steps over the last byte */
  }
}

static bool is_weekday(struct imap_span word) {
  static const char days[][10] = {"Monday", "Tuesday", "Wednesday", "Thursday",
                                  "Friday", "Saturday", "Sunday"};
  for (size_t i = 0; i < sizeof days / sizeof *days; i++)
    if (abbreviates(word, days[i])) return true;
  return false;
}

/* The day of the week says nothing that the date does not, so that it may be
** wrong, and in any language where a comma shows what it is. */
static void skip_weekday(struct scan *s) {
  struct scan rest = *s;
  struct imap_span word = take_word(&rest);
  try_byte(&rest, '.');
  skip(&rest, "");
  if (try_byte(&rest, ',') || is_weekday(word)) *s = rest;
}

/* RFC 5322 4.3: two digits from 50 on and three digits count from 1900. */
static bool need_year(struct scan *s, int *year) {
  if (try_number(s, 4, 4, year)) return true;
  if (try_number(s, 2, 2, year)) *year += *year < 50 ? 2000 : 1900;
  else if (try_number(s, 3, 3, year)) *year += 1900;
  else return false;
  return true;
}

/* "9 Jan 2006", "09-Jan-06" (RFC 850), "2006-01-09" (ISO 8601), "Jan 9, 2006",
** and "Jan 9" where the year stands at the end (the C library's asctime). */
static bool need_date(struct scan *s, struct civil *c) {
  struct scan start = *s;
  if (need_iso_day(s, c)) {
    try_byte(s, 'T');
    return true;
  }
  *s = start;
  if (try_number(s, 1, 2, &c->day)) {
    skip(s, "-/");
    if (!need_month(s, &c->month)) return false;
    skip(s, "-/.,");
    return need_year(s, &c->year);
  }
  if (!need_month(s, &c->month)) return false;
  skip(s, ".");
  if (!try_number(s, 1, 2, &c->day)) return false;
  skip(s, ",");
  c->year = 0;
  try_number(s, 4, 4, &c->year);
  return true;
}

/* "PM" turns 1 to 11 into the afternoon. */
static bool try_half_day(struct scan *s, struct civil *c) {
  struct scan rest = *s;
  struct imap_span word = take_word(&rest);
  bool pm = imap_span_is(word, "PM");
  if (!pm && !imap_span_is(word, "AM")) return true;
  if (c->hour < 1 || c->hour > 12) return false;
  c->hour = c->hour % 12 + (pm ? 12 : 0);
  *s = rest;
  return true;
}

/* hour ":" minute [":" second]; also with dots, and parts of a second behind
** the last. */
static bool need_time(struct scan *s, struct civil *c) {
  char mark = ':';
  if (!try_number(s, 1, 2, &c->hour)) return false;
  skip(s, "");
  if (!try_byte(s, ':')) {
    mark = '.';
    if (!try_byte(s, '.')) return false;
  }
  skip(s, "");
  if (!try_number(s, 2, 2, &c->minute)) return false;
  skip(s, "");
  if (try_byte(s, mark)) {
    skip(s, "");
    if (!try_number(s, 2, 2, &c->second)) return false;
    if (try_byte(s, '.') && !next_is_digit(s)) return false;
    while (next_is_digit(s)) s->at++;
  }
  skip(s, "");
  return try_half_day(s, c);
}

/* Obsolete names of zones. RFC 5322 4.3: all others, those of one letter too,
** are to be taken for "-0000". */
static int named_offset(struct imap_span name) {
  static const struct {
    char name[4];
    int hours;
  } zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
               {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
  for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
    if (imap_span_is(name, zones[i].name)) return zones[i].hours * 60;
  return 0;
}

/* [name] [offset] [name]: figures count more than a name ("GMT+0100"), and
** where there is neither it is UTC. */
static bool need_zone(struct scan *s, int *offset) {
  struct imap_span name;
  skip(s, "");
  name = take_word(s);
  *offset = named_offset(name);
  skip(s, "");
  if (at_end(s) || (*s->at != '+' && *s->at != '-')) return true;
  if (!need_offset(s, true, offset)) return false;
  skip(s, "");
  take_word(s);
  return true;
}

int imap_date_parse_message(struct imap_span text, int64_t *seconds) {
  struct scan s = scan_of(text);
  struct civil c = {0};
  skip(&s, ",");
  skip_weekday(&s);
  skip(&s, ",");
  if (!need_date(&s, &c)) return IMAP_INVALID;
  skip(&s, ",");
  if (!need_time(&s, &c) || !need_zone(&s, &c.offset)) return IMAP_INVALID;
  skip(&s, "");
  if (c.year == 0 && !try_number(&s, 4, 4, &c.year)) return IMAP_INVALID;
  skip(&s, "");
  return at_end(&s) ? to_seconds(&c, seconds) : IMAP_INVALID;
}
