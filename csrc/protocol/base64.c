/* base64.c - base64 (RFC 4648 section 4), canonical both ways. */
#include "protocol/base64.h"

#include <stdint.h>

#include "protocol/chars.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three octets as four digits; a shorter rest is padded. */
static void write_group(char *to, const char *from, size_t count) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 3; i++)
    bits = bits << 8 | (i < count ? (unsigned char)from[i] : 0u);
  for (size_t i = 0; i < 4; i++)
    to[i] = i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
}

/* All the room is asked for at once: a secret leaves no copy in memory that
** growing has given back. */
int imap_base64_encode(struct imap_span bytes, struct imap_buffer *out) {
  size_t size = (bytes.size + 2) / 3 * 4;
  char *to = imap_buffer_room(out, size);
  if (to == NULL) return out->status;
  for (size_t at = 0; at < bytes.size; at += 3, to += 4) {
    size_t left = bytes.size - at;
    write_group(to, bytes.data + at, left < 3 ? left : 3);
  }
  out->size += size;
  return IMAP_OK;
}

static uint32_t digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return (uint32_t)(c - 'A');
  if (c >= 'a' && c <= 'z') return (uint32_t)(c - 'a' + 26);
  if (c >= '0' && c <= '9') return (uint32_t)(c - '0' + 52);
  return c == '+' ? 62 : 63;
}

/* The octets of four digits, the last `padding` of which are "="; false where
** bits that no octet holds are not zero (RFC 4648 3.5). */
static bool read_group(char *to, const char *from, size_t padding) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; i++)
    bits = bits << 6 | (i < 4 - padding ? digit_value(from[i]) : 0u);
  for (size_t i = 0; i < 3 - padding; i++)
    to[i] = (char)(unsigned char)(bits >> (16 - 8 * i) & 0xff);
  return (bits & ((1u << 8 * padding) - 1)) == 0;
}

static size_t padding_of(struct imap_span text) {
  size_t padding = 0;
  while (padding < 2 && padding < text.size &&
         text.data[text.size - 1 - padding] == '=')
    padding++;
  return padding;
}

int imap_base64_decode(struct imap_span text, struct imap_buffer *out) {
  size_t padding = padding_of(text);
  size_t size = text.size / 4 * 3 - padding;
  char *to;
  if (text.size % 4 != 0) return IMAP_INVALID;
  for (size_t i = 0; i < text.size - padding; i++)
    if (!imap_char_is(text.data[i], IMAP_CHAR_BASE64)) return IMAP_INVALID;
  to = imap_buffer_room(out, size);
  if (to == NULL) return out->status;
  for (size_t at = 0; at < text.size; at += 4, to += 3) {
    bool last = at + 4 == text.size;
    if (!read_group(to, text.data + at, last ? padding : 0))
      return IMAP_INVALID;
  }
  out->size += size;
  return IMAP_OK;
}
