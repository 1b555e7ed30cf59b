/* words.c - encoded words in header fields (RFC 2047), to UTF-8. */
#include "mime/words.h"

#include <string.h>

#include "mime/charset.h"
#include "mime/convert.h"
#include "mime/names.h"
#include "mime/transfer.h"
#include "protocol/eight.h"

enum { BLOCK = MIME_BLOCK_MIN };

/* encoded-word = "=?" charset "?" encoding "?" encoded-text "?=" */
struct word {
  struct imap_span charset, text;
  bool base64;
  size_t start, end; /* in the whole text */
};

static bool is_break(char byte) { return byte == '\r' || byte == '\n'; }

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || is_break(byte);
}

/* Whether one of eight bytes may matter to mime_words_plain(). */
static bool may_matter(uint64_t eight) {
  return (imap_eight_below(eight, '\r' + 1) | imap_eight_is(eight, '=')) != 0;
}

/* The last eight may overlap those before. */
static bool surely_plain(struct imap_span text) {
  size_t i = 0;
  if (text.size < IMAP_EIGHT)
    return text.size >= IMAP_EIGHT / 2 &&
           !may_matter(imap_eight_of(text.data, text.size));
  for (; i < text.size - IMAP_EIGHT; i += IMAP_EIGHT)
    if (may_matter(imap_eight(text.data + i))) return false;
  return !may_matter(imap_eight(text.data + text.size - IMAP_EIGHT));
}

bool mime_words_plain(struct imap_span text) {
  if (surely_plain(text)) return true;
  for (size_t i = 0; i < text.size; i++) {
    char byte = text.data[i];
    if ((unsigned char)byte >= 0x80 || is_break(byte)) return false;
    if (byte == '=' && i + 1 < text.size && text.data[i + 1] == '?')
      return false;
  }
  return true;
}

/* Finds the "?=" that ends the encoded text at `from`. Another "=?" before it
** shows that the word was never finished; so no byte is looked at from more
** than one beginning. Blanks are let through: senders forget to write "_". */
static bool find_end(struct imap_span s, size_t from, size_t *end) {
  for (size_t at = from; at + 1 < s.size; at++) {
    const char *mark = memchr(s.data + at, '?', s.size - 1 - at);
    if (mark == NULL) return false;
    at = (size_t)(mark - s.data);
    if (mark[1] == '=') {
      *end = at;
      return true;
    }
    if (at > from && mark[-1] == '=') return false;
  }
  return false;
}

/* A word at `at`, where "=?" stands. */
static bool try_word(struct imap_span s, size_t at, struct word *w) {
  size_t begin = at + 2, mark = begin, end;
  while (mark < s.size && s.data[mark] != '?' && s.data[mark] != '=' &&
         s.data[mark] > ' ' && s.data[mark] < 0x7F)
    mark++;
  if (mark + 3 > s.size || s.data[mark] != '?' || s.data[mark + 2] != '?')
    return false;
  switch (s.data[mark + 1]) {
    case 'B': case 'b': w->base64 = true; break;
    case 'Q': case 'q': w->base64 = false; break;
    default: return false;
  }
  if (!find_end(s, mark + 3, &end)) return false;
  w->charset = (struct imap_span){s.data + begin, mark - begin};
  w->text = (struct imap_span){s.data + mark + 3, end - (mark + 3)};
  w->start = at;
  w->end = end + 2;
  return true;
}

static bool find_word(struct imap_span s, size_t from, struct word *w) {
  while (s.size - from >= 2) {
    const char *at = memchr(s.data + from, '=', s.size - from - 1);
    if (at == NULL) return false;
    from = (size_t)(at - s.data);
    if (at[1] == '?' && try_word(s, from, w)) return true;
    from++;
  }
  return false;
}

static size_t skip_blanks(struct imap_span s, size_t from) {
  while (from < s.size && is_blank(s.data[from])) from++;
  return from;
}

/* Text outside of words, unfolded (RFC 5322 2.2.3): a line break goes where a
** blank or nothing follows, and the blank stays. */
static int add_raw(struct imap_span raw, struct imap_buffer *out) {
  size_t start = 0;
  if (raw.size == 0) return out->status;
  for (size_t i = 0; i < raw.size; i++) {
    size_t behind = i;
    if (!is_break(raw.data[i])) continue;
    while (behind < raw.size && is_break(raw.data[behind])) behind++;
    if (behind == raw.size || is_blank(raw.data[behind])) {
      mime_charset_guess((struct imap_span){raw.data + start, i - start}, out);
      start = behind;
    }
    i = behind - 1;
  }
  return mime_charset_guess(
    (struct imap_span){raw.data + start, raw.size - start}, out);
}

/* The Q encoding (RFC 2047 4.2): "_" is a blank in every charset. */
static size_t q_step(struct imap_span *in, char *block, size_t room) {
  size_t i = 0, made = 0;
  for (; i < in->size && made < room; i++) {
    char byte = in->data[i];
    if (is_break(byte)) continue; /* a fold inside the word */
    if (byte == '_') byte = ' ';
    if (byte == '=' && in->size - i > 2) {
      int spelt = mime_hex_byte(in->data[i + 1], in->data[i + 2]);
      if (spelt >= 0) {
        byte = (char)spelt;
        i += 2;
      }
    }
    block[made++] = byte;
  }
  in->data += i;
  in->size -= i;
  return made;
}

/* A run of adjacent words in one charset. */
struct run {
  const struct mime_charset *charset;
  struct mime_converter converter;
  struct mime_base64 base64; /* goes on from word to word, where one is cut */
};

static void end_group(struct run *r, struct imap_buffer *out) {
  char block[BLOCK];
  size_t size;
  if (r->base64.count == 0) return;
  size = mime_base64_finish(&r->base64, block);
  mime_converter_feed(&r->converter, (struct imap_span){block, size}, out);
}

static void feed_word(struct run *r, struct imap_span text, bool base64,
                      struct imap_buffer *out) {
  char block[BLOCK];
  if (!base64 || !mime_base64_cut(&r->base64)) end_group(r, out);
  while (text.size > 0 && out->status == IMAP_OK) {
    size_t size = base64
                    ? mime_base64_step(&r->base64, &text, block, sizeof block)
                    : q_step(&text, block, sizeof block);
    mime_converter_feed(&r->converter, (struct imap_span){block, size}, out);
  }
}

/* Decodes the word and those that follow it with nothing but blanks between.
** Returns the end of the last. */
static size_t decode_run(struct run *r, struct imap_span s, struct word word,
                         struct imap_buffer *out) {
  size_t end, next;
  do {
    feed_word(r, word.text, word.base64, out);
    end = word.end;
    next = skip_blanks(s, end);
  } while (s.size - next >= 2 && s.data[next] == '=' &&
           s.data[next + 1] == '?' && try_word(s, next, &word) &&
           mime_charset_find(word.charset) == r->charset);
  end_group(r, out);
  mime_converter_finish(&r->converter, out);
  return end;
}

static int open_run(struct run *r, struct imap_span charset) {
  memset(&r->base64, 0, sizeof r->base64);
  r->charset = mime_charset_find(charset);
  if (r->charset == NULL) return IMAP_INVALID;
  return mime_converter_open(&r->converter, r->charset);
}

/* Text from `raw` on has not been written yet. Blanks between words go (RFC
** 2047 6.2); a word in an unknown charset is text like any other. */
static int decode(struct imap_span s, struct imap_buffer *out) {
  size_t raw = 0, at = 0;
  struct word word;
  while (out->status == IMAP_OK && find_word(s, at, &word)) {
    struct run run;
    int status = open_run(&run, word.charset);
    at = word.end;
    if (status == IMAP_INVALID) continue;
    if (status != IMAP_OK) return out->status = status;
    if (raw == 0 || skip_blanks(s, raw) != word.start)
      add_raw((struct imap_span){s.data + raw, word.start - raw}, out);
    raw = at = decode_run(&run, s, word, out);
    mime_converter_close(&run.converter);
  }
  return add_raw((struct imap_span){s.data + raw, s.size - raw}, out);
}

int mime_words_decode(struct imap_span text, struct imap_buffer *out) {
  if (mime_words_plain(text)) return imap_buffer_add_span(out, text);
  return decode(text, out);
}
