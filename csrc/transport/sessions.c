/* sessions.c - TLS sessions to resume. */
#include "transport/sessions.h"

#include <stdio.h>
#include <stdlib.h>

/* Sets that nobody uses now are kept for the next connection, up to here. */
enum { SETS_KEPT = 8, KEY_USUAL = 4096, KEY_CEILING = 64 * 1024 };

struct imap_sessions {
  struct imap_sessions *next;
  unsigned holds;
  bool filled, refused;
  struct imap_buffer key; /* every TLS option; wiped, as one is a password */
  CURLSH *share;
};

static void add_option(struct imap_buffer *key, const char *value) {
  if (value != NULL) imap_buffer_add_text(key, value);
  imap_buffer_add(key, value == NULL ? "-" : "+", 2); /* with its NUL */
}

static int make_key(struct imap_buffer *key,
                    const struct imap_transport_options *o) {
  char numbers[96];
  snprintf(numbers, sizeof numbers, "%d %d %d %u %u %d", (int)o->security,
           (int)o->min_tls_version, (int)o->max_tls_version, o->min_dh_size,
           o->port, (int)o->verify);
  imap_buffer_init(key, KEY_CEILING);
  imap_buffer_room(key, KEY_USUAL); /* so that no copy is left behind */
  add_option(key, numbers);
  add_option(key, o->host);
  add_option(key, o->server_name);
  add_option(key, o->ca_file);
  add_option(key, o->ca_path);
  add_option(key, o->client_cert);
  add_option(key, o->client_key);
  add_option(key, o->client_key_password);
  add_option(key, o->proxy);
  return key->status;
}

static void free_sessions(struct imap_sessions *sessions) {
  if (sessions->share != NULL) curl_share_cleanup(sessions->share);
  imap_buffer_wipe(&sessions->key);
  free(sessions);
}

/* Drops those too many that nobody holds. */
static void prune(struct imap_sessions **list) {
  unsigned count = 0;
  while (*list != NULL) {
    struct imap_sessions *sessions = *list;
    if (++count >= SETS_KEPT && sessions->holds == 0) {
      *list = sessions->next;
      free_sessions(sessions);
    } else {
      list = &sessions->next;
    }
  }
}

/* A new set, which takes the key over; NULL: out of memory. */
static struct imap_sessions *make(struct imap_buffer *key) {
  struct imap_sessions *sessions = calloc(1, sizeof *sessions);
  if (sessions == NULL) {
    imap_buffer_wipe(key);
    return NULL;
  }
  sessions->key = *key;
  sessions->holds = 1;
  sessions->share = curl_share_init();
  if (sessions->share != NULL &&
      curl_share_setopt(sessions->share, CURLSHOPT_SHARE,
                        CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK)
    return sessions;
  free_sessions(sessions);
  return NULL;
}

struct imap_sessions *imap_sessions_find(
    struct imap_sessions **list, const struct imap_transport_options *options) {
  struct imap_sessions *found = *list;
  struct imap_buffer key;
  if (make_key(&key, options) != IMAP_OK) {
    imap_buffer_wipe(&key);
    return NULL;
  }
  while (found != NULL && !imap_span_equal(imap_buffer_span(&found->key),
                                           imap_buffer_span(&key)))
    found = found->next;
  if (found != NULL) {
    found->holds++;
    imap_buffer_wipe(&key);
    return found;
  }
  prune(list);
  found = make(&key);
  if (found == NULL) return NULL;
  found->next = *list;
  *list = found;
  return found;
}

void imap_sessions_release(struct imap_sessions *sessions) {
  if (sessions != NULL) sessions->holds--;
}

void imap_sessions_free_all(struct imap_sessions **list) {
  while (*list != NULL) {
    struct imap_sessions *next = (*list)->next;
    free_sessions(*list);
    *list = next;
  }
}

CURLSH *imap_sessions_share(const struct imap_sessions *sessions) {
  return sessions->refused ? NULL : sessions->share;
}

void imap_sessions_worked(struct imap_sessions *sessions) {
  if (sessions != NULL) sessions->filled = true;
}

bool imap_sessions_failed(struct imap_sessions *sessions) {
  if (sessions == NULL || !sessions->filled || sessions->refused) return false;
  sessions->refused = true;
  return true;
}
