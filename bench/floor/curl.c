/* curl.c - a link that is libcurl's connection over TLS, read by curl_easy_recv()
** from the same libcurl and Mbed TLS that imapconn is built with. */
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>

#include "link.h"
#include "wire.h"

const int link_has_greeting = 1;
static CURL *easy;

static void need(CURLcode code) {
  if (code == CURLE_OK) return;
  fprintf(stderr, "%s\n", curl_easy_strerror(code));
  wire_die("libcurl");
}

void link_open(const char *host, const char *port) {
  char url[256];
  snprintf(url, sizeof url, "imaps://%s:%s/", host, port);
  need(curl_global_init(CURL_GLOBAL_ALL));
  easy = curl_easy_init();
  need(curl_easy_setopt(easy, CURLOPT_URL, url));
  need(curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L));
  need(curl_easy_setopt(easy, CURLOPT_CAINFO, wire_setting("CA")));
  need(curl_easy_setopt(easy, CURLOPT_CAPATH, NULL));
  need(curl_easy_perform(easy));
}

static void await(short events) {
  curl_socket_t fd;
  need(curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd));
  struct pollfd polled = { .fd = fd, .events = events };
  if (poll(&polled, 1, -1) < 0) wire_die("poll");
}

void link_send(const char *bytes, size_t length) {
  while (length > 0) {
    size_t sent = 0;
    CURLcode code = curl_easy_send(easy, bytes, length, &sent);
    if (code == CURLE_AGAIN) await(POLLOUT);
    else need(code);
    bytes += sent;
    length -= sent;
  }
}

size_t link_receive(char *bytes, size_t room) {
  for (;;) {
    size_t received = 0;
    CURLcode code = curl_easy_recv(easy, bytes, room, &received);
    if (code == CURLE_AGAIN) {
      await(POLLIN);
      continue;
    }
    need(code);
    if (received == 0) wire_die("closed");
    return received;
  }
}

void link_close(void) { curl_easy_cleanup(easy); }
