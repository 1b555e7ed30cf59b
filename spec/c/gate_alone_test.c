/* gate_alone_test.c - the gate without libcurl, which would stop at much of this
** by itself: rows A1 to A9 hold whatever libcurl does. */
#include "check.h"
#include "transport/gate.h"

/* 'S' and 'C' say a line; with 'B' bytes stand behind a line of the server's. */
struct line {
  char who;
  const char *text;
};

enum { MOST_LINES = 8 };

struct script {
  const char *name;
  enum imap_security security;
  enum imap_stage stage; /* NONE: all of it is taken, and handed over */
  struct line lines[MOST_LINES];
};

static const struct script scripts[] = {
  {"plain", IMAP_PLAIN, IMAP_STAGE_NONE,
   {{'S', "* OK hi"}, {'C', "A1 CAPABILITY"}, {'S', "* CAPABILITY IMAP4rev1"},
    {'S', "A1 OK x"}}},
  {"STARTTLS", IMAP_STARTTLS, IMAP_STAGE_NONE,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'S', "A1 OK go"},
    {'C', "A2 CAPABILITY"}, {'S', "* CAPABILITY IMAP4rev1"}, {'S', "A2 OK x"}}},
  {"A1: a line behind the OK", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'B', "A1 OK go"}}},
  {"A4: PREAUTH in clear", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* PREAUTH hi"}}},
  {"A5: no STARTTLS at all", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* OK hi"}, {'C', "A1 CAPABILITY"}, {'S', "* CAPABILITY IMAP4rev1"},
    {'S', "A1 OK x"}}},
  {"A6: NO", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'S', "A1 NO x"}}},
  {"A6: BAD", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'S', "A1 BAD x"}}},
  {"A6: an untagged OK", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'S', "* OK go"}}},
  {"A6: another word", IMAP_STARTTLS, IMAP_STAGE_TLS,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'S', "A1 OKAY go"}}},
  {"A8: another tag", IMAP_STARTTLS, IMAP_STAGE_PROTOCOL,
   {{'S', "* OK hi"}, {'C', "A1 STARTTLS"}, {'S', "A2 OK go"}}},
  {"A8: before anything was asked", IMAP_PLAIN, IMAP_STAGE_PROTOCOL,
   {{'S', "* OK hi"}, {'S', "A1 OK go"}}},
  {"A8: answered with the greeting", IMAP_PLAIN, IMAP_STAGE_PROTOCOL,
   {{'B', "* OK hi"}, {'C', "A1 CAPABILITY"}, {'S', "A1 OK"}}},
  {"A8: a tag as long as can be kept", IMAP_PLAIN, IMAP_STAGE_NONE,
   {{'S', "* OK hi"}, {'C', "A23456789012345 CAPABILITY"},
    {'S', "A23456789012345 OK"}}},
  {"A8: a tag too long to be kept", IMAP_PLAIN, IMAP_STAGE_PROTOCOL,
   {{'S', "* OK hi"}, {'C', "A234567890123456 CAPABILITY"},
    {'S', "A234567890123456 OK"}}},
  {"A9: no greeting", IMAP_TLS, IMAP_STAGE_PROTOCOL, {{'S', "+ OK hi"}}},
  {"A9: a greeting of NO", IMAP_TLS, IMAP_STAGE_PROTOCOL, {{'S', "* NO hi"}}},
  {"A9: BYE without a word", IMAP_TLS, IMAP_STAGE_CLOSED, {{'S', "* BYE"}}},
  {"A9: BYE", IMAP_TLS, IMAP_STAGE_CLOSED, {{'S', "* BYE hi"}}},
  {"a literal before login", IMAP_PLAIN, IMAP_STAGE_PROTOCOL,
   {{'S', "* OK hi"}, {'C', "A1 CAPABILITY"}, {'S', "* LIST {3}"}}}
};

static void play(const struct script *script) {
  struct imap_transport_options options = {
    .security = script->security, .line_limit = 1000};
  struct imap_transport_failure failure = {.stage = IMAP_STAGE_NONE};
  struct imap_gate gate;
  uint64_t behind = strlen("A1 OK\r\n");
  bool taken = true;
  imap_gate_init(&gate, &options, &failure);
  for (size_t i = 0; i < MOST_LINES && taken; i++) {
    const struct line *line = &script->lines[i];
    char text[100];
    if (line->who == 0) break;
    (void)snprintf(text, sizeof text, "%s\r\n", line->text);
    if (line->who == 'C') {
      imap_gate_command(&gate, imap_span_of(text));
      continue;
    }
    taken = imap_gate_line(
        &gate, imap_span_of(text),
        gate.judged + strlen(text) + (line->who == 'B' ? behind : 0));
  }
  if (taken) taken = imap_gate_handover(&gate, gate.judged);
  if (!CHECK(taken == (script->stage == IMAP_STAGE_NONE)) ||
      !CHECK(failure.stage == script->stage))
    printf("  %s: stage %d, %s\n", script->name, (int)failure.stage,
           failure.text);
  CHECK(strpbrk(failure.text, "\r\n") == NULL); /* it shows the line, no more */
  CHECK(gate.trace.size == 0);                  /* nobody asked for one */
  imap_gate_free(&gate);
}

int main(void) {
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
    play(&scripts[i]);
  return check_report();
}
