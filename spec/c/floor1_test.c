/* floor1_test.c - base64, mailbox names, sequence sets and dates, against the
** examples of their RFCs and against what must be refused. */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "protocol/base64.h"
#include "protocol/date.h"
#include "protocol/seqset.h"
#include "protocol/utf7.h"

typedef int coder(struct imap_span in, struct imap_buffer *out);

/* `in` gives `wanted`; NULL: it is refused, and nothing is added. */
static int codes(coder *code, struct imap_span in, const char *wanted) {
  struct imap_buffer out;
  int status, good;
  imap_buffer_init(&out, 1 << 20);
  imap_buffer_add_text(&out, "kept ");
  status = code(in, &out);
  if (wanted == NULL) wanted = "", good = status == IMAP_INVALID;
  else good = status == IMAP_OK;
  good = good && out.size == 5 + strlen(wanted) &&
         memcmp(out.data, "kept ", 5) == 0 &&
         memcmp(out.data + 5, wanted, out.size - 5) == 0;
  if (!good)
    printf("  status %d, \"%.*s\"\n", status, (int)out.size, out.data);
  imap_buffer_free(&out);
  return good;
}

#define BOTH_WAYS(encode, decode, plain, coded)           \
  (CHECK(codes(encode, imap_span_of(plain), (coded))),    \
   CHECK(codes(decode, imap_span_of(coded), (plain))))

#define REFUSES(code, text) CHECK(codes((code), imap_span_of(text), NULL))

/* --- base64 ------------------------------------------------------------- */

/* RFC 4648 section 10 */
static void base64_vectors(void) {
  static const char *const vectors[][2] = {
    {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    {"\xfb\xef\xbe\xff\xff\xff", "++++////"}
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    BOTH_WAYS(imap_base64_encode, imap_base64_decode, vectors[i][0],
              vectors[i][1]);
}

static void base64_refuses(void) {
  static const char *const bad[] = {
    "=", "==", "===", "====", "!", "QQ", "QQ=", "QQ===", "Q===", "QR==",
    "QUJ=", "QQ==QQ==", "Q=Q=", "=QQQ", "QQ==\n", " QQ==", "QUJD\r\n", "QUI-",
    "QUI_", "QUJDRA", "\xc3\xa4\xc3\xa4"
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    REFUSES(imap_base64_decode, bad[i]);
  CHECK(codes(imap_base64_decode, (struct imap_span){"QQ\0=", 4}, NULL));
}

static void base64_every_byte(void) {
  char bytes[256];
  for (size_t size = 0; size <= sizeof bytes; size++) {
    struct imap_buffer text, back;
    imap_buffer_init(&text, 1024);
    imap_buffer_init(&back, size);
    for (size_t i = 0; i < size; i++) bytes[i] = (char)(i * 7 + size);
    imap_base64_encode((struct imap_span){bytes, size}, &text);
    imap_base64_decode(imap_buffer_span(&text), &back);
    CHECK(back.status == IMAP_OK &&
          imap_span_equal(imap_buffer_span(&back),
                          (struct imap_span){bytes, size}));
    imap_buffer_free(&text);
    imap_buffer_free(&back);
  }
}

static void base64_keeps_to_the_ceiling(void) {
  struct imap_buffer out;
  imap_buffer_init(&out, 3);
  CHECK(imap_base64_encode(imap_span_of("a"), &out) == IMAP_LIMIT);
  imap_buffer_clear(&out);
  CHECK(imap_base64_decode(imap_span_of("QUJDRA=="), &out) == IMAP_LIMIT);
  imap_buffer_free(&out);
}

/* --- Mailbox names ------------------------------------------------------ */

/* RFC 3501 5.1.3, and names of each length of UTF-8 */
static void names_both_ways(void) {
  static const char *const names[][2] = {
    {"", ""},
    {"INBOX", "INBOX"},
    {"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97"
     "/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
     "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
    {"\xe5\x8f\xb0\xe5\x8c\x97\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
     "&U,BTF2XlZyyKng-"},
    {"\xe2\x98\xba!", "&Jjo-!"},
    {"&", "&-"}, {"&&", "&-&-"}, {"A&B", "A&-B"}, {"-", "-"}, {"+", "+"},
    {"&-", "&--"},
    {"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
    {"\xc3\xbc&\xc3\xbc", "&APw-&-&APw-"},
    {"\xc2\x80", "&AIA-"}, {"\xdf\xbf", "&B,8-"},
    {"\xe0\xa0\x80", "&CAA-"}, {"\xef\xbf\xbf", "&,,8-"},
    {"\xf0\x9f\x98\x80", "&2D3eAA-"},
    {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "&2ADcANv,3,8-"},
    {"a\xf0\x9f\x93\xa7\xc3\xbc", "a&2D3c5wD8-"},
    {"tab\there", "tab&AAk-here"}, {"\x7f", "&AH8-"}, {"\t\xc3\xbc", "&AAkA,A-"}
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    BOTH_WAYS(imap_utf7_encode, imap_utf7_decode, names[i][0], names[i][1]);
}

static void names_broken_on_the_wire(void) {
  static const char *const bad[] = {
    "&", "&A", "&AP", "&APw", "&AAA", "&APw.", "&APw&-", "&Jjo!", "a&",
    "&A-", "&AA-", "&AP-",           /* no whole character */
    "&APx-", "&APwA-", "&APwAA-",    /* bits left over */
    "&AAA-", "&AA0-", "&AAo-",       /* NUL, CR, LF */
    "&AGE-", "&ACY-", "&AH4-",       /* may not be encoded */
    "&U,BTFw-&ZeVnLIqe-",            /* a superfluous shift */
    "&2D0-", "&2D0AYQ-", "&2D3YPQ-", "&3gA-", "&3gDYPQ-", /* surrogates */
    "&A/8-", "&AP=-", "&AP -",       /* not its alphabet */
    "\xff", "\xc3", "a\xc3(", "\xc0\xaf"
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    REFUSES(imap_utf7_decode, bad[i]);
}

static void names_leniently(void) {
  CHECK(codes(imap_utf7_decode, imap_span_of("Entw\xc3\xbcrfe &APw-"),
              "Entw\xc3\xbcrfe \xc3\xbc"));
  CHECK(codes(imap_utf7_decode, imap_span_of("a\tb"), "a\tb"));
}

static void utf8_refused(void) {
  static const char *const bad[] = {
    "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
    "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff", "\xc3", "\xe2\x82",
    "\xf0\x9f\x98", "a\xc3", "\xc3z", "\xe2\x28\xa1", "\xe2\x82\x28"
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK(!imap_utf8_valid(imap_span_of(bad[i])));
    REFUSES(imap_utf7_encode, bad[i]);
  }
  CHECK(imap_utf8_valid((struct imap_span){NULL, 0}));
  CHECK(imap_utf8_valid(imap_span_of("\xed\x9f\xbf\xee\x80\x80")));
}

/* --- Sequence sets ------------------------------------------------------ */

static int set_is(const struct imap_seqset *set, const char *wanted) {
  struct imap_buffer out;
  size_t next = 0;
  int good;
  imap_buffer_init(&out, 1 << 20);
  imap_seqset_write(set, &next, 1 << 20, &out);
  good = imap_seqset_done(set, next) &&
         imap_span_equal(imap_buffer_span(&out), imap_span_of(wanted));
  if (!good) printf("  the set is %.*s\n", (int)out.size, out.data);
  imap_buffer_free(&out);
  return good;
}

static void sets_parse(void) {
  static const char *const sets[][2] = {
    {"1", "1"}, {"1:3", "1:3"}, {"3:1", "1:3"}, {"1,2,3", "1:3"},
    {"1:3,7,10:*", "1:3,7,10:*"}, {"*", "*"}, {"*:*", "*"}, {"*:5", "5:*"},
    {"7:*,*,5:*,9:*", "5:*"}, {"5,*", "5,*"}, {"9,7,5", "5,7,9"},
    {"2:4,1:3,9,8,5", "1:5,8:9"}, {"1:4294967295", "1:4294967295"},
    {"4294967295,4294967294", "4294967294:4294967295"},
    {"5:9,6:7,1", "1,5:9"}, {"5,1:9", "1:9"}, {"1,5,9,4:6", "1,4:6,9"}
  };
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    struct imap_seqset set;
    imap_seqset_init(&set);
    CHECK(imap_seqset_parse(&set, imap_span_of(sets[i][0])) == IMAP_OK);
    CHECK(set_is(&set, sets[i][1]));
    imap_seqset_free(&set);
  }
}

static void sets_refused(void) {
  static const char *const bad[] = {
    "", "0", "0:5", "5:0", ",", "1,", ",1", "1,,2", "1:", ":1", "1:2:3", "**",
    "1*", "*1", "4294967296", "1:4294967296", "99999999999999999999", "-1",
    "+1", "01", "1.5", " 1", "1 ", "1, 2", "a", "$", "1:*\r\n", "1;2", "0x1"
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct imap_seqset set;
    imap_seqset_init(&set);
    CHECK(imap_seqset_parse(&set, imap_span_of(bad[i])) == IMAP_INVALID);
    imap_seqset_free(&set);
  }
}

static void sets_ask(void) {
  struct imap_seqset set;
  imap_seqset_init(&set);
  CHECK(!imap_seqset_has(&set, 1) && imap_seqset_size(&set) == 0);
  CHECK(imap_seqset_done(&set, 0));
  CHECK(imap_seqset_add(&set, 0, 4) == IMAP_INVALID);
  imap_seqset_parse(&set, imap_span_of("4:6,10,*"));
  CHECK(!imap_seqset_has(&set, 3) && imap_seqset_has(&set, 4));
  CHECK(imap_seqset_has(&set, 6) && !imap_seqset_has(&set, 7));
  CHECK(imap_seqset_has(&set, 10) && !imap_seqset_has(&set, 4294967295u));
  CHECK(imap_seqset_size(&set) == 4);
  imap_seqset_parse(&set, imap_span_of("20:*"));
  CHECK(!imap_seqset_has(&set, 19) && imap_seqset_has(&set, 4294967295u));
  imap_seqset_free(&set);
  imap_seqset_parse(&set, imap_span_of("1:4294967295"));
  CHECK(imap_seqset_size(&set) == 4294967295u && set.count == 1);
  imap_seqset_free(&set);
}

static void sets_write_in_pieces(void) {
  struct imap_seqset set;
  struct imap_buffer out;
  size_t next = 0;
  imap_seqset_init(&set);
  imap_buffer_init(&out, 100);
  imap_seqset_parse(&set, imap_span_of("1,3,5:6,100:*"));
  imap_seqset_write(&set, &next, 3, &out);
  CHECK_TEXT(imap_buffer_span(&out), "1,3");
  imap_buffer_clear(&out);
  imap_seqset_write(&set, &next, 1, &out); /* one range, however little room */
  CHECK_TEXT(imap_buffer_span(&out), "5:6");
  CHECK(!imap_seqset_done(&set, next));
  next = 0;
  imap_buffer_clear(&out);
  imap_seqset_write(&set, &next, 2, &out); /* the comma counts */
  CHECK_TEXT(imap_buffer_span(&out), "1");
  next = 3;
  imap_buffer_clear(&out);
  imap_seqset_write(&set, &next, 100, &out);
  CHECK_TEXT(imap_buffer_span(&out), "100:*");
  CHECK(imap_seqset_done(&set, next) && next == set.count + 1);
  imap_buffer_free(&out);
  imap_buffer_init(&out, 2);
  next = 0;
  CHECK(imap_seqset_write(&set, &next, 100, &out) == IMAP_LIMIT);
  imap_buffer_free(&out);
  imap_seqset_free(&set);
}

static uint32_t random_number(void) {
  static uint64_t state = 88172645463325252u; /* xorshift: the same each run */
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)state | 1u;
}

static void sets_against_a_bitmap(void) {
  for (int round = 0; round < 200; round++) {
    char seen[300] = {0};
    struct imap_seqset set;
    uint64_t size = 0;
    int same = 1;
    imap_seqset_init(&set);
    for (int i = 0; i < 1 + round; i++) {
      uint32_t first = 1 + random_number() % 290;
      uint32_t last = first + random_number() / 2 % 4;
      imap_seqset_add(&set, first, last);
      memset(seen + first, 1, last - first + 1);
      if (i % 16 == 7) imap_seqset_tidy(&set);
    }
    for (uint32_t n = 1; n < 300; n++) {
      same = same && imap_seqset_has(&set, n) == (seen[n] != 0);
      size += seen[n] != 0;
    }
    CHECK(same && imap_seqset_size(&set) == size);
    for (size_t i = 1; i < set.count; i++)
      same = same && set.ranges[i - 1].last + 1 < set.ranges[i].first;
    CHECK(same);
    imap_seqset_free(&set);
  }
}

static void sets_are_built_in_any_order(void) {
  struct imap_seqset set;
  clock_t start = clock();
  imap_seqset_init(&set);
  for (int i = 0; i < 1000000; i++) {
    uint32_t number = random_number();
    imap_seqset_add(&set, number, number);
  }
  CHECK(imap_seqset_size(&set) == set.count); /* odd numbers never touch */
  for (uint32_t n = 1000000; n > 0; n--) imap_seqset_add(&set, 2 * n, 2 * n);
  for (uint32_t n = 3; n > 0; n--) imap_seqset_add(&set, n, 4294967295u);
  CHECK(set_is(&set, "1:4294967295"));
  /* far above what n log n takes, and far below what n squared does */
  CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 10);
  imap_seqset_free(&set);
}

/* The same few numbers over and over take no more room. */
static void sets_do_not_grow_with_calls(void) {
  struct imap_seqset set;
  imap_seqset_init(&set);
  for (uint32_t i = 0; i < 100000; i++) {
    uint32_t number = 9 - i % 5 * 2;
    imap_seqset_add(&set, number, number);
  }
  CHECK(set.capacity < 100);
  CHECK(set_is(&set, "1,3,5,7,9"));
  imap_seqset_free(&set);
}

static void readers(void) {
  static const uint32_t wanted[] = {2, 3, 4, 1, 4294967294u, 4294967295u, 7};
  struct imap_seqset_reader r;
  uint32_t number = 0;
  imap_seqset_reader_init(&r, imap_span_of("4:2,1,4294967294:4294967295,7"));
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    CHECK(imap_seqset_reader_next(&r, &number) == IMAP_OK &&
          number == wanted[i]);
  CHECK(imap_seqset_reader_next(&r, &number) == IMAP_MORE);
  CHECK(imap_seqset_reader_next(&r, &number) == IMAP_MORE);
  imap_seqset_reader_init(&r, imap_span_of("1,*"));
  CHECK(imap_seqset_reader_next(&r, &number) == IMAP_OK && number == 1);
  CHECK(imap_seqset_reader_next(&r, &number) == IMAP_INVALID);
  CHECK(imap_seqset_reader_next(&r, &number) == IMAP_INVALID);
  imap_seqset_reader_init(&r, imap_span_of("1,"));
  CHECK(imap_seqset_reader_next(&r, &number) == IMAP_INVALID);
}

static void counts(void) {
  static const char *const bad[] = {"", "*", "1:*", "1,", "0", "1:x", "1,,2"};
  uint64_t count = 0;
  CHECK(imap_seqset_count(imap_span_of("1:4294967295"), &count) == IMAP_OK &&
        count == 4294967295u);
  CHECK(imap_seqset_count(imap_span_of("4:2,9,9"), &count) == IMAP_OK &&
        count == 5);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(imap_seqset_count(imap_span_of(bad[i]), &count) == IMAP_INVALID);
}

static void numbers(void) {
  uint64_t n = 0;
  struct imap_span nul = {"1\0", 2};
  CHECK(imap_number_parse(imap_span_of("0"), 0, &n) == IMAP_OK && n == 0);
  CHECK(imap_number_parse(imap_span_of("012"), 12, &n) == IMAP_OK && n == 12);
  CHECK(imap_number_parse(imap_span_of("13"), 12, &n) == IMAP_INVALID);
  CHECK(imap_number_parse(imap_span_of("5"), 3, &n) == IMAP_INVALID);
  CHECK(imap_number_parse(imap_span_of("18446744073709551615"), UINT64_MAX,
                          &n) == IMAP_OK && n == UINT64_MAX);
  CHECK(imap_number_parse(imap_span_of("18446744073709551616"), UINT64_MAX,
                          &n) == IMAP_INVALID);
  CHECK(imap_number_parse(imap_span_of("9223372036854775808"), INT64_MAX,
                          &n) == IMAP_INVALID);
  CHECK(imap_number_parse(imap_span_of(""), 9, &n) == IMAP_INVALID);
  CHECK(imap_number_parse(imap_span_of("-1"), 9, &n) == IMAP_INVALID);
  CHECK(imap_number_parse(imap_span_of("1 "), 9, &n) == IMAP_INVALID);
  CHECK(imap_number_parse(nul, 9, &n) == IMAP_INVALID);
}

/* --- Dates -------------------------------------------------------------- */

typedef int reader(struct imap_span text, int64_t *seconds);

static int reads(reader *read, const char *text, int64_t wanted) {
  int64_t got = INT64_MIN;
  int status = read(imap_span_of(text), &got);
  if (status == IMAP_OK && got == wanted) return 1;
  printf("  \"%s\": status %d, %lld\n", text, status, (long long)got);
  return 0;
}

static int refuses(reader *read, const char *text) {
  int64_t got = 0;
  if (read(imap_span_of(text), &got) == IMAP_INVALID) return 1;
  printf("  \"%s\": %lld\n", text, (long long)got);
  return 0;
}

static void internal_dates(void) {
  static const char *const bad[] = {
    "", "not a date", "17-Jul-1996", "17-Jul-1996 02:44:25",
    "17-Jul-1996 02:44:25 PDT", "17-Jul-1996 02:44 -0700",
    "17-Jul-96 02:44:25 -0700", "31-Apr-2001 00:00:00 +0000",
    "29-Feb-1900 00:00:00 +0000", "00-Jan-2001 00:00:00 +0000",
    " 0-Jan-2001 00:00:00 +0000", "32-Jan-2001 00:00:00 +0000",
    "01-Jan-0000 00:00:00 +0000", "01-Jan-2001 24:00:00 +0000",
    "01-Jan-2001 00:60:00 +0000", "01-Jan-2001 00:00:61 +0000",
    "01-Jan-2001 00:00:00 +2400", "01-Jan-2001 00:00:00 +0060",
    "01-Jan-2001 00:00:00 +00:00", "01-Jan-2001 00:00:00 +0000 ",
    "01-Foo-2001 00:00:00 +0000", "001-Jan-2001 00:00:00 +0000",
    "01-Jan-20011 00:00:00 +0000", "1 -Jan-2001 00:00:00 +0000"
  };
  reader *read = imap_date_parse_internal;
  CHECK(reads(read, "17-Jul-1996 02:44:25 -0700", 837596665));
  CHECK(reads(read, "17-jul-1996 09:44:25 +0000", 837596665));
  CHECK(reads(read, " 9-Feb-2007 17:08:08 -0430", 1171057088));
  CHECK(reads(read, "8-Mar-2023 12:16:47 +0800", 1678249007));
  CHECK(reads(read, "01-Jan-1970 00:00:00 +0000", 0));
  CHECK(reads(read, "31-Dec-1969 23:59:59 +0000", -1));
  CHECK(reads(read, "29-Feb-2000 00:00:00 +0000", 951782400));
  CHECK(reads(read, "31-Dec-2016 23:59:60 +0000", 1483228800));
  CHECK(reads(read, "01-Jan-0001 00:00:00 +0000", -62135596800));
  CHECK(reads(read, "31-Dec-9999 23:59:59 +0000", 253402300799));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(refuses(read, bad[i]));
}

static int writes(int (*write)(int64_t, struct imap_buffer *), int64_t seconds,
                  const char *wanted) {
  struct imap_buffer out;
  int good;
  imap_buffer_init(&out, 100);
  good = write(seconds, &out) == (wanted != NULL ? IMAP_OK : IMAP_INVALID) &&
         imap_span_equal(imap_buffer_span(&out),
                         imap_span_of(wanted != NULL ? wanted : ""));
  if (!good) printf("  %.*s\n", (int)out.size, out.data);
  imap_buffer_free(&out);
  return good;
}

static void dates_written(void) {
  static const int64_t outside[] = {INT64_MIN, INT64_MAX, -62135596801,
                                    253402300800};
  CHECK(writes(imap_date_write_internal, 837596665,
               "17-Jul-1996 09:44:25 +0000"));
  CHECK(writes(imap_date_write_internal, -1, "31-Dec-1969 23:59:59 +0000"));
  CHECK(writes(imap_date_write_internal, -62135596800,
               "01-Jan-0001 00:00:00 +0000"));
  CHECK(writes(imap_date_write_internal, 253402300799,
               "31-Dec-9999 23:59:59 +0000"));
  CHECK(writes(imap_date_write_day, 837596665, "17-Jul-1996"));
  CHECK(writes(imap_date_write_day, 951782400, "29-Feb-2000"));
  CHECK(writes(imap_date_write_day, 86399, "1-Jan-1970"));
  for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
    CHECK(writes(imap_date_write_internal, outside[i], NULL));
    CHECK(writes(imap_date_write_day, outside[i], NULL));
  }
}

/* Every day of the calendar there and back, counted beside the code. */
static void dates_there_and_back(void) {
  int good = 1;
  for (int64_t day = -719162; day <= 2932896; day++) {
    struct imap_buffer out;
    int64_t back = 0;
    char memory[64];
    out = (struct imap_buffer){
      .data = memory, .capacity = sizeof memory, .ceiling = sizeof memory
    };
    imap_date_write_internal(day * 86400 + 12345, &out);
    good = good &&
           imap_date_parse_internal(imap_buffer_span(&out), &back) == IMAP_OK &&
           back == day * 86400 + 12345;
  }
  CHECK(good);
}

static void days(void) {
  static const char *const bad[] = {
    "", "1996-7-17", "96-07-17", "1996-13-01", "1996-00-01", "1996-02-30",
    "1997-02-29", "2100-02-29", "1996-07-17 ", " 1996-07-17", "1996/07/17",
    "19960717", "0000-01-01", "10000-01-01", "1996-07-17T00:00:00Z",
    "-1996-07-17"
  };
  CHECK(reads(imap_date_parse_day, "1996-07-17", 837561600));
  CHECK(reads(imap_date_parse_day, "2000-02-29", 951782400));
  CHECK(reads(imap_date_parse_day, "0001-01-01", -62135596800));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(refuses(imap_date_parse_day, bad[i]));
}

/* RFC 5322 appendix A, its obsolete forms, and forms of mail that is there. */
static void message_dates(void) {
  static const struct {
    const char *text;
    int64_t seconds;
  } good[] = {
    {"Fri, 21 Nov 1997 09:55:06 -0600", 880127706},
    {"21 Nov 97 09:55:06 GMT", 880106106},
    {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
     "               -0330 (Newfoundland Time)", -27723480},
    {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880127706},
    {"Thu, 8 Mar 2005 17:40:36 EDT", 1110318036}, /* the wrong week day */
    {"Sun, 7 Jun 92 14:02 CDT", 707943720},
    {"Tue, 16 Jun 92 17:34:08 JST", 708716048}, /* zone unknown: -0000 */
    {"26 Dec 1991 20:45 (Thursday)", 693780300},
    {"Wed, 20 Sep 1995 00:19:00 (EDT) -0400", 811570740},
    {"Thu, 3 Dec 2009 10:50:22 -0800 (PST)", 1259866222},
    {"Tue, 04 Dec 2001 17:11:25 -0459", 1007503825},
    {"Mon, 9 Jan 2006 12:34:56", 1136810096},
    {"Mon, 9 Jan 2006 12:34:56 Z", 1136810096},
    {"Mon, 9 Jan 2006 12:34:56 A", 1136810096},
    {"Mon, 9 Jan 2006 12:34:56 UT", 1136810096},
    {"Mon, 9 Jan 2006 12:34:56 GMT+0100", 1136806496},
    {"Mon, 9 Jan 2006 12:34:56 +0100 CET", 1136806496},
    {"Mon, 9 Jan 2006 12:34:56 +01:00", 1136806496},
    {"Mon, 9 Jan 2006 7:34:56 EST", 1136810096},
    {"Mon, 9 Jan 2006 12.34.56 +0000", 1136810096},
    {"Mon, 9 Jan 2006 12:34:56.789 +0000", 1136810096},
    {"Mon, 9 Jan 2006 1:34:56 PM +0100", 1136810096},
    {"Mon, 9 Jan 2006 12:34:56 am", 1136766896},
    {"Monday, 09-Jan-06 12:34:56 GMT", 1136810096},
    {"Mon, 09-Jan-2006 12:34:56 GMT", 1136810096},
    {"Mon, 9 January 2006 12:34:56 GMT", 1136810096},
    {"Mon 9 jan 2006 12:34:56 gmt", 1136810096},
    {"M\xc3\xb6n., 9 Jan 2006 12:34:56 GMT", 1136810096},
    {"Mon Jan  9 12:34:56 2006", 1136810096},
    {"Mon Jan  9 07:34:56 EST 2006", 1136810096},
    {"Mon Jan 09 2006 13:34:56 GMT+0100 (CET)", 1136810096},
    {"Jan 9, 2006 12:34:56", 1136810096},
    {"2006-01-09T12:34:56Z", 1136810096},
    {"2006-01-09 13:34:56 +0100", 1136810096},
    {"Mon, 9 Jan 106 12:34:56 +0000", 1136810096},
    {"Sat, 1 Jan 00 00:00:00 +0000", 946684800},
    {"Thu, 31 Dec 49 00:00:00 +0000", 2524521600},
    {"Sun, 1 Jan 50 00:00:00 +0000", -631152000},
    {"  (a (nested \\) one)) Mon, 9 Jan 2006 12:34:56 +0000  (b", 1136810096}
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    CHECK(reads(imap_date_parse_message, good[i].text, good[i].seconds));
}

static void message_dates_refused(void) {
  static const char *const bad[] = {
    "", " ", "(", "date", "01-02-03", "Mon,", "9 Jan 2006",
    "Mon, 24 May 20 21 09:47:50 +0000", "Mon, 32 Jan 2006 12:34:56 +0000",
    "Wed, 29 Feb 2006 12:34:56 +0000", "Mon, 9 Foo 2006 12:34:56 +0000",
    "Mon, 9 Ja 2006 12:34:56 +0000", "Mon, 9 Januaryy 2006 12:34:56 +0000",
    "Mon, 9 Jan 2006 24:34:56 +0000", "Mon, 9 Jan 2006 12:60:56 +0000",
    "Mon, 9 Jan 2006 12:34:61 +0000", "Mon, 9 Jan 2006 12:34:56 +2400",
    "Mon, 9 Jan 2006 12:34:56 +100", "Mon, 9 Jan 2006 12:34:56 0100",
    "Mon, 9 Jan 2006 12:34:56 +010000", "Mon, 9 Jan 2006 12:34:56 +0000 7",
    "Mon, 9 Jan 2006 123456 +0000", "Mon, 9 Jan 2006 12:3 +0000",
    "Mon, 9 Jan 12006 12:34:56 +0000", "Mon, 9 Jan 0000 12:34:56 +0000",
    "Mon, 9 Jan 6 12:34:56 +0000", "Mon Jan  9 12:34:56",
    "Mon, 9 Jan 2006 13:34:56 PM", "Mon, 9 Jan 2006 0:34:56 AM",
    "09/01/2006 12:34:56", "9 9 2006 12:34", "2006-13-09T12:34:56Z",
    "Mon, 9 Jan 2006 12:34:56. +0000", "9999999999999999999999",
    "1136810096"
  };
  struct imap_span nul = {"Mon, 9 Jan 2006 12:34:56 +0000\0", 31};
  int64_t seconds;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(refuses(imap_date_parse_message, bad[i]));
  CHECK(imap_date_parse_message(nul, &seconds) == IMAP_INVALID);
  CHECK(imap_date_parse_message((struct imap_span){NULL, 0}, &seconds) ==
        IMAP_INVALID);
}

int main(void) {
  base64_vectors();
  base64_refuses();
  base64_every_byte();
  base64_keeps_to_the_ceiling();
  names_both_ways();
  names_broken_on_the_wire();
  names_leniently();
  utf8_refused();
  sets_parse();
  sets_refused();
  sets_ask();
  sets_write_in_pieces();
  sets_against_a_bitmap();
  sets_are_built_in_any_order();
  sets_do_not_grow_with_calls();
  readers();
  counts();
  numbers();
  internal_dates();
  dates_written();
  dates_there_and_back();
  days();
  message_dates();
  message_dates_refused();
  return check_report();
}
