/* from_quoted.c - quoted-printable as a filter (RFC 2045 6.7). */
#include "mime/transfer.h"

#include <string.h>

static int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  return -1;
}

bool mime_is_hex(char byte) { return hex_value(byte) >= 0; }

int mime_hex_byte(char high, char low) {
  int first = hex_value(high), second = hex_value(low);
  return first < 0 || second < 0 ? -1 : first * 16 + second;
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

static void hold(struct mime_quoted *q, char byte) {
  q->held[q->size++] = byte;
}

/* What was held is plain text after all. */
static char *release(struct mime_quoted *q, char *to) {
  memcpy(to, q->held, q->size);
  to += q->size;
  q->size = 0;
  return to;
}

/* A line ends behind blanks, which go (rule 3), or behind "=" and blanks, and
** then the line end goes too (rule 5). */
static char *end_line(struct mime_quoted *q, char *to) {
  if (q->held[0] != '=') {
    if (q->held[q->size - 1] == '\r') *to++ = '\r';
    *to++ = '\n';
  }
  q->size = 0;
  return to;
}

/* One byte behind what is held: "=", "=X", "=" with blanks, or blanks, of
** which the last two may have a CR behind them. */
static char *settle(struct mime_quoted *q, char byte, char *to) {
  bool escape = q->held[0] == '=';
  bool half = escape && q->size == 2 && mime_is_hex(q->held[1]);
  bool hex = mime_is_hex(byte);
  if (half && hex) {
    *to++ = (char)mime_hex_byte(q->held[1], byte);
    q->size = 0;
    return to;
  }
  if (!half && byte == '\n') return end_line(q, to);
  if ((escape && q->size == 1 && hex) ||
      (!half && q->held[q->size - 1] != '\r' &&
       (is_blank(byte) || byte == '\r'))) {
    if (q->size == MIME_QUOTED_HELD) to = release(q, to);
    hold(q, byte);
    return to;
  }
  to = release(q, to);
  if (byte == '=' || is_blank(byte))
    hold(q, byte);
  else
    *to++ = byte;
  return to;
}

static const char *without_blanks(const char *from, const char *end) {
  if (end > from && end[-1] == '\r') end--;
  while (end > from && is_blank(end[-1])) end--;
  return end;
}

/* Nothing is held: text up to the next "=" or the end of the line goes as it
** is. Where its trailing blanks cannot be judged at a glance, the first is
** held, and the rest is left to settle(). */
static char *put_text(struct mime_quoted *q, const char **at, const char *end,
                      char *to) {
  const char *from = *at, *stop = from, *text;
  while (stop < end && *stop != '=' && *stop != '\n') stop++;
  text = stop < end && *stop == '=' ? stop : without_blanks(from, stop);
  memcpy(to, from, (size_t)(text - from));
  to += text - from;
  if (stop < end && *stop == '\n' && stop - text < MIME_QUOTED_HELD) {
    if (stop > from && stop[-1] == '\r') *to++ = '\r';
    *to++ = '\n';
    *at = stop + 1;
  } else if (end - text > 2 && *text == '=' &&
             mime_hex_byte(text[1], text[2]) >= 0) {
    *to++ = (char)mime_hex_byte(text[1], text[2]);
    *at = text + 3;
  } else {
    if (text < end) hold(q, *text++);
    *at = text;
  }
  return to;
}

size_t mime_quoted_step(struct mime_quoted *state, struct imap_span *in,
                        char *block, size_t room) {
  size_t size = in->size;
  const char *from = in->data, *end;
  char *to = block;
  if (size > room - MIME_QUOTED_HELD) size = room - MIME_QUOTED_HELD;
  end = from + size;
  while (from < end) {
    if (state->size > 0)
      to = settle(state, *from++, to);
    else
      to = put_text(state, &from, end, to);
  }
  in->data += size;
  in->size -= size;
  return (size_t)(to - block);
}

/* A "=" that ends the text is a soft break: the line's end belongs to the
** boundary behind it. Blanks there are not known to end a line, and stay. */
size_t mime_quoted_finish(struct mime_quoted *state, char *block) {
  size_t size = state->size;
  bool soft = size > 0 && state->held[0] == '=' &&
              (size == 1 || !mime_is_hex(state->held[1]));
  state->size = 0;
  if (soft) return 0;
  memcpy(block, state->held, size);
  return size;
}
