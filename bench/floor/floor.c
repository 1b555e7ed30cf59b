/* floor.c - the least that each workload of the bench can cost: the best bytes
** are sent, and the replies are read and dropped.
** usage: floor [together]   (with commands in flight together) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "wire.h"

enum { WINDOW = 32 };     /* commands of a flight; two flights are on their way */

static const char *mailbox;
static int count;

static void listing(void) {
  wire_sendf("a EXAMINE %s\r\n"
             "b UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n", mailbox);
  wire_drain("b");
}

/* Sends command n, from 1 on, under the tag. */
typedef void command(const char *tag, int n);

static void one_by_one(command *send) {
  for (int n = 1; n <= count; n++) {
    send("a", n);
    wire_drain("a");
  }
}

/* The tags of flights, of which two are on their way. */
static const char *const tags[] = { "odd", "even" };

/* One flight is sent before the one ahead of it is waited for. */
static void together(command *send) {
  int flight = 0;
  for (int n = 1; n <= count; flight++) {
    for (int i = 1; i <= WINDOW && n <= count; i++, n++)
      send(i == WINDOW || n == count ? tags[flight % 2] : "x", n);
    if (flight > 0) wire_await(tags[(flight - 1) % 2]);
  }
  wire_await(tags[(flight - 1) % 2]);
}

static void (*each)(command *send) = one_by_one;

/* Opens the mailbox, and does it. */
static void within(const char *open, command *send) {
  wire_sendf("open %s %s\r\n", open, mailbox);
  wire_drain("open");
  each(send);
}

static void fetch_one(const char *tag, int n) { wire_sendf("%s UID FETCH %d BODY.PEEK[]\r\n", tag, n); }
static void download(void) { within("EXAMINE", fetch_one); }

static void search_one(const char *tag, int n) {
  wire_sendf("%s UID SEARCH RETURN (ALL) FROM person%d@host%d.example.org\r\n", tag, n - 1, (n - 1) % 40);
}
static void search(void) { within("EXAMINE", search_one); }

static void flag_one(const char *tag, int n) { wire_sendf("%s UID STORE %d +FLAGS.SILENT (\\Flagged)\r\n", tag, n); }
static void flags(void) {
  within("SELECT", flag_one);
  wire_sendf("a UID STORE 1:* +FLAGS.SILENT (\\Seen)\r\n");
  wire_await("a");
}

static void mailboxes(void) {
  wire_sendf("a LIST \"\" \"*\" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))\r\n");
  wire_drain("a");
}

static void connecting(void) {
  for (int i = 0; i < count; i++) {
    wire_open();
    wire_close();
  }
}

/* --- appends --- */

enum { ROOM = 1 << 20, LINE = 256 };

static struct message {
  char *bytes;
  size_t size;
} *messages;

static void read_messages(void) {
  FILE *file = fopen(wire_setting("MESSAGES"), "r");
  messages = calloc((size_t)count, sizeof *messages);
  if (file == NULL || messages == NULL) wire_die("messages");
  for (int i = 0; i < count; i++) {
    struct message *m = &messages[i];
    if (fscanf(file, "%zu", &m->size) != 1 || getc(file) != '\n') wire_die("messages");
    if ((m->bytes = malloc(m->size)) == NULL || fread(m->bytes, 1, m->size, file) != m->size) wire_die("messages");
  }
  fclose(file);
}

/* APPEND, with as many messages as one command may have, in one write. */
static void append_many(const char *tag, int first, int many) {
  static char bytes[ROOM];
  size_t length = (size_t)snprintf(bytes, LINE, "%s APPEND %s", tag, mailbox);
  for (int n = first; n < first + many; n++) {
    const struct message *m = &messages[n - 1];
    if (length + LINE + m->size > ROOM) wire_die("messages");
    length += (size_t)snprintf(bytes + length, LINE, " {%zu+}\r\n", m->size);
    memcpy(bytes + length, m->bytes, m->size);
    length += m->size;
  }
  memcpy(bytes + length, "\r\n", 2);
  link_send(bytes, length + 2);
}

static void append_one(const char *tag, int n) { append_many(tag, n, 1); }

/* As MULTIAPPEND, of which two are on their way. */
static void append(void) {
  enum { MANY = 64 };
  int flight = 0;
  if (each == one_by_one) {
    one_by_one(append_one);
    return;
  }
  for (int n = 1; n <= count; n += MANY, flight++) {
    append_many(tags[flight % 2], n, count - n + 1 < MANY ? count - n + 1 : MANY);
    if (flight > 0) wire_await(tags[(flight - 1) % 2]);
  }
  wire_await(tags[(flight - 1) % 2]);
}

/* Message by message from the file, in pieces. */
static void append_file(void) {
  static char piece[65536];
  FILE *file = fopen(wire_setting("BIG"), "r");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) wire_die("big message");
  long size = ftell(file);
  for (int n = 1; n <= count; n++) {
    rewind(file);
    wire_sendf("a APPEND %s {%ld+}\r\n", mailbox, size);
    for (size_t length; (length = fread(piece, 1, sizeof piece, file)) > 0;) link_send(piece, length);
    wire_sendf("\r\n");
    wire_drain("a");
  }
  fclose(file);
}

/* --------------- */

static const struct workload {
  const char *name;
  void (*work)(void);
} workloads[] = {
  { "listing", listing }, { "download", download }, { "small", download }, { "append", append },
  { "append-file", append_file },
  { "search", search }, { "flags", flags }, { "connect", connecting }, { "mailboxes", mailboxes },
};

static const struct workload *find(const char *name) {
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
    if (strcmp(workloads[i].name, name) == 0) return &workloads[i];
  wire_die(name);
}

int main(int argc, char **argv) {
  const struct workload *workload = find(wire_setting("WORKLOAD"));
  mailbox = wire_setting("MAILBOX");
  count = wire_count();
  if (argc > 1 && strcmp(argv[1], "together") == 0) each = together;
  if (workload->work == append) read_messages();
  if (workload->work != connecting) wire_open();
  wire_start_clock();
  workload->work();
  wire_stop_clock();
  if (workload->work != connecting) wire_close();
  return 0;
}
