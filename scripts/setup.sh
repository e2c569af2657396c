#!/usr/bin/env bash
# Makes the environment on a bare Debian or Ubuntu machine: uv, .venv from the locked requirements, Java, Delta's jars.
# Idempotent; quick when pyproject.toml and requirements.lock have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$PWD/.venv
own_uv=$PWD/.venv-uv
stamp=$venv/setup-stamp

say() { printf '%s\n' "$*" >&2; }
die() { say "Error: $*"; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

apt_install() {
  has apt-get || return 1
  as_root true || return 1
  say "installing $* ..."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return
  # A fresh machine or image knows no packages yet.
  as_root apt-get update -qq >&2 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# A Python 3.11 of the machine; without one, uv brings its own.
find_python() {
  local candidate
  for candidate in python3.11 python3 python; do
    if has "$candidate" &&
      "$candidate" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo 3.11
}

uv_by_venv() {
  has python3 && rm -rf "$own_uv" && python3 -m venv "$own_uv" >/dev/null 2>&1 &&
    "$own_uv/bin/python" -m pip install -q uv >&2
}

uv_by_pip() {
  has python3 && rm -rf "$own_uv" && python3 -m pip install -q --target "$own_uv/lib" uv >&2 2>/dev/null &&
    mkdir -p "$own_uv/bin" && ln -sf ../lib/bin/uv "$own_uv/bin/uv"
}

uv_by_installer() {
  { has curl || apt_install curl ca-certificates; } && rm -rf "$own_uv" &&
    curl -fsSL https://astral.sh/uv/install.sh |
    env UV_INSTALL_DIR="$own_uv/bin" UV_NO_MODIFY_PATH=1 INSTALLER_NO_MODIFY_PATH=1 sh >&2
}

find_uv() {
  if has uv; then command -v uv; return; fi
  if ! "$own_uv/bin/uv" --version >/dev/null 2>&1; then
    say "installing uv ..."
    uv_by_venv || uv_by_pip || uv_by_installer ||
      die "uv cannot be installed; install it (https://docs.astral.sh/uv) and run this again."
  fi
  echo "$own_uv/bin/uv"
}

ensure_java() {
  local said
  said=$("$venv/bin/python" -m recolake.platform.java 2>&1) && return
  apt_install openjdk-17-jre-headless || apt_install default-jre-headless || die "$said"
  said=$("$venv/bin/python" -m recolake.platform.java 2>&1) || die "$said"
}

wanted=$(cat pyproject.toml requirements.lock scripts/setup.sh | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  uv=$(find_uv)
  "$venv/bin/python" -c '' 2>/dev/null || "$uv" venv -q --clear --python "$(find_python)" "$venv"
  say "installing the locked environment ..."
  export VIRTUAL_ENV=$venv
  quiet=-q
  if [ -t 2 ]; then quiet=; fi
  "$uv" pip sync $quiet --require-hashes requirements.lock
  "$uv" pip install -q --no-deps --no-build-isolation -e .
fi
ensure_java
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  say "fetching Delta's jars ..."
  "$venv/bin/python" -m recolake.platform.jars >&2
  printf '%s\n' "$wanted" >"$stamp"
fi
