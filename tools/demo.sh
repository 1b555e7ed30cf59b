#!/bin/sh
# The demo: all twelve actions on a private Dovecot, which is gone afterwards;
# with IMAP_HOST and IMAP_USERNAME, the harmless ones on that account. `make
# demo` calls it, with LUA, LUA_PATH and LUA_CPATH set; `make demo-embed` with a
# command that is run instead.
# usage: demo.sh [COMMAND...]   (IMAP_HOST and the like are set for it)
#
# IMAP_PASSWORD       else it is asked for, without echo
# IMAP_ACCESS_TOKEN   an OAuth 2.0 token, in the place of a password
# IMAP_SECURE         true (the default), starttls or false
# IMAP_PORT, IMAP_CA_FILE
set -eu
cd "$(dirname "$0")/.."

folder='' echo_off=''
leave() {
  [ -z "$echo_off" ] || stty echo 2>/dev/null </dev/tty
  [ -z "$folder" ] || tools/servers/dovecot stop "$folder"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

ask_password() {
  if [ -n "${IMAP_PASSWORD:-}${IMAP_ACCESS_TOKEN:-}" ]; then return; fi
  if ! (: </dev/tty) 2>/dev/null; then
    echo "demo: set IMAP_PASSWORD; there is no terminal to ask at" >&2
    exit 1
  fi
  echo_off=yes
  stty -echo </dev/tty
  printf 'Password of %s at %s: ' "$IMAP_USERNAME" "$IMAP_HOST" >/dev/tty
  IFS= read -r IMAP_PASSWORD </dev/tty
  stty echo </dev/tty
  echo_off=''
  echo >/dev/tty
  export IMAP_PASSWORD
}

own_account() {
  if [ -z "${IMAP_USERNAME:-}" ]; then
    echo "demo: IMAP_USERNAME is missing: make demo IMAP_HOST=... IMAP_USERNAME=..." >&2
    exit 1
  fi
  ask_password
  "$@"
}

private_server() {
  folder=$(mktemp -d -t imapconn-demo.XXXXXX)
  echo "Starting a private Dovecot"
  OWNER_PID=$$ tools/servers/dovecot start "$folder"
  # shellcheck disable=SC1091
  . "$folder/ports.env"
  IMAP_HOST=$HOST IMAP_PORT=$IMAPS_PORT IMAP_USERNAME=ann IMAP_PASSWORD=$PASSWORD \
    IMAP_CA_FILE=$CA_FILE IMAP_SECURE=true IMAP_ACCESS_TOKEN='' "$@"
  tools/servers/dovecot stop "$folder"
  folder=''
  echo "Dovecot is stopped, and what it held is removed."
}

if [ -n "${IMAP_HOST:-}" ]; then place=own_account which=own; else place=private_server which=all; fi
[ $# -gt 0 ] || set -- "$LUA" tools/demo.lua $which
$place "$@"
