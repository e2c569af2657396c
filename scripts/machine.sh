# What the scripts here know of the machine; to be sourced.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
die() { say "Error: $*"; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

# Debian's packages; fails where there is no apt, or nobody who may use it.
apt_install() {
  has apt-get || return 1
  as_root true || return 1
  say "installing $* ..."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return
  # A fresh machine or image knows no packages yet.
  as_root apt-get update -qq >&2 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}
