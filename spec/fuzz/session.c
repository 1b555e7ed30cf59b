/* session.c - fuzzes the session: the input is the server. Every kind of action
** runs; model.h watches what is said, and each action must end exactly once.
** Input: settings, capabilities (2 bytes), a count of actions, for each a kind
** and a variant (4 bytes); then what the server says, in which
**   01, 02  stand for the tag of the oldest, second oldest command in flight
**   03      is a packet's end   04  starts the next action
**   05      the server stops taking octets, or takes them again
**   06      the server takes one octet */
#include <sanitizer/allocator_interface.h>

#include "fuzz.h"
#include "model.h"
#include "protocol/random.h"
#include "sample.h"

enum { MAX_ACTIONS = 8 };

enum {
  SETTING_LOGIN = 1,  /* the server's greeting and the login are fuzzed too */
  SETTING_TRACE = 2,
  SETTING_SMALL = 4,  /* limits */
  SETTING_KILL = 8,   /* it ends by kill, not by the stream's end */
  SETTING_TOGETHER = 16 /* all actions start at once */
};

static const char *const capabilities[] = {
  "LITERAL+", "LITERAL-", "UIDPLUS", "ESEARCH", "SEARCHRES", "PARTIAL",
  "LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "UNSELECT", "CONDSTORE",
  "MULTIAPPEND", "SASL-IR", "OBJECTID", "STATUS=SIZE", "IMAP4rev2"
};

/* Nothing is left to chance: the tags are known, and so is SCRAM's nonce. */
int imap_random(void *bytes, size_t size) {
  memset(bytes, 0, size);
  return IMAP_OK;
}

struct game {
  struct imap_session *session;
  struct model model;
  struct imap_action *actions[MAX_ACTIONS + 2];
  bool done[MAX_ACTIONS + 2];
  size_t made, started;
  bool deaf;             /* the server takes nothing */
  uint64_t content;      /* octets supplied so far, for variety */
  size_t memory, ceiling;
};

static size_t number_of(const struct game *g, const struct imap_action *a) {
  size_t i = 0;
  while (i < g->started && g->actions[i] != a) i++;
  NEED(i < g->started && !g->done[i]);
  return i;
}

static void take_content(struct game *g, const struct imap_event *event) {
  static const char octets[] = "one\r\ntwo {3}\r\naaaa1 OK\r\n";
  size_t from = (size_t)(g->content % (sizeof octets - 1));
  struct imap_span piece = {octets + from, sizeof octets - 1 - from};
  NEED(event->action->routine == &imap_append_routine);
  NEED(event->size > 0 && event->index < event->action->append.count);
  NEED(event->offset + event->size <=
       event->action->append.messages[event->index].size);
  if (piece.size > event->size) piece.size = (size_t)event->size;
  g->content += piece.size;
  NEED(imap_session_supply(g->session, piece) == IMAP_OK);
}

static void take_event(struct game *g, const struct imap_event *event) {
  size_t i;
  if (event->kind == IMAP_EVENT_UPGRADE) {
    imap_session_upgraded(g->session);
    return;
  }
  i = number_of(g, event->action);
  switch (event->kind) {
    case IMAP_EVENT_ROW:
      NEED(event->response != NULL && event->response->bytes.data != NULL);
      break;
    case IMAP_EVENT_PIECE:
      NEED(event->action->flowing);
      NEED(event->piece.size > 0 && event->piece.size <= event->size);
      break;
    case IMAP_EVENT_CONTENT:
      take_content(g, event);
      break;
    default:
      NEED(event->action->pending == 0);
      g->done[i] = true;
      imap_action_free(event->action);
  }
}

/* A session without commands has nothing in flight. */
static void check_counts(const struct imap_session *s) {
  unsigned pending = 0, in_flight = 0;
  for (const struct imap_action *a = s->actions; a != NULL; a = a->next)
    pending += a->pending;
  for (const struct imap_command *c = s->first; c != NULL; c = c->next) {
    pending--;
    if (c->state != IMAP_COMMAND_QUEUED) in_flight++;
  }
  NEED(pending == 0);
  NEED(in_flight == s->in_flight);
  if (s->first == NULL && s->state != IMAP_SESSION_DEAD)
    NEED(s->octets_in_flight == 0 && s->numbers_in_flight == 0);
}

static void check_memory(const struct game *g) {
  size_t now = __sanitizer_get_current_allocated_bytes();
  NEED(now < g->memory || now - g->memory <= g->ceiling);
}

static void drain(struct game *g) {
  struct imap_session *s = g->session;
  struct imap_event event;
  unsigned rounds = 0;
  int status;
  do {
    while ((status = imap_session_next(s, &event)) == IMAP_OK) {
      model_listen(&g->model, s);
      take_event(g, &event);
      NEED(rounds++ < 1000000);
    }
    model_listen(&g->model, s);
    if (!g->deaf && s->state != IMAP_SESSION_DEAD)
      imap_session_sent(s, imap_session_output(s).size);
  } while (status == IMAP_MORE && s->queued != NULL &&
           s->queued->state == IMAP_COMMAND_WRITING && !s->queued->waits &&
           !g->deaf);
  check_counts(s);
  check_memory(g);
  if (status < 0) NEED(s->actions == NULL && s->first == NULL);
}

static void say(struct game *g, struct imap_span bytes) {
  while (bytes.size > 0 && g->session->state != IMAP_SESSION_DEAD) {
    size_t room, size = bytes.size;
    char *space = imap_session_space(g->session, &room);
    if (space == NULL) break;
    if (size > room) size = room;
    memcpy(space, bytes.data, size);
    imap_session_filled(g->session, size);
    model_hear(&g->model, g->session, (struct imap_span){bytes.data, size});
    bytes.data += size;
    bytes.size -= size;
    drain(g);
    if (g->model.doomed) NEED(g->session->state == IMAP_SESSION_DEAD);
  }
}

/* Nothing but the login before that is done, as the callers have it. */
static void start(struct game *g) {
  enum imap_session_state state = g->session->state;
  if (g->started == g->made) return;
  if (g->started > 0 && state != IMAP_SESSION_READY &&
      state != IMAP_SESSION_DEAD)
    return;
  g->started++;
  imap_session_start(g->session, g->actions[g->started - 1]);
  drain(g);
}

static void add(struct game *g, enum sample kind, uint32_t variant) {
  struct imap_action *a = sample_action(kind, variant);
  NEED(a != NULL);
  g->actions[g->made++] = a;
}

/* The n-th oldest tag in flight. */
static void say_tag(struct game *g, struct imap_buffer *packet, size_t n) {
  if (n < g->model.count)
    imap_buffer_add_text(packet, g->model.flights[n].tag);
  else
    imap_buffer_add_text(packet, "aaaa999");
}

static void flush(struct game *g, struct imap_buffer *packet) {
  if (packet->size > 0) say(g, imap_buffer_span(packet));
  imap_buffer_clear(packet);
}

/* A packet never holds more than one end of a line, so that the model sees
** each response when the session does. */
static void play(struct game *g, struct fuzz_input *in) {
  struct imap_buffer packet;
  imap_buffer_init(&packet, (size_t)1 << 24);
  while (in->size > 0 && g->session->state != IMAP_SESSION_DEAD) {
    uint8_t byte = fuzz_byte(in);
    if (byte < 1 || byte > 6) imap_buffer_add_byte(&packet, (char)byte);
    if (byte == 1 || byte == 2) say_tag(g, &packet, byte - 1u);
    if (byte == '\n' || (byte >= 3 && byte <= 6) || packet.size > 4096)
      flush(g, &packet);
    if (g->session->state == IMAP_SESSION_DEAD) break;
    if (byte == 4) start(g);
    if (byte == 5) g->deaf = !g->deaf;
    if (byte == 6 && imap_session_output(g->session).size > 0)
      imap_session_sent(g->session, 1);
    if (byte == 5 || byte == 6) drain(g);
  }
  flush(g, &packet);
  imap_buffer_free(&packet);
}

static void greet(struct game *g, unsigned caps) {
  char line[400] = "* PREAUTH [CAPABILITY IMAP4rev1";
  for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
    if (caps & 1u << i) {
      strcat(line, " ");
      strcat(line, capabilities[i]);
    }
  strcat(line, "] ready\r\n");
  say(g, imap_span_of(line));
}

static void set_up(struct game *g, struct fuzz_input *in, unsigned settings) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  unsigned caps = fuzz_byte(in), count;
  caps |= (unsigned)fuzz_byte(in) << 8;
  count = fuzz_byte(in) % (MAX_ACTIONS + 1);
  limits.messages = 1000;
  if (settings & SETTING_SMALL)
    limits = (struct imap_limits){.line = 300, .literal = 100, .response = 500,
                                  .nesting = 5, .nodes = 40, .messages = 3};
  g->session = imap_session_new(&limits, (settings & SETTING_TRACE) != 0);
  NEED(g->session != NULL);
  model_begin(&g->model);
  if (!(settings & SETTING_LOGIN)) add(g, SAMPLE_CONNECT, 0);
  for (unsigned i = 0; i < count; i++) {
    enum sample kind = fuzz_byte(in) % SAMPLE_COUNT;
    uint32_t variant = fuzz_number(in);
    add(g, (settings & SETTING_LOGIN) && i == 0 ? SAMPLE_CONNECT
           : kind == SAMPLE_CONNECT             ? SAMPLE_NOOP
                                                : kind, variant);
  }
  start(g);
  if (!(settings & SETTING_LOGIN)) greet(g, caps);
  if (settings & SETTING_TOGETHER)
    for (size_t i = g->started; i < g->made; i++) start(g);
}

/* However it ends, what was started is answered. */
static void finish(struct game *g, unsigned settings) {
  if (settings & SETTING_KILL)
    imap_session_kill(g->session, IMAP_CODE_TIMEOUT, "it is late");
  else
    imap_session_ended(g->session);
  drain(g);
  NEED(g->session->state == IMAP_SESSION_DEAD);
  while (g->started < g->made) start(g);
  for (size_t i = 0; i < g->made; i++) NEED(g->done[i]);
  imap_session_free(g->session);
  model_end(&g->model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  unsigned settings = fuzz_byte(&in);
  static struct game g;
  memset(&g, 0, sizeof g);
  g.memory = __sanitizer_get_current_allocated_bytes();
  g.ceiling = ((size_t)6 << 20) + 500 * size;
  set_up(&g, &in, settings);
  play(&g, &in);
  finish(&g, settings);
  return 0;
}
