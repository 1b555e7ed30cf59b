/* lines.c - finds and mends bare line ends. */
#include "protocol/lines.h"

/* Octets looked at without a branch, of which compilers make vectors; no more than
** an octet can count. 64 take a fourth longer, a loop of memchr over lines of 76
** octets six times as long. */
enum { BLOCK = 192 };

/* The block's first octet has one in front of it. */
static void look_at_block(const char *at, struct imap_lines *lines) {
  unsigned char bare = 0, least = 1;
  for (int i = 0; i < BLOCK; i++) {
    unsigned char octet = (unsigned char)at[i];
    bare = (unsigned char)(bare + ((at[i] == '\n') & (at[i - 1] != '\r')));
    least = octet < least ? octet : least;
  }
  lines->bare += bare;
  if (least == 0) lines->has_nul = true;
}

struct imap_lines imap_lines_look(struct imap_span chunk, bool after_cr) {
  struct imap_lines lines = {0, false};
  size_t i = 1;
  if (chunk.size == 0) return lines;
  lines.bare = chunk.data[0] == '\n' && !after_cr;
  lines.has_nul = chunk.data[0] == '\0';
  for (; chunk.size - i >= BLOCK; i += BLOCK) look_at_block(chunk.data + i, &lines);
  for (; i < chunk.size; i++) {
    lines.bare += chunk.data[i] == '\n' && chunk.data[i - 1] != '\r';
    if (chunk.data[i] == '\0') lines.has_nul = true;
  }
  return lines;
}

size_t imap_lines_mend(struct imap_span chunk, bool after_cr, char *out) {
  char *start = out;
  for (size_t i = 0; i < chunk.size; i++) {
    if (chunk.data[i] == '\n' && !after_cr) *out++ = '\r';
    after_cr = chunk.data[i] == '\r';
    *out++ = chunk.data[i];
  }
  return (size_t)(out - start);
}

bool imap_lines_end_with_cr(struct imap_span chunk, bool after_cr) {
  return chunk.size > 0 ? chunk.data[chunk.size - 1] == '\r' : after_cr;
}
