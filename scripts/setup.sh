#!/usr/bin/env bash
# Makes the environment on a bare Debian or Ubuntu machine: uv, .venv from the locked requirements, Java, Delta's jars.
# Idempotent; does nothing when pyproject.toml and requirements.lock have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/setup-stamp
say() { printf '%s\n' "$*" >&2; }
die() { say "Error: $*"; exit 2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

apt_install() {
  command -v apt-get >/dev/null || return 1
  say "installing $* ..."
  as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $*" >&2
}

java_major() {
  command -v java >/dev/null || { echo 0; return; }
  java -version 2>&1 | sed -nE 's/.* version "([0-9]+).*/\1/p' | head -1
}

ensure_java() {
  [ "$(java_major)" -ge 17 ] && return
  apt_install openjdk-17-jre-headless || apt_install default-jre-headless ||
    die "Spark needs Java 17 or later; install it (Debian, Ubuntu: apt-get install openjdk-17-jre-headless) and run this again."
  [ "$(java_major)" -ge 17 ] || die "Java $(java_major) is too old for Spark; put Java 17 or later first on the PATH."
}

ensure_python() {
  for candidate in python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      python=$(command -v "$candidate")
      return
    fi
  done
  die "Python 3.11 is needed; install it (Debian 12: apt-get install python3.11) and run this again."
}

# uv from the PATH, else from a small environment of its own, else by its installer.
ensure_uv() {
  if command -v uv >/dev/null; then uv=uv; return; fi
  local own=$venv-uv
  if [ ! -x $own/bin/uv ]; then
    say "installing uv ..."
    rm -rf $own
    if "$python" -m venv $own >/dev/null 2>&1 || { apt_install python3-venv && "$python" -m venv $own; }; then
      $own/bin/python -m pip install -q uv
    elif command -v curl >/dev/null; then
      curl -fsSL https://astral.sh/uv/install.sh | env UV_INSTALL_DIR="$PWD/$own/bin" UV_NO_MODIFY_PATH=1 sh >&2
    else
      die "uv could not be installed; install it (https://docs.astral.sh/uv) and run this again."
    fi
  fi
  uv=$PWD/$own/bin/uv
}

ensure_python
wanted=$(cat pyproject.toml requirements.lock "$0" | sha256sum)
if [ -f $stamp ] && [ "$(cat $stamp)" = "$wanted" ]; then
  ensure_java
  exit 0
fi
ensure_uv
say "installing the locked environment ..."
[ -x $venv/bin/python ] || "$uv" venv -q --python "$python" $venv
export VIRTUAL_ENV=$PWD/$venv
"$uv" pip sync -q --require-hashes requirements.lock
"$uv" pip install -q --no-deps --no-build-isolation -e .
ensure_java
say "resolving Delta's jars ..."
$venv/bin/python -m recolake.platform.jars >&2
printf '%s' "$wanted" >$stamp
