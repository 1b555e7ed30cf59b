/* mime.c - fuzzes the MIME filters: however a part is cut they give the same,
** and what they call UTF-8 is UTF-8.
** Input: an encoding, a charset, a count of cuts, a length for each, the part;
** the part's lines also serve as header text, and as parameters. */
#include "fuzz.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/params.h"
#include "mime/words.h"
#include "protocol/utf7.h"

enum {
  CEILING = 1 << 26,
  MAX_PARAMS = 16,
  /* A line of uuencode, its blanks at the end removed, is two bytes for 63,
  ** each of which a charset may make three. */
  MAX_GROWTH = 96
};

static const char *const encodings[] = {
  "base64", "quoted-printable", "7bit", "8bit", "binary", "x-uuencode",
  "BASE64", "nonsense", ""
};

static const char *const charsets[] = {
  NULL, "", "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "koi8-r",
  "iso-2022-jp", "shift_jis", "euc-jp", "gb18030", "gb2312", "big5",
  "ks_c_5601-1987", "utf-16", "utf-16le", "utf-7", "utf-32", "unknown-8bit",
  "macintosh", "iso-8859-8-i", "euc-kr", "iso-2022-kr", "tis-620", "hz-gb-2312",
  "no-such-charset", "iso-8859-15", "cp437"
};

static struct imap_span name(const char *text) {
  return text != NULL ? imap_span_of(text) : (struct imap_span){NULL, 0};
}

static void feed(struct mime_decoder *d, const char *data, size_t size,
                 struct imap_buffer *out) {
  NEED(mime_decoder_feed(d, (struct imap_span){data, size}, out) == IMAP_OK);
}

/* Decodes with cuts after `lengths`, or after each `step` bytes. */
static bool decode(struct imap_span part, const char *encoding,
                   const char *charset, struct imap_span lengths, size_t step,
                   struct imap_buffer *out) {
  struct mime_decoder *d = mime_decoder_new(name(encoding), name(charset));
  size_t at = 0;
  bool converted;
  NEED(d != NULL);
  for (size_t i = 0; at < part.size; i++) {
    size_t size = i < lengths.size ? (uint8_t)lengths.data[i] : step;
    if (size > part.size - at) size = part.size - at;
    feed(d, part.data + at, size, out);
    at += size;
  }
  NEED(mime_decoder_finish(d, out) == IMAP_OK);
  converted = mime_decoder_converted(d);
  mime_decoder_free(d);
  return converted;
}

static void check_part(struct imap_span part, const char *encoding,
                       const char *charset, struct imap_span lengths) {
  const struct imap_span none = {NULL, 0};
  struct imap_buffer whole, pieces, bytes;
  bool converted;
  imap_buffer_init(&whole, CEILING);
  imap_buffer_init(&pieces, CEILING);
  imap_buffer_init(&bytes, CEILING);
  converted = decode(part, encoding, charset, none, part.size + 1, &whole);
  NEED(decode(part, encoding, charset, lengths, 7, &pieces) == converted);
  NEED(decode(part, encoding, charset, none, 1, &bytes) == converted);
  NEED(imap_span_equal(imap_buffer_span(&whole), imap_buffer_span(&pieces)));
  NEED(imap_span_equal(imap_buffer_span(&whole), imap_buffer_span(&bytes)));
  if (converted) NEED(imap_utf8_valid(imap_buffer_span(&whole)));
  NEED(whole.size <= MAX_GROWTH * (part.size + 1));
  imap_buffer_free(&whole);
  imap_buffer_free(&pieces);
  imap_buffer_free(&bytes);
}

static void check_text(struct imap_span text, const char *charset) {
  struct imap_buffer out;
  imap_buffer_init(&out, CEILING);
  NEED(mime_words_decode(text, &out) == IMAP_OK);
  NEED(imap_utf8_valid(imap_buffer_span(&out)));
  if (mime_words_plain(text)) NEED(imap_span_equal(text, imap_buffer_span(&out)));
  imap_buffer_clear(&out);
  NEED(mime_charset_guess(text, &out) == IMAP_OK);
  NEED(imap_utf8_valid(imap_buffer_span(&out)));
  imap_buffer_clear(&out);
  if (charset != NULL &&
      mime_charset_to_utf8(imap_span_of(charset), text, &out) == IMAP_OK)
    NEED(imap_utf8_valid(imap_buffer_span(&out)));
  imap_buffer_free(&out);
}

static bool lies_in(struct imap_span part, struct imap_span whole) {
  return part.size == 0 || (part.data >= whole.data &&
                            part.data + part.size <= whole.data + whole.size);
}

/* The part's lines are a name and a value in turn. */
static void check_params(struct imap_span part) {
  struct fuzz_input lines = {(const uint8_t *)part.data, part.size};
  struct mime_param in[MAX_PARAMS], out[MAX_PARAMS];
  struct imap_buffer text;
  size_t count = 0, made = 0;
  while (lines.size > 0 && count < MAX_PARAMS) {
    in[count].name = fuzz_line(&lines);
    in[count++].value = fuzz_line(&lines);
  }
  imap_buffer_init(&text, CEILING);
  NEED(mime_params_decode(in, count, &text, out, &made) == IMAP_OK);
  NEED(made <= count);
  for (size_t i = 0; i < made; i++) {
    NEED(imap_utf8_valid(out[i].value));
    NEED(lies_in(out[i].name, imap_buffer_span(&text)));
    NEED(lies_in(out[i].value, imap_buffer_span(&text)) ||
         lies_in(out[i].value, part));
    for (size_t j = 0; j < i; j++)
      NEED(!imap_span_same(out[i].name, out[j].name));
  }
  imap_buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  const char *encoding =
      encodings[fuzz_byte(&in) % (sizeof encodings / sizeof *encodings)];
  const char *charset =
      charsets[fuzz_byte(&in) % (sizeof charsets / sizeof *charsets)];
  struct imap_span lengths = fuzz_take(&in, fuzz_byte(&in) % 16);
  struct imap_span part = fuzz_copy(fuzz_take(&in, in.size));
  check_part(part, encoding, charset, lengths);
  check_text(part, charset);
  check_params(part);
  fuzz_drop(part);
  return 0;
}
