/* trust.c - trust anchors, parsed once for as long as the files stay as they
** are. Parsing a system's bundle takes longer than the whole handshake. */
#include "transport/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "transport/failure.h"

#ifdef IMAPCONN_BUNDLED
#include <mbedtls/x509_crt.h>
#endif

/* Places that nobody uses now are kept for the next connection, up to here. */
enum { TRUST_KEPT = 8 };

/* What tells that a file or folder is not what it was. */
struct stamp {
  dev_t device;
  ino_t inode;
  off_t size;
  time_t changed;
};

struct imap_trust {
  struct imap_trust *next;
  unsigned holds;
  char *file, *path; /* NULL: none */
  struct stamp file_stamp, path_stamp;
#ifdef IMAPCONN_BUNDLED
  mbedtls_x509_crt chain;
#endif
};

/* Debian, Fedora, openSUSE, RHEL 7, Alpine with the BSDs and macOS, FreeBSD. */
static const char *const system_bundles[] = {
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
};

static bool take_stamp(const char *name, bool folder, struct stamp *stamp) {
  struct stat now;
  memset(stamp, 0, sizeof *stamp);
  if (name == NULL) return true;
  if (stat(name, &now) != 0 || (S_ISDIR(now.st_mode) != 0) != folder)
    return false;
  stamp->device = now.st_dev;
  stamp->inode = now.st_ino;
  stamp->size = now.st_size;
  stamp->changed = now.st_mtime;
  return true;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b) {
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         a->changed == b->changed;
}

static bool same_name(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const char *find_bundle(void) {
  const char *named = getenv("SSL_CERT_FILE");
  struct stamp stamp;
  if (named != NULL && named[0] != '\0') return named;
  for (size_t i = 0; i < sizeof system_bundles / sizeof *system_bundles; i++)
    if (take_stamp(system_bundles[i], false, &stamp) && stamp.size > 0)
      return system_bundles[i];
  return NULL;
}

static void free_trust(struct imap_trust *trust) {
#ifdef IMAPCONN_BUNDLED
  mbedtls_x509_crt_free(&trust->chain);
#endif
  free(trust->file);
  free(trust->path);
  free(trust);
}

static int no_anchors(struct imap_transport_failure *failure, const char *field,
                      const char *name) {
  return imap_fail(failure, IMAP_STAGE_ARGUMENT, field,
                   "%s: %s holds no certificate", field, name);
}

#ifdef IMAPCONN_BUNDLED
/* Certificates that Mbed TLS cannot read are passed over, as long as there are
** others: bundles have some. */
static int load(struct imap_trust *trust,
                struct imap_transport_failure *failure) {
  int code = 0;
  mbedtls_x509_crt_init(&trust->chain);
  if (trust->file != NULL) {
    code = mbedtls_x509_crt_parse_file(&trust->chain, trust->file);
    if (code == MBEDTLS_ERR_X509_ALLOC_FAILED) return imap_fail_memory(failure);
    if (code < 0 || trust->chain.version == 0)
      return no_anchors(failure, "ca_file", trust->file);
  }
  if (trust->path != NULL) {
    code = mbedtls_x509_crt_parse_path(&trust->chain, trust->path);
    if (code == MBEDTLS_ERR_X509_ALLOC_FAILED) return imap_fail_memory(failure);
    if (code < 0 || trust->chain.version == 0)
      return no_anchors(failure, "ca_path", trust->path);
  }
  return IMAP_OK;
}

void *imap_trust_chain(struct imap_trust *trust) { return &trust->chain; }

#else
/* libcurl reads the file itself; here only what is surely wrong is refused. */
static int load(struct imap_trust *trust,
                struct imap_transport_failure *failure) {
  if (trust->file == NULL || imap_trust_is_pem(trust->file)) return IMAP_OK;
  return no_anchors(failure, "ca_file", trust->file);
}

void *imap_trust_chain(struct imap_trust *trust) {
  (void)trust;
  return NULL;
}
#endif

bool imap_trust_is_pem(const char *name) {
  static const char mark[] = "-----BEGIN ";
  char line[256];
  bool found = false;
  FILE *file = fopen(name, "r");
  if (file == NULL) return false;
  while (!found && fgets(line, sizeof line, file) != NULL)
    found = strncmp(line, mark, sizeof mark - 1) == 0;
  fclose(file);
  return found;
}

static bool copy_name(char **copy, const char *name) {
  if (name == NULL) return true;
  *copy = strdup(name);
  return *copy != NULL;
}

/* A new entry for what `wanted` names, held once. NULL: `failure` says why. */
static struct imap_trust *make(const struct imap_trust *wanted,
                               struct imap_transport_failure *failure) {
  struct imap_trust *trust = calloc(1, sizeof *trust);
  int status;
  if (trust == NULL) {
    imap_fail_memory(failure);
    return NULL;
  }
  trust->file_stamp = wanted->file_stamp;
  trust->path_stamp = wanted->path_stamp;
  if (copy_name(&trust->file, wanted->file) &&
      copy_name(&trust->path, wanted->path))
    status = load(trust, failure);
  else
    status = imap_fail_memory(failure);
  if (status != IMAP_OK) {
    free_trust(trust);
    return NULL;
  }
  trust->holds = 1;
  return trust;
}

static bool same_place(const struct imap_trust *a, const struct imap_trust *b) {
  return same_name(a->file, b->file) && same_name(a->path, b->path);
}

/* Drops what nobody holds and is stale, or too many. */
static void prune(struct imap_trust **list, const struct imap_trust *wanted) {
  unsigned count = 0;
  while (*list != NULL) {
    struct imap_trust *trust = *list;
    bool drop = same_place(trust, wanted) || ++count >= TRUST_KEPT;
    if (drop && trust->holds == 0) {
      *list = trust->next;
      free_trust(trust);
    } else {
      list = &trust->next;
    }
  }
}

static int find_or_make(struct imap_trust **list,
                        const struct imap_trust *wanted,
                        struct imap_trust **out,
                        struct imap_transport_failure *failure) {
  struct imap_trust *trust;
  for (struct imap_trust *t = *list; t != NULL; t = t->next) {
    if (!same_place(t, wanted) ||
        !same_stamp(&t->file_stamp, &wanted->file_stamp) ||
        !same_stamp(&t->path_stamp, &wanted->path_stamp))
      continue;
    t->holds++;
    *out = t;
    return IMAP_OK;
  }
  prune(list, wanted);
  trust = make(wanted, failure);
  if (trust == NULL) return imap_stage_status(failure->stage);
  trust->next = *list;
  *list = *out = trust;
  return IMAP_OK;
}

int imap_trust_find(struct imap_trust **list,
                    const struct imap_transport_options *options,
                    struct imap_trust **out,
                    struct imap_transport_failure *failure) {
  struct imap_trust wanted;
  *out = NULL;
  memset(&wanted, 0, sizeof wanted);
  wanted.file = (char *)options->ca_file; /* only read, and not freed */
  wanted.path = (char *)options->ca_path;
  if (wanted.file == NULL && wanted.path == NULL) {
    wanted.file = (char *)find_bundle();
    if (wanted.file == NULL)
      return imap_fail(failure, IMAP_STAGE_ARGUMENT, "ca_file",
                       "ca_file: the system's bundle of trust anchors was not "
                       "found: name one here, or in SSL_CERT_FILE");
  }
  if (!take_stamp(wanted.file, false, &wanted.file_stamp))
    return imap_fail(failure, IMAP_STAGE_ARGUMENT, "ca_file",
                     "ca_file: there is no file %s", wanted.file);
  if (!take_stamp(wanted.path, true, &wanted.path_stamp))
    return imap_fail(failure, IMAP_STAGE_ARGUMENT, "ca_path",
                     "ca_path: there is no folder %s", wanted.path);
  return find_or_make(list, &wanted, out, failure);
}

void imap_trust_release(struct imap_trust *trust) {
  if (trust != NULL) trust->holds--;
}

void imap_trust_free_all(struct imap_trust **list) {
  while (*list != NULL) {
    struct imap_trust *next = (*list)->next;
    free_trust(*list);
    *list = next;
  }
}

const char *imap_trust_file(const struct imap_trust *trust) {
  return trust->file;
}

const char *imap_trust_path(const struct imap_trust *trust) {
  return trust->path;
}
