/* model.h - a second opinion on what a session may say and when. It reads the
** octets of both directions by itself, and knows of the session only which
** view a command's tag stands for. WIRE.md's rules are asserted here. */
#ifndef SPEC_FUZZ_MODEL_H
#define SPEC_FUZZ_MODEL_H

#include "fuzz.h"
#include "protocol/session.h"

enum { MODEL_FLIGHTS = 80, MODEL_LINE = 32768 };

/* A command of which something has been put into the output. */
struct model_flight {
  char tag[16], verb[24];
  bool by_uid, opens, closes, converses;
  bool whole;    /* its last octet was put … */
  uint64_t end;  /* … and ends here */
  bool answered; /* NO or BAD came before that */
  struct imap_view *view; /* held */
};

struct model {
  struct imap_framer framer; /* the server's octets, seen by ourselves */
  struct imap_parser parser;
  bool greeted;
  bool doomed;        /* what came must end the connection */

  struct imap_view *open; /* held; known to be open */
  bool unknown;           /* nobody knows what is open */
  struct model_flight flights[MODEL_FLIGHTS];
  size_t count;

  uint64_t read;      /* octets of the output seen so far */
  char line[MODEL_LINE];
  size_t line_size;
  bool inside;        /* a command goes on: behind a literal */
  bool waits;         /* a literal was announced, and "+" has not come */
  uint64_t literal;   /* octets of it still to come */
  unsigned invited;   /* lines that "+" asked for within AUTHENTICATE */
};

static inline void model_begin(struct model *m) {
  struct imap_limits limits = IMAP_LIMITS_DEFAULT;
  limits.literal = limits.response = SIZE_MAX / 4; /* what flows has none */
  memset(m, 0, sizeof *m);
  imap_framer_init(&m->framer, &limits);
  imap_parser_init(&m->parser, &limits);
}

static inline void model_end(struct model *m) {
  imap_framer_free(&m->framer);
  imap_parser_free(&m->parser);
  imap_view_release(m->open);
  for (size_t i = 0; i < m->count; i++) imap_view_release(m->flights[i].view);
}

/* --- from the client --- */

static inline struct imap_command *model_command(const struct imap_session *s,
                                                 const char *tag) {
  for (struct imap_command *c = s->first; c != NULL; c = c->next)
    if (strcmp(c->tag, tag) == 0) return c;
  return NULL;
}

static inline void model_land(struct model *m, struct model_flight *f) {
  imap_view_release(f->view);
  memmove(f, f + 1, sizeof *f * (size_t)(m->flights + --m->count - f));
}

static inline bool model_is(const struct model_flight *f, const char *verb) {
  return strcmp(f->verb, verb) == 0;
}

static inline bool model_same_mailbox(const struct imap_view *a,
                                      const struct imap_view *b) {
  return imap_mailbox_equal(imap_buffer_span(&a->mailbox),
                            imap_buffer_span(&b->mailbox));
}

/* Rule 2: whatever the answers to all in flight, what is open is what the
** change names, or nothing. */
static inline void model_judge_change(const struct model *m,
                                      const struct model_flight *f,
                                      const struct imap_command *c) {
  NEED(f->view != NULL);
  NEED(imap_mailbox_equal(imap_buffer_span(&f->view->mailbox),
                          imap_buffer_span(&c->action->mailbox)));
  NEED(f->view->state != IMAP_VIEW_FAILED);
  NEED(!m->unknown);
  if (m->open != NULL)
    NEED(f->by_uid ? model_same_mailbox(m->open, f->view) : m->open == f->view);
  for (size_t i = 0; i < m->count; i++)
    if (m->flights[i].opens)
      NEED(f->by_uid ? model_same_mailbox(m->flights[i].view, f->view)
                     : m->flights[i].view == f->view);
}

/* CLOSE expunges: only where EXAMINE was answered OK. */
static inline void model_judge_close(const struct model *m,
                                     const struct model_flight *f) {
  NEED(!m->unknown && m->open != NULL && m->open == f->view && !f->view->write);
  for (size_t i = 0; i < m->count; i++)
    NEED(!m->flights[i].opens);
}

/* Rule 3: numbers ride behind their SELECT, or with what renumbers nothing. */
static inline void model_judge_numbers(const struct model *m,
                                       const struct model_flight *f) {
  for (size_t i = m->count; i > 0; i--) {
    const struct model_flight *g = &m->flights[i - 1];
    if (g->opens && g->view == f->view) return;
    NEED(!g->by_uid);
    NEED(model_is(g, "FETCH") || model_is(g, "STORE") || model_is(g, "SEARCH"));
  }
}

static inline void model_judge(struct model *m, const struct imap_session *s,
                               const struct model_flight *f,
                               const char *line) {
  struct imap_command *c = model_command(s, f->tag);
  bool takes_set = model_is(f, "FETCH") || model_is(f, "STORE") ||
                   model_is(f, "COPY") || model_is(f, "MOVE");
  bool change = model_is(f, "STORE") || model_is(f, "COPY") ||
                model_is(f, "MOVE") || model_is(f, "EXPUNGE") ||
                (model_is(f, "FETCH") && strstr(line, " BODY[") != NULL);
  NEED(c != NULL);
  if (change) model_judge_change(m, f, c);
  if (model_is(f, "CLOSE")) model_judge_close(m, f);
  if (takes_set && !f->by_uid) model_judge_numbers(m, f);
}

/* The first line of a command. */
static inline void model_command_begins(struct model *m,
                                        const struct imap_session *s) {
  struct model_flight f = {.whole = false};
  const char *rest = m->line, *space = strchr(rest, ' ');
  struct imap_command *c;
  size_t size;
  NEED(space != NULL && (size_t)(space - rest) < sizeof f.tag);
  memcpy(f.tag, rest, (size_t)(space - rest));
  rest = space + 1;
  f.by_uid = strncmp(rest, "UID ", 4) == 0;
  if (f.by_uid) rest += 4;
  size = strcspn(rest, " ");
  NEED(size > 0 && size < sizeof f.verb);
  memcpy(f.verb, rest, size);
  f.opens = model_is(&f, "SELECT") || model_is(&f, "EXAMINE");
  f.closes = model_is(&f, "UNSELECT") || model_is(&f, "CLOSE");
  f.converses = model_is(&f, "AUTHENTICATE");
  for (size_t i = 0; i < m->count; i++)
    NEED(strcmp(m->flights[i].tag, f.tag) != 0);
  c = model_command(s, f.tag);
  NEED(c != NULL);
  if (c->view != NULL) f.view = imap_view_hold(c->view);
  if (f.opens) NEED(f.view != NULL);
  model_judge(m, s, &f, m->line);
  NEED(m->count < 64);
  m->flights[m->count++] = f;
}

/* "{n}" or "{n+}" at the end of the line; false: none. */
static inline bool model_announcement(const struct model *m, uint64_t *size,
                                      bool *plus) {
  const char *brace = strrchr(m->line, '{');
  char *end;
  if (brace == NULL || m->line[m->line_size - 1] != '}') return false;
  *size = strtoull(brace + 1, &end, 10);
  *plus = *end == '+';
  return end > brace + 1 && strcmp(end + *plus, "}") == 0;
}

static inline void model_line(struct model *m, const struct imap_session *s) {
  struct model_flight *f = m->count > 0 ? &m->flights[m->count - 1] : NULL;
  bool plus;
  if (!m->inside && f != NULL && f->converses) {
    NEED(m->invited > 0);
    m->invited--;
    return;
  }
  if (!m->inside) {
    model_command_begins(m, s);
    f = &m->flights[m->count - 1];
  }
  m->inside = model_announcement(m, &m->literal, &plus);
  m->waits = m->inside && !plus;
  if (m->inside) return;
  f->whole = true;
  f->end = m->read;
  if (f->answered) model_land(m, f);
}

static inline void model_octet(struct model *m, const struct imap_session *s,
                               char octet) {
  m->read++;
  if (m->waits) { /* nothing but the next command, where this is refused */
    struct model_flight *f = &m->flights[m->count - 1];
    NEED(f->answered);
    model_land(m, f);
    m->waits = m->inside = false;
    m->literal = 0;
  }
  if (m->literal > 0) {
    m->literal--;
    return;
  }
  NEED(octet != '\0' && m->line_size + 1 < MODEL_LINE);
  m->line[m->line_size++] = octet;
  if (octet != '\n') {
    NEED(m->line_size < 2 || m->line[m->line_size - 2] != '\r');
    return;
  }
  NEED(m->line_size >= 2 && m->line[m->line_size - 2] == '\r');
  m->line_size -= 2;
  m->line[m->line_size] = '\0';
  model_line(m, s);
  m->line_size = 0;
}

/* Reads what the session has put into its output since the last time. */
static inline void model_listen(struct model *m, const struct imap_session *s) {
  struct imap_span out = imap_session_output(s);
  if (s->state == IMAP_SESSION_DEAD) return;
  NEED(s->written - s->sent == out.size);
  NEED(s->written - m->read <= out.size);
  for (size_t i = out.size - (size_t)(s->written - m->read); i < out.size; i++)
    model_octet(m, s, out.data[i]);
}

/* --- from the server --- */

static inline void model_open(struct model *m, struct imap_view *view,
                              bool unknown) {
  if (view != NULL) imap_view_hold(view);
  imap_view_release(m->open);
  m->open = view;
  m->unknown = unknown;
}

static inline void model_tagged(struct model *m, const struct imap_session *s,
                                const struct imap_response *r) {
  struct model_flight *f = NULL;
  bool ok = r->name == IMAP_NAME_OK, bad = r->name == IMAP_NAME_BAD;
  for (size_t i = 0; i < m->count; i++)
    if (imap_span_equal(r->tag, imap_span_of(m->flights[i].tag)))
      f = &m->flights[i];
  if (f == NULL || f->answered || r->name == IMAP_NAME_BYE ||
      (ok && !(f->whole && f->end <= s->sent))) {
    m->doomed = true;
    return;
  }
  if (f->opens) model_open(m, ok ? f->view : NULL, bad);
  if (f->closes) model_open(m, NULL, !ok);
  if (f->whole)
    model_land(m, f);
  else
    f->answered = true;
}

static inline void model_continuation(struct model *m,
                                      const struct imap_session *s) {
  const struct model_flight *f = m->count > 0 ? &m->flights[m->count - 1] : NULL;
  if (m->waits && imap_session_output(s).size == 0) {
    m->waits = false;
    return;
  }
  if (f != NULL && f->converses && f->whole && f->end <= s->sent)
    m->invited++;
  else
    m->doomed = true;
}

static inline void model_response(struct model *m, const struct imap_session *s,
                                  const struct imap_response *r) {
  if (!m->greeted) {
    m->greeted = true;
    m->doomed = r->kind != IMAP_UNTAGGED || r->numbered ||
                (r->name != IMAP_NAME_OK && r->name != IMAP_NAME_BYE &&
                 r->name != IMAP_NAME_PREAUTH);
  } else if (r->kind == IMAP_TAGGED) {
    model_tagged(m, s, r);
  } else if (r->kind == IMAP_CONTINUATION) {
    model_continuation(m, s);
  }
}

/* Hears what the server says, which must be no more than one response. */
static inline void model_hear(struct model *m, const struct imap_session *s,
                              struct imap_span bytes) {
  size_t room;
  char *space = imap_framer_space(&m->framer, &room);
  struct imap_response response;
  struct imap_span whole;
  int status;
  NEED(space != NULL && room >= bytes.size);
  memcpy(space, bytes.data, bytes.size);
  imap_framer_filled(&m->framer, bytes.size);
  status = imap_framer_next(&m->framer, &whole);
  if (status == IMAP_OK)
    status = imap_parse(&m->parser, &m->framer, whole, &response);
  if (status == IMAP_OK) model_response(m, s, &response);
  if (status < 0) m->doomed = true;
}

#endif
