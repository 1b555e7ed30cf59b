/* sasl.c - authentication exchanges (RFC 4422): the mechanisms, and the rules
** that hold for all of them. */
#include "protocol/sasl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/hash.h"
#include "protocol/limits.h"
#include "protocol/scram.h"

enum {
  MOST_ROUNDS = 8,      /* a server that never comes to an end */
  LONGEST_PROBLEM = 500 /* what a server explains may be long */
};

typedef int imap_sasl_first(struct imap_sasl *sasl, struct imap_buffer *out);
typedef int imap_sasl_answer(struct imap_sasl *sasl,
                             struct imap_span challenge,
                             struct imap_buffer *out);

struct method {
  struct imap_sasl_mechanism mechanism; /* first: callers hold a pointer */
  imap_sasl_first *first;   /* the initial response; NULL: server first */
  imap_sasl_answer *answer; /* to a challenge; NULL: there is none to come */
  enum imap_hash hash;      /* without which it cannot be done */
};

struct imap_sasl {
  const struct method *method;
  int status;               /* the first error, which stays */
  char *secrets;            /* what the spans below point into */
  size_t secrets_size;
  struct imap_span username, password, token, host;
  unsigned port;
  unsigned rounds;          /* challenges so far */
  bool begun;               /* the initial response has been given */
  struct imap_scram scram;
  char problem[LONGEST_PROBLEM + 1];
};

/* --- What went wrong ---------------------------------------------------- */

/* The first problem stays. Of the peer's words only what can be printed. */
static void explain(struct imap_sasl *sasl, const char *text,
                    struct imap_span detail) {
  size_t size = strlen(sasl->problem);
  if (size > 0) return;
  size = (size_t)snprintf(sasl->problem, sizeof sasl->problem, "%s%s", text,
                          *text != '\0' && detail.size > 0 ? ": " : "");
  for (size_t i = 0; i < detail.size && size < LONGEST_PROBLEM; i++) {
    char byte = detail.data[i];
    sasl->problem[size++] = byte >= 0x20 && byte < 0x7f ? byte : '?';
  }
  sasl->problem[size] = '\0';
}

static int refuse(struct imap_sasl *sasl, const char *problem) {
  explain(sasl, problem, (struct imap_span){NULL, 0});
  return IMAP_PROTOCOL;
}

const char *imap_sasl_problem(const struct imap_sasl *sasl) {
  return sasl->problem;
}

/* --- PLAIN, LOGIN, CRAM-MD5 --------------------------------------------- */

/* RFC 4616: [authzid] NUL authcid NUL passwd */
static int plain_first(struct imap_sasl *sasl, struct imap_buffer *out) {
  imap_buffer_room(out, sasl->username.size + sasl->password.size + 2);
  imap_buffer_add_byte(out, '\0');
  imap_buffer_add_span(out, sasl->username);
  imap_buffer_add_byte(out, '\0');
  return imap_buffer_add_span(out, sasl->password);
}

/* Servers word their questions as they like: the order is what counts. */
static int login_answer(struct imap_sasl *sasl, struct imap_span challenge,
                        struct imap_buffer *out) {
  (void)challenge;
  if (sasl->rounds == 1) return imap_buffer_add_span(out, sasl->username);
  if (sasl->rounds == 2) return imap_buffer_add_span(out, sasl->password);
  return refuse(sasl, "the server asks for more than name and password");
}

/* RFC 2195: user name SP hexadecimal HMAC-MD5(password, challenge) */
static int cram_answer(struct imap_sasl *sasl, struct imap_span challenge,
                       struct imap_buffer *out) {
  static const char hex[] = "0123456789abcdef";
  unsigned char digest[IMAP_HASH_MAX];
  int status;
  if (sasl->rounds > 1) return refuse(sasl, "the server asks a second time");
  if (challenge.size == 0) return refuse(sasl, "the challenge is empty");
  status = imap_hash_hmac(IMAP_HASH_MD5, sasl->password, challenge, digest);
  if (status != IMAP_OK) return status;
  imap_buffer_add_span(out, sasl->username);
  imap_buffer_add_byte(out, ' ');
  for (size_t i = 0; i < imap_hash_size(IMAP_HASH_MD5); i++) {
    imap_buffer_add_byte(out, hex[digest[i] >> 4]);
    imap_buffer_add_byte(out, hex[digest[i] & 15]);
  }
  return out->status;
}

/* --- SCRAM -------------------------------------------------------------- */

static int scram_first(struct imap_sasl *sasl, struct imap_buffer *out) {
  return imap_scram_first(&sasl->scram, sasl->username, out);
}

static int scram_answer(struct imap_sasl *sasl, struct imap_span challenge,
                        struct imap_buffer *out) {
  int status =
      imap_scram_step(&sasl->scram, sasl->password, challenge, out);
  if (sasl->scram.problem != NULL)
    explain(sasl, sasl->scram.problem, sasl->scram.refusal);
  return status;
}

/* --- XOAUTH2, OAUTHBEARER ----------------------------------------------- */

static void add_bearer(const struct imap_sasl *sasl, struct imap_buffer *out) {
  imap_buffer_add_text(out, "\001auth=Bearer ");
  imap_buffer_add_span(out, sasl->token);
  imap_buffer_add_text(out, "\001\001");
}

/* More than all that is not the token, so that no copy of it stays behind. */
static void make_room(const struct imap_sasl *sasl, struct imap_buffer *out) {
  imap_buffer_room(out, sasl->secrets_size + sasl->username.size * 2 + 100);
}

/* Google's and Microsoft's: "user=" … ^A "auth=Bearer " … ^A ^A */
static int xoauth2_first(struct imap_sasl *sasl, struct imap_buffer *out) {
  make_room(sasl, out);
  imap_buffer_add_text(out, "user=");
  imap_buffer_add_span(out, sasl->username);
  add_bearer(sasl, out);
  return out->status;
}

/* RFC 7628 3.1: gs2-header, then host, port and auth between ^A */
static int bearer_first(struct imap_sasl *sasl, struct imap_buffer *out) {
  char port[32];
  make_room(sasl, out);
  imap_buffer_add_text(out, "n,");
  if (sasl->username.size > 0) {
    imap_buffer_add_text(out, "a=");
    imap_scram_add_name(sasl->username, out);
  }
  imap_buffer_add_byte(out, ',');
  if (sasl->host.size > 0) {
    imap_buffer_add_text(out, "\001host=");
    imap_buffer_add_span(out, sasl->host);
  }
  if (sasl->port != 0) {
    snprintf(port, sizeof port, "\001port=%u", sasl->port);
    imap_buffer_add_text(out, port);
  }
  add_bearer(sasl, out);
  return out->status;
}

/* A failure comes as a challenge that explains it, and NO comes only when that
** has been answered: with one ^A (RFC 7628 3.2.3), or with nothing. */
static int bearer_answer(struct imap_sasl *sasl, struct imap_span challenge,
                         struct imap_buffer *out) {
  explain(sasl, "", challenge);
  return imap_buffer_add_byte(out, '\001');
}

static int xoauth2_answer(struct imap_sasl *sasl, struct imap_span challenge,
                          struct imap_buffer *out) {
  explain(sasl, "", challenge);
  return out->status;
}

/* --- EXTERNAL, ANONYMOUS ------------------------------------------------ */

/* RFC 4422 appendix A: whom to act as; empty: whom the certificate names */
static int external_first(struct imap_sasl *sasl, struct imap_buffer *out) {
  return imap_buffer_add_span(out, sasl->username);
}

/* RFC 4505: a word of trace for the server's log */
static int anonymous_first(struct imap_sasl *sasl, struct imap_buffer *out) {
  if (sasl->username.size == 0) return imap_buffer_add_text(out, "imapconn");
  return imap_buffer_add_span(out, sasl->username);
}

/* --- The table ---------------------------------------------------------- */

static const struct method methods[] = {
  {{.name = "SCRAM-SHA-256", .client_first = true, .needs_password = true,
    .needs_username = true},
   scram_first, scram_answer, IMAP_HASH_SHA256},
  {{.name = "SCRAM-SHA-1", .client_first = true, .needs_password = true,
    .needs_username = true},
   scram_first, scram_answer, IMAP_HASH_SHA1},
  {{.name = "CRAM-MD5", .needs_password = true, .needs_username = true},
   NULL, cram_answer, IMAP_HASH_MD5},
  {{.name = "PLAIN", .client_first = true, .sends_secret = true,
    .needs_password = true, .needs_username = true},
   plain_first, NULL, IMAP_HASH_NONE},
  {{.name = "LOGIN", .sends_secret = true, .needs_password = true,
    .needs_username = true},
   NULL, login_answer, IMAP_HASH_NONE},
  {{.name = "OAUTHBEARER", .client_first = true, .sends_secret = true,
    .needs_token = true, .needs_username = true},
   bearer_first, bearer_answer, IMAP_HASH_NONE},
  {{.name = "XOAUTH2", .client_first = true, .sends_secret = true,
    .needs_token = true, .needs_username = true},
   xoauth2_first, xoauth2_answer, IMAP_HASH_NONE},
  {{.name = "EXTERNAL", .client_first = true},
   external_first, NULL, IMAP_HASH_NONE},
  {{.name = "ANONYMOUS", .client_first = true},
   anonymous_first, NULL, IMAP_HASH_NONE}
};

const struct imap_sasl_mechanism *imap_sasl_find(struct imap_span name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    const struct method *m = &methods[i];
    if (!imap_span_is(name, m->mechanism.name)) continue;
    if (m->hash != IMAP_HASH_NONE && imap_hash_size(m->hash) == 0) return NULL;
    return &m->mechanism;
  }
  return NULL;
}

static bool is_scram(const struct imap_sasl *sasl) {
  return sasl->method->first == scram_first;
}

/* --- The exchange ------------------------------------------------------- */

static struct imap_span copy(struct imap_sasl *sasl, struct imap_span from) {
  char *to = sasl->secrets + sasl->secrets_size;
  if (from.size > 0) memcpy(to, from.data, from.size);
  sasl->secrets_size += from.size;
  return (struct imap_span){to, from.size};
}

static bool copy_credentials(struct imap_sasl *sasl,
                             const struct imap_credentials *c) {
  sasl->secrets = malloc(c->username.size + c->password.size + c->token.size +
                         c->host.size + 1);
  if (sasl->secrets == NULL) return false;
  sasl->username = copy(sasl, c->username);
  sasl->password = copy(sasl, c->password);
  sasl->token = copy(sasl, c->token);
  sasl->host = copy(sasl, c->host);
  sasl->port = c->port;
  return true;
}

static bool has_control(struct imap_span text) {
  for (size_t i = 0; i < text.size; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

/* NUL and ^A divide fields: inside of one they would forge another. */
static int check(struct imap_sasl *sasl) {
  struct imap_span password = sasl->password;
  const char *problem = NULL;
  if (has_control(sasl->username)) problem = "control bytes in the user name";
  else if (has_control(sasl->token)) problem = "control bytes in the token";
  else if (has_control(sasl->host)) problem = "control bytes in the host";
  else if (password.size > 0 && memchr(password.data, 0, password.size))
    problem = "NUL in the password";
  if (problem == NULL) return IMAP_OK;
  refuse(sasl, problem);
  return IMAP_INVALID;
}

struct imap_sasl *imap_sasl_new(const struct imap_sasl_mechanism *mechanism,
                                const struct imap_credentials *credentials) {
  struct imap_sasl *sasl = calloc(1, sizeof *sasl);
  if (sasl == NULL) return NULL;
  sasl->method = (const struct method *)(const void *)mechanism;
  if (!copy_credentials(sasl, credentials) ||
      (is_scram(sasl) &&
       imap_scram_init(&sasl->scram, sasl->method->hash) != IMAP_OK)) {
    imap_sasl_free(sasl);
    return NULL;
  }
  sasl->status = check(sasl);
  return sasl;
}

void imap_sasl_free(struct imap_sasl *sasl) {
  if (sasl == NULL) return;
  imap_scram_free(&sasl->scram);
  if (sasl->secrets != NULL)
    imap_hash_wipe(sasl->secrets, sasl->secrets_size);
  free(sasl->secrets);
  free(sasl);
}

void imap_sasl_set_nonce(struct imap_sasl *sasl, struct imap_span nonce) {
  if (!is_scram(sasl)) return;
  imap_buffer_clear(&sasl->scram.nonce);
  imap_buffer_add_span(&sasl->scram.nonce, nonce);
}

static int begin(struct imap_sasl *sasl, struct imap_buffer *out) {
  sasl->begun = true;
  return sasl->method->first(sasl, out);
}

static int answer(struct imap_sasl *sasl, struct imap_span challenge,
                  struct imap_buffer *out) {
  const struct method *m = sasl->method;
  if (challenge.size > IMAP_MAX_CHALLENGE)
    return refuse(sasl, "the challenge is too long");
  if (++sasl->rounds > MOST_ROUNDS)
    return refuse(sasl, "the server asks without end");
  if (m->first != NULL && !sasl->begun)
    return challenge.size == 0
               ? begin(sasl, out)
               : refuse(sasl, "the server speaks before its turn");
  if (m->answer == NULL) return refuse(sasl, "the server asks for more");
  return m->answer(sasl, challenge, out);
}

/* Nothing of an answer that failed is left to be sent. */
static int keep(struct imap_sasl *sasl, int status, struct imap_buffer *out,
                size_t start) {
  if (status == IMAP_OK) status = out->status;
  if (status != IMAP_OK) out->size = start;
  return sasl->status = status;
}

int imap_sasl_initial(struct imap_sasl *sasl, struct imap_buffer *out) {
  size_t start = out->size;
  if (sasl->status != IMAP_OK) return sasl->status;
  if (sasl->method->first == NULL || sasl->begun) return IMAP_INVALID;
  return keep(sasl, begin(sasl, out), out, start);
}

int imap_sasl_step(struct imap_sasl *sasl, struct imap_span challenge,
                   struct imap_buffer *out) {
  size_t start = out->size;
  if (sasl->status != IMAP_OK) return sasl->status;
  return keep(sasl, answer(sasl, challenge, out), out, start);
}

int imap_sasl_finish(struct imap_sasl *sasl) {
  if (sasl->status != IMAP_OK) return sasl->status;
  if (is_scram(sasl) && sasl->scram.stage != IMAP_SCRAM_VERIFIED)
    sasl->status =
        refuse(sasl, "the server has not shown that it knows the password");
  return sasl->status;
}
