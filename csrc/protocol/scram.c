/* scram.c - SCRAM (RFC 5802, RFC 7677): each side proves that it knows the
** password, and neither says it. */
#include "protocol/scram.h"

#include <string.h>

#include "protocol/base64.h"
#include "protocol/limits.h"
#include "protocol/random.h"
#include "protocol/seqset.h"

enum {
  FEWEST_ITERATIONS = 4096,  /* RFC 7677 section 4: fewer are no protection */
  MOST_ITERATIONS = 100000,  /* more would let the server burn our time */
  NONCE_OCTETS = 24,
  LONGEST_PROOF = 64         /* a digest in base64, and some air */
};

/* --- The nonce ---------------------------------------------------------- */

int imap_scram_init(struct imap_scram *s, enum imap_hash hash) {
  unsigned char octets[NONCE_OCTETS];
  int status;
  memset(s, 0, sizeof *s);
  s->hash = hash;
  imap_buffer_init(&s->nonce, IMAP_MAX_CHALLENGE);
  /* a name, two nonces, a challenge: far below */
  imap_buffer_init(&s->message, (size_t)8 * IMAP_MAX_CHALLENGE);
  status = imap_random(octets, sizeof octets);
  if (status != IMAP_OK) return status;
  /* base64 has no comma, which a nonce must not contain */
  return imap_base64_encode(
      (struct imap_span){(char *)octets, sizeof octets}, &s->nonce);
}

void imap_scram_free(struct imap_scram *s) {
  imap_buffer_wipe(&s->nonce);
  imap_buffer_wipe(&s->message);
  imap_hash_wipe(s->signature, sizeof s->signature);
}

/* --- client-first-message ----------------------------------------------- */

void imap_scram_add_name(struct imap_span name, struct imap_buffer *out) {
  for (size_t i = 0; i < name.size; i++) {
    if (name.data[i] == ',') imap_buffer_add_text(out, "=2C");
    else if (name.data[i] == '=') imap_buffer_add_text(out, "=3D");
    else imap_buffer_add_byte(out, name.data[i]);
  }
}

/* gs2-header "n=" saslname ",r=" c-nonce, where the header says that we know
** no channel binding and ask for no other identity */
int imap_scram_first(struct imap_scram *s, struct imap_span username,
                     struct imap_buffer *out) {
  imap_buffer_add_text(&s->message, "n=");
  imap_scram_add_name(username, &s->message);
  imap_buffer_add_text(&s->message, ",r=");
  imap_buffer_add_span(&s->message, imap_buffer_span(&s->nonce));
  if (s->nonce.status != IMAP_OK) return s->nonce.status;
  if (s->message.status != IMAP_OK) return s->message.status;
  imap_buffer_add_text(out, "n,,");
  return imap_buffer_add_span(out, imap_buffer_span(&s->message));
}

/* --- server-first-message ----------------------------------------------- */

struct server_first {
  struct imap_span nonce, salt; /* salt in base64 */
  unsigned iterations;
};

static int failed(struct imap_scram *s, const char *problem) {
  s->problem = problem;
  return IMAP_PROTOCOL;
}

/* attr "=" value off the front of `text`, and the comma behind it. */
static bool take_value(struct imap_span *text, char attr,
                       struct imap_span *value) {
  const char *comma;
  size_t taken;
  if (text->size < 2 || text->data[0] != attr || text->data[1] != '=')
    return false;
  comma = memchr(text->data, ',', text->size);
  taken = comma != NULL ? (size_t)(comma - text->data) : text->size;
  *value = (struct imap_span){text->data + 2, taken - 2};
  if (comma != NULL) taken++;
  text->data += taken;
  text->size -= taken;
  return true;
}

/* server-error = "e=" …, in either of the server's messages */
static bool refuses(struct imap_scram *s, struct imap_span challenge) {
  return take_value(&challenge, 'e', &s->refusal);
}

/* It is ours with something of the server's behind it; a server that answers
** with our own nonce may be repeating an exchange of old. */
static bool extends(struct imap_span nonce, struct imap_span ours) {
  if (nonce.size <= ours.size) return false;
  for (size_t i = 0; i < nonce.size; i++)
    if (nonce.data[i] <= 0x20 || nonce.data[i] >= 0x7f) return false;
  return memcmp(nonce.data, ours.data, ours.size) == 0;
}

/* nonce "," salt "," iteration-count ["," extensions]. A message that begins
** with "m=" demands what we do not know, and fails as it must. */
static int read_first(struct imap_scram *s, struct imap_span challenge,
                      struct server_first *first) {
  struct imap_span count;
  uint64_t iterations;
  if (refuses(s, challenge)) return failed(s, "the server refused");
  if (!take_value(&challenge, 'r', &first->nonce) ||
      !take_value(&challenge, 's', &first->salt) || first->salt.size == 0 ||
      !take_value(&challenge, 'i', &count))
    return failed(s, "the server's first message is malformed");
  if (!extends(first->nonce, imap_buffer_span(&s->nonce)))
    return failed(s, "the server's nonce does not extend ours");
  if (imap_number_parse(count, MOST_ITERATIONS, &iterations) != IMAP_OK ||
      iterations < FEWEST_ITERATIONS)
    return failed(s, "the iteration count is not between 4096 and 100000");
  first->iterations = (unsigned)iterations;
  return IMAP_OK;
}

/* --- client-final-message ----------------------------------------------- */

static struct imap_span digest_span(const struct imap_scram *s,
                                    const unsigned char *digest) {
  return (struct imap_span){(const char *)digest, imap_hash_size(s->hash)};
}

/* HMAC(salted password, label) */
static int derive(const struct imap_scram *s, const unsigned char *salted,
                  const char *label, unsigned char *key) {
  return imap_hash_hmac(s->hash, digest_span(s, salted), imap_span_of(label),
                        key);
}

/* HMAC(key, AuthMessage) */
static int sign(const struct imap_scram *s, const unsigned char *key,
                unsigned char *signature) {
  return imap_hash_hmac(s->hash, digest_span(s, key),
                        imap_buffer_span(&s->message), signature);
}

/* ClientProof, and the server's signature for later (RFC 5802 section 3). */
static int prove(struct imap_scram *s, const unsigned char *salted,
                 unsigned char *proof) {
  unsigned char key[IMAP_HASH_MAX], stored[IMAP_HASH_MAX];
  size_t size = imap_hash_size(s->hash);
  int status = derive(s, salted, "Client Key", key);
  if (status == IMAP_OK)
    status = imap_hash_digest(s->hash, digest_span(s, key), stored);
  if (status == IMAP_OK) status = sign(s, stored, proof);
  for (size_t i = 0; status == IMAP_OK && i < size; i++) proof[i] ^= key[i];
  if (status == IMAP_OK) status = derive(s, salted, "Server Key", key);
  if (status == IMAP_OK) status = sign(s, key, s->signature);
  imap_hash_wipe(key, sizeof key);
  imap_hash_wipe(stored, sizeof stored);
  return status;
}

/* SaltedPassword, and the proof from it. */
static int work_out(struct imap_scram *s, struct imap_span password,
                    const struct server_first *first, unsigned char *proof) {
  unsigned char salted[IMAP_HASH_MAX];
  struct imap_buffer salt;
  int status;
  imap_buffer_init(&salt, IMAP_MAX_CHALLENGE);
  status = imap_base64_decode(first->salt, &salt);
  if (status == IMAP_INVALID) status = failed(s, "the salt is not base64");
  if (status == IMAP_OK)
    status = imap_hash_pbkdf2(s->hash, password, imap_buffer_span(&salt),
                              first->iterations, salted);
  if (status == IMAP_OK) status = prove(s, salted, proof);
  imap_hash_wipe(salted, sizeof salted);
  imap_buffer_free(&salt);
  return status;
}

/* "c=" base64("n,,") ",r=" nonce, which AuthMessage ends in, ",p=" proof */
static int answer_first(struct imap_scram *s, struct imap_span password,
                        struct imap_span challenge, struct imap_buffer *out) {
  unsigned char proof[IMAP_HASH_MAX];
  struct server_first first;
  size_t final;
  int status = read_first(s, challenge, &first);
  if (status != IMAP_OK) return status;
  imap_buffer_add_byte(&s->message, ',');
  imap_buffer_add_span(&s->message, challenge);
  imap_buffer_add_byte(&s->message, ',');
  final = s->message.size;
  imap_buffer_add_text(&s->message, "c=biws,r=");
  status = imap_buffer_add_span(&s->message, first.nonce);
  if (status == IMAP_OK) status = work_out(s, password, &first, proof);
  if (status != IMAP_OK) return status;
  imap_buffer_add(out, s->message.data + final, s->message.size - final);
  imap_buffer_add_text(out, ",p=");
  imap_base64_encode(digest_span(s, proof), out);
  s->stage = IMAP_SCRAM_PROVED;
  return out->status;
}

/* --- server-final-message ----------------------------------------------- */

/* verifier = "v=" base64; a wrong one says that the server does not know the
** password, or that somebody stands between. */
static int verify(struct imap_scram *s, struct imap_span challenge) {
  struct imap_buffer shown;
  struct imap_span text;
  int status;
  if (refuses(s, challenge)) return failed(s, "the server refused");
  if (!take_value(&challenge, 'v', &text))
    return failed(s, "the server's last message is malformed");
  imap_buffer_init(&shown, LONGEST_PROOF);
  status = imap_base64_decode(text, &shown);
  if (status == IMAP_OK && shown.size == imap_hash_size(s->hash) &&
      imap_hash_equal(shown.data, s->signature, shown.size))
    s->stage = IMAP_SCRAM_VERIFIED;
  else if (status != IMAP_NOMEM)
    status = failed(s, "the server's signature is wrong");
  imap_buffer_free(&shown);
  return status;
}

int imap_scram_step(struct imap_scram *s, struct imap_span password,
                    struct imap_span challenge, struct imap_buffer *out) {
  switch (s->stage) {
    case IMAP_SCRAM_ASKED: return answer_first(s, password, challenge, out);
    case IMAP_SCRAM_PROVED: return verify(s, challenge);
    default: return failed(s, "the server goes on behind its signature");
  }
}
