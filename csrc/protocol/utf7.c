/* utf7.c - modified UTF-7 (RFC 3501 5.1.3) and UTF-8 (RFC 3629). */
#include "protocol/utf7.h"

#include <stdint.h>

/* The base64 of RFC 2045 with "," for "/", and without padding. */
static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static const uint32_t not_a_character = UINT32_MAX;

/* Continuation bytes behind a first byte that is not ASCII, and the lowest
** character that needs so many; 0 where none can follow. */
static size_t utf8_tail(unsigned char first, uint32_t *lowest) {
  if (first >= 0xc2 && first <= 0xdf) return *lowest = 0x80, 1;
  if (first >= 0xe0 && first <= 0xef) return *lowest = 0x800, 2;
  if (first >= 0xf0 && first <= 0xf4) return *lowest = 0x10000, 3;
  return 0;
}

/* The character at the front of `text`, which is not empty, and its bytes. */
static uint32_t utf8_front(struct imap_span text, size_t *bytes) {
  const unsigned char *at = (const unsigned char *)text.data;
  uint32_t lowest = 0, character = at[0];
  size_t tail;
  *bytes = 1;
  if (character < 0x80) return character;
  tail = utf8_tail(at[0], &lowest);
  if (tail == 0 || tail >= text.size) return not_a_character;
  character &= 0x3fu >> tail;
  for (size_t i = 1; i <= tail; i++) {
    if ((at[i] & 0xc0) != 0x80) return not_a_character;
    character = character << 6 | (at[i] & 0x3fu);
  }
  *bytes = tail + 1;
  if (character < lowest || character > 0x10ffff) return not_a_character;
  if (character >= 0xd800 && character <= 0xdfff) return not_a_character;
  return character;
}

static struct imap_span behind(struct imap_span text, size_t bytes) {
  return (struct imap_span){text.data + bytes, text.size - bytes};
}

bool imap_utf8_valid(struct imap_span text) {
  while (text.size > 0) {
    size_t bytes;
    if (utf8_front(text, &bytes) == not_a_character) return false;
    text = behind(text, bytes);
  }
  return true;
}

static void add_utf8(uint32_t character, struct imap_buffer *out) {
  static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
  unsigned tail = character < 0x80 ? 0
                  : character < 0x800 ? 1
                  : character < 0x10000 ? 2 : 3;
  imap_buffer_add_byte(
      out, (char)(unsigned char)(first[tail] | character >> 6 * tail));
  while (tail-- > 0)
    imap_buffer_add_byte(
        out, (char)(unsigned char)(0x80 | (character >> 6 * tail & 0x3f)));
}

/* Printable ASCII stands for itself (RFC 3501: base64 MUST NOT be used for it;
** were it read, two mailboxes would bear one name), all else goes in base64.
** NUL, CR and LF cannot be sent either way. */
static bool may_be_encoded(uint32_t character) {
  if (character == 0 || character == '\r' || character == '\n') return false;
  return character < 0x20 || character > 0x7e;
}

/* --- To the wire -------------------------------------------------------- */

/* Bits on their way into or out of base64 digits. */
struct bits {
  uint32_t value;
  unsigned count;
};

static void put_unit(struct bits *bits, uint32_t unit,
                     struct imap_buffer *out) {
  bits->value = bits->value << 16 | unit;
  bits->count += 16;
  while (bits->count >= 6) {
    bits->count -= 6;
    imap_buffer_add_byte(out, digits[bits->value >> bits->count & 63]);
  }
  bits->value &= (1u << bits->count) - 1;
}

/* One run: "&", UTF-16 in base64, "-". Answers what is behind it. */
static struct imap_span encode_run(struct imap_span text,
                                   struct imap_buffer *out) {
  struct bits bits = {0, 0};
  imap_buffer_add_byte(out, '&');
  while (text.size > 0 && may_be_encoded((unsigned char)text.data[0])) {
    size_t bytes;
    uint32_t character = utf8_front(text, &bytes);
    if (character >= 0x10000) {
      put_unit(&bits, 0xd800 | (character - 0x10000) >> 10, out);
      character = 0xdc00 | (character & 0x3ff);
    }
    put_unit(&bits, character, out);
    text = behind(text, bytes);
  }
  if (bits.count > 0)
    imap_buffer_add_byte(out, digits[bits.value << (6 - bits.count) & 63]);
  imap_buffer_add_byte(out, '-');
  return text;
}

int imap_utf7_encode(struct imap_span utf8, struct imap_buffer *out) {
  if (!imap_utf8_valid(utf8)) return IMAP_INVALID;
  while (utf8.size > 0) {
    char byte = utf8.data[0];
    if (may_be_encoded((unsigned char)byte)) {
      utf8 = encode_run(utf8, out);
      continue;
    }
    imap_buffer_add_byte(out, byte);
    if (byte == '&') imap_buffer_add_byte(out, '-');
    utf8 = behind(utf8, 1);
  }
  return out->status;
}

/* --- From the wire ------------------------------------------------------ */

static int digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == ',' ? 63 : -1;
}

/* One UTF-16 unit; `high` holds the first half of a pair, or zero. */
static bool take_unit(uint32_t unit, uint32_t *high, struct imap_buffer *out) {
  bool low = unit >= 0xdc00 && unit <= 0xdfff;
  if (low != (*high != 0)) return false;
  if (unit >= 0xd800 && unit <= 0xdbff) {
    *high = unit;
    return true;
  }
  if (low) unit = 0x10000 + ((*high & 0x3ff) << 10 | (unit & 0x3ff));
  *high = 0;
  if (!may_be_encoded(unit)) return false;
  add_utf8(unit, out);
  return true;
}

/* The digits between "&" and "-", which are *wire's front; it moves behind
** the "-". Bits that are left over must be zero, and too few for a digit. */
static bool decode_run(struct imap_span *wire, struct imap_buffer *out) {
  struct bits bits = {0, 0};
  uint32_t high = 0;
  for (; wire->size > 0; *wire = behind(*wire, 1)) {
    int digit = digit_value(wire->data[0]);
    if (digit < 0) break;
    bits.value = bits.value << 6 | (uint32_t)digit;
    bits.count += 6;
    if (bits.count < 16) continue;
    bits.count -= 16;
    if (!take_unit(bits.value >> bits.count, &high, out)) return false;
    bits.value &= (1u << bits.count) - 1;
  }
  if (wire->size == 0 || wire->data[0] != '-') return false;
  *wire = behind(*wire, 1);
  return high == 0 && bits.value == 0 && bits.count < 6;
}

static bool starts(struct imap_span text, char first, bool dash) {
  return text.size > 0 && text.data[0] == first &&
         dash == (text.size > 1 && text.data[1] == '-');
}

static bool decode(struct imap_span wire, struct imap_buffer *out) {
  while (wire.size > 0) {
    size_t bytes;
    if (starts(wire, '&', false)) {
      wire = behind(wire, 1);
      if (!decode_run(&wire, out)) return false;
      /* two runs where one would do: a superfluous shift */
      if (starts(wire, '&', false)) return false;
      continue;
    }
    if (utf8_front(wire, &bytes) == not_a_character) return false;
    imap_buffer_add(out, wire.data, bytes);
    if (wire.data[0] == '&') bytes = 2;
    wire = behind(wire, bytes);
  }
  return true;
}

int imap_utf7_decode(struct imap_span wire, struct imap_buffer *out) {
  size_t before = out->size;
  if (decode(wire, out)) return out->status;
  out->size = before;
  return IMAP_INVALID;
}
