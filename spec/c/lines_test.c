/* lines_test.c - line ends: every short text of the octets that matter, cut
** anywhere, comes out as a loop over single octets says (row C8). */
#include "check.h"
#include "protocol/lines.h"

enum { LENGTH = 500 };

/* A text that is x but for `pattern`, in base 4, from `at` on. */
static void write_text(char *text, size_t at, unsigned pattern) {
  memset(text, 'x', LENGTH);
  for (size_t i = 0; i < 5; i++, pattern /= 4) text[at + i] = "\r\n\0y"[pattern % 4];
}

static size_t mend_one_by_one(const char *text, bool after_cr, char *out) {
  size_t size = 0;
  for (size_t i = 0; i < LENGTH; i++) {
    bool bare = text[i] == '\n' && !(i > 0 ? text[i - 1] == '\r' : after_cr);
    if (bare) out[size++] = '\r';
    out[size++] = text[i];
  }
  return size;
}

/* Looked at and mended in two chunks. */
static void check_cut(const char *text, size_t cut, bool after_cr,
                      const char *wanted, size_t size) {
  struct imap_span front = {text, cut}, back = {text + cut, LENGTH - cut};
  bool cr = imap_lines_end_with_cr(front, after_cr);
  struct imap_lines a = imap_lines_look(front, after_cr), b = imap_lines_look(back, cr);
  char out[2 * LENGTH];
  size_t made = imap_lines_mend(front, after_cr, out);
  made += imap_lines_mend(back, cr, out + made);
  CHECK(made == size && memcmp(out, wanted, size) == 0);
  CHECK(a.bare + b.bare == size - LENGTH);
  CHECK((a.has_nul || b.has_nul) == (memchr(text, 0, LENGTH) != NULL));
}

int main(void) {
  static const size_t places[] = {0, 1, 188, 190, 191, 192, 381, 384, LENGTH - 5};
  char text[LENGTH], wanted[2 * LENGTH];
  for (size_t p = 0; p < sizeof places / sizeof *places; p++)
    for (unsigned pattern = 0; pattern < 4 * 4 * 4 * 4 * 4; pattern++)
      for (int after_cr = 0; after_cr < 2; after_cr++) {
        size_t size;
        write_text(text, places[p], pattern);
        size = mend_one_by_one(text, after_cr != 0, wanted);
        for (size_t cut = places[p]; cut <= places[p] + 5; cut++)
          check_cut(text, cut, after_cr != 0, wanted, size);
      }
  memset(text, '\n', LENGTH); /* as many as a block can have */
  check_cut(text, 250, false, wanted, mend_one_by_one(text, false, wanted));
  return check_report();
}
