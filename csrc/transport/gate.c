/* gate.c - judges what passes before libcurl hands the connection over. */
#include "transport/gate.h"

#include <string.h>

#include "transport/failure.h"

enum {
  PRELUDE_CEILING = 256 * 1024, /* against a server that never stops talking */
  TRACE_CEILING = 512 * 1024
};

void imap_gate_init(struct imap_gate *gate,
                    const struct imap_transport_options *options,
                    struct imap_transport_failure *failure) {
  memset(gate, 0, sizeof *gate);
  gate->security = options->security;
  gate->line_limit = options->line_limit;
  gate->tracing = options->trace;
  gate->failure = failure;
  imap_buffer_init(&gate->prelude, PRELUDE_CEILING);
  imap_buffer_init(&gate->trace, TRACE_CEILING);
  imap_gate_restart(gate);
}

void imap_gate_restart(struct imap_gate *gate) {
  gate->greeted = gate->starttls = false;
  gate->secure = gate->security == IMAP_TLS;
  gate->tag[0] = '\0';
  gate->judged = gate->early = 0;
  imap_buffer_clear(&gate->prelude);
}

void imap_gate_free(struct imap_gate *gate) {
  imap_buffer_free(&gate->prelude);
  imap_buffer_free(&gate->trace);
}

/* The word at the front of a line, taken off with the blank behind it. */
static struct imap_span take_word(struct imap_span *line) {
  struct imap_span word = {line->data, 0};
  while (word.size < line->size && line->data[word.size] != ' ') word.size++;
  line->data += word.size;
  line->size -= word.size;
  if (line->size > 0) {
    line->data++;
    line->size--;
  }
  return word;
}

static struct imap_span without_end(struct imap_span line) {
  if (line.size > 0 && line.data[line.size - 1] == '\n') line.size--;
  if (line.size > 0 && line.data[line.size - 1] == '\r') line.size--;
  return line;
}

static void note(struct imap_gate *gate, const char *who, struct imap_span line) {
  if (!gate->tracing) return;
  imap_buffer_add_text(&gate->trace, who);
  imap_buffer_add_span(&gate->trace, line);
  imap_buffer_add_byte(&gate->trace, '\n');
}

static bool refuse(struct imap_gate *gate, enum imap_stage stage,
                   const char *text, struct imap_span line) {
  int shown = line.size > 160 ? 160 : (int)line.size;
  imap_fail(gate->failure, stage, NULL, "%s: %.*s", text, shown, line.data);
  return false;
}

/* Before STARTTLS is through, whatever goes wrong is a failure of TLS. */
static bool is_in_clear(const struct imap_gate *gate) {
  return gate->security == IMAP_STARTTLS && !gate->secure;
}

static bool keep(struct imap_gate *gate, struct imap_span line) {
  if (is_in_clear(gate)) return true; /* nothing in clear is believed: A3 */
  switch (imap_buffer_add_span(&gate->prelude, line)) {
    case IMAP_OK: return true;
    case IMAP_NOMEM:
      imap_fail_memory(gate->failure);
      return false;
    default:
      imap_fail(gate->failure, IMAP_STAGE_LIMIT, NULL,
                "the server sent over %d bytes before login", PRELUDE_CEILING);
      return false;
  }
}

/* greeting = "*" SP ("OK" / "PREAUTH" / "BYE") SP resp-text CRLF; A4, A9, F10 */
static bool judge_greeting(struct imap_gate *gate, struct imap_span line,
                           uint64_t arrived) {
  struct imap_span rest = without_end(line);
  struct imap_span star = take_word(&rest), kind = take_word(&rest);
  gate->greeted = true;
  gate->early = arrived == IMAP_UNTOLD ? 0 : arrived;
  if (!imap_span_is(star, "*"))
    return refuse(gate, IMAP_STAGE_PROTOCOL, "not a greeting", without_end(line));
  if (imap_span_is(kind, "OK")) return keep(gate, line);
  if (imap_span_is(kind, "BYE"))
    return refuse(gate, IMAP_STAGE_CLOSED, "the server said BYE", rest);
  if (!imap_span_is(kind, "PREAUTH"))
    return refuse(gate, IMAP_STAGE_PROTOCOL, "not a greeting", without_end(line));
  if (is_in_clear(gate))
    return refuse(gate, IMAP_STAGE_TLS, "the server greets with PREAUTH, "
                  "which makes STARTTLS impossible", rest);
  return keep(gate, line);
}

/* A line that goes on in a literal; libcurl would take that for lines. */
static bool announces_literal(struct imap_span text) {
  size_t at = text.size;
  if (at < 3 || text.data[--at] != '}') return false;
  while (at > 0 && text.data[at - 1] != '{') at--;
  return at > 0;
}

static bool judge_untagged(struct imap_gate *gate, struct imap_span line) {
  struct imap_span text = without_end(line), rest = text, kind;
  take_word(&rest);
  kind = take_word(&rest);
  if (imap_span_is(kind, "BYE"))
    return refuse(gate, is_in_clear(gate) ? IMAP_STAGE_TLS : IMAP_STAGE_CLOSED,
                  "the server said BYE", rest);
  /* The text of a status may end in braces; a literal it cannot carry. */
  if (!imap_span_is(kind, "OK") && !imap_span_is(kind, "NO") &&
      !imap_span_is(kind, "BAD") && announces_literal(text))
    return refuse(gate, IMAP_STAGE_PROTOCOL,
                  "a literal before login was asked for", text);
  return keep(gate, line);
}

/* Only a tagged OK, with nothing behind it, starts TLS: A1, A2, A6. */
static bool judge_starttls(struct imap_gate *gate, bool ok,
                           struct imap_span text, uint64_t arrived) {
  if (!ok)
    return refuse(gate, IMAP_STAGE_TLS, "the server refuses STARTTLS", text);
  if (arrived != IMAP_UNTOLD && arrived > gate->judged)
    return refuse(gate, IMAP_STAGE_TLS, "data was injected behind the reply to "
                  "STARTTLS", text);
  gate->secure = true;
  gate->judged = gate->early = 0; /* a new stream begins */
  imap_buffer_clear(&gate->prelude);
  return true;
}

/* response-tagged = tag SP ("OK" / "NO" / "BAD") SP resp-text CRLF; A8 */
static bool judge_tagged(struct imap_gate *gate, struct imap_span line,
                         uint64_t arrived) {
  struct imap_span text = without_end(line), rest = text;
  struct imap_span tag = take_word(&rest), kind = take_word(&rest);
  bool ok = imap_span_is(kind, "OK");
  if (gate->tag[0] == '\0' || !imap_span_equal(tag, imap_span_of(gate->tag)))
    return refuse(gate, IMAP_STAGE_PROTOCOL, "a reply to no command", text);
  if (ok && gate->judged <= gate->early)
    return refuse(gate, IMAP_STAGE_PROTOCOL,
                  "a command was answered before it was sent", text);
  if (!ok && !imap_span_is(kind, "NO") && !imap_span_is(kind, "BAD"))
    return refuse(gate, is_in_clear(gate) ? IMAP_STAGE_TLS : IMAP_STAGE_PROTOCOL,
                  "neither OK, NO nor BAD", text);
  gate->tag[0] = '\0';
  if (gate->starttls) return judge_starttls(gate, ok, text, arrived);
  gate->early = arrived == IMAP_UNTOLD ? 0 : arrived;
  return true;
}

bool imap_gate_line(struct imap_gate *gate, struct imap_span line,
                    uint64_t arrived) {
  struct imap_span text = without_end(line);
  gate->judged += line.size;
  if (text.size > gate->line_limit) {
    imap_fail(gate->failure, IMAP_STAGE_LIMIT, NULL,
              "the server sent a line of over %zu bytes", gate->line_limit);
    return false;
  }
  note(gate, "S: ", text);
  if (!gate->greeted) return judge_greeting(gate, line, arrived);
  if (text.size > 1 && text.data[0] == '*' && text.data[1] == ' ')
    return judge_untagged(gate, line);
  return judge_tagged(gate, line, arrived);
}

void imap_gate_command(struct imap_gate *gate, struct imap_span line) {
  struct imap_span rest = without_end(line), tag;
  note(gate, "C: ", rest);
  tag = take_word(&rest);
  if (tag.size >= sizeof gate->tag) tag.size = 0;
  if (tag.size > 0) memcpy(gate->tag, tag.data, tag.size);
  gate->tag[tag.size] = '\0';
  gate->starttls = imap_span_is(rest, "STARTTLS");
}

bool imap_gate_handover(struct imap_gate *gate, uint64_t taken) {
  if (!gate->greeted || is_in_clear(gate)) {
    imap_fail(gate->failure, IMAP_STAGE_TLS, NULL,
              "the connection was handed over without TLS");
    return false;
  }
  if (taken < gate->judged) { /* whoever counts no longer does it well */
    imap_fail(gate->failure, IMAP_STAGE_PROTOCOL, NULL, "the bytes received "
              "before login do not add up: this is a defect of imapconn");
    return false;
  }
  if (taken != IMAP_UNTOLD && taken > gate->judged) {
    imap_fail(gate->failure, IMAP_STAGE_PROTOCOL, NULL,
              "the server sent %llu bytes that nobody asked for behind its "
              "capabilities", (unsigned long long)(taken - gate->judged));
    return false;
  }
  return true;
}
