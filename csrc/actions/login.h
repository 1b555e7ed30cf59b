/* login.h - what connect needs to know to log in. */
#ifndef IMAP_LOGIN_H
#define IMAP_LOGIN_H

#include "protocol/sasl.h"

struct imap_login {
  struct imap_buffer username, password, token, host; /* wiped when freed */
  bool has_username, has_password, has_token;
  unsigned port;
  char mechanism[32]; /* to insist on, upper case; "": the strongest */
  bool starttls;      /* STARTTLS is ours to do */
  bool compress;      /* COMPRESS=DEFLATE, once logged in */
  bool is_protected;  /* TLS is on, or will be before anything is said */
  enum imap_login_step {
    IMAP_LOGIN_START,
    IMAP_LOGIN_ASKED_CLEAR, /* CAPABILITY before STARTTLS */
    IMAP_LOGIN_STARTTLS,
    IMAP_LOGIN_ASKED,       /* CAPABILITY before authenticating */
    IMAP_LOGIN_AUTHENTICATED,
    IMAP_LOGIN_COMPRESSING,
    IMAP_LOGIN_DONE
  } step;
};

struct imap_login *imap_login_new(void); /* NULL: out of memory */
void imap_login_free(struct imap_login *login); /* NULL is allowed */

#endif
