/* login.c - connect: from the greeting to a logged-in session; and which
** mechanism is used. One is tried: after a refusal never a weaker one. */
#include <stdio.h>
#include <string.h>

#include "actions/actions.h"
#include "protocol/base64.h"

enum {
  STEP_CAPABILITY, STEP_STARTTLS, STEP_LOGIN, STEP_AUTHENTICATE, STEP_COMPRESS
};

enum { MAX_SECRET = 1 << 16, MAX_HOST = 1024 }; /* octets */

static void init(struct imap_action *a) {
  imap_buffer_init(&a->login.username, MAX_SECRET);
  imap_buffer_init(&a->login.password, MAX_SECRET);
  imap_buffer_init(&a->login.token, MAX_SECRET);
  imap_buffer_init(&a->login.host, MAX_HOST);
}

static void release(struct imap_action *a) {
  imap_buffer_wipe(&a->login.username);
  imap_buffer_wipe(&a->login.password);
  imap_buffer_wipe(&a->login.token);
  imap_buffer_free(&a->login.host);
  imap_sasl_free(a->login.sasl);
}

/* --- choosing a mechanism --- */

static bool fits(const struct imap_session *s, const struct imap_login *login,
                 const char *name) {
  const struct imap_sasl_mechanism *m = imap_sasl_find(imap_span_of(name));
  if (m == NULL || !imap_caps_auth(&s->caps, name)) return false;
  if (m->sends_secret && !login->is_protected) return false;
  return (!m->needs_password || login->has_password) &&
         (!m->needs_token || login->has_token);
}

static const char *strongest(const struct imap_session *s,
                             const struct imap_login *login) {
  static const char *const with_password[] = {
    "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"
  };
  static const char *const with_token[] = {"OAUTHBEARER", "XOAUTH2"};
  if (login->has_token) {
    for (size_t i = 0; i < sizeof with_token / sizeof *with_token; i++)
      if (fits(s, login, with_token[i])) return with_token[i];
    return NULL;
  }
  if (!login->has_password) return NULL;
  for (size_t i = 0; i < sizeof with_password / sizeof *with_password; i++) {
    const char *name = with_password[i];
    if (fits(s, login, name)) return name;
    if (strcmp(name, "LOGIN") == 0 && login->is_protected &&
        !imap_caps_have(&s->caps, IMAP_CAP_LOGINDISABLED))
      return "";
  }
  return NULL;
}

/* The mechanism, or "" for the LOGIN command, or NULL: there is none. What the
** caller insists on is used in the clear too. */
static const char *choose(const struct imap_session *s,
                          const struct imap_login *login) {
  const char *wanted = login->mechanism;
  if (wanted[0] == '\0') return strongest(s, login);
  if (imap_caps_auth(&s->caps, wanted)) return wanted;
  if (strcmp(wanted, "LOGIN") == 0 &&
      !imap_caps_have(&s->caps, IMAP_CAP_LOGINDISABLED))
    return "";
  return NULL;
}

/* The mechanisms that the server offers, for people. */
static void list_offered(const struct imap_session *s, char *out, size_t size) {
  static const char *const names[] = {
    "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER",
    "XOAUTH2", "EXTERNAL", "ANONYMOUS"
  };
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!imap_caps_auth(&s->caps, names[i])) continue;
    used += (size_t)snprintf(out + used, size - used, "%s%s",
                             used > 0 ? ", " : "", names[i]);
  }
  if (used == 0) (void)snprintf(out, size, "none that we know");
}

static void no_mechanism(const struct imap_session *s, struct imap_action *a) {
  const struct imap_login *login = &a->login;
  struct imap_failure *f = &a->failure;
  char offered[128];
  list_offered(s, offered, sizeof offered);
  if (login->mechanism[0] != '\0')
    imap_failure_set(f, IMAP_CODE_AUTH, "AUTHENTICATE",
                     "the server does not offer the mechanism %s; it offers %s",
                     login->mechanism, offered);
  else if (!login->has_password && !login->has_token)
    imap_failure_set(f, IMAP_CODE_AUTH, "AUTHENTICATE",
                     "there is no password and no token, and the server did "
                     "not log us in by itself");
  else if (!login->is_protected)
    imap_failure_set(f, IMAP_CODE_AUTH, "AUTHENTICATE",
                     "the server offers no mechanism that keeps the secret "
                     "without TLS (it offers %s); use TLS, or name one in "
                     "`auth`", offered);
  else
    imap_failure_set(f, IMAP_CODE_AUTH, "AUTHENTICATE",
                     "no mechanism fits what was given; the server offers %s",
                     offered);
  f->outcome = IMAP_OUTCOME_NOT_SENT;
}

/* --- authenticating --- */

static int queue_login(struct imap_session *s, struct imap_action *a) {
  struct imap_command *c = imap_session_command(s, a, "LOGIN", STEP_LOGIN);
  if (c == NULL) return IMAP_NOMEM;
  imap_encode_secret(&c->line, imap_buffer_span(&a->login.username));
  imap_encode_secret(&c->line, imap_buffer_span(&a->login.password));
  (void)snprintf(s->auth, sizeof s->auth, "LOGIN");
  return imap_session_queue(s, c);
}

static struct imap_span given(const struct imap_buffer *b, bool has) {
  static const struct imap_span none = {NULL, 0};
  if (!has) return none;
  return b->size > 0 ? imap_buffer_span(b) : imap_span_of("");
}

/* The initial response in base64, for the command's line; "=" where it is empty
** (RFC 4959). */
static int initial_response(struct imap_action *a, struct imap_buffer *out) {
  struct imap_buffer raw;
  int status;
  imap_buffer_init(&raw, MAX_SECRET * 2);
  status = imap_sasl_initial(a->login.sasl, &raw);
  if (status == IMAP_OK && raw.size == 0)
    status = imap_buffer_add_byte(out, '=');
  else if (status == IMAP_OK)
    status = imap_base64_encode(imap_buffer_span(&raw), out);
  imap_buffer_wipe(&raw);
  return status;
}

static int queue_authenticate(struct imap_session *s, struct imap_action *a,
                              const struct imap_sasl_mechanism *m) {
  struct imap_command *c =
      imap_session_command(s, a, "AUTHENTICATE", STEP_AUTHENTICATE);
  if (c == NULL) return IMAP_NOMEM;
  c->converses = true;
  imap_encode_word(&c->line, m->name);
  if (m->client_first && imap_caps_have(&s->caps, IMAP_CAP_SASL_IR)) {
    struct imap_buffer text;
    int status;
    imap_buffer_init(&text, MAX_SECRET * 4);
    status = initial_response(a, &text);
    if (status == IMAP_OK)
      status = imap_session_add_secret(s, imap_buffer_span(&text));
    if (status == IMAP_OK)
      imap_encode_credential(&c->line, imap_buffer_span(&text));
    else
      c->line.status = status;
    imap_buffer_wipe(&text);
  }
  return imap_session_queue(s, c);
}

/* Capabilities change with the login: a list is new that comes with the answer,
** in its code or before it; else we ask (RFC 9051 6.2.2). */
static void forget_capabilities(struct imap_session *s) {
  s->caps.known = false;
}

static int authenticate(struct imap_session *s, struct imap_action *a) {
  const struct imap_login *login = &a->login;
  const char *name = choose(s, login);
  const struct imap_sasl_mechanism *m;
  struct imap_credentials credentials;
  if (name == NULL) {
    no_mechanism(s, a);
    return IMAP_OK;
  }
  forget_capabilities(s);
  if (name[0] == '\0') return queue_login(s, a);
  m = imap_sasl_find(imap_span_of(name));
  if (m == NULL) {
    no_mechanism(s, a);
    return IMAP_OK;
  }
  credentials = (struct imap_credentials){
    .username = given(&login->username, login->has_username),
    .password = given(&login->password, login->has_password),
    .token = given(&login->token, login->has_token),
    .host = imap_buffer_span(&login->host), .port = login->port
  };
  a->login.sasl = imap_sasl_new(m, &credentials);
  if (a->login.sasl == NULL) return IMAP_NOMEM;
  (void)snprintf(s->auth, sizeof s->auth, "%s", m->name);
  return queue_authenticate(s, a, m);
}

/* --- the exchange --- */

static void sasl_failed(struct imap_action *a) {
  const char *problem = imap_sasl_problem(a->login.sasl);
  imap_failure_set(&a->failure, IMAP_CODE_AUTH, "AUTHENTICATE", "%s",
                   problem[0] != '\0' ? problem
                                      : "the server's challenge is no base64");
  a->failure.outcome = IMAP_OUTCOME_REFUSED;
}

static int give_up(struct imap_session *s, struct imap_action *a) {
  sasl_failed(a);
  return imap_session_respond(s, imap_span_of("*"), false);
}

/* Answers one challenge; `out` gets base64. */
static int step_sasl(struct imap_action *a, struct imap_span text,
                     struct imap_buffer *out) {
  struct imap_buffer challenge, response;
  int status;
  imap_buffer_init(&challenge, text.size + 1); /* how long, SASL judges */
  imap_buffer_init(&response, MAX_SECRET * 2);
  status = imap_base64_decode(text, &challenge);
  if (status == IMAP_OK)
    status = imap_sasl_step(a->login.sasl, imap_buffer_span(&challenge), &response);
  if (status == IMAP_OK)
    status = imap_base64_encode(imap_buffer_span(&response), out);
  imap_buffer_wipe(&challenge);
  imap_buffer_wipe(&response);
  return status;
}

static int answer_challenge(struct imap_session *s, struct imap_action *a,
                            const struct imap_response *r) {
  struct imap_span text = r->text;
  struct imap_buffer out;
  int status;
  if (a->failure.code != IMAP_CODE_NONE) { /* "*" was the last word (B9) */
    s->parser.problem = "the server goes on with a cancelled mechanism";
    return IMAP_PROTOCOL;
  }
  if (r->code.data != NULL) text = (struct imap_span){"[", 1}; /* no base64 */
  imap_buffer_init(&out, MAX_SECRET * 4);
  status = step_sasl(a, text, &out);
  if (status == IMAP_OK)
    status = imap_session_add_secret(s, imap_buffer_span(&out));
  if (status == IMAP_OK)
    status = imap_session_respond(s, imap_buffer_span(&out), true);
  else if (status != IMAP_NOMEM)
    status = give_up(s, a);
  imap_buffer_wipe(&out);
  return status;
}

static int authenticated(struct imap_session *s, struct imap_action *a,
                         const struct imap_command *c,
                         const struct imap_response *r) {
  if (r->name != IMAP_NAME_OK) {
    if (a->login.sasl != NULL && imap_sasl_problem(a->login.sasl)[0] != '\0')
      sasl_failed(a);
    imap_failure_answer(&a->failure, c->name, r);
    imap_failure_quote(&a->failure, r);
    imap_session_scrub(s, &a->failure.response_text);
    a->failure.code = IMAP_CODE_AUTH;
    return IMAP_OK;
  }
  if (a->login.sasl != NULL && imap_sasl_finish(a->login.sasl) != IMAP_OK) sasl_failed(a);
  a->login.step = IMAP_LOGIN_AUTHENTICATED;
  return IMAP_OK;
}

/* --- the way to a logged-in session --- */

static int ask_capabilities(struct imap_session *s, struct imap_action *a,
                            enum imap_login_step step) {
  struct imap_command *c =
      imap_session_command(s, a, "CAPABILITY", STEP_CAPABILITY);
  a->login.step = step;
  imap_caps_clear(&s->caps);
  return c == NULL ? IMAP_NOMEM : imap_session_queue(s, c);
}

static int start_tls(struct imap_session *s, struct imap_action *a) {
  struct imap_command *c;
  a->login.step = IMAP_LOGIN_STARTTLS;
  if (s->caps.known && !imap_caps_have(&s->caps, IMAP_CAP_STARTTLS)) {
    imap_failure_set(&a->failure, IMAP_CODE_TLS, "STARTTLS",
                     "the server does not offer STARTTLS");
    return IMAP_OK;
  }
  c = imap_session_command(s, a, "STARTTLS", STEP_STARTTLS);
  return c == NULL ? IMAP_NOMEM : imap_session_queue(s, c);
}

/* Nothing that came before TLS may be believed after it (THREATS A1 to A4). */
static int tls_answered(struct imap_session *s, struct imap_action *a,
                        const struct imap_response *r) {
  if (r->name != IMAP_NAME_OK) {
    imap_failure_set(&a->failure, IMAP_CODE_TLS, "STARTTLS",
                     "the server refused STARTTLS");
    imap_failure_quote(&a->failure, r);
  } else if (imap_framer_pending(&s->framer) > 0) {
    imap_failure_set(&a->failure, IMAP_CODE_TLS, "STARTTLS",
                     "the server sent data behind its answer to STARTTLS");
  } else {
    s->upgrading = true;
  }
  return IMAP_OK;
}

/* Between it and its answer nothing may be said (RFC 4978 3). */
static int compress(struct imap_session *s, struct imap_action *a) {
  struct imap_command *c;
  if (!imap_caps_have(&s->caps, IMAP_CAP_COMPRESS_DEFLATE)) {
    imap_failure_set(&a->failure, IMAP_CODE_UNSUPPORTED, "COMPRESS",
                     "the server does not offer COMPRESS=DEFLATE; connect "
                     "without `compress`");
    a->failure.field = "compress";
    a->failure.outcome = IMAP_OUTCOME_NOT_SENT;
    return IMAP_OK;
  }
  a->login.step = IMAP_LOGIN_COMPRESSING;
  c = imap_session_command(s, a, "COMPRESS", STEP_COMPRESS);
  if (c == NULL) return IMAP_NOMEM;
  c->alone = true;
  imap_encode_word(&c->line, "DEFLATE");
  return imap_session_queue(s, c);
}

static int compress_answered(struct imap_session *s, struct imap_action *a,
                             const struct imap_response *r) {
  if (r->name == IMAP_NAME_OK) return imap_session_compress(s);
  imap_failure_answer(&a->failure, "COMPRESS", r);
  imap_session_scrub(s, &a->failure.response_text);
  return IMAP_OK;
}

static int after_login(struct imap_session *s, struct imap_action *a) {
  bool go_on = a->login.compress && a->login.step != IMAP_LOGIN_COMPRESSING;
  if (go_on) return compress(s, a);
  imap_buffer_free(&s->secrets);
  a->login.step = IMAP_LOGIN_DONE;
  s->state = IMAP_SESSION_READY;
  s->utf8 = imap_caps_rev2(&s->caps);
  return IMAP_OK;
}

static int begin_login(struct imap_session *s, struct imap_action *a) {
  if (s->preauth) {
    if (s->auth[0] == '\0') (void)snprintf(s->auth, sizeof s->auth, "PREAUTH");
    a->login.step = IMAP_LOGIN_AUTHENTICATED;
    return s->caps.known ? after_login(s, a)
                         : ask_capabilities(s, a, IMAP_LOGIN_AUTHENTICATED);
  }
  if (!s->caps.known) return ask_capabilities(s, a, IMAP_LOGIN_ASKED);
  a->login.step = IMAP_LOGIN_ASKED;
  return authenticate(s, a);
}

static int start(struct imap_session *s, struct imap_action *a) {
  if (s->bye) {
    imap_failure_copy(&a->failure, &s->last_words);
    return IMAP_OK;
  }
  if (!a->login.starttls) return begin_login(s, a);
  if (s->preauth) {
    imap_failure_set(&a->failure, IMAP_CODE_TLS, "STARTTLS",
                     "the server greeted with PREAUTH, which leaves no room "
                     "for STARTTLS");
    return IMAP_OK;
  }
  s->wants_tls = true;
  if (!s->caps.known) return ask_capabilities(s, a, IMAP_LOGIN_ASKED_CLEAR);
  return start_tls(s, a);
}

static int plan(struct imap_session *s, struct imap_action *a) {
  int status =
      imap_session_add_secret(s, imap_buffer_span(&a->login.password));
  if (status == IMAP_OK)
    status = imap_session_add_secret(s, imap_buffer_span(&a->login.token));
  a->open_ended = true;
  return status == IMAP_OK ? start(s, a) : status;
}

static int answer(struct imap_session *s, struct imap_action *a,
                  struct imap_command *c, const struct imap_response *r) {
  if (r->kind == IMAP_CONTINUATION) return answer_challenge(s, a, r);
  switch (c->step) {
    case STEP_STARTTLS:
      return tls_answered(s, a, r);
    case STEP_LOGIN: case STEP_AUTHENTICATE:
      return authenticated(s, a, c, r);
    case STEP_COMPRESS:
      return compress_answered(s, a, r);
    default: /* CAPABILITY: a refusal leaves the list empty */
      s->caps.known = true;
      return IMAP_OK;
  }
}

/* Each time nothing is in flight, the next step. */
static int settle(struct imap_session *s, struct imap_action *a) {
  if (a->failure.code != IMAP_CODE_NONE) return IMAP_OK;
  switch (a->login.step) {
    case IMAP_LOGIN_ASKED_CLEAR:
      return start_tls(s, a);
    case IMAP_LOGIN_STARTTLS:
      s->wants_tls = false;
      return ask_capabilities(s, a, IMAP_LOGIN_ASKED);
    case IMAP_LOGIN_ASKED:
      return authenticate(s, a);
    case IMAP_LOGIN_AUTHENTICATED:
      return s->caps.known ? after_login(s, a)
                           : ask_capabilities(s, a, IMAP_LOGIN_AUTHENTICATED);
    case IMAP_LOGIN_COMPRESSING:
      return after_login(s, a);
    default:
      return IMAP_OK;
  }
}

const struct imap_routine imap_connect_routine = {
  .name = "connect", .init = init, .release = release,
  .plan = plan, .answer = answer, .settle = settle
};
