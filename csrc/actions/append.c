/* append.c - append_message: APPEND, in one write with its literal (RFC 9051
** 6.3.12); several messages for one mailbox as MULTIAPPEND (RFC 3502). */
#include <stdlib.h>

#include "actions/actions.h"
#include "protocol/date.h"

/* A command's step is the index of its first message. */

static void release(struct imap_action *a) {
  for (size_t i = 0; i < a->append.count; i++)
    imap_failure_free(&a->append.messages[i].failure);
  free(a->append.messages);
}

static void write_message(const struct imap_action *a,
                          const struct imap_append_message *m, struct imap_encoder *e) {
  if (m->flags_size > 0)
    imap_encode_flags(e, (struct imap_span){a->texts.data + m->flags, m->flags_size});
  if (m->dated) {
    struct imap_buffer date;
    int status;
    imap_buffer_init(&date, 64);
    status = imap_date_write_internal(m->date, &date);
    if (e->status == IMAP_OK) e->status = status;
    imap_encode_string(e, imap_buffer_span(&date));
    imap_buffer_free(&date);
  }
  imap_encode_content(e, m->size, m->binary);
}

static int queue_messages(struct imap_session *s, struct imap_action *a,
                          size_t first, size_t end) {
  struct imap_command *c = imap_session_command(s, a, "APPEND", (int)first);
  if (c == NULL) return IMAP_NOMEM;
  imap_outgrow_view(s);
  c->effect = IMAP_EFFECT_CHANGES;
  c->first_content = (uint32_t)first;
  imap_encode_mailbox(&c->line, imap_buffer_span(&a->mailbox));
  for (size_t i = first; i < end; i++)
    write_message(a, &a->append.messages[i], &c->line);
  return imap_session_queue(s, c);
}

static int queue_singly(struct imap_session *s, struct imap_action *a) {
  int status = IMAP_OK;
  for (size_t i = 0; i < a->append.count && status == IMAP_OK; i++)
    status = queue_messages(s, a, i, i + 1);
  return status;
}

/* Courier refuses APPEND to the mailbox that it has open by EXAMINE ("Current
** box is selected READ-ONLY", 5.0 on Debian 12), and has no UNSELECT. */
static bool must_reopen(const struct imap_session *s,
                        const struct imap_action *a) {
  return s->tail != NULL && !s->tail->write &&
         !imap_caps_have(&s->caps, IMAP_CAP_UNSELECT) &&
         imap_session_may_be_open(s, imap_buffer_span(&a->mailbox), false);
}

static int plan(struct imap_session *s, struct imap_action *a) {
  if (must_reopen(s, a)) {
    int status = imap_session_open(s, a, true, true);
    if (status != IMAP_OK) return status;
  }
  a->append.multi = a->append.count > 1 &&
             imap_caps_have(&s->caps, IMAP_CAP_MULTIAPPEND);
  if (a->append.multi) return queue_messages(s, a, 0, a->append.count);
  return queue_singly(s, a);
}

/* APPENDUID names as many UIDs as there were messages, in order (RFC 4315). */
static void note_uids(struct imap_action *a, size_t first, size_t end,
                      const struct imap_response *r) {
  struct imap_cursor data = r->data;
  struct imap_seqset_reader reader;
  uint64_t validity, count;
  struct imap_span text;
  if (!imap_span_is(r->code, "APPENDUID") ||
      !imap_node_number(r->tape, imap_cursor_take(&data), UINT32_MAX, &validity))
    return;
  text = imap_node_text(r->tape, imap_cursor_take(&data));
  if (imap_seqset_count(text, &count) != IMAP_OK || count != end - first) return;
  imap_seqset_reader_init(&reader, text);
  for (size_t i = first; i < end; i++) {
    if (imap_seqset_reader_next(&reader, &a->append.messages[i].uid) != IMAP_OK) return;
    a->append.messages[i].uid_validity = (uint32_t)validity;
  }
}

/* The mailbox or the command is at fault, not one of the messages. */
static bool concerns_all(const struct imap_response *r) {
  return r->name == IMAP_NAME_BAD || imap_span_is(r->code, "TRYCREATE") ||
         imap_span_is(r->code, "NONEXISTENT");
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  size_t first = (size_t)c->step, end = a->append.multi ? a->append.count : first + 1;
  if (c->step == IMAP_STEP_OPEN) return IMAP_OK;
  if (r->name != IMAP_NAME_OK) {
    if (a->append.multi && !concerns_all(r)) {
      a->append.multi = false;
      return queue_singly(s, a);
    }
    if (a->append.count == 1 || a->append.multi)
      imap_failure_answer(&a->failure, c->name, r);
    else
      imap_failure_answer(&a->append.messages[first].failure, c->name, r);
    return IMAP_OK;
  }
  for (size_t i = first; i < end; i++) a->append.messages[i].stored = true;
  note_uids(a, first, end, r);
  return IMAP_OK;
}

const struct imap_routine imap_append_routine = {
  .name = "append", .changes = true, .release = release,
  .plan = plan, .answer = answer
};
