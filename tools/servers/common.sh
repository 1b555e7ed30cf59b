# Common parts of the private test servers; each script here sources this file,
# sets how many ports it needs, defines what is listed below, and calls `serve`.
#
#   ports=N     that many free ports become $port1 to $portN
#   prepare     once: unpacks packages, makes certificates
#   run         writes the configuration into $dir and launches the processes
#   answers     true as soon as the server can be used
#   describe    prints the lines of ports.env
#
# Servers are unpacked, never installed. They run as the caller, or as `nobody`
# where that is root, in process groups of their own, below one folder, which
# `stop` removes. With OWNER_PID set, they end with that process.
# shellcheck shell=sh disable=SC2016,SC2030,SC2031,SC2034,SC2154
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && pwd)/build/servers
certs=$build/certs
password=secret

unset LD_PRELOAD ASAN_OPTIONS LD_LIBRARY_PATH   # not the servers' affair
PATH=$PATH:/usr/sbin:/sbin

if [ "$(id -u)" = 0 ]; then
  user=nobody group=nogroup
  as_user="setpriv --reuid=nobody --regid=nogroup --clear-groups"
else
  user=$(id -un) group=$(id -gn) as_user=
fi

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# private_apt COMMAND...: apt-get, that leaves the system's state alone; without
# package lists on the machine it fetches its own.
private_apt() {
  apt-get -qq -o APT::Sandbox::User= -o Acquire::Retries=3 "$@" 2>/dev/null && return
  lists="-o Dir::State::lists=$build/apt/lists -o Dir::Cache=$build/apt/cache"
  mkdir -p "$build/apt/lists/partial" "$build/apt/cache/archives/partial"
  # shellcheck disable=SC2086
  [ -f "$build/apt/updated" ] || {
    apt-get -qq -o APT::Sandbox::User= $lists update >&2
    : >"$build/apt/updated"
  }
  # shellcheck disable=SC2086
  apt-get -qq -o APT::Sandbox::User= $lists "$@"
}

# unpack NAME PACKAGE...: Debian's packages, and the libraries that the machine
# lacks for them, into build/servers/NAME, once; that folder is $unpacked.
unpack() {
  unpacked=$build/$1
  shift
  [ ! -d "$unpacked" ] || return 0
  command -v apt-get >/dev/null || fail "needs Debian's packages; there is no apt-get here"
  echo "Fetching $*" >&2
  part=$unpacked.part.$$
  mkdir -p "$part/packages"
  if ! (cd "$part/packages" && fetch "$@"); then
    rm -rf "$part"
    fail "cannot fetch $*"
  fi
  rm -r "$part/packages"
  relocate "$part"
  mv -T "$part" "$unpacked" 2>/dev/null || rm -rf "$part"   # another run was faster
}
fetch() {
  libraries=$(private_apt -s --no-install-recommends install "$@") || return
  libraries=$(echo "$libraries" | sed -n 's/^Inst \(lib[^ ]*\) (.*/\1/p')
  # shellcheck disable=SC2086
  private_apt download "$@" $libraries >&2 || return
  for package in *.deb; do dpkg -x "$package" .. || return; done
}
relocate() { :; }   # what must change in an unpacked copy, given its folder

# The folders of $root that hold shared libraries, as LD_LIBRARY_PATH wants them.
libraries() {
  for folder in "$root"/lib/*-linux-* "$root"/usr/lib/*-linux-* "$@"; do
    [ ! -d "$folder" ] || printf '%s:' "$folder"
  done
}

# within_reach: $root is what was unpacked, or a copy of it, and of the
# certificates, in $dir, where the servers' user cannot reach the original (a
# checkout in a home that is closed to others).
within_reach() {
  root=$unpacked certs=$build/certs
  # shellcheck disable=SC2086
  $as_user test -x "$root/usr" && return
  cp -a "$root" "$dir/server"
  cp -a "$certs" "$dir/certs"
  root=$dir/server certs=$dir/certs
}

# free_ports N: ports below the range that outgoing connections take, on which
# nobody listens. Should another run be given one of them too, that server does
# not start, and `serve` tries again.
free_ports() {
  chance=$(od -An -N2 -tu2 /dev/urandom)
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v chance="$chance" -v count="$1" '
    { used[substr($2, index($2, ":") + 1)] = 1 }
    END {
      port = 10000 + int(chance * 20000 / 65536)
      while (count > 0) {
        port++
        if (sprintf("%04X", port) in used) continue
        print port
        count--
      }
    }'
}

# listening PORT: true if somebody does, found out without connecting.
listening() {
  grep -qi ":$(printf %04X "$1") 0*:0000 0A" /proc/net/tcp
}

# greets PORT: true if an IMAP server there does STARTTLS.
greets() {
  openssl s_client -starttls imap -connect "127.0.0.1:$1" -CAfile "$certs/ca.pem" \
    -verify_return_error </dev/null >/dev/null 2>&1
}

# birth PID: when it started, to tell it from a later process of the same number;
# nothing if it has ended.
birth() {
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

# launch NAME COMMAND...: in the background, in a process group of its own, with
# what it says in $dir/log/NAME.
launch() {
  log=$dir/log/$1
  shift
  # shellcheck disable=SC2086
  $as_user setsid "$@" </dev/null >>"$log" 2>&1 &
  echo "$! $(birth $!)" >>"$dir/processes"
}

# running: true while every process that was launched lives.
running() {
  while read -r pid born; do
    [ "$(birth "$pid")" = "$born" ] || return 1
  done <"$dir/processes"
}

# left_over: true while any process of the groups that were launched lives.
left_over() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk '
    NR == FNR { group[$1] = 1; next }
    $3 in group && $1 != "Z" { found = 1 }
    END { exit !found }' "$dir/processes" -
}

# signal NAME: to those groups. A group's number stays taken while anybody is in
# it, with its leader or not.
signal() {
  while read -r pid born; do
    now=$(birth "$pid")
    [ -n "$now" ] && [ "$now" != "$born" ] ||
      kill -s "$1" -- "-$pid" 2>/dev/null || :
  done <"$dir/processes"
}

# end_processes: politely first.
end_processes() {
  [ -f "$dir/processes" ] || return 0
  signal TERM
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left_over || return 0
    sleep 0.1
  done
  signal KILL
}

# attempt: one start; false if a process ended, as it does when its port is taken.
attempt() {
  mkdir "$dir/log"
  chown "$user" "$dir/log"
  : >"$dir/processes"
  [ -z "${OWNER_PID:-}" ] || watch_owner
  number=0
  for port in $(free_ports "$ports"); do
    number=$((number + 1))
    eval "port$number=$port"
  done
  run
  tries=0
  until running && answers; do
    running || return 1
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || give_up
    sleep 0.05
  done
}

give_up() {
  tail -n 20 "$dir"/log/* >&2
  end_processes
  rm -rf "$dir"
  fail "the server does not start"
}

# watch_owner: a server ends with the process that it was started for.
watch_owner() (
  as_user=
  launch watchdog sh -c '
    while grep -qs "^State:.[^Z]" "/proc/$1/status"; do sleep 1; done
    exec setsid sh "$2" stop "$3"
  ' watchdog "$OWNER_PID" "$here/${0##*/}" "$dir"
)

start() {
  umask 022
  mkdir -p "$dir"
  [ -z "$(ls -A "$dir")" ] || fail "$dir is not empty"
  dir=$(cd "$dir" && pwd)
  chmod 755 "$dir"
  chown "$user" "$dir"
  # shellcheck disable=SC2086
  $as_user test -x "$dir/." || fail "$user cannot reach $dir"
  prepare
  trap 'end_processes; rm -rf "$dir"; exit 1' HUP INT TERM
  for try in 1 2 3; do
    if attempt; then
      describe >"$dir/ports.part"
      mv "$dir/ports.part" "$dir/ports.env"
      return 0
    fi
    [ "$try" -lt 3 ] || give_up
    end_processes
    rm -rf "${dir:?}"/*
  done
}

stop() {
  [ -d "$dir" ] || return 0
  [ -f "$dir/processes" ] || [ -z "$(ls -A "$dir")" ] || fail "$dir holds no server"
  end_processes
  rm -rf "$dir"
}

# serve start|stop DIR: what every server script ends with.
serve() {
  [ -n "${2:-}" ] || fail "usage: ${0##*/} start|stop DIR"
  command=$1 dir=$2
  case $command in
    start) start ;;
    stop) stop ;;
    *) fail "usage: ${0##*/} start|stop DIR" ;;
  esac
}
