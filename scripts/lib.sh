# Shared by the scripts beside it: short lines of progress, and how to find out what there is. Sourced, not run.
# shellcheck shell=bash

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=${KUBETS_HOME:-$HOME/.kubets}
docker_socket=/var/run/docker.sock
export KUBETS_HOME=$home

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
else
  bold='' dim='' red='' yellow='' plain=''
fi

now_ms() {
  local now=$EPOCHREALTIME
  echo $((${now/[.,]/} / 1000))
}

started_ms=$(now_ms)

# Where daemons and iptables live, which the PATH of ordinary users leaves out.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Seconds since the script began.
elapsed() {
  local ms=$(($(now_ms) - started_ms))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

say() { printf '%s%6ss%s %s\n' "$dim" "$(elapsed)" "$plain" "$*" >&2; }
warn() { printf '%s%6ss %s%s\n' "$yellow" "$(elapsed)" "$*" "$plain" >&2; }

# Something a user must not miss: a few lines that stand apart.
loud() {
  local line
  printf '\n' >&2
  for line in "$@"; do printf '%s!! %s%s\n' "$bold$red" "$line" "$plain" >&2; done
  printf '\n' >&2
}

die() {
  printf '%s%6ss %s%s\n' "$red" "$(elapsed)" "$*" "$plain" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# Runs a command whose output matters only when it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" = 0 ] || tail -n 60 "$log" >&2
  rm -f "$log"
  return "$status"
}
