/* keys.h - strings that recur in results: keys of tables, flags, MIME's words.
** They are interned once, and every function that makes results carries them as
** upvalues: to push one is then to copy it (20 instructions), where Lua takes 100
** to 200 to look a C string up, some 70 times for a listed message. */
#ifndef IMAPLUA_KEYS_H
#define IMAPLUA_KEYS_H

#include "binding/compat.h"

#define IMAPLUA_KEYS(KEY) \
  KEY(SEQ, "seq") KEY(UID, "uid") KEY(FLAGS, "flags") KEY(SIZE, "size") \
  KEY(INTERNAL_DATE, "internal_date") KEY(ENVELOPE, "envelope") \
  KEY(BODY_STRUCTURE, "body_structure") KEY(MODSEQ, "modseq") \
  KEY(EMAIL_ID, "email_id") KEY(THREAD_ID, "thread_id") \
  KEY(PREVIEW, "preview") KEY(SAVE_DATE, "save_date") KEY(HEADERS, "headers") \
  KEY(CONTENT, "content") KEY(ERROR, "error") KEY(RAW, "raw") \
  KEY(DATE, "date") KEY(DATE_TEXT, "date_text") KEY(SUBJECT, "subject") \
  KEY(FROM, "from") KEY(SENDER, "sender") KEY(REPLY_TO, "reply_to") \
  KEY(TO, "to") KEY(CC, "cc") KEY(BCC, "bcc") \
  KEY(IN_REPLY_TO, "in_reply_to") KEY(MESSAGE_ID, "message_id") \
  KEY(NAME, "name") KEY(MAILBOX, "mailbox") KEY(HOST, "host") \
  KEY(ADDRESS, "address") KEY(GROUP, "group") \
  KEY(PART, "part") KEY(TYPE, "type") KEY(PARAMS, "params") \
  KEY(ENCODING, "encoding") KEY(LINES, "lines") KEY(ID, "id") \
  KEY(DESCRIPTION, "description") KEY(MD5, "md5") \
  KEY(DISPOSITION, "disposition") \
  KEY(DISPOSITION_PARAMS, "disposition_params") KEY(FILENAME, "filename") \
  KEY(LANGUAGE, "language") KEY(LOCATION, "location") KEY(PARTS, "parts") \
  KEY(SEEN, "\\Seen") KEY(ANSWERED, "\\Answered") KEY(FLAGGED, "\\Flagged") \
  KEY(DELETED, "\\Deleted") KEY(DRAFT, "\\Draft") KEY(RECENT, "\\Recent") \
  KEY(7BIT, "7bit") KEY(8BIT, "8bit") KEY(BASE64, "base64") \
  KEY(QUOTED_PRINTABLE, "quoted-printable") KEY(ATTACHMENT, "attachment") \
  KEY(INLINE, "inline") KEY(CHARSET, "charset") KEY(BOUNDARY, "boundary") \
  KEY(FORMAT, "format") \
  KEY(TEXT_PLAIN, "text/plain") KEY(TEXT_HTML, "text/html") \
  KEY(MULTIPART_MIXED, "multipart/mixed") \
  KEY(MULTIPART_ALTERNATIVE, "multipart/alternative") \
  KEY(MULTIPART_RELATED, "multipart/related") \
  KEY(IMAGE_PNG, "image/png") KEY(IMAGE_JPEG, "image/jpeg") \
  KEY(APPLICATION_PDF, "application/pdf")

#define IMAPLUA_KEY(key, text) KEY_##key,
enum imaplua_key { KEY_NONE, IMAPLUA_KEYS(IMAPLUA_KEY) KEY_COUNT };
#undef IMAPLUA_KEY

/* Sets t[name] for the table on top to a function that carries the keys. */
void imaplua_set_maker(lua_State *L, const char *name, lua_CFunction maker);

/* Only in a function that carries them. */
static inline void imaplua_push_key(lua_State *L, enum imaplua_key key) {
  lua_pushvalue(L, lua_upvalueindex((int)key));
}

#endif
