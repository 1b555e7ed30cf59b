/* embed.c - a host of Lua that has an event loop, a libcurl and an OpenSSL of its
** own. The module waits in the host's loop, so that the host's transfer goes on
** meanwhile, in the same thread: both count the mailboxes of one account.
** usage: embed SCRIPT   (IMAP_HOST, IMAP_USERNAME and IMAP_PASSWORD are set) */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

static CURLM *loop;
static int mailboxes; /* that the host has heard of */
static int shared;    /* waits of the module in which the host was at work too */

/* A line of the answer to LIST. */
static size_t on_mailbox(char *line, size_t size, size_t count, void *unused) {
  (void)line;
  (void)unused;
  mailboxes++;
  return size * count;
}

static CURL *start_transfer(void) {
  CURL *transfer = curl_easy_init();
  const char *port = getenv("IMAP_PORT"), *ca_file = getenv("IMAP_CA_FILE");
  char url[300];
  snprintf(url, sizeof url, "imaps://%s:%s/", getenv("IMAP_HOST"), port ? port : "993");
  curl_easy_setopt(transfer, CURLOPT_URL, url);
  curl_easy_setopt(transfer, CURLOPT_USERNAME, getenv("IMAP_USERNAME"));
  curl_easy_setopt(transfer, CURLOPT_PASSWORD, getenv("IMAP_PASSWORD"));
  if (ca_file) curl_easy_setopt(transfer, CURLOPT_CAINFO, ca_file);
  curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, on_mailbox);
  curl_multi_add_handle(loop, transfer);
  return transfer;
}

/* wait(fd, seconds), as the module calls it: a turn of the host's loop, which may
** end before there is something to read. */
static int wait_in_loop(lua_State *L) {
  struct curl_waitfd module = {(int)luaL_checkinteger(L, 1), CURL_WAIT_POLLIN, 0};
  int ms = (int)(luaL_checknumber(L, 2) * 1000) + 1, running;
  curl_multi_perform(loop, &running);
  if (running > 0) shared++;
  curl_multi_poll(loop, &module, 1, ms, NULL);
  lua_pushboolean(L, 1);
  return 1;
}

static int run_script(const char *path) {
  lua_State *L = luaL_newstate();
  int failed;
  if (L == NULL) return 1;
  luaL_openlibs(L);
  lua_register(L, "wait_in_loop", wait_in_loop);
  failed = luaL_dofile(L, path);
  if (failed) fprintf(stderr, "embed: %s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return failed;
}

/* Whatever the module's waits have left of it. */
static int finish_transfer(CURL *transfer) {
  int running, left;
  CURLcode result;
  while (curl_multi_perform(loop, &running) == CURLM_OK && running > 0)
    curl_multi_poll(loop, NULL, 0, 1000, NULL);
  result = curl_multi_info_read(loop, &left)->data.result;
  printf("host    %-16s mailboxes: %d\n", curl_version_info(CURLVERSION_NOW)->ssl_version,
         mailboxes);
  if (result != CURLE_OK) fprintf(stderr, "embed: %s\n", curl_easy_strerror(result));
  curl_multi_remove_handle(loop, transfer);
  curl_easy_cleanup(transfer);
  return result != CURLE_OK;
}

int main(int argc, char **argv) {
  CURL *transfer;
  int failed;
  if (argc != 2 || !getenv("IMAP_HOST")) {
    fprintf(stderr, "usage: embed SCRIPT, with IMAP_HOST in the environment\n");
    return 2;
  }
  curl_global_init(CURL_GLOBAL_ALL);
  loop = curl_multi_init();
  transfer = start_transfer();
  failed = run_script(argv[1]);
  failed |= finish_transfer(transfer);
  printf("waits of the module that moved the host's transfer: %d\n", shared);
  curl_multi_cleanup(loop);
  curl_global_cleanup();
  return failed;
}
