/* scram_test.c - SCRAM against the examples of its RFCs, servers that lie, and a
** system that lacks what it needs. */
#include <time.h>

#include "protocol/hash.h"
#include "talk.h"

#define NONCE_1 "fyko+d2lbbFgONRv9qkxdawL"
#define FIRST_1 \
  "r=" NONCE_1 "3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
#define FINAL_1 "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="

/* RFC 5802 section 5, up to the server's first message */
static struct talk scram_begun(void) {
  struct talk t = talk("SCRAM-SHA-1", "user", "pencil");
  imap_sasl_set_nonce(t.sasl, imap_span_of(NONCE_1));
  CHECK(begins(&t, "n,,n=user,r=" NONCE_1));
  return t;
}

static struct talk scram_proved(void) {
  struct talk t = scram_begun();
  CHECK(answers(&t, FIRST_1,
                "c=biws,r=" NONCE_1 "3rfcNHYJY1ZVvWVs7j,"
                "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
  return t;
}

static void scram_sha_1(void) {
  struct talk t = scram_proved();
  CHECK(answers(&t, FINAL_1, ""));
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  CHECK(strcmp(imap_sasl_problem(t.sasl), "") == 0);
  CHECK(breaks_off(&t, FINAL_1, "behind its signature"));
  hang_up(&t);
}

/* RFC 7677 section 3 */
static void scram_sha_256(void) {
  struct talk t = talk("SCRAM-SHA-256", "user", "pencil");
  imap_sasl_set_nonce(t.sasl, imap_span_of("rOprNGfwEbeRWgbNEkqO"));
  CHECK(begins(&t, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  CHECK(answers(&t,
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  CHECK(answers(&t, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ""));
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  hang_up(&t);
}

/* A name to escape, a password of 100 octets in UTF-8, an extension that may
** be ignored, another count; reckoned by another implementation. */
static void scram_odd_values(void) {
  char password[101] = "";
  struct talk t;
  for (int i = 0; i < 20; i++) strcat(password, "p\xc3\xa4ss");
  t = talk("SCRAM-SHA-256", "a,b=c", password);
  imap_sasl_set_nonce(t.sasl, imap_span_of("abc"));
  CHECK(begins(&t, "n,,n=a=2Cb=3Dc,r=abc"));
  CHECK(answers(&t, "r=abcXYZ,s=MDEyMzQ1Njc4OQ==,i=5000,x=ext",
                "c=biws,r=abcXYZ,"
                "p=EzXhWdRmMyJUne25Ejr1MZE1P5zstZTFMAM4XtABHds="));
  CHECK(answers(&t, "v=y4k4DqrP2/R9aZnX3J34CMgM9eLmm4joT3+ra6IRkF8=,x=ext",
                ""));
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  hang_up(&t);
}

static void scram_first_messages_refused(void) {
  static const struct {
    const char *challenge, *why;
  } bad[] = {
    {"", "malformed"},
    {"r=", "malformed"},
    {"hello", "malformed"},
    {"r=" NONCE_1 "x", "malformed"},
    {"r=" NONCE_1 "x,s=QSXCR+Q6sek8bf92", "malformed"},
    {"r=" NONCE_1 "x,s=,i=4096", "malformed"},
    {"r=" NONCE_1 "x,i=4096,s=QSXCR+Q6sek8bf92", "malformed"},
    {"s=QSXCR+Q6sek8bf92,r=" NONCE_1 "x,i=4096", "malformed"},
    {"m=must,r=" NONCE_1 "x,s=QSXCR+Q6sek8bf92,i=4096", "malformed"},
    {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "malformed"},
    {"r=" NONCE_1 ",s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=x" NONCE_1 ",s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=fyko+d2lbbFgONRv9qkxdaw,s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=,s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=" NONCE_1 "\001,s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=" NONCE_1 "\x7f,s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=" NONCE_1 " x,s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=" NONCE_1 "\xc3\xbc,s=QSXCR+Q6sek8bf92,i=4096", "extend"},
    {"r=" NONCE_1 "x,s=QSXCR+Q6sek8bf9,i=4096", "salt"},
    {"r=" NONCE_1 "x,s=!,i=4096", "salt"},
    {"r=" NONCE_1 "x,s=====,i=4096", "salt"},
    {"r=" NONCE_1 "x,s=QSXC,i=", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=0", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=1", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=4095", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=100001", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=2147483647", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=18446744073709555712", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=-4096", "iteration"},
    {"r=" NONCE_1 "x,s=QSXC,i=4096x", "iteration"},
    {"e=unknown-user", "refused: unknown-user"}
  };
  clock_t start = clock();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct talk t = scram_begun();
    CHECK(breaks_off(&t, bad[i].challenge, bad[i].why));
    hang_up(&t);
  }
  /* all of them together do no work to speak of */
  CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 0.05);
}

static void scram_iterations_at_the_bounds(void) {
  static const char *const good[] = {"r=abcX,s=QSXC,i=4096",
                                     "r=abcX,s=QSXC,i=100000"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct talk t = talk("SCRAM-SHA-1", "user", "pencil");
    imap_sasl_set_nonce(t.sasl, imap_span_of("abc"));
    CHECK(begins(&t, "n,,n=user,r=abc"));
    CHECK(hear(&t, imap_span_of(good[i])) == IMAP_OK);
    hang_up(&t);
  }
}

static void scram_last_messages_refused(void) {
  static const struct {
    const char *challenge, *why;
  } bad[] = {
    {"", "malformed"},
    {"v", "malformed"},
    {FIRST_1, "malformed"}, /* a second server-first-message */
    {"x=y," FINAL_1, "malformed"},
    {"v=", "signature is wrong"},
    {"v=!", "signature is wrong"},
    {"v=AAAA", "signature is wrong"},
    {"v=rmF9pqV8S7suAoZWja4dJRkFsKU=", "signature is wrong"},
    {"v=smF9pqV8S7suAoZWja4dJRkFsKQ=", "signature is wrong"},
    {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "signature is wrong"},
    {"v=rmF9pqV8S7suAoZWja4dJRkFsKQA", "signature is wrong"},
    {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ", "signature is wrong"},
    {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     "signature is wrong"},
    {"e=invalid-proof", "refused: invalid-proof"},
    {"e=\x1b[2J", "refused: ?[2J"}
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct talk t = scram_proved();
    CHECK(breaks_off(&t, bad[i].challenge, bad[i].why));
    hang_up(&t);
  }
}

/* OK counts for nothing before the server has shown its signature. */
static void scram_needs_the_signature(void) {
  struct talk t = scram_begun();
  CHECK(imap_sasl_finish(t.sasl) == IMAP_PROTOCOL);
  CHECK(strstr(imap_sasl_problem(t.sasl), "has not shown") != NULL);
  hang_up(&t);
  t = scram_proved();
  CHECK(imap_sasl_finish(t.sasl) == IMAP_PROTOCOL);
  CHECK(breaks_off(&t, FINAL_1, "has not shown")); /* too late */
  hang_up(&t);
}

/* Two exchanges begin differently, with a nonce that has no comma. */
static void scram_nonces(void) {
  struct talk a = talk("SCRAM-SHA-256", "u", "p");
  struct talk b = talk("SCRAM-SHA-256", "u", "p");
  CHECK(imap_sasl_initial(a.sasl, &a.said) == IMAP_OK);
  CHECK(imap_sasl_initial(b.sasl, &b.said) == IMAP_OK);
  CHECK(a.said.size == strlen("n,,n=u,r=") + 32 && a.said.size == b.said.size);
  CHECK(memcmp(a.said.data, b.said.data, a.said.size) != 0);
  CHECK(memchr(a.said.data + 9, ',', 32) == NULL);
  imap_sasl_set_nonce(b.sasl, imap_span_of("late")); /* harmless */
  hang_up(&a);
  hang_up(&b);
  a = talk("PLAIN", "u", "p");
  imap_sasl_set_nonce(a.sasl, imap_span_of("unheard"));
  hang_up(&a);
}

/* --- A system that lacks what a mechanism needs -------------------------- */

static bool no_random, no_hash;

int __real_imap_random(void *bytes, size_t size);
int __wrap_imap_random(void *bytes, size_t size);
int __wrap_imap_random(void *bytes, size_t size) {
  return no_random ? IMAP_CLOSED : __real_imap_random(bytes, size);
}

size_t __real_imap_hash_size(enum imap_hash hash);
size_t __wrap_imap_hash_size(enum imap_hash hash);
size_t __wrap_imap_hash_size(enum imap_hash hash) {
  return no_hash ? 0 : __real_imap_hash_size(hash);
}

/* A nonce that can be foreseen is none. */
static void scram_needs_random_bytes(void) {
  struct imap_credentials c = {.username = imap_span_of("user"),
                               .password = imap_span_of("pencil")};
  const struct imap_sasl_mechanism *m =
      imap_sasl_find(imap_span_of("SCRAM-SHA-256"));
  no_random = true;
  CHECK(imap_sasl_new(m, &c) == NULL);
  no_random = false;
}

static void mechanisms_need_their_hash(void) {
  no_hash = true;
  CHECK(imap_sasl_find(imap_span_of("CRAM-MD5")) == NULL);
  CHECK(imap_sasl_find(imap_span_of("SCRAM-SHA-256")) == NULL);
  CHECK(imap_sasl_find(imap_span_of("PLAIN")) != NULL);
  no_hash = false;
}

int main(void) {
  scram_sha_1();
  scram_sha_256();
  scram_odd_values();
  scram_first_messages_refused();
  scram_iterations_at_the_bounds();
  scram_last_messages_refused();
  scram_needs_the_signature();
  scram_nonces();
  scram_needs_random_bytes();
  mechanisms_need_their_hash();
  return check_report();
}
