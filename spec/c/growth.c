/* growth.c - a session that searches, fed octet by octet with its input, for
** growth_spec.lua to count instructions.
** usage: growth < what the server says
** A "T" at the beginning of a line stands for what our tags begin with. */
#include "check.h"
#include "sample.h"

static void run(struct imap_session *s) {
  struct imap_event event;
  while (imap_session_next(s, &event) == IMAP_OK)
    if (event.kind == IMAP_EVENT_DONE) imap_action_free(event.action);
  imap_session_sent(s, imap_session_output(s).size);
}

static void hear(struct imap_session *s, const char *data, size_t size) {
  for (size_t i = 0; i < size; i++) {
    size_t room;
    char *space = imap_session_space(s, &room);
    if (space == NULL) return;
    *space = data[i];
    imap_session_filled(s, 1);
    run(s);
  }
}

int main(void) {
  static const char greeting[] = "* PREAUTH [CAPABILITY IMAP4rev1 ESEARCH] hi\r\n";
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  struct imap_session *s = imap_session_new(&limits, false);
  bool fresh = true;
  int octet;
  if (s == NULL) return 1;
  imap_session_start(s, sample_action(SAMPLE_CONNECT, 0));
  hear(s, greeting, sizeof greeting - 1);
  imap_session_start(s, sample_action(SAMPLE_SEARCH, 0));
  run(s);
  while ((octet = getchar()) != EOF) {
    char byte = (char)octet;
    if (fresh && byte == 'T')
      hear(s, s->tag_prefix, strlen(s->tag_prefix));
    else
      hear(s, &byte, 1);
    fresh = byte == '\n';
  }
  imap_session_free(s);
  return 0;
}
