/* torture_test.c - each allocation of the core fails once, while each action
** runs (THREATS.md, E9): the action says so or does what it should, nothing
** leaks, and a new session then does the same well. */
#include <zlib.h>

#include "check.h"
#include "failing.h"
#include "sample.h"

/* --- a server that says yes --- */

enum { MOST_UNPACKED = 1 << 17 }; /* octets that the client packs at once */

struct server {
  struct imap_session *session;
  char line[1024];   /* what it reads */
  size_t line_size;
  size_t literal;    /* octets of one still to come */
  char tag[16];
  bool inside;       /* behind a literal */
  bool extended;     /* answers with ESEARCH */
  bool compresses;   /* the client is to ask for COMPRESS=DEFLATE */
  z_stream packed;   /* what the client says then */
};

static void say_octets(struct server *v, const char *octets, size_t size) {
  size_t room;
  char *space;
  if (v->session->state == IMAP_SESSION_DEAD) return;
  space = imap_session_space(v->session, &room);
  if (space == NULL) return;
  memcpy(space, octets, size);
  imap_session_filled(v->session, size);
}

/* In a compressed stream: as a block that is stored (RFC 1951 3.2.4). */
static void say(struct server *v, const char *text) {
  size_t size = strlen(text);
  const char low = (char)(size & 0xff), high = (char)(size >> 8);
  const char block[] = {0, low, high, (char)~low, (char)~high};
  if (v->session->deflate != NULL) say_octets(v, block, sizeof block);
  say_octets(v, text, size);
}

static const char opened[] =
    "* 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 20] x\r\n";
static const char rows[] =
    "* 7 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (12) BODYSTRUCTURE (\"TEXT\" "
    "\"PLAIN\" NIL NIL NIL \"7BIT\" 3 1) RFC822.SIZE 3 BODY[] {3}\r\nabc "
    "BODY[1.2] {3}\r\ndef)\r\n"
    "* 9 FETCH (UID 9 FLAGS (\\Deleted) ENVELOPE (NIL \"a\\\"b\" NIL NIL NIL NIL "
    "NIL NIL NIL NIL))\r\n";

static const struct { const char *command, *rows, *code; } answers[] = {
  {"SELECT", opened, "[READ-WRITE]"}, {"EXAMINE", opened, "[READ-ONLY]"},
  {"UID FETCH", rows, ""}, {"FETCH", rows, ""},
  {"UID COPY", "", "[COPYUID 7 7,9 1:2]"}, {"COPY", "", "[COPYUID 7 7,9 1:2]"},
  {"UID EXPUNGE", "* 9 EXPUNGE\r\n* 7 EXPUNGE\r\n", ""},
  {"EXPUNGE", "* VANISHED 7,9\r\n", ""},
  {"UID SEARCH", "* SEARCH 7 9\r\n", ""}, {"SEARCH", "* SEARCH 7 9\r\n", ""},
  {"LIST", "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
           "* LIST () \"/\" \"Wo\\\"rk\"\r\n* STATUS INBOX (MESSAGES 1)\r\n", ""},
  {"LSUB", "* LSUB () \"/\" INBOX\r\n", ""},
  {"STATUS INBOX", "* STATUS INBOX (MESSAGES 1 UIDNEXT 4)\r\n", ""},
  {"APPEND", "", "[APPENDUID 7 1]"}, {"CREATE", "", "[MAILBOXID (F1)]"},
  {"CAPABILITY", "* CAPABILITY IMAP4rev1 UIDPLUS\r\n", ""}
};

static void answer(struct server *v, const char *command) {
  const char *code = "";
  char line[200];
  if (v->extended && strstr(command, "RETURN") != NULL) {
    (void)snprintf(line, sizeof line, "* ESEARCH (TAG \"%s\") UID ALL 7,9\r\n",
                   v->tag);
    say(v, line);
  } else {
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
      if (strncmp(command, answers[i].command, strlen(answers[i].command)) == 0) {
        say(v, answers[i].rows);
        code = answers[i].code;
        break;
      }
  }
  (void)snprintf(line, sizeof line, "%s OK %s done\r\n", v->tag, code);
  say(v, line);
}

/* A line: a command, or what follows "+". */
static void read_line(struct server *v) {
  char *blank = strchr(v->line, ' '), *brace = strrchr(v->line, '{');
  bool begins = !v->inside;
  if (begins && blank != NULL && (size_t)(blank - v->line) < sizeof v->tag) {
    memcpy(v->tag, v->line, (size_t)(blank - v->line));
    v->tag[blank - v->line] = '\0';
    memmove(v->line, blank + 1, strlen(blank + 1) + 1);
    brace = strrchr(v->line, '{');
  }
  v->inside = brace != NULL && v->line[strlen(v->line) - 1] == '}';
  if (v->inside) {
    v->literal = strtoul(brace + 1, NULL, 10);
    if (strchr(brace, '+') == NULL) say(v, "+ go\r\n");
  } else if (strncmp(v->line, "AUTHENTICATE", 12) == 0) {
    say(v, "+ cj14LHM9UVE9PSxpPTQwOTY=\r\n"); /* r=x,s=QQ==,i=4096 */
    v->inside = true; /* its lines are no commands */
  } else {
    answer(v, begins ? v->line : "APPEND");
  }
}

static voidpf take(voidpf unused, uInt count, uInt size) {
  (void)unused;
  return __real_calloc(count, size);
}

static void give_back(voidpf unused, voidpf block) {
  (void)unused;
  __real_free(block);
}

static size_t unpack(struct server *v, struct imap_span out, char *said,
                     size_t room) {
  z_stream *packed = &v->packed;
  packed->next_in = (Bytef *)out.data;
  packed->avail_in = (uInt)out.size;
  packed->next_out = (Bytef *)said;
  packed->avail_out = (uInt)room;
  if (packed->zalloc == NULL) {
    packed->zalloc = take;
    packed->zfree = give_back;
    CHECK(inflateInit2(packed, -15) == Z_OK);
  }
  (void)inflate(packed, Z_SYNC_FLUSH);
  CHECK(packed->avail_in == 0);
  return room - packed->avail_out;
}

/* Takes all that the client has to say. */
static void serve(struct server *v) {
  struct imap_span out = imap_session_output(v->session);
  size_t size = out.size, room = size + MOST_UNPACKED;
  char *said = __real_malloc(room);
  if (size > 0 && v->session->deflate != NULL)
    size = unpack(v, out, said, room);
  else if (size > 0)
    memcpy(said, out.data, size);
  imap_session_sent(v->session, out.size);
  for (size_t i = 0; i < size; i++) {
    if (v->literal > 0) {
      v->literal--;
    } else if (said[i] == '\n' && v->line_size > 0) {
      v->line[v->line_size - 1] = '\0'; /* its CR */
      v->line_size = 0;
      read_line(v);
    } else if (v->line_size + 1 < sizeof v->line) {
      v->line[v->line_size++] = said[i];
    }
  }
  __real_free(said);
}

/* --- one run --- */

struct scenario {
  enum sample kind;
  uint32_t variant;
  const char *capabilities; /* NULL: a connection is what it is about */
};

/* Runs until the action has ended; what it came to. */
static enum imap_code finish(struct server *v, const struct imap_action *a) {
  enum imap_code code = IMAP_CODE_CLOSED;
  struct imap_event event;
  bool done = false;
  for (int rounds = 0; rounds < 1000; rounds++) {
    int status = imap_session_next(v->session, &event);
    if (status == IMAP_OK && event.kind == IMAP_EVENT_DONE) {
      CHECK(!done && event.action == a);
      done = true;
      code = event.action->failure.code;
      imap_action_free(event.action);
    } else if (status == IMAP_OK && event.kind == IMAP_EVENT_CONTENT) {
      static const char octets[700];
      struct imap_span piece = {octets, event.size < 700 ? event.size : 700};
      status = imap_session_supply(v->session, piece);
      if (status < 0) imap_session_kill(v->session, IMAP_CODE_NOMEM, "full");
    } else if (status != IMAP_OK) {
      if (done || status < 0) break;
      serve(v);
    }
  }
  if (!CHECK(done)) printf("  action %s does not end\n", a->routine->name);
  return code;
}

static enum imap_code act(struct server *v, enum sample kind, uint32_t variant) {
  struct imap_action *a = sample_action(kind, variant);
  if (a == NULL) return IMAP_CODE_NOMEM;
  if (kind == SAMPLE_CONNECT) a->login.compress = v->compresses;
  imap_session_start(v->session, a);
  return finish(v, a);
}

static enum imap_code play(const struct scenario *scenario) {
  const struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  struct server v = {.session = imap_session_new(&limits, true)};
  enum imap_code code;
  char greeting[300];
  if (v.session == NULL) return IMAP_CODE_NOMEM;
  if (scenario->capabilities == NULL) {
    say(&v, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=SCRAM-SHA-256 "
            "AUTH=CRAM-MD5 AUTH=OAUTHBEARER] hello\r\n");
    code = act(&v, SAMPLE_CONNECT, scenario->variant);
  } else {
    (void)snprintf(greeting, sizeof greeting,
                   "* PREAUTH [CAPABILITY IMAP4rev1 %s] hello\r\n",
                   scenario->capabilities);
    v.extended = strstr(greeting, "ESEARCH") != NULL;
    v.compresses = strstr(greeting, "COMPRESS") != NULL;
    say(&v, greeting);
    code = act(&v, SAMPLE_CONNECT, 0);
    if (code == IMAP_CODE_NONE)
      code = act(&v, scenario->kind, scenario->variant);
  }
  imap_session_free(v.session);
  (void)inflateEnd(&v.packed);
  return code;
}

/* Each allocation fails in its turn. */
static void torture(const struct scenario *scenario) {
  enum imap_code wanted = play(scenario);
  unsigned long number = 0;
  bool failed;
  CHECK(failing.live == 0);
  do {
    enum imap_code code;
    failing_begin(++number);
    code = play(scenario);
    failed = failing_end();
    if (!CHECK(code == wanted || (failed && code == IMAP_CODE_NOMEM)))
      printf("  action %d: allocation %lu: %s\n", scenario->kind, number,
             imap_code_name(code));
    CHECK(failing.live == 0);
    CHECK(play(scenario) == wanted);
  } while (failed);
}

#define MANY "LITERAL+ UIDPLUS ESEARCH SEARCHRES LIST-EXTENDED LIST-STATUS " \
             "SPECIAL-USE UNSELECT CONDSTORE MULTIAPPEND OBJECTID"

int main(void) {
  static const char *const capabilities[] = {MANY, "UIDPLUS", ""};
  enum { UIDS = 1u << 2 | 1u << 5, RANGE = 2u << 2, LONG = 7u << 2 | 1u << 5 };
  static const struct scenario each[] = {
    {SAMPLE_STORE, UIDS, ""}, {SAMPLE_STORE, RANGE | 0x800, ""},
    {SAMPLE_STORE, LONG, ""}, {SAMPLE_APPEND, 0x1c4, ""},
    {SAMPLE_APPEND, 0x15, ""}, {SAMPLE_COPY, UIDS, ""}, {SAMPLE_COPY, RANGE, ""},
    {SAMPLE_CREATE, 0, ""}, {SAMPLE_DELETE, UIDS | 0x100, ""},
    {SAMPLE_DOWNLOAD, UIDS, ""}, {SAMPLE_DOWNLOAD, UIDS | 0x700, ""},
    {SAMPLE_STATUS, 0x3fc, ""}, {SAMPLE_LIST, 0x7f8, ""}, {SAMPLE_RENAME, 0, ""},
    {SAMPLE_SEARCH, 0xff8, ""}, {SAMPLE_SEARCH, 0x1000000, ""},
    {SAMPLE_SEARCH, 0x81f000, ""}, {SAMPLE_NOOP, 0, ""}, {SAMPLE_LOGOUT, 0, ""}
  };
  static const struct scenario packed[] = {
    {SAMPLE_SEARCH, 0xff8, "COMPRESS=DEFLATE"}, {SAMPLE_STORE, LONG, "COMPRESS=DEFLATE"},
    {SAMPLE_APPEND, 0x1c4, "COMPRESS=DEFLATE LITERAL+"}
  };
  for (size_t i = 0; i < sizeof each / sizeof *each; i++)
    for (size_t j = 0; j < sizeof capabilities / sizeof *capabilities; j++) {
      struct scenario scenario = each[i];
      scenario.capabilities = capabilities[j];
      torture(&scenario);
    }
  for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) torture(&packed[i]);
  for (uint32_t mechanism = 0; mechanism < 10; mechanism++) {
    const struct scenario login = {
      SAMPLE_CONNECT, (mechanism | (mechanism > 5 ? 0x80u : 0) | 0x800) << 2,
      NULL
    };
    torture(&login);
  }
  return check_report();
}
