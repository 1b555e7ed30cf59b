/* resolver_test.c - a name whose look-up takes its time holds nobody up. The
** system's resolver is stood in for: this name is found when the spec says so,
** so that who waited for it in the spec's own thread would be ended by SIGALRM. */
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>

#include "hostile.h"

#define SLOW_NAME "slow.example"

static sem_t asked, found;

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict result) {
  int (*systems)(const char *, const char *, const struct addrinfo *,
                 struct addrinfo **);
  *(void **)&systems = dlsym(RTLD_NEXT, "getaddrinfo");
  if (strcmp(name, SLOW_NAME) == 0) {
    sem_post(&asked);
    while (sem_wait(&found) != 0) continue;
    name = "127.0.0.1";
  }
  return systems(name, service, hints, result);
}

/* The name is being looked up when this comes back. */
static struct imap_transport *begin(unsigned port) {
  struct imap_transport_options options = plain_options(port);
  struct imap_transport_failure failure;
  struct imap_transport *t = NULL;
  options.host = SLOW_NAME;
  CHECK(imap_transport_open(shared, &options, &t, &failure) == IMAP_OK);
  CHECK(imap_transport_connect(t) == IMAP_MORE);
  while (sem_wait(&asked) != 0) continue;
  return t;
}

/* The descriptor wakes us when the deadline has come, and when the name has. */
static void test_connecting(void) {
  static const struct step steps[] = {GREETING, CAPABILITY, END};
  struct server s;
  struct imap_transport *t;
  start_server(&s, steps);
  t = begin(s.port);
  CHECK(connect_within(t, 0.1) == IMAP_MORE);
  sem_post(&found);
  CHECK(connect_within(t, 5) == IMAP_OK);
  imap_transport_close(t, false);
  stop_server(&s);
}

static void test_closing(void) {
  imap_transport_close(begin(1), false);
  sem_post(&found);
  pause_for(50); /* the resolver's thread tidies up */
}

int main(void) {
  alarm(60);
  sem_init(&asked, 0, 0);
  sem_init(&found, 0, 0);
  shared = imap_transport_shared_new();
  if (!CHECK(shared != NULL)) return check_report();
  test_connecting();
  test_closing();
  imap_transport_shared_free(shared);
  return check_report();
}
