/* sasl_test.c - every mechanism against the examples of its RFC, and against
** servers that lie, ramble or never come to an end. */
#include "protocol/limits.h"
#include "talk.h"

/* --- Choosing ----------------------------------------------------------- */

static void finding(void) {
  static const char *const unknown[] = {
    "", "DIGEST-MD5", "NTLM", "GSSAPI", "PLAI", "PLAINX", "SCRAM-SHA-1-PLUS"
  };
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    CHECK(imap_sasl_find(imap_span_of(unknown[i])) == NULL);
  CHECK(imap_sasl_find(imap_span_of("scram-sha-256")) ==
        imap_sasl_find(imap_span_of("SCRAM-SHA-256")));
}

static void properties(void) {
  static const struct {
    const char *name;
    bool client_first, sends_secret, password, token, username;
  } wanted[] = {
    {"PLAIN", true, true, true, false, true},
    {"LOGIN", false, true, true, false, true},
    {"CRAM-MD5", false, false, true, false, true},
    {"SCRAM-SHA-1", true, false, true, false, true},
    {"SCRAM-SHA-256", true, false, true, false, true},
    {"XOAUTH2", true, true, false, true, true},
    {"OAUTHBEARER", true, true, false, true, true},
    {"EXTERNAL", true, false, false, false, false},
    {"ANONYMOUS", true, false, false, false, false}
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    const struct imap_sasl_mechanism *m =
        imap_sasl_find(imap_span_of(wanted[i].name));
    CHECK(m != NULL && strcmp(m->name, wanted[i].name) == 0 &&
          m->client_first == wanted[i].client_first &&
          m->sends_secret == wanted[i].sends_secret &&
          m->needs_password == wanted[i].password &&
          m->needs_token == wanted[i].token &&
          m->needs_username == wanted[i].username);
  }
}

/* --- PLAIN, LOGIN, CRAM-MD5, EXTERNAL, ANONYMOUS ------------------------ */

/* RFC 4616 section 4, in the base64 of IMAP */
static void plain(void) {
  struct talk t = talk("PLAIN", "tim", "tanstaaftanstaaf");
  CHECK(imap_sasl_initial(t.sasl, &t.said) == IMAP_OK);
  CHECK(said_in_base64(&t, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"));
  CHECK(imap_sasl_initial(t.sasl, &t.said) == IMAP_INVALID); /* once */
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  CHECK(breaks_off(&t, "", "asks for more"));
  hang_up(&t);
}

/* Without SASL-IR an empty "+" asks for it; it must be empty. */
static void initial_response_asked_for(void) {
  struct talk t = talk("PLAIN", "tim", "tanstaaftanstaaf");
  CHECK(hear(&t, imap_span_of("")) == IMAP_OK);
  CHECK(said_in_base64(&t, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"));
  hang_up(&t);
  t = talk("PLAIN", "tim", "tanstaaftanstaaf");
  CHECK(breaks_off(&t, "your turn", "before its turn"));
  hang_up(&t);
}

static void login(void) {
  struct talk t = talk("LOGIN", "a\"\\\xc3\xbc", "\"secret\" \\");
  CHECK(imap_sasl_initial(t.sasl, &t.said) == IMAP_INVALID);
  CHECK(answers(&t, "Username:", "a\"\\\xc3\xbc"));
  CHECK(answers(&t, "Password:", "\"secret\" \\"));
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  CHECK(breaks_off(&t, "Another:", "more than name and password"));
  hang_up(&t);
  t = talk("LOGIN", "tim", "secret"); /* the order counts, not the words */
  CHECK(answers(&t, "Password:", "tim") && answers(&t, "", "secret"));
  hang_up(&t);
}

/* RFC 2195 section 2 */
static void cram_md5(void) {
  struct talk t = talk("CRAM-MD5", "tim", "tanstaaftanstaaf");
  CHECK(answers(&t, "<1896.697170952@postoffice.reston.mci.net>",
                "tim b913a602c7eda7a495b4e6e7334d3890"));
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  CHECK(breaks_off(&t, "<2@host>", "second time"));
  hang_up(&t);
  t = talk("CRAM-MD5", "tim", "tanstaaftanstaaf");
  CHECK(breaks_off(&t, "", "empty"));
  hang_up(&t);
}

/* A key of more than 64 octets is hashed first; the MD5 of this one of 80 has
** a NUL inside. */
static void cram_md5_long_keys(void) {
  static const struct {
    size_t size;
    const char *answer;
  } edges[] = {{63, "u 6509cc4b994f3b4b991ee1220b0f5c45"},
               {64, "u 43405a8f813d0be810a50f33e61741a0"},
               {65, "u 8c2f8e998671086fb59a9af6b74daf5b"}};
  char key[81] = "k27-";
  struct talk t;
  memset(key + 4, 'x', 76);
  t = talk("CRAM-MD5", "tim", key);
  CHECK(answers(&t, "<1896.697170952@postoffice.reston.mci.net>",
                "tim 20087c3fa6f8ea4c5dee4b1dcecb5191"));
  hang_up(&t);
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    memset(key, 'k', edges[i].size);
    key[edges[i].size] = '\0';
    t = talk("CRAM-MD5", "u", key);
    CHECK(answers(&t, "<1@host>", edges[i].answer));
    hang_up(&t);
  }
}

static void external_and_anonymous(void) {
  struct imap_credentials nothing = {.port = 0};
  struct talk t = talk("EXTERNAL", "fred@example.com", "");
  CHECK(begins(&t, "fred@example.com") && imap_sasl_finish(t.sasl) == IMAP_OK);
  CHECK(breaks_off(&t, "", "asks for more"));
  hang_up(&t);
  t = talk_as("EXTERNAL", nothing);
  CHECK(begins(&t, ""));
  hang_up(&t);
  t = talk("ANONYMOUS", "sirhc", "");
  CHECK(begins(&t, "sirhc"));
  hang_up(&t);
  t = talk_as("ANONYMOUS", nothing);
  CHECK(begins(&t, "imapconn") && imap_sasl_finish(t.sasl) == IMAP_OK);
  hang_up(&t);
}

/* --- OAUTHBEARER, XOAUTH2 ----------------------------------------------- */

/* RFC 7628 section 4.1 */
static struct talk bearer(void) {
  struct imap_credentials c = {
    .username = imap_span_of("user@example.com"),
    .token = imap_span_of("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="),
    .host = imap_span_of("server.example.com"), .port = 143
  };
  return talk_as("OAUTHBEARER", c);
}

static void oauthbearer(void) {
  struct talk t = bearer();
  CHECK(begins(&t, "n,a=user@example.com,\001host=server.example.com"
                   "\001port=143\001auth=Bearer "
                   "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001"));
  CHECK(said_in_base64(&t,
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9"
      "MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZ"
      "Mjl0Q2c9PQEB"));
  CHECK(imap_sasl_finish(t.sasl) == IMAP_OK);
  hang_up(&t);
}

static void oauthbearer_names(void) {
  struct imap_credentials c = {.username = imap_span_of("a,b=c"),
                               .token = imap_span_of("t")};
  struct talk t = talk_as("OAUTHBEARER", c);
  CHECK(begins(&t, "n,a=a=2Cb=3Dc,\001auth=Bearer t\001\001"));
  hang_up(&t);
  c.username = (struct imap_span){NULL, 0};
  t = talk_as("OAUTHBEARER", c);
  CHECK(begins(&t, "n,,\001auth=Bearer t\001\001"));
  hang_up(&t);
}

/* RFC 7628 section 4.3: the failure is explained, then comes NO. */
static void oauthbearer_refused(void) {
  static const char why[] =
      "{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}";
  struct talk t = bearer();
  imap_sasl_initial(t.sasl, &t.said);
  CHECK(answers(&t, why, "\001"));
  CHECK(strcmp(imap_sasl_problem(t.sasl), why) == 0);
  hang_up(&t);
}

static struct talk xoauth2(void) {
  struct imap_credentials c = {
    .username = imap_span_of("someuser@example.com"),
    .token = imap_span_of("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
  };
  return talk_as("XOAUTH2", c);
}

/* Google's example */
static void xoauth2_both_ways(void) {
  struct talk t = xoauth2();
  CHECK(begins(&t, "user=someuser@example.com\001auth=Bearer "
                   "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\001\001"));
  CHECK(said_in_base64(&t,
      "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRx"
      "bVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="));
  CHECK(answers(&t, "{\"status\":\"401\",\"schemes\":\"bearer mac\"}", ""));
  CHECK(strcmp(imap_sasl_problem(t.sasl),
               "{\"status\":\"401\",\"schemes\":\"bearer mac\"}") == 0);
  hang_up(&t);
}

/* What the server explains is shown, but not as it may have been meant. */
static void explanations_are_tamed(void) {
  struct imap_span odd = {"a\0b\x1b[31m\r\n\xc3\xbc\x7f", 13};
  struct talk t = bearer();
  char *much = malloc(IMAP_MAX_CHALLENGE);
  imap_sasl_initial(t.sasl, &t.said);
  CHECK(hear(&t, odd) == IMAP_OK);
  CHECK(strcmp(imap_sasl_problem(t.sasl), "a?b?[31m?????") == 0);
  hang_up(&t);
  if (much == NULL) exit(1);
  memset(much, 'x', IMAP_MAX_CHALLENGE);
  t = xoauth2();
  imap_sasl_initial(t.sasl, &t.said);
  CHECK(hear(&t, (struct imap_span){much, IMAP_MAX_CHALLENGE}) == IMAP_OK);
  CHECK(strlen(imap_sasl_problem(t.sasl)) == 500);
  hang_up(&t);
  free(much);
}

static void servers_without_end(void) {
  struct talk t = xoauth2();
  imap_sasl_initial(t.sasl, &t.said);
  for (int i = 0; i < 8; i++) CHECK(answers(&t, "", ""));
  CHECK(breaks_off(&t, "", "without end"));
  CHECK(hear(&t, imap_span_of("")) == IMAP_PROTOCOL); /* and it stays so */
  hang_up(&t);
  t = xoauth2(); /* what was explained first is what is told */
  imap_sasl_initial(t.sasl, &t.said);
  CHECK(answers(&t, "expired", ""));
  for (int i = 0; i < 7; i++) CHECK(answers(&t, "again", ""));
  CHECK(breaks_off(&t, "again", "expired"));
  hang_up(&t);
}

static void challenges_too_long(void) {
  char *much = calloc(1, IMAP_MAX_CHALLENGE + 1);
  static const char *const names[] = {"LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
                                      "PLAIN", "EXTERNAL"};
  for (size_t i = 0; i < sizeof names / sizeof *names && much != NULL; i++) {
    struct talk t = talk(names[i], "u", "p");
    CHECK(hear(&t, (struct imap_span){much, IMAP_MAX_CHALLENGE + 1}) ==
              IMAP_PROTOCOL && t.said.size == 0);
    CHECK(strstr(imap_sasl_problem(t.sasl), "too long") != NULL);
    hang_up(&t);
  }
  free(much);
}

/* --- What must not be sent ---------------------------------------------- */

static int unfit(const char *mechanism, struct imap_credentials c,
                 const char *why) {
  struct talk t = talk_as(mechanism, c);
  const struct imap_sasl_mechanism *m =
      imap_sasl_find(imap_span_of(mechanism));
  int good = hear(&t, imap_span_of("")) == IMAP_INVALID && t.said.size == 0 &&
             strstr(imap_sasl_problem(t.sasl), why) != NULL &&
             imap_sasl_finish(t.sasl) == IMAP_INVALID;
  if (m->client_first)
    good = good && imap_sasl_initial(t.sasl, &t.said) == IMAP_INVALID;
  hang_up(&t);
  return good;
}

static void credentials_that_would_forge_fields(void) {
  struct imap_span nul = {"a\0b", 3}, one = imap_span_of("a\001auth=x");
  struct imap_span line = imap_span_of("a\r\nb"), fine = imap_span_of("x");
  CHECK(unfit("PLAIN", (struct imap_credentials){.username = nul},
              "user name"));
  CHECK(unfit("PLAIN", (struct imap_credentials){.username = fine,
              .password = nul}, "password"));
  CHECK(unfit("LOGIN", (struct imap_credentials){.username = line},
              "user name"));
  CHECK(unfit("XOAUTH2", (struct imap_credentials){.username = one},
              "user name"));
  CHECK(unfit("XOAUTH2", (struct imap_credentials){.token = one}, "token"));
  CHECK(unfit("OAUTHBEARER", (struct imap_credentials){.token = line},
              "token"));
  CHECK(unfit("OAUTHBEARER", (struct imap_credentials){.host = one}, "host"));
}

/* A blank is none of them, nor is the last octet that can be printed. */
static void credentials_with_blanks(void) {
  struct talk t = talk("LOGIN", "ann lee~", " ");
  CHECK(answers(&t, "Username:", "ann lee~"));
  CHECK(answers(&t, "Password:", " "));
  hang_up(&t);
  CHECK(unfit("LOGIN", (struct imap_credentials){.username =
              imap_span_of("ann\037")}, "user name"));
  CHECK(unfit("LOGIN", (struct imap_credentials){.username =
              imap_span_of("ann\177")}, "user name"));
}

/* The first error stays, and the buffer's is passed on. */
static void no_room_to_answer(void) {
  struct talk t = talk("PLAIN", "tim", "tanstaaftanstaaf");
  struct imap_buffer small;
  imap_buffer_init(&small, 10);
  CHECK(imap_sasl_initial(t.sasl, &small) == IMAP_LIMIT && small.size == 0);
  CHECK(imap_sasl_finish(t.sasl) == IMAP_LIMIT);
  imap_buffer_clear(&small);
  hang_up(&t);
  t = talk("CRAM-MD5", "tim", "tanstaaftanstaaf");
  CHECK(imap_sasl_step(t.sasl, imap_span_of("<1@host>"), &small) ==
            IMAP_LIMIT && small.size == 0);
  imap_buffer_wipe(&small);
  hang_up(&t);
}

int main(void) {
  finding();
  properties();
  plain();
  initial_response_asked_for();
  login();
  cram_md5();
  cram_md5_long_keys();
  external_and_anonymous();
  oauthbearer();
  oauthbearer_names();
  oauthbearer_refused();
  xoauth2_both_ways();
  explanations_are_tamed();
  servers_without_end();
  challenges_too_long();
  credentials_that_would_forge_fields();
  credentials_with_blanks();
  no_room_to_answer();
  imap_sasl_free(NULL);
  return check_report();
}
