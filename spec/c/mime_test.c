/* mime_test.c - what is inside a message: words, parameters, charsets and
** transfer encodings, as standards and as real mail have them. */
#include <stdlib.h>

#include "check.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/japanese.h"
#include "mime/names.h"
#include "mime/pages.h"
#include "mime/params.h"
#include "mime/utf8.h"
#include "mime/words.h"

enum { PLENTY = 1 << 26 };

#define BAD MIME_UTF8_BAD

/* A string literal with its size, so that NUL may stand in it. */
#define TEXT(literal) ((struct imap_span){literal, sizeof(literal) - 1})

static void check_bytes(struct imap_span got, struct imap_span want, int line,
                        const char *what) {
  if (check_that(imap_span_equal(got, want), __FILE__, line, what)) return;
  printf("  got    \"%.*s\"\n  wanted \"%.*s\"\n", (int)got.size,
         got.size > 0 ? got.data : "", (int)want.size, want.data);
}

static void same(struct imap_buffer *out, struct imap_span want, int line,
                 const char *what) {
  check_bytes(imap_buffer_span(out), want, line, what);
  check_that(out->status == IMAP_OK, __FILE__, line, what);
  imap_buffer_free(out);
}

/* --- words --- */

static void word(struct imap_span text, struct imap_span want, int line) {
  struct imap_buffer out;
  imap_buffer_init(&out, PLENTY);
  mime_words_decode(text, &out);
  check_that(mime_utf8_good(out.data, out.size) == out.size, __FILE__, line,
             "the result is UTF-8");
  same(&out, want, line, text.data);
}

#define WORD(text, want) word(TEXT(text), TEXT(want), __LINE__)

/* RFC 2047 8, and its examples in section 2 and 4. */
static void rfc2047(void) {
  WORD("=?US-ASCII?Q?Keith_Moore?=", "Keith Moore");
  WORD("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen");
  WORD("=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard");
  WORD("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
       " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
       "If you can read this you understand the example.");
  WORD("=?ISO-8859-1?Q?Olle_J=E4rnefors?=", "Olle Järnefors");
  WORD("=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?=", "Patrik Fältström");
  WORD("Nathaniel Borenstein (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)",
       "Nathaniel Borenstein (םולש ןב ילטפנ)");
  WORD("(=?ISO-8859-1?Q?a?=)", "(a)");
  WORD("(=?ISO-8859-1?Q?a?= b)", "(a b)");
  WORD("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)");
  WORD("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)");
  WORD("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)");
  WORD("(=?ISO-8859-1?Q?a_b?=)", "(a b)");
  WORD("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)");
}

static void words_of_real_mail(void) {
  WORD("=?utf-8*en?q?caf=c3=a9?=", "café");
  WORD("=?UTF8?B?w6k?=", "é");
  WORD("=?utf-8?B?4pyT4p?= =?utf-8?B?yT?=", "✓✓");
  WORD("=?utf-8?Q?=E2=9C?= =?UTF-8?B?kw==?=", "✓");
  WORD("=?utf-8?B?YQ?= =?utf-8?B?Yg?=", "ab");
  WORD("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab");
  WORD("x=?utf-8?Q?a?=y", "xay");
  WORD("\"=?utf-8?Q?J=C3=B6?=\"", "\"Jö\"");
  WORD("=?utf-8?Q?hello big world?= !", "hello big world !");
  WORD("=?utf-8?Q?hello\r\n world?=", "hello world");
  WORD("=?utf-8?B?aGVs bG8=?=", "hello");
  WORD("=?utf-8?Q?What?\?= now", "What? now");
  WORD("=?utf-8?Q?a=?=", "a=");
  WORD("=?utf-8?Q?a=4?=", "a=4");
  WORD("=?utf-8?Q?\?=", "");
  WORD("=?utf-8?B?\?= x", " x");
  WORD("a\r\n b\r\n\tc\r\n", "a b\tc");
  WORD("a\r\nb", "a\r\nb");
  WORD("=?utf-8?Q?a=0D=0A=00b?=", "a\r\n\0b");
  WORD("=?unknown-8bit?Q?=E9=C3=A9?=", "éé");
  WORD("=?x-unknown?Q?=E9?=", "é");
  WORD("=??Q?=C3=A9?=", "é");
  WORD("=?us-ascii?Q?=C3=A9=E9?=", "é" BAD);
  WORD("=?ISO-2022-JP?B?GyRCRnxLXDhsJWEhPCVrGyhC?=", "日本語メール");
  WORD("=?gb2312?B?1tC5+g==?=", "中国");
  WORD("=?KS_C_5601-1987?B?x9Gxub7u?=", "한국어");
  WORD("=?shift_jis?B?k/qWew==?=", "日本");
  WORD("=?koi8-r?B?8NLJ18XU?=", "Привет");
  WORD("=?iso-8859-1?Q?=93a=94_=80?=", "“a” €");
  WORD("=?utf-7?Q?Z+APw-rich?=", "Zürich");
}

static void words_that_are_none(void) {
  WORD("=?utf-8?Q?abc", "=?utf-8?Q?abc");
  WORD("=?utf-8?Q?abc?", "=?utf-8?Q?abc?");
  WORD("=?utf-8?Q?abc =?utf-8?Q?d?=", "=?utf-8?Q?abc d");
  WORD("=?no-such-charset?Q?=41?= =?utf-8?Q?b?=",
       "=?no-such-charset?Q?=41?= b");
  WORD("=?utf-8?X?abc?=", "=?utf-8?X?abc?=");
  WORD("=?utf-8?=", "=?utf-8?=");
  WORD("=?", "=?");
  WORD("=", "=");
  WORD("", "");
  WORD("a=?b =? c?=", "a=?b =? c?=");
  WORD("=?utf 8?Q?a?=", "=?utf 8?Q?a?=");
  WORD("J\xF6rg", "Jörg");
  WORD("Jörg\r\n Ä", "Jörg Ä");
  WORD("\xFF =?utf-8?Q?=FF?= \xE2\x82", "ÿ " BAD " â‚");
}

static bool plain(struct imap_span text) { return mime_words_plain(text); }

static void plain_words(void) {
  static const char marks[] = "\n\r\x80\xFF";
  char text[64];
  CHECK(plain(TEXT("")) && plain(TEXT("Re: nothing special = at all?\t\0x")));
  CHECK(plain(TEXT("=")) && plain(TEXT("1234567=")) && plain(TEXT("?=?")) == 0);
  for (size_t at = 0; at + 2 <= sizeof text; at++) {
    struct imap_span whole = {text, sizeof text};
    memset(text, 'a', sizeof text);
    text[at] = '=';
    CHECK(plain(whole));
    text[at + 1] = '?';
    CHECK(!plain(whole));
    for (size_t i = 0; i < sizeof marks - 1; i++) {
      text[at] = marks[i];
      CHECK(!plain(whole));
    }
    text[at] = '\x0E';
    CHECK(plain(whole));
  }
}

/* --- parameters --- */

/* `want` holds "name=value\n" for each parameter that comes out. */
static void params(const char *const *pairs, const char *want, int line) {
  struct mime_param in[40], out[40];
  struct imap_buffer text, got;
  size_t count = 0, made;
  for (; pairs[2 * count] != NULL; count++) {
    in[count].name = imap_span_of(pairs[2 * count]);
    in[count].value = imap_span_of(pairs[2 * count + 1]);
  }
  imap_buffer_init(&text, PLENTY);
  imap_buffer_init(&got, PLENTY);
  imap_buffer_add_text(&text, "what was there");
  CHECK(mime_params_decode(in, count, &text, out, &made) == IMAP_OK);
  for (size_t i = 0; i < made; i++) {
    imap_buffer_add_span(&got, out[i].name);
    imap_buffer_add_byte(&got, '=');
    imap_buffer_add_span(&got, out[i].value);
    imap_buffer_add_byte(&got, '\n');
  }
  same(&got, imap_span_of(want), line, "parameters");
  imap_buffer_free(&text);
}

#define PARAMS(want, ...) \
  params((const char *const[]){__VA_ARGS__, NULL}, want, __LINE__)

static void rfc2231(void) {
  PARAMS("access-type=URL\nurl=ftp://cs.utk.edu/pub/moore/x.tar\n",
         "access-type", "URL", "URL*0", "ftp://", "URL*1",
         "cs.utk.edu/pub/moore/x.tar");
  PARAMS("title=This is ***fun***\n",
         "title*", "us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A");
  PARAMS("title=This is even more ***fun*** isn't it!\n",
         "title*0*", "us-ascii'en'This%20is%20even%20more%20",
         "title*1*", "%2A%2A%2Afun%2A%2A%2A%20", "title*2", "isn't it!");
}

static void params_of_real_mail(void) {
  PARAMS("filename=€ rates.txt\n", "FILENAME*", "UTF-8''%e2%82%ac%20rates.txt");
  PARAMS("filename=€.txt\n",
         "filename*1*", "%AC.txt", "filename*0*", "utf-8''%E2%82");
  PARAMS("filename=€\n", "filename", "EUR", "filename*", "utf-8''%E2%82%AC");
  PARAMS("filename=ab\n", "filename", "x", "filename*0", "a", "filename*1",
         "b");
  PARAMS("filename=a.pdf\n", "filename*2", ".pdf", "filename*0", "a");
  PARAMS("filename=bc\n", "filename*2", "c", "filename*1", "b");
  PARAMS("a=1\n", "a*0", "1", "a*00", "2", "a*0", "3");
  PARAMS("a=ok\n", "a*0", "no", "a*0*", "''ok");
  PARAMS("a=0123456789x\n", "a*10", "x", "a*9", "9", "a*8", "8", "a*7", "7",
         "a*6", "6", "a*5", "5", "a*4", "4", "a*3", "3", "a*2", "2", "a*1",
         "1", "a*0", "0");
  PARAMS("a=é b\n", "a*", "%C3%A9%20b");
  PARAMS("a=é\n", "a*", "''%E9");
  PARAMS("a=é\n", "a*", "x-nowhere''%E9");
  PARAMS("a=John's Mary's\n", "a*", "John's%20Mary's");
  PARAMS("a=100%z%4 %\n", "a*", "utf-8''100%z%4 %");
  PARAMS("a=aé\n", "a*0", "a", "a*1*", "%C3%A9");
  PARAMS("a=é.txt\n", "a", "=?iso-8859-1?Q?=E9=2Etxt?=");
  PARAMS("a=été\n", "a*0", "=?utf-8?Q?=C3=A9t=C3", "a*1", "=A9?=");
  PARAMS("a=é\nb=é\n", "b", "\xE9", "a", "é");
  PARAMS("*=1\n*0=2\na*x=3\n", "*", "1", "*0", "2", "A*x", "3");
  PARAMS("a=\n", "a*", "");
  PARAMS("a=" BAD "\n", "a*", "utf-8''%ff");
  PARAMS("a=日本\n", "a*", "shift_jis'ja'%93%fa%96%7b");
  PARAMS("a=1\nb=2\n", "b", "2", "A", "1", "a", "3");
  PARAMS("é=1\n", "\xE9", "1", "é", "2"); /* found by fuzzing: they read alike */
  PARAMS("é=2\n", "é", "2", "\xE9", "1");
  PARAMS("é=ab\n", "é*1", "b", "\xE9*0", "a");
}

static void params_by_the_thousand(void) {
  enum { COUNT = 100000 };
  struct mime_param *in = malloc(COUNT * sizeof *in);
  struct mime_param *out = malloc(COUNT * sizeof *out);
  char(*names)[16] = malloc(COUNT * sizeof *names);
  struct imap_buffer text;
  size_t made = 0;
  imap_buffer_init(&text, PLENTY);
  if (in != NULL && out != NULL && names != NULL) {
    for (unsigned i = 0; i < COUNT; i++) {
      snprintf(names[i], sizeof names[i], "a*%u", COUNT - 1 - i);
      in[i].name = imap_span_of(names[i]);
      in[i].value = TEXT("b");
    }
    CHECK(mime_params_decode(in, COUNT, &text, out, &made) == IMAP_OK);
    CHECK(made == 1 && out[0].value.size == COUNT);
  }
  imap_buffer_free(&text);
  free(names);
  free(out);
  free(in);
}

/* --- charsets --- */

static void charset(const char *name, struct imap_span bytes,
                    struct imap_span want, int line) {
  struct imap_buffer out;
  imap_buffer_init(&out, PLENTY);
  check_that(mime_charset_to_utf8(imap_span_of(name), bytes, &out) == IMAP_OK,
             __FILE__, line, name);
  same(&out, want, line, name);
}

#define CHARSET(name, bytes, want) \
  charset(name, TEXT(bytes), TEXT(want), __LINE__)

static void charsets(void) {
  CHARSET("utf-8", "a\0é€😀", "a\0é€😀");
  CHARSET("UTF8", "\xE2\x82x\xC0\xAF\xED\xA0\x80\xF4\x90\xFF\xE2\x82",
          BAD "x" BAD BAD BAD BAD BAD BAD BAD BAD BAD);
  CHARSET(" \"ISO-8859-1\" ", "\x80\x81\xE9", "€\xC2\x81é");
  CHARSET("ISO_8859-15", "", "");
  CHARSET("Latin_9", "\xA4", "€");
  CHARSET("windows-1251", "\xCF\xF0\xE8", "При");
  CHARSET("iso-8859-7", "\xE1\xFF", "α" BAD);
  CHARSET("gb2312", "\x81\x30\x84\x36\xB0\xA1", "¥啊");
  CHARSET("big5", "\xA4\xA4\xFF\x41", "中" BAD "A");
  CHARSET("euc-kr", "\xB0\xA1\x8C\x63", "가똠");
  CHARSET("iso-2022-jp", "\033$B-!\033(I1\033(Ba\033$B$\"\nb", "①ｱaあ\nb");
  CHARSET("iso-2022-jp", "\033$B$\"$", "あ" BAD);
  CHARSET("iso-2022-jp", "\033x\xE9\033$B$ x\033", BAD "x" BAD BAD " " BAD BAD);
  CHARSET("iso-2022-jp", "\033$B)n$\"\033(Bx", BAD "あx");
  CHARSET("utf-16le", "a\0\0\xD8z\0", "a" BAD "z");
  CHARSET("utf-16be", "\xD8\x3D\xDE\x00\0", "😀" BAD);
}

static void unknown_charsets(void) {
  static const char *const names[] = {
    "x-nowhere", "//TRANSLIT", "utf-16//IGNORE", "IBM1364", "ISO-2022-JP-3",
    "EUC-JISX0213", "a-name-that-is-longer-than-any-charset-has"
  };
  struct imap_buffer out;
  imap_buffer_init(&out, PLENTY);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    CHECK(mime_charset_to_utf8(imap_span_of(names[i]), TEXT("a"), &out) ==
          IMAP_INVALID);
  CHECK(out.size == 0 && out.status == IMAP_OK);
  imap_buffer_free(&out);
}

/* The table is searched by halves: a name out of order would be lost. */
static void charset_names(void) {
  static const char *const names[] = {
    "437", "646", "ANSI_X3.4-1968", "us-ascii", "utf-8", "Big5", "cp1250",
    "cp932", "csISO2022JP", "euc-jp", "EUC-KR", "gb18030", "GBK", "hz-gb-2312",
    "ibm866", "iso-2022-kr", "ISO_8859-1:1987", "iso-8859-2", "iso-8859-9",
    "iso-8859-16", "iso-ir-100", "koi8-r", "koi8-u", "KS_C_5601-1987", "l1",
    "latin10", "mac", "macintosh", "ms_kanji", "Shift_JIS", "tis-620",
    "unicode-1-1-utf-7", "unicode-1-1-utf-8", "unknown-8bit", "utf-16", "utf-7", "eucgb2312_cn",
    "viscii", "windows-1252", "windows-874", "x-gbk", "x-mac-cyrillic",
    "x-sjis", "x-unknown", "utf-8*en"
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (!CHECK(mime_charset_find(imap_span_of(names[i])) != NULL))
      printf("  %s\n", names[i]);
}

static void pages_are_whole(void) {
  static const uint_least16_t *const pages[] = {
    mime_page_ibm866, mime_page_iso8859_2, mime_page_iso8859_3,
    mime_page_iso8859_4, mime_page_iso8859_5, mime_page_iso8859_6,
    mime_page_iso8859_7, mime_page_iso8859_8, mime_page_iso8859_10,
    mime_page_iso8859_13, mime_page_iso8859_14, mime_page_iso8859_15,
    mime_page_iso8859_16, mime_page_koi8_r, mime_page_koi8_u,
    mime_page_macintosh, mime_page_mac_cyrillic, mime_page_windows874,
    mime_page_windows1250, mime_page_windows1251, mime_page_windows1252,
    mime_page_windows1253, mime_page_windows1254, mime_page_windows1255,
    mime_page_windows1256, mime_page_windows1257, mime_page_windows1258,
    mime_page_cp437, mime_page_cp850, mime_page_cp852
  };
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    CHECK(pages[i][127] >= 0x80 && pages[i][128] == 0);
    for (size_t k = 0; k < 128; k++)
      if (pages[i][k] < 0x80) CHECK(pages[i][k] >= 0x80);
  }
}

static void guesses(void) {
  struct imap_buffer out;
  imap_buffer_init(&out, PLENTY);
  mime_charset_guess(TEXT("Grüße"), &out);
  mime_charset_guess(TEXT(" Gr\xFC\xDF" "e \x80"), &out);
  same(&out, TEXT("Grüße Grüße €"), __LINE__, "guess");
}

/* --- transfer encodings --- */

static void feed(struct mime_decoder *d, struct imap_span bytes, size_t from,
                 size_t to, struct imap_buffer *out) {
  CHECK(mime_decoder_feed(d, (struct imap_span){bytes.data + from, to - from},
                          out) == IMAP_OK);
}

/* In one piece, one byte at a time, and cut in three at every two places. */
static void decode(const char *encoding, const char *name,
                   struct imap_span bytes, struct imap_span want, int line) {
  const struct imap_span none = {NULL, 0};
  struct imap_span set = name == NULL ? none : imap_span_of(name);
  for (size_t a = 0; a <= bytes.size + 1; a++) {
    for (size_t b = a; b <= bytes.size + 1; b++) {
      struct imap_buffer out;
      struct mime_decoder *d = mime_decoder_new(imap_span_of(encoding), set);
      if (!CHECK(d != NULL)) return;
      imap_buffer_init(&out, PLENTY);
      if (b <= bytes.size) {
        feed(d, bytes, 0, a, &out);
        feed(d, bytes, a, b, &out);
        feed(d, bytes, b, bytes.size, &out);
      } else {
        for (size_t i = 0; i < bytes.size; i++)
          feed(d, bytes, i, i + 1, &out);
      }
      CHECK(mime_decoder_finish(d, &out) == IMAP_OK);
      same(&out, want, line, encoding);
      mime_decoder_free(d);
    }
  }
}

#define DECODE(encoding, charset, bytes, want) \
  decode(encoding, charset, TEXT(bytes), TEXT(want), __LINE__)

static void base64(void) {
  DECODE("base64", NULL, "", "");
  DECODE("BASE64", NULL, "Zg==", "f");
  DECODE("base64", NULL, "Zm8=", "fo");
  DECODE("base64", NULL, "Zm9vYmFy\r\nZm9v\r\n", "foobarfoo");
  DECODE("base64", NULL, "Zm8=Zm9v", "fofoo");
  DECODE("base64", NULL, "Zg==\r\nZg==\r\n", "ff");
  DECODE("base64", NULL, "Zm9v!Y mF\0y.", "foobar");
  DECODE("base64", NULL, "Zm9vYg", "foob");
  DECODE("base64", NULL, "Zm9vY", "foo");
  DECODE("base64", NULL, "====Zm9v====", "foo");
  DECODE("base64", NULL, "AP+A/w==", "\0\xFF\x80\xFF");
  DECODE(" \"base64\";", "utf-8", "4oKs4oI=", "€" BAD);
}

static void quoted_printable(void) {
  DECODE("quoted-printable", NULL, "a=3Db=3d=C3=a9", "a=b=\xC3\xA9");
  DECODE("Quoted-Printable", NULL, "ab=\r\ncd=\nef= \t\r\ngh", "abcdefgh");
  DECODE("quoted-printable", NULL, "a \t\r\nb \n c=20\r\n",
         "a\r\nb\n c \r\n");
  DECODE("quoted-printable", NULL, "a \r b\r\rc\r", "a \r b\r\rc\r");
  DECODE("quoted-printable", NULL, "a=b==3D=XY=4z= x=", "a=b===XY=4z= x");
  DECODE("quoted-printable", NULL, "a=\n=\r\n\r\n=", "a\r\n");
  DECODE("quoted-printable", NULL, "a=4", "a=4");
  DECODE("quoted-printable", NULL, "a=4\r\n=4 \r\n= ", "a=4\r\n=4\r\n");
  DECODE("quoted-printable", NULL, "=\r=\rx \r\r\n", "=\r=\rx \r\r\n");
  DECODE("quoted-printable", NULL, "end ", "end ");
  DECODE("quoted-printable", "iso-8859-1", "=E9=\r\nt=E9 \r\n", "été\r\n");
  DECODE("quoted-printable", "utf-8", "=E2=82=\r\n=AC=E2", "€" BAD);
}

/* Blanks without end are held only as far as a legal line has them. */
static void quoted_printable_blanks(void) {
  char text[202], want[202];
  struct imap_span in = {text, sizeof text}, out = {want, 0};
  memset(text, ' ', sizeof text);
  memset(want, ' ', sizeof want);
  text[0] = 'a';
  text[sizeof text - 1] = '\n';
  want[0] = 'a';
  want[161] = '\n'; /* 200 blanks: twice 80 were let go as text */
  out.size = 162;
  decode("quoted-printable", NULL, in, out, __LINE__);
}

static void uuencode(void) {
  DECODE("x-uuencode", NULL,
         "hello\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nrest\r\n", "Cat");
  DECODE("uuencode", NULL, "begin 644 a\n\"86$\n \nend\nbegin 600 b\n!80\nend\n",
         "aaa");
  DECODE("uuencode", NULL, "begin 600 b\n!80", "a"); /* cut short */
  DECODE("uuencode", NULL, "begin 600 b\nM0V%T0V", "CatC");
  DECODE("x-uue", NULL, "beg\nbegin\nno data\n", "");
}

static void identity(void) {
  DECODE("8bit", NULL, "a=\xFF\0", "a=\xFF\0");
  DECODE("no-such-thing", NULL, "a=3D", "a=3D");
  DECODE("7bit", "utf-8", "a😀\xF0\x9F\x98x\xF0\x9F", "a😀" BAD "x" BAD);
  DECODE("7bit", "", "\xC3\xA9\xE9\xE2\x82", "ééâ‚");
  DECODE("7bit", "us-ascii", "a\xC3\xA9\xE9", "aé" BAD);
  DECODE("7bit", "iso-2022-jp", "\033$BF|K\\\033(B.\033(I1\033$", "日本.ｱ" BAD);
  DECODE("7bit", "shift_jis", "\x93\xFA\x96{\x93", "日本" BAD);
  DECODE("7bit", "gb2312", "\xD6\xD0\xB9\xFA\x81\x30", "中国" BAD);
  DECODE("7bit", "euc-kr", "\xA2\xE8x\xA2\xE8\xA2\xE8\xFF\n\xB0\xA1\xA2\xE8",
         BAD "x" BAD BAD BAD "\n가" BAD);
  DECODE("7bit", "big5", "\x88\x62\xA4\xA4\x88\x66", "Ê̄中Ê");
  DECODE("7bit", "utf-16", "\xFF\xFE" "a\0\xAC ", "a€");
  DECODE("7bit", "utf-7", "Z+APw-rich +2D3eAA-", "Zürich 😀");
  DECODE("7bit", "utf-7", "\x92+m\xE3M\x1Cz[fkIe",
         BAD BAD BAD "\xE9\xA3\x8C" BAD BAD BAD);
  DECODE("7bit", "iso-2022-kr", "\033$)C\016GQ19\017 a", "한국 a");
  DECODE("7bit", "x-nowhere", "a\xFF", "a\xFF");
  DECODE("7bit", "unknown-8bit", "a\xFF", "a\xFF");
}

static bool converted(struct imap_span charset) {
  struct mime_decoder *d = mime_decoder_new(TEXT("7bit"), charset);
  bool answer = d != NULL && mime_decoder_converted(d);
  mime_decoder_free(d);
  return answer;
}

static void says_whether_it_converts(void) {
  CHECK(converted(TEXT("utf-8")) && converted(TEXT("gb2312")));
  CHECK(converted(TEXT("")));
  CHECK(!converted(TEXT("x-nowhere")) && !converted(TEXT("x-unknown")));
  CHECK(!converted((struct imap_span){NULL, 0}));
  mime_decoder_free(NULL);
}

/* What fits the ceiling exactly is not refused for what it might have been. */
static void ceilings(void) {
  struct mime_decoder *d = mime_decoder_new(TEXT("base64"), TEXT("utf-8"));
  struct imap_buffer out;
  imap_buffer_init(&out, 3);
  if (!CHECK(d != NULL)) return;
  CHECK(mime_decoder_feed(d, TEXT("Zm9v\r\n"), &out) == IMAP_OK);
  CHECK(mime_decoder_finish(d, &out) == IMAP_OK);
  CHECK(mime_decoder_feed(d, TEXT("Zm9v"), &out) == IMAP_LIMIT);
  imap_buffer_clear(&out);
  CHECK(mime_words_decode(TEXT("=?utf-8?Q?abcd?="), &out) == IMAP_LIMIT);
  imap_buffer_free(&out);
  mime_decoder_free(d);
}

int main(void) {
  rfc2047();
  words_of_real_mail();
  words_that_are_none();
  plain_words();
  rfc2231();
  params_of_real_mail();
  params_by_the_thousand();
  charsets();
  unknown_charsets();
  charset_names();
  pages_are_whole();
  guesses();
  base64();
  quoted_printable();
  quoted_printable_blanks();
  uuencode();
  identity();
  says_whether_it_converts();
  ceilings();
  return check_report();
}
