/* words.h - encoded words in header fields (RFC 2047), to UTF-8. */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include "protocol/buffer.h"

/* True where mime_words_decode() would change nothing: plain ASCII, no "=?",
** no line break. The fast path for most headers. */
bool mime_words_plain(struct imap_span text);

/* Unfolds and decodes. Adjacent words are joined before their charset is
** undone (a character may be cut in two by broken senders). Common broken
** forms are read too: blanks inside a word, words inside quotes or glued to
** text, missing "?=" at the end stays as it is. 8-bit text: see
** mime_charset_guess(). Never fails but by the buffer's own errors (a charset's
** converter that finds no memory is one); what it cannot decode stays as it is;
** the result is always valid UTF-8. Control characters that a word spells out,
** line breaks among them, come out as they are. */
int mime_words_decode(struct imap_span text, struct imap_buffer *out);

#endif
