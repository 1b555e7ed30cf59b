/* response.h - one response, parsed: what kind it is, and its data as nodes.
** Lives until the parser's next response. */
#ifndef IMAP_RESPONSE_H
#define IMAP_RESPONSE_H

#include "protocol/tape.h"

enum imap_response_kind {
  IMAP_TAGGED,
  IMAP_UNTAGGED,
  IMAP_CONTINUATION
};

/* The response's first word. */
enum imap_name {
  IMAP_NAME_UNKNOWN,
  IMAP_NAME_OK, IMAP_NAME_NO, IMAP_NAME_BAD, IMAP_NAME_BYE, IMAP_NAME_PREAUTH,
  IMAP_NAME_FETCH, IMAP_NAME_EXISTS, IMAP_NAME_EXPUNGE, IMAP_NAME_RECENT,
  IMAP_NAME_CAPABILITY, IMAP_NAME_ENABLED, IMAP_NAME_FLAGS, IMAP_NAME_LIST,
  IMAP_NAME_LSUB, IMAP_NAME_XLIST, IMAP_NAME_STATUS, IMAP_NAME_SEARCH, IMAP_NAME_SORT,
  IMAP_NAME_ESEARCH, IMAP_NAME_THREAD, IMAP_NAME_VANISHED, IMAP_NAME_NAMESPACE,
  IMAP_NAME_ID
};

/* Data items of FETCH. */
enum imap_item {
  IMAP_ITEM_OTHER,
  IMAP_ITEM_UID, IMAP_ITEM_FLAGS, IMAP_ITEM_SIZE, IMAP_ITEM_INTERNAL_DATE,
  IMAP_ITEM_ENVELOPE, IMAP_ITEM_BODY_STRUCTURE, IMAP_ITEM_MODSEQ,
  IMAP_ITEM_EMAIL_ID, IMAP_ITEM_THREAD_ID, IMAP_ITEM_PREVIEW,
  IMAP_ITEM_SAVE_DATE,
  IMAP_ITEM_SECTION, /* BODY[…], and RFC822, RFC822.HEADER, RFC822.TEXT */
  IMAP_ITEM_COUNT
};

struct imap_response {
  enum imap_response_kind kind;
  enum imap_name name;
  bool numbered;             /* "* 3 FETCH": `number` is 3 */
  uint32_t number;
  struct imap_span bytes;    /* the whole response, without its line end */
  struct imap_span tag;      /* of a tagged response */
  struct imap_span word;     /* the first word, as it stands */
  struct imap_span code;     /* "UIDNEXT" of "[UIDNEXT 4]"; data NULL: none */
  struct imap_span text;     /* of status and continuation responses */
  const struct imap_tape *tape;
  struct imap_cursor data;   /* arguments of the code, or the untagged data */
  uint32_t uid;              /* of a FETCH row; 0: it shows none */
  uint32_t items;            /* … what it has, as 1 << enum imap_item */
  const struct imap_node *values[IMAP_ITEM_COUNT]; /* … of several, the last */
  const char *malformed;     /* the row is spoilt: why; NULL: it is well */
};

/* The next "item SP value" of a FETCH row's list. False at its end, or where
** it is malformed. */
struct imap_fetch_item {
  enum imap_item item;
  struct imap_span name;         /* "BODY[1.2]" */
  const struct imap_node *value;
  bool malformed;                /* a name or a value is missing */
};
struct imap_cursor imap_fetch_items(const struct imap_response *r);
bool imap_fetch_next(struct imap_cursor *c, struct imap_fetch_item *out);

/* The section between the brackets: "1.2.MIME" of "BODY[1.2.MIME]<0>", "" of
** "BODY[]" and RFC822, "HEADER" of RFC822.HEADER. */
struct imap_span imap_fetch_section(struct imap_span name);

#endif
