/* from_uu.c - uuencode as a filter.
** POSIX describes it under uuencode(1). A file begins behind a line "begin
** MODE NAME"; text around it is not part of it, and several may follow. */
#include "mime/transfer.h"

static const char begin[] = "begin ";

enum {
  BEGIN_SIZE = sizeof begin - 1,
  MOST_FOR_ONE = 64 /* a line's end may stand for so many bytes */
};

static char *put_group(struct mime_uu *u, char *to) {
  for (int shift = 16; shift >= 0 && u->expected > 0; shift -= 8) {
    *to++ = (char)(u->bits >> shift & 0xFF);
    u->expected--;
  }
  u->bits = 0;
  u->count = 0;
  return to;
}

/* Mail removes blanks at the end of a line, which are zeros here. */
static char *end_line(struct mime_uu *u, char *to) {
  while (u->expected > 0) {
    u->bits <<= 6 * (4 - u->count);
    to = put_group(u, to);
  }
  if (!u->inside && u->matched == BEGIN_SIZE) u->inside = true;
  u->within = u->skip = false;
  u->matched = 0;
  return to;
}

/* Behind "begin " the line says mode and name, which do not matter. */
static void seek_begin(struct mime_uu *u, char byte) {
  if (u->skip || u->matched == BEGIN_SIZE) return;
  if (byte == begin[u->matched])
    u->matched++;
  else
    u->skip = true;
}

/* The line's length; "end" has none that is possible. */
static void start_line(struct mime_uu *u, char byte) {
  u->within = true;
  if (byte < ' ' || byte > '`') {
    u->inside = false;
    u->skip = true;
  } else {
    u->expected = ((unsigned char)byte - 32U) & 63U;
  }
}

static char *put_one(struct mime_uu *u, char byte, char *to) {
  if (byte == '\n') return end_line(u, to);
  if (byte == '\r') return to;
  if (!u->inside) {
    seek_begin(u, byte);
  } else if (!u->within) {
    start_line(u, byte);
  } else if (u->expected > 0) {
    u->bits = u->bits << 6 | (((unsigned char)byte - 32U) & 63U);
    if (++u->count == 4) to = put_group(u, to);
  }
  return to;
}

size_t mime_uu_step(struct mime_uu *state, struct imap_span *in, char *block,
                    size_t room) {
  size_t size = in->size;
  char *to = block;
  if (size > room / MOST_FOR_ONE) size = room / MOST_FOR_ONE;
  for (size_t i = 0; i < size; i++) to = put_one(state, in->data[i], to);
  in->data += size;
  in->size -= size;
  return (size_t)(to - block);
}

size_t mime_uu_finish(struct mime_uu *state, char *block) {
  unsigned bytes = state->count * 6 / 8;
  if (state->expected > bytes) state->expected = bytes;
  return (size_t)(end_line(state, block) - block);
}
