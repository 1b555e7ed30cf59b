/* etpan_listing.c - what libetpan made of a message, printed. It decodes no
** dates and words by itself: that happens here, when the clock stands. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etpan.h"

enum { MOST = 64 };   /* flags of a message, parameters of a part */

static long epoch(int year, int month, int day, int hour, int minute, int second, int zone) {
  struct tm t = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
                  .tm_hour = hour, .tm_min = minute, .tm_sec = second };
  return (long)timegm(&t) - (zone / 100 * 3600 + zone % 100 * 60);
}

static long parse_date(const char *text) {
  struct mailimf_date_time *d;
  size_t at = 0;
  if (mailimf_date_time_parse(text, strlen(text), &at, &d) != MAILIMF_NO_ERROR) return -1;
  long seconds = epoch(d->dt_year, d->dt_month, d->dt_day, d->dt_hour, d->dt_min, d->dt_sec, d->dt_zone);
  mailimf_date_time_free(d);
  return seconds;
}

static void print_words(const char *text) {
  size_t at = 0;
  char *decoded;
  if (text == NULL) return;
  if (strstr(text, "=?") == NULL ||
      mailmime_encoded_phrase_parse("utf-8", text, strlen(text), &at, "utf-8", &decoded) != MAILIMF_NO_ERROR) {
    fputs(text, stdout);
    return;
  }
  fputs(decoded, stdout);
  free(decoded);
}

static void print_lower(const char *text) {
  for (; *text != '\0'; text++) putchar(tolower((unsigned char)*text));
}

static void print_addresses(clist *list) {
  putchar('\t');
  if (list == NULL) return;
  for (clistiter *i = clist_begin(list); i != NULL; i = clist_next(i)) {
    struct mailimap_address *a = clist_content(i);
    print_words(a->ad_personal_name);
    printf(" <%s@%s>%s", a->ad_mailbox_name, a->ad_host_name, clist_next(i) != NULL ? ", " : "");
  }
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_sorted(char **texts, size_t count, const char *between) {
  qsort(texts, count, sizeof *texts, by_text);
  for (size_t i = 0; i < count; i++) {
    printf("%s%s", i > 0 ? between : "", texts[i]);
    free(texts[i]);
  }
}

static void print_params(struct mailimap_body_fld_param *params) {
  char *texts[MOST];
  size_t count = 0;
  if (params == NULL) return;
  for (clistiter *i = clist_begin(params->pa_list); i != NULL && count < MOST; i = clist_next(i)) {
    struct mailimap_single_body_fld_param *p = clist_content(i);
    size_t room = strlen(p->pa_name) + strlen(p->pa_value) + 2;
    char *text = texts[count++] = malloc(room);
    if (text == NULL) exit(1);
    for (char *c = p->pa_name; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
    snprintf(text, room, "%s=%s", p->pa_name, p->pa_value);
  }
  print_sorted(texts, count, ",");
}

static const char *flag_name(struct mailimap_flag *flag) {
  switch (flag->fl_type) {
    case MAILIMAP_FLAG_ANSWERED: return "\\Answered";
    case MAILIMAP_FLAG_FLAGGED: return "\\Flagged";
    case MAILIMAP_FLAG_DELETED: return "\\Deleted";
    case MAILIMAP_FLAG_SEEN: return "\\Seen";
    case MAILIMAP_FLAG_DRAFT: return "\\Draft";
    case MAILIMAP_FLAG_KEYWORD: return flag->fl_data.fl_keyword;
    default: return flag->fl_data.fl_extension;
  }
}

static void print_flags(struct mailimap_msg_att_dynamic *dynamic) {
  char *texts[MOST];
  size_t count = 0;
  for (clistiter *i = dynamic->att_list ? clist_begin(dynamic->att_list) : NULL; i != NULL && count < MOST;
       i = clist_next(i)) {
    struct mailimap_flag_fetch *flag = clist_content(i);
    if (flag->fl_type == MAILIMAP_FLAG_FETCH_RECENT) continue;
    if ((texts[count++] = strdup(flag_name(flag->fl_flag))) == NULL) exit(1);
  }
  print_sorted(texts, count, " ");
}

/* --- the body structure --- */

static const char *encoding(struct mailimap_body_fld_enc *e) {
  static const char *const names[] = { "7bit", "8bit", "binary", "base64", "quoted-printable" };
  return e->enc_type == MAILIMAP_BODY_FLD_ENC_OTHER ? e->enc_value : names[e->enc_type];
}

static const char *basic_type(struct mailimap_media_basic *media) {
  static const char *const names[] = { "application", "audio", "image", "message", "video" };
  return media->med_type == MAILIMAP_MEDIA_BASIC_OTHER ? media->med_basic_type : names[media->med_type];
}

static void print_single(struct mailimap_body_type_1part *part) {
  struct mailimap_body_type_text *text = part->bd_data.bd_type_text;
  struct mailimap_body_type_basic *basic = part->bd_data.bd_type_basic;
  struct mailimap_body_ext_1part *more = part->bd_ext_1part;
  struct mailimap_body_fld_dsp *disposition = more != NULL ? more->bd_disposition : NULL;
  int is_text = part->bd_type == MAILIMAP_BODY_TYPE_1PART_TEXT;
  struct mailimap_body_fields *fields = is_text ? text->bd_fields : basic->bd_fields;
  printf("(%s/", is_text ? "text" : basic_type(basic->bd_media_basic));
  print_lower(is_text ? text->bd_media_text : basic->bd_media_basic->med_subtype);
  putchar(';');
  print_params(fields->bd_parameter);
  printf(";%s;%u;", encoding(fields->bd_encoding), fields->bd_size);
  if (is_text) printf("%u", text->bd_lines);
  putchar(';');
  if (disposition != NULL) print_lower(disposition->dsp_type);
  putchar(';');
  if (disposition != NULL) print_params(disposition->dsp_attributes);
  putchar(')');
}

static void print_structure(struct mailimap_body *body) {
  struct mailimap_body_type_mpart *parts = body->bd_data.bd_body_mpart;
  if (body->bd_type == MAILIMAP_BODY_1PART) {
    print_single(body->bd_data.bd_body_1part);
    return;
  }
  putchar('(');
  for (clistiter *i = clist_begin(parts->bd_list); i != NULL; i = clist_next(i)) print_structure(clist_content(i));
  fputs(")multipart/", stdout);
  print_lower(parts->bd_media_subtype);
  putchar(';');
  if (parts->bd_ext_mpart != NULL) print_params(parts->bd_ext_mpart->bd_parameter);
}

/* --- the row --- */

/* The item of that type, or NULL. */
static struct mailimap_msg_att_static *item(struct mailimap_msg_att *message, int type) {
  for (clistiter *i = clist_begin(message->att_list); i != NULL; i = clist_next(i)) {
    struct mailimap_msg_att_item *each = clist_content(i);
    if (each->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC && each->att_data.att_static->att_type == type)
      return each->att_data.att_static;
  }
  fprintf(stderr, "etpan: an item is missing\n");
  exit(1);
}

static void print_envelope(struct mailimap_envelope *e) {
  printf("\t%ld\t", parse_date(e->env_date));
  print_words(e->env_subject);
  print_addresses(e->env_from ? e->env_from->frm_list : NULL);
  print_addresses(e->env_sender ? e->env_sender->snd_list : NULL);
  print_addresses(e->env_reply_to ? e->env_reply_to->rt_list : NULL);
  print_addresses(e->env_to ? e->env_to->to_list : NULL);
  print_addresses(e->env_cc ? e->env_cc->cc_list : NULL);
  print_addresses(e->env_bcc ? e->env_bcc->bcc_list : NULL);
  printf("\t%s\t%s\t", e->env_in_reply_to ? e->env_in_reply_to : "", e->env_message_id);
}

void print_listing(struct mailimap_msg_att *message) {
  struct mailimap_date_time *d = item(message, MAILIMAP_MSG_ATT_INTERNALDATE)->att_data.att_internal_date;
  printf("%u\t", item(message, MAILIMAP_MSG_ATT_UID)->att_data.att_uid);
  for (clistiter *i = clist_begin(message->att_list); i != NULL; i = clist_next(i)) {
    struct mailimap_msg_att_item *each = clist_content(i);
    if (each->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) print_flags(each->att_data.att_dyn);
  }
  printf("\t%ld\t%u", epoch(d->dt_year, d->dt_month, d->dt_day, d->dt_hour, d->dt_min, d->dt_sec, d->dt_zone),
         item(message, MAILIMAP_MSG_ATT_RFC822_SIZE)->att_data.att_rfc822_size);
  print_envelope(item(message, MAILIMAP_MSG_ATT_ENVELOPE)->att_data.att_env);
  print_structure(item(message, MAILIMAP_MSG_ATT_BODYSTRUCTURE)->att_data.att_bodystructure);
  putchar('\n');
}
