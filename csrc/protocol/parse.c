/* parse.c - the bytes of a whole response to its nodes (RFC 9051 section 9). */
#include "protocol/parse.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "protocol/chars.h"
#include "protocol/seqset.h"

enum { NO_LIST = -1 };

/* What is being read, and how. */
struct reader {
  struct imap_parser *parser;
  const struct imap_framer *framer;
  const char *bytes; /* the response */
  size_t at, end;
  size_t line_end;   /* of the line that `at` is in; no quote goes beyond */
  int64_t list;      /* index of the open list's node, or NO_LIST */
  uint32_t depth;    /* lists open */
  uint32_t siblings; /* nodes read in the open list, or outside of any */
  bool in_code;      /* a "]" outside of lists ends it */
  bool in_fetch;     /* names in the outer list may carry a [section] */
  bool in_list;      /* brackets inside an atom belong to it */
};

void imap_parser_init(struct imap_parser *p, const struct imap_limits *limits) {
  memset(p, 0, sizeof *p);
  imap_tape_init(&p->tape, limits->nodes < IMAP_MAX_NODES ? limits->nodes
                                                          : IMAP_MAX_NODES);
  p->max_nesting = limits->nesting;
}

void imap_parser_free(struct imap_parser *p) {
  imap_tape_free(&p->tape);
}

static int fail(struct imap_parser *p, int status, const char *problem) {
  p->problem = problem;
  return status;
}

/* While a list is open its `skip` holds the index of the list around it, and
** its `size` that list's nodes so far. */
static uint32_t pack(int64_t list) {
  return (uint32_t)(list + 1);
}

static int64_t unpack(uint32_t packed) {
  return (int64_t)packed - 1;
}

static int need_room(struct imap_parser *p) {
  int status = imap_tape_grow(&p->tape);
  if (status == IMAP_LIMIT)
    return fail(p, status, "a response has more parts than the limit `nodes`");
  return status == IMAP_OK ? status : fail(p, status, "not enough memory");
}

/* Inline, which makes each of the 100 nodes of a listed message a third
** cheaper. */
static inline int add_node(struct reader *r, enum imap_node_kind kind,
                           size_t start, size_t size) {
  struct imap_tape *tape = &r->parser->tape;
  if (tape->count == tape->capacity) {
    int status = need_room(r->parser);
    if (status != IMAP_OK) return status;
  }
  tape->nodes[tape->count++] = (struct imap_node){
    (uint32_t)start, (uint32_t)size, 1, (unsigned)kind & 15u, 0
  };
  r->siblings++;
  return IMAP_OK;
}

static int open_list(struct reader *r) {
  struct imap_tape *tape = &r->parser->tape;
  struct imap_node *node;
  int status;
  if (r->depth >= r->parser->max_nesting)
    return fail(r->parser, IMAP_LIMIT,
                "lists are nested deeper than the limit `nesting`");
  status = add_node(r, IMAP_NODE_LIST, r->at, 0);
  if (status != IMAP_OK) return status;
  node = &tape->nodes[tape->count - 1];
  node->skip = pack(r->list);
  node->size = r->siblings;
  r->list = (int64_t)tape->count - 1;
  r->siblings = 0;
  r->depth++;
  r->at++;
  return IMAP_OK;
}

static void close_list(struct reader *r) {
  struct imap_node *node = &r->parser->tape.nodes[r->list];
  int64_t around = unpack(node->skip);
  uint32_t siblings = node->size;
  r->at++;
  node->size = (uint32_t)(r->at - node->start);
  node->skip = (uint32_t)(r->parser->tape.count - (size_t)r->list);
  node->count = r->siblings & IMAP_MAX_NODES;
  r->list = around;
  r->siblings = siblings;
  r->depth--;
}

static void find_line_end(struct reader *r) {
  const char *lf = memchr(r->bytes + r->at, '\n', r->end - r->at);
  r->line_end = lf != NULL ? (size_t)(lf - r->bytes) : r->end;
}

#ifdef __SSE2__
enum { SIXTEEN = 16 };

/* Which of sixteen octets are not IMAP_CHAR_PLAIN, the first in the lowest bit.
** As signed numbers those beyond ASCII are below all others. */
static inline unsigned stops_in_sixteen(const char *text) {
  __m128i octets = _mm_loadu_si128((const __m128i *)text);
  __m128i stops = _mm_cmplt_epi8(octets, _mm_set1_epi8('\r' + 1));
  stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('"')));
  stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('\\')));
  stops = _mm_or_si128(stops, _mm_cmpeq_epi8(octets, _mm_set1_epi8('=')));
  return (unsigned)_mm_movemask_epi8(stops);
}
#endif

/* How many octets at the front are IMAP_CHAR_PLAIN. */
static inline size_t plain_octets(const char *text, size_t size) {
  size_t i = 0;
#ifdef __SSE2__
  for (; size - i >= SIXTEEN; i += SIXTEEN) {
    unsigned stops = stops_in_sixteen(text + i);
    if (stops != 0) return i + (size_t)__builtin_ctz(stops);
  }
#endif
  while (i < size && imap_char_is(text[i], IMAP_CHAR_PLAIN)) i++;
  return i;
}

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE, with any octet but the line end. Few
** have a backslash, so that the first quote nearly always ends it. Most are
** plain: to find that out on the way saves a listed message 2,000 instructions. */
static int need_quoted(struct reader *r) {
  const char *text = r->bytes + r->at + 1, *end = r->bytes + r->line_end;
  const char *quote = text + plain_octets(text, (size_t)(end - text));
  enum imap_node_kind kind = IMAP_NODE_PLAIN;
  if (quote < end && *quote != '"') {
    kind = IMAP_NODE_QUOTED;
    quote = memchr(quote, '"', (size_t)(end - quote));
    if (quote != NULL && memchr(text, '\\', (size_t)(quote - text)) != NULL) {
      kind = IMAP_NODE_ESCAPED;
      for (quote = text; quote < end && *quote != '"'; quote++)
        if (*quote == '\\') quote++;
    }
  }
  if (quote == NULL || quote >= end)
    return fail(r->parser, IMAP_PROTOCOL, "a quoted string has no end");
  r->at = (size_t)(quote + 1 - r->bytes);
  return add_node(r, kind, (size_t)(text - r->bytes), (size_t)(quote - text));
}

/* literal = ["~"] "{" number64 ["+"] "}" CRLF *CHAR8: the framer has seen to
** it that its octets are here, unless they flowed past. */
static int need_literal(struct reader *r) {
  size_t at = r->at, size = 0;
  bool flowed;
  if (r->bytes[at] == '~') at++;
  at++;
  while (at < r->end && imap_char_is(r->bytes[at], IMAP_CHAR_DIGIT)) {
    if (size > (SIZE_MAX - 9) / 10) break;
    size = size * 10 + (size_t)(r->bytes[at++] - '0');
  }
  if (at < r->end && r->bytes[at] == '+') at++;
  if (at < r->end && r->bytes[at] == '}') at++;
  if (at < r->end && r->bytes[at] == '\r') at++;
  if (at >= r->end || r->bytes[at] != '\n')
    return fail(r->parser, IMAP_PROTOCOL, "a \"{\" announces no literal");
  at++;
  flowed = r->framer != NULL && r->framer->flowed && r->framer->flow_at == at;
  if (flowed) size = 0;
  if (size > r->end - at)
    return fail(r->parser, IMAP_PROTOCOL, "a literal is cut short");
  r->at = at + size;
  find_line_end(r);
  return add_node(r, flowed ? IMAP_NODE_FLOWED : IMAP_NODE_LITERAL, at, size);
}

/* section = "[" … "]" ["<" number ">"], which may hold blanks, lists, strings
** and literals; only its text matters here. */
static size_t section_end(const struct reader *r, size_t at) {
  while (at < r->end && r->bytes[at] != ']') {
    if (r->bytes[at] == '"') {
      for (at++; at < r->end && r->bytes[at] != '"'; at++)
        if (r->bytes[at] == '\\') at++;
    }
    at++;
  }
  while (at < r->end && imap_char_is(r->bytes[at], IMAP_CHAR_TOKEN)) at++;
  return at < r->end ? at : r->end;
}

/* An atom as servers send it: flags, numbers, names with "[" and "]". */
static size_t atom_end(const struct reader *r, size_t at) {
  while (at < r->end && imap_char_is(r->bytes[at], IMAP_CHAR_TOKEN)) at++;
  return at;
}

/* One outside of lists. A "]" ends a code; in LIST brackets belong to the name,
** as K-9 Mail met it: "* LIST () "/" Root/Folder()". */
static size_t outer_atom_end(const struct reader *r, size_t at) {
  for (; at < r->end; at++) {
    char byte = r->bytes[at];
    if (byte == ']' && r->in_code) return at;
    if ((byte == '(' || byte == ')') && r->in_list) continue;
    if (!imap_char_is(byte, IMAP_CHAR_TOKEN)) return at;
  }
  return at;
}

/* The name of an item of FETCH, with its section; a "[" in front begins none. */
static size_t item_end(const struct reader *r, size_t at) {
  at += at < r->end && r->bytes[at] == '[';
  while (at < r->end && imap_char_is(r->bytes[at], IMAP_CHAR_ITEM)) at++;
  return at < r->end && r->bytes[at] == '[' ? section_end(r, at) : at;
}

static inline bool is_nil(const char *text) {
  return imap_is_letter(text[0], 'N') && imap_is_letter(text[1], 'I') &&
         imap_is_letter(text[2], 'L');
}

static int need_atom(struct reader *r) {
  size_t start = r->at;
  enum imap_node_kind kind = IMAP_NODE_ATOM;
  if (r->depth == 0)
    r->at = outer_atom_end(r, start);
  else if (r->depth == 1 && r->in_fetch)
    r->at = item_end(r, start);
  else
    r->at = atom_end(r, start);
  if (r->at == start)
    return fail(r->parser, IMAP_PROTOCOL, "a bare line end inside a response");
  if (r->at > r->line_end) find_line_end(r);
  if (r->at == start + 3 && is_nil(r->bytes + start)) kind = IMAP_NODE_NIL;
  return add_node(r, kind, start, r->at - start);
}

/* NIL inside of a list, which a third of the nodes of a body structure are. */
static int need_nil(struct reader *r) {
  const char *text = r->bytes + r->at;
  if (r->depth == 0 || r->end - r->at < 4 || !is_nil(text) ||
      imap_char_is(text[3], IMAP_CHAR_TOKEN))
    return need_atom(r);
  r->at += 3;
  return add_node(r, IMAP_NODE_NIL, r->at - 3, 3);
}

static int need_token(struct reader *r, char first) {
  switch (first) {
    case 'N':
    case 'n':
      return need_nil(r);
    case '(':
      return open_list(r);
    case ')':
      if (r->depth == 0)
        return fail(r->parser, IMAP_PROTOCOL, "a \")\" closes no list");
      close_list(r);
      return IMAP_OK;
    case '"':
      return need_quoted(r);
    case '{':
      return need_literal(r);
    case '~':
      if (r->at + 1 < r->end && r->bytes[r->at + 1] == '{')
        return need_literal(r);
      return need_atom(r);
    default:
      return need_atom(r);
  }
}

static void skip_blanks(struct reader *r) {
  size_t at = r->at;
  while (at < r->end && r->bytes[at] == ' ') at++;
  r->at = at;
}

/* Everything up to the end, or, in a code, up to its "]". */
static int need_tokens(struct reader *r) {
  while (r->at < r->end) {
    char first = r->bytes[r->at];
    int status;
    if (first == ' ') {
      r->at++;
      continue;
    }
    if (first == ']' && r->in_code && r->depth == 0) return IMAP_OK;
    status = need_token(r, first);
    if (status != IMAP_OK) return status;
  }
  if (r->depth > 0)
    return fail(r->parser, IMAP_PROTOCOL, "a list has no end");
  return IMAP_OK;
}

/* Up to a blank, bracket, quote or line end. */
static struct imap_span take_word(struct reader *r) {
  size_t start = r->at;
  while (r->at < r->end && imap_char_is(r->bytes[r->at], IMAP_CHAR_TOKEN))
    r->at++;
  return (struct imap_span){r->bytes + start, r->at - start};
}

/* The nodes outside of any list. */
static struct imap_cursor top_level(const struct reader *r) {
  const struct imap_tape *tape = &r->parser->tape;
  return (struct imap_cursor){tape, tape->nodes, r->siblings};
}

/* resp-text-code = atom [SP 1*<any TEXT-CHAR except "]">], up to its "]". What
** stands behind the atom is read as tokens; where that cannot be done, the
** code is without them. What does not begin so is text: Exchange says
** "OK [Error="…" Proxy=…] AUTHENTICATE completed." */
static int read_code(struct reader *r, struct imap_response *out) {
  size_t start = r->at + 1, at = start;
  const char *end;
  int status;
  while (at < r->end && imap_char_is(r->bytes[at], IMAP_CHAR_ATOM)) at++;
  if (at == start || at == r->end) return IMAP_OK;
  if (r->bytes[at] != ' ' && r->bytes[at] != ']') return IMAP_OK;
  end = memchr(r->bytes + at, ']', r->end - at);
  if (end == NULL) return IMAP_OK;
  out->code = (struct imap_span){r->bytes + start, at - start};
  r->at = at;
  r->in_code = true;
  status = need_tokens(r);
  if (status == IMAP_NOMEM || status == IMAP_LIMIT) return status;
  if (status == IMAP_OK && r->at < r->end)
    out->data = top_level(r);
  else
    r->at = (size_t)(end - r->bytes);
  r->parser->problem = NULL;
  r->at++;
  return IMAP_OK;
}

/* resp-text = ["[" resp-text-code "]" SP] text. Status lines never end a
** connection by their wording. */
static int read_resp_text(struct reader *r, struct imap_response *out) {
  int status = IMAP_OK;
  skip_blanks(r);
  if (r->at < r->end && r->bytes[r->at] == '[') status = read_code(r, out);
  if (out->code.data != NULL) skip_blanks(r);
  out->text = (struct imap_span){r->bytes + r->at, r->end - r->at};
  return status;
}

static const struct {
  const char *word;
  enum imap_name name;
} names[] = {
  {"FETCH", IMAP_NAME_FETCH}, {"OK", IMAP_NAME_OK}, {"NO", IMAP_NAME_NO},
  {"BAD", IMAP_NAME_BAD}, {"BYE", IMAP_NAME_BYE},
  {"PREAUTH", IMAP_NAME_PREAUTH}, {"EXISTS", IMAP_NAME_EXISTS},
  {"EXPUNGE", IMAP_NAME_EXPUNGE}, {"RECENT", IMAP_NAME_RECENT},
  {"CAPABILITY", IMAP_NAME_CAPABILITY}, {"ENABLED", IMAP_NAME_ENABLED},
  {"FLAGS", IMAP_NAME_FLAGS}, {"LIST", IMAP_NAME_LIST},
  {"LSUB", IMAP_NAME_LSUB}, {"XLIST", IMAP_NAME_XLIST},
  {"STATUS", IMAP_NAME_STATUS}, {"SEARCH", IMAP_NAME_SEARCH},
  {"SORT", IMAP_NAME_SORT}, {"ESEARCH", IMAP_NAME_ESEARCH},
  {"THREAD", IMAP_NAME_THREAD}, {"VANISHED", IMAP_NAME_VANISHED},
  {"NAMESPACE", IMAP_NAME_NAMESPACE}, {"ID", IMAP_NAME_ID}
};

static enum imap_name find_name(struct imap_span word) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (imap_span_is(word, names[i].word)) return names[i].name;
  return IMAP_NAME_UNKNOWN;
}

static bool is_status(enum imap_name name) {
  return name >= IMAP_NAME_OK && name <= IMAP_NAME_PREAUTH;
}

/* Not a status, or one that cannot stand here. */
static int no_response(struct reader *r) {
  return fail(r->parser, IMAP_PROTOCOL, "a line is no IMAP response");
}

/* response-tagged = tag SP ("OK" / "NO" / "BAD") SP resp-text. A tagged BYE
** (seen from MailKit's servers, in answer to LOGOUT) is read as well. */
static int read_tagged(struct reader *r, struct imap_response *out) {
  const char *blank = memchr(r->bytes, ' ', r->end);
  out->kind = IMAP_TAGGED;
  r->at = blank != NULL ? (size_t)(blank - r->bytes) : r->end;
  out->tag = (struct imap_span){r->bytes, r->at};
  skip_blanks(r);
  out->word = take_word(r);
  out->name = find_name(out->word);
  if (out->tag.size == 0) return no_response(r);
  if (!is_status(out->name) || out->name == IMAP_NAME_PREAUTH)
    return no_response(r);
  return read_resp_text(r, out);
}

/* Exchange was seen to begin the answer to MOVE with "[COPYUID 55 31 6]",
** its "* OK" missing. */
static int read_bare_code(struct reader *r, struct imap_response *out) {
  int status = read_resp_text(r, out);
  if (status == IMAP_OK &&
      (out->code.data == NULL || !imap_span_is(out->code, "COPYUID")))
    return no_response(r);
  out->kind = IMAP_UNTAGGED;
  out->name = IMAP_NAME_OK;
  out->word = imap_span_of("OK");
  return status;
}

static bool all_digits(struct imap_span word) {
  size_t at = 0;
  while (at < word.size && imap_char_is(word.data[at], IMAP_CHAR_DIGIT)) at++;
  return word.size > 0 && at == word.size;
}

/* Message data begin with a number: "3 EXISTS". */
static int read_number(struct reader *r, struct imap_response *out) {
  uint64_t number;
  if (!all_digits(out->word)) return IMAP_OK;
  if (imap_number_parse(out->word, UINT32_MAX, &number) != IMAP_OK)
    return fail(r->parser, IMAP_PROTOCOL, "a message number is out of range");
  skip_blanks(r);
  out->word = take_word(r);
  out->numbered = true;
  out->number = (uint32_t)number;
  return IMAP_OK;
}

/* The items of a FETCH row, and its UID. */
static void note_items(struct imap_response *out) {
  struct imap_cursor at = imap_fetch_items(out);
  struct imap_fetch_item item;
  while (imap_fetch_next(&at, &item)) {
    uint64_t number;
    out->items |= 1u << item.item;
    out->values[item.item] = item.value;
    if (item.item == IMAP_ITEM_UID &&
        imap_node_number(out->tape, item.value, UINT32_MAX, &number))
      out->uid = (uint32_t)number;
  }
  if (item.malformed && out->malformed == NULL)
    out->malformed = "an item of FETCH lacks its name or value";
}

static int read_data(struct reader *r, struct imap_response *out) {
  int status;
  r->in_fetch = out->name == IMAP_NAME_FETCH;
  r->in_list = out->name == IMAP_NAME_LIST || out->name == IMAP_NAME_LSUB ||
               out->name == IMAP_NAME_XLIST;
  status = need_tokens(r);
  if (status != IMAP_OK) return status;
  out->data = top_level(r);
  if (!r->in_fetch) return IMAP_OK;
  if (r->siblings != 1 || out->data.next->kind != IMAP_NODE_LIST)
    out->malformed = "FETCH has no list of items";
  note_items(out);
  return IMAP_OK;
}

static int read_untagged(struct reader *r, struct imap_response *out) {
  int status;
  out->kind = IMAP_UNTAGGED;
  r->at++;
  skip_blanks(r);
  if (r->at == r->end)
    return fail(r->parser, IMAP_PROTOCOL, "an untagged response is empty");
  out->word = take_word(r);
  status = read_number(r, out);
  if (status != IMAP_OK) return status;
  out->name = find_name(out->word);
  if (is_status(out->name) && !out->numbered) return read_resp_text(r, out);
  return read_data(r, out);
}

int imap_parse(struct imap_parser *p, const struct imap_framer *f,
               struct imap_span bytes, struct imap_response *out) {
  struct reader r = {.parser = p, .framer = f, .bytes = bytes.data,
                     .end = bytes.size, .list = NO_LIST};
  memset(out, 0, sizeof *out);
  p->tape.count = 0;
  p->tape.bytes = bytes.data;
  p->problem = NULL;
  out->tape = &p->tape;
  out->bytes = bytes;
  if (bytes.size == 0) return fail(p, IMAP_PROTOCOL, "a response is empty");
  if ((uint64_t)bytes.size > UINT32_MAX) /* what a node's offsets can hold */
    return fail(p, IMAP_LIMIT, "a response is longer than 4 GiB");
  find_line_end(&r);
  if (bytes.data[0] == '*') return read_untagged(&r, out);
  if (bytes.data[0] == '[') return read_bare_code(&r, out);
  if (bytes.data[0] != '+') return read_tagged(&r, out);
  out->kind = IMAP_CONTINUATION;
  r.at++;
  return read_resp_text(&r, out);
}
