/* from_base64.c - base64 as a filter (RFC 2045 6.8). */
#include "mime/transfer.h"

enum { SKIP = 0x80, PAD = 0xC0 /* both have the bit that no value has */ };

/* A row is sixteen bytes of ASCII; above it nothing counts. */
static const unsigned char values[256] = {
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,  62, 128, 128, 128,  63,
   52,  53,  54,  55,  56,  57,  58,  59,  60,  61, 128, 128, 128, 192, 128, 128,
  128,   0,   1,   2,   3,   4,   5,   6,   7,   8,   9,  10,  11,  12,  13,  14,
   15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25, 128, 128, 128, 128, 128,
  128,  26,  27,  28,  29,  30,  31,  32,  33,  34,  35,  36,  37,  38,  39,  40,
   41,  42,  43,  44,  45,  46,  47,  48,  49,  50,  51, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128
};

static unsigned value_of(const char *byte) {
  return values[(unsigned char)*byte];
}

/* Whole groups, four characters at a time, up to the first that is not. */
static char *put_groups(const char **from, const char *end, char *to) {
  const char *at = *from;
  while (end - at >= 4) {
    unsigned a = value_of(at), b = value_of(at + 1);
    unsigned c = value_of(at + 2), d = value_of(at + 3);
    if (((a | b | c | d) & SKIP) != 0) break;
    to[0] = (char)(a << 2 | b >> 4);
    to[1] = (char)(b << 4 | c >> 2);
    to[2] = (char)(c << 6 | d);
    to += 3;
    at += 4;
  }
  *from = at;
  return to;
}

/* The bytes that an incomplete group stands for; the rest of its bits goes. */
static char *put_rest(struct mime_base64 *state, char *to) {
  uint_least32_t bits = state->bits << 6 * (4 - state->count);
  if (state->count >= 2) *to++ = (char)(bits >> 16 & 0xFF);
  if (state->count == 3) *to++ = (char)(bits >> 8 & 0xFF);
  state->bits = 0;
  state->count = 0;
  return to;
}

static char *put_one(struct mime_base64 *state, const char *byte, char *to) {
  unsigned value = value_of(byte);
  if (value == PAD) return put_rest(state, to);
  if (value == SKIP) return to;
  state->bits = state->bits << 6 | value;
  if (++state->count < 4) return to;
  *to++ = (char)(state->bits >> 16 & 0xFF);
  *to++ = (char)(state->bits >> 8 & 0xFF);
  *to++ = (char)(state->bits & 0xFF);
  state->bits = 0;
  state->count = 0;
  return to;
}

size_t mime_base64_step(struct mime_base64 *state, struct imap_span *in,
                        char *block, size_t room) {
  size_t size = in->size < room ? in->size : room;
  const char *from = in->data, *end = from + size;
  char *to = block;
  while (from < end) {
    if (state->count == 0) to = put_groups(&from, end, to);
    if (from < end) to = put_one(state, from++, to);
  }
  in->data += size;
  in->size -= size;
  return (size_t)(to - block);
}

size_t mime_base64_finish(struct mime_base64 *state, char *block) {
  return (size_t)(put_rest(state, block) - block);
}

bool mime_base64_cut(const struct mime_base64 *state) {
  static const unsigned unused[4] = {0x00, 0x3F, 0x0F, 0x03};
  if (state->count == 1) return true;
  return (state->bits & unused[state->count]) != 0;
}
