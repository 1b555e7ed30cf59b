#!/bin/sh
# The mail reader of examples/openresty in front of a private Dovecot with the
# demo's mail, until it is interrupted; both are gone afterwards. `make demo-web`
# calls it, with LUA, LUA_PATH and LUA_CPATH set.
set -eu
cd "$(dirname "$0")/.."

folder=$(mktemp -d -t imapconn-web.XXXXXX)
leave() {
  [ ! -d "$folder/nginx" ] || tools/servers/nginx stop "$folder/nginx"
  [ ! -d "$folder/dovecot" ] || tools/servers/dovecot stop "$folder/dovecot"
  rm -rf "$folder"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

chmod 755 "$folder"
echo "Starting a private Dovecot and nginx"
OWNER_PID=$$ tools/servers/dovecot start "$folder/dovecot"
# shellcheck disable=SC1091
. "$folder/dovecot/ports.env"
IMAP_HOST=$HOST IMAP_PORT=$IMAPS_PORT IMAP_USERNAME=ann IMAP_PASSWORD=$PASSWORD \
  IMAP_CA_FILE=$CA_FILE "$LUA" tools/demo/fill.lua

cp -R examples/openresty "$folder/app"
chmod -R a+rX "$folder/app"
OWNER_PID=$$ tools/servers/nginx start "$folder/nginx" examples/openresty/nginx.conf \
  "APP=$folder/app" "IMAP_HOST=$HOST" "IMAP_PORT=$IMAPS_PORT"
# shellcheck disable=SC1091
. "$folder/nginx/ports.env"
echo "A mail reader is at http://127.0.0.1:$PORT, name ann, password $PASSWORD. Ctrl-C ends it."
while sleep 1; do :; done
