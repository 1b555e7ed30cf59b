/* encode_test.c - what the encoder refuses by itself, whoever looked at it
** before (C1 to C4): no argument may end, or begin, anything of the protocol. */
#include "check.h"
#include "protocol/encode.h"
#include "protocol/limits.h"

typedef void encode(struct imap_encoder *e, struct imap_span text);

/* The status of a command with this one argument. */
static int status_of(encode *put, struct imap_span text) {
  struct imap_encoder e;
  int status;
  imap_encoder_init(&e, IMAP_LITERAL_PLUS, false, false);
  imap_encode_begin(&e, "a1", "X");
  put(&e, text);
  status = imap_encode_end(&e);
  imap_encoder_free(&e);
  return status;
}

static void check_words(encode *put, const char *good, const char *const *bad) {
  CHECK(status_of(put, imap_span_of(good)) == IMAP_OK);
  for (; *bad != NULL; bad++)
    CHECK(status_of(put, imap_span_of(*bad)) == IMAP_INVALID);
}

static void refuses_words(void) {
  static const char *const atoms[] = {
    "", "a b", "a\r\nb", "a\nb", "a(", "a)", "{1}", "a\"", "a\\b", "a*", "a%",
    "a\x7f", "\xC3\xBC", NULL};
  static const char *const flags[] = {
    " ", "\\", "\\Seen ", " x", "\\Seen  x", "\\Seen x)", "\\Seen\r\nA1 X", "\\\\Seen", "\\*", "a)",
    "{3+}", "\xC3\xBC", NULL};
  static const char *const sets[] = {
    "", "1 2", "0", "1:", ":1", "1,,2", "1\r\n", "4294967296", "$", "a", NULL};
  check_words(imap_encode_atom, "KEYWORD", atoms);
  check_words(imap_encode_flags, "\\Seen $Forwarded", flags);
  check_words(imap_encode_flags, "", flags);
  check_words(imap_encode_bare_set, "1:3,7,9:*", sets);
  CHECK(status_of(imap_encode_atom, (struct imap_span){"a\0b", 3}) ==
        IMAP_INVALID);
}

static void refuses_long_names(void) {
  static char name[IMAP_MAX_MAILBOX_NAME + 1];
  memset(name, 'x', sizeof name);
  CHECK(status_of(imap_encode_mailbox,
                  (struct imap_span){name, sizeof name - 1}) == IMAP_OK);
  CHECK(status_of(imap_encode_mailbox, (struct imap_span){name, sizeof name}) ==
        IMAP_INVALID);
}

/* Not even in a literal: no server has a use for them. */
static void refuses_line_ends(void) {
  static const char *const bad[] = {"a\0b", "a\rb", "a\nb"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct imap_span text = {bad[i], 3};
    CHECK(status_of(imap_encode_string, text) == IMAP_INVALID);
    CHECK(status_of(imap_encode_astring, text) == IMAP_INVALID);
    CHECK(status_of(imap_encode_secret, text) == IMAP_INVALID);
    CHECK(status_of(imap_encode_mailbox, text) == IMAP_INVALID);
  }
  CHECK(status_of(imap_encode_string, imap_span_of("a \"b\\")) == IMAP_OK);
}

int main(void) {
  refuses_words();
  refuses_long_names();
  refuses_line_ends();
  return check_report();
}
