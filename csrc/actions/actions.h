/* actions.h - the routines: what each action puts on the wire (WIRE.md, "The
** actions"), and what it makes of the answers. Each plans its commands so that
** they travel together wherever no answer decides about the next. */
#ifndef IMAP_ACTIONS_H
#define IMAP_ACTIONS_H

#include "protocol/session.h"

extern const struct imap_routine imap_connect_routine;
extern const struct imap_routine imap_logout_routine;
extern const struct imap_routine imap_noop_routine;
extern const struct imap_routine imap_leave_routine;
extern const struct imap_routine imap_store_routine;
extern const struct imap_routine imap_append_routine;
extern const struct imap_routine imap_copy_routine;
extern const struct imap_routine imap_create_routine;
extern const struct imap_routine imap_delete_routine;
extern const struct imap_routine imap_download_routine;
extern const struct imap_routine imap_status_routine;
extern const struct imap_routine imap_list_routine;
extern const struct imap_routine imap_rename_routine;
extern const struct imap_routine imap_search_routine;

/* --- what routines share (common.c) --- */

/* Opens the mailbox for it. *ready: its commands may follow at once; else they
** must wait for the step OPEN, and imap_opened() is to be asked then. */
int imap_begin(struct imap_session *s, struct imap_action *a, bool write,
               bool *ready);
/* What is queued now may add messages that the view before it does not show. */
void imap_outgrow_view(struct imap_session *s);
/* The mailbox opened: may the commands follow? False: the action has failed
** (UIDVALIDITY), or they went before. */
bool imap_opened(struct imap_action *a, const struct imap_response *r);

/* A command over messages: "[UID] name set rest". */
struct imap_over {
  const char *name, *uid_name;
  int step;
  enum imap_effect effect;
  uint32_t items; /* FETCH: what it asks for */
  bool section, flows;
  bool rescue;
  bool alone; /* see command.h */
  bool by_uid;
  void (*rest)(const struct imap_action *a, struct imap_encoder *e);
};
/* As many commands as keep their lines short (WIRE.md, rule 6). */
int imap_queue_over(struct imap_session *s, struct imap_action *a,
                    const struct imap_over *over,
                    const struct imap_seqset *set);

/* Does the set need more than one line? */
bool imap_is_long(const struct imap_action *a, const struct imap_seqset *set);

/* A command was answered: fail on NO and BAD, but for numbers that the mailbox
** does not have (API.md, "not_found, exactly"). True: it was OK. */
bool imap_answered_ok(struct imap_action *a, const struct imap_command *c,
                      const struct imap_response *r);

/* The view was not the action's own, and UIDs named one by one were not seen
** in it: open the mailbox anew, and leave just those in a->set. *again says
** whether that was so. */
int imap_look_again(struct imap_session *s, struct imap_action *a, bool write,
                    bool *again);

/* "*" meant the last message announced; where another has come meanwhile, the
** FETCH showed that one instead (WIRE.md, rule 3). True: a->set is now the one
** that was meant, by number, to be asked for alone. */
int imap_star_missed(struct imap_action *a, bool *missed);

/* At the end: what was named and never seen. */
int imap_note_missing(struct imap_action *a);

/* The items of STATUS that the server knows, in brackets. */
void imap_encode_status_items(const struct imap_caps *caps, uint32_t items,
                              struct imap_encoder *e);

/* For `gone`: the message leaves a->found. */
void imap_forget_row(struct imap_action *a, uint32_t seq, uint32_t uid);

/* Notes the row's message, and keeps the row from the caller. */
enum imap_row imap_note_row(struct imap_session *s, struct imap_action *a,
                            const struct imap_response *r);
enum imap_row imap_deliver_row(struct imap_session *s, struct imap_action *a,
                               const struct imap_response *r);

/* Keeps what SEARCH found in a->hits; the numbers of a SEARCH row. IMAP_LIMIT:
** they are more than the limit `messages`. */
int imap_note_hit(const struct imap_session *s, struct imap_action *a,
                  uint64_t first, uint64_t last);
int imap_note_hits(const struct imap_session *s, struct imap_action *a,
                   const struct imap_response *r);

/* A response code's argument as text; data NULL where there is none. */
struct imap_span imap_code_argument(const struct imap_response *r);

#endif
