/* caps.c - what the server says it can do. */
#include "protocol/caps.h"

#include <string.h>

#include "protocol/seqset.h"

enum { MAX_LIST = 1 << 16 };

static const struct {
  const char *word;
  uint32_t bits;
} words[] = {
  {"IMAP4REV1", IMAP_CAP_IMAP4REV1},
  {"IMAP4REV2", IMAP_CAP_IMAP4REV2},
  {"LITERAL+", IMAP_CAP_LITERAL_PLUS},
  {"LITERAL-", IMAP_CAP_LITERAL_MINUS},
  {"UIDPLUS", IMAP_CAP_UIDPLUS},
  {"ESEARCH", IMAP_CAP_ESEARCH},
  {"SEARCHRES", IMAP_CAP_SEARCHRES},
  {"PARTIAL", IMAP_CAP_PARTIAL},
  {"LIST-EXTENDED", IMAP_CAP_LIST_EXTENDED},
  {"LIST-STATUS", IMAP_CAP_LIST_STATUS},
  {"SPECIAL-USE", IMAP_CAP_SPECIAL_USE},
  {"UNSELECT", IMAP_CAP_UNSELECT},
  {"CONDSTORE", IMAP_CAP_CONDSTORE},
  {"QRESYNC", IMAP_CAP_CONDSTORE}, /* RFC 7162: QRESYNC implies it */
  {"MULTIAPPEND", IMAP_CAP_MULTIAPPEND},
  {"BINARY", IMAP_CAP_BINARY},
  {"SASL-IR", IMAP_CAP_SASL_IR},
  {"STARTTLS", IMAP_CAP_STARTTLS},
  {"LOGINDISABLED", IMAP_CAP_LOGINDISABLED},
  {"STATUS=SIZE", IMAP_CAP_STATUS_SIZE},
  {"OBJECTID", IMAP_CAP_OBJECTID},
  {"APPENDLIMIT", IMAP_CAP_APPENDLIMIT},
  {"X-CREATEDMODSEQ", IMAP_CAP_STALE_MAILBOXID},
  {"COMPRESS=DEFLATE", IMAP_CAP_COMPRESS_DEFLATE}
};

/* RFC 9051 appendix E; BINARY only in FETCH, so it is not here. */
static const uint32_t rev2_has =
    IMAP_CAP_LITERAL_MINUS | IMAP_CAP_UIDPLUS | IMAP_CAP_ESEARCH |
    IMAP_CAP_SEARCHRES | IMAP_CAP_LIST_EXTENDED | IMAP_CAP_LIST_STATUS |
    IMAP_CAP_SPECIAL_USE | IMAP_CAP_UNSELECT | IMAP_CAP_SASL_IR |
    IMAP_CAP_STATUS_SIZE;

void imap_caps_init(struct imap_caps *caps) {
  memset(caps, 0, sizeof *caps);
  caps->append_limit = UINT64_MAX;
  imap_buffer_init(&caps->list, MAX_LIST);
}

void imap_caps_free(struct imap_caps *caps) {
  imap_buffer_free(&caps->list);
}

void imap_caps_clear(struct imap_caps *caps) {
  caps->bits = 0;
  caps->known = false;
  caps->append_limit = UINT64_MAX;
  imap_buffer_clear(&caps->list);
}

/* "APPENDLIMIT=n" (RFC 7889) */
static void read_append_limit(struct imap_caps *caps, struct imap_span name) {
  static const char prefix[] = "APPENDLIMIT=";
  struct imap_span head = {name.data, sizeof prefix - 1};
  if (name.size <= head.size || !imap_span_is(head, prefix)) return;
  name.data += head.size;
  name.size -= head.size;
  if (imap_number_parse(name, UINT64_MAX, &caps->append_limit) == IMAP_OK)
    caps->bits |= IMAP_CAP_APPENDLIMIT;
}

static uint32_t find_bits(struct imap_span name) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (imap_span_is(name, words[i].word)) return words[i].bits;
  return 0;
}

int imap_caps_read(struct imap_caps *caps, struct imap_cursor names) {
  const struct imap_node *node;
  int status;
  imap_caps_clear(caps);
  while ((node = imap_cursor_take(&names)) != NULL) {
    struct imap_span name = imap_node_text(names.tape, node);
    if (name.data == NULL) continue;
    caps->bits |= find_bits(name);
    read_append_limit(caps, name);
    imap_buffer_add_span(&caps->list, name);
    imap_buffer_add_byte(&caps->list, ' ');
  }
  if (imap_caps_rev2(caps)) caps->bits |= rev2_has;
  caps->known = true;
  status = caps->list.status;
  if (status != IMAP_OK) imap_caps_clear(caps); /* its last name lacks the blank */
  return status;
}

bool imap_caps_have(const struct imap_caps *caps, uint32_t bits) {
  return (caps->bits & bits) == bits;
}

bool imap_caps_rev2(const struct imap_caps *caps) {
  return (caps->bits & (IMAP_CAP_IMAP4REV1 | IMAP_CAP_IMAP4REV2)) ==
         IMAP_CAP_IMAP4REV2;
}

/* Is `prefix` and then `name` in the list? */
static bool listed(const struct imap_caps *caps, const char *prefix,
                   struct imap_span name) {
  struct imap_span left = imap_buffer_span(&caps->list);
  size_t skip = strlen(prefix);
  while (left.size > 0) {
    const char *at = left.data, *blank = memchr(at, ' ', left.size);
    size_t size = (size_t)(blank - at);
    if (size == skip + name.size &&
        imap_span_same((struct imap_span){at, skip}, imap_span_of(prefix)) &&
        imap_span_same((struct imap_span){at + skip, name.size}, name))
      return true;
    left.data += size + 1;
    left.size -= size + 1;
  }
  return false;
}

bool imap_caps_auth(const struct imap_caps *caps, const char *mechanism) {
  return listed(caps, "AUTH=", imap_span_of(mechanism));
}

bool imap_caps_named(const struct imap_caps *caps, struct imap_span name) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (imap_span_same(name, imap_span_of(words[i].word)))
      return imap_caps_have(caps, words[i].bits);
  return listed(caps, "", name);
}
