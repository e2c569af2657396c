#!/usr/bin/env bash
# Makes the environment on a bare Debian or Ubuntu machine: .venv from the locked requirements, Java, the engine's jars.
# Idempotent; quick when pyproject.toml, requirements.lock and the scripts have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh

venv=$PWD/.venv
stamp=$venv/setup-stamp

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

ensure_java() {
  local said
  said=$("$venv/bin/python" -m recolake.platform.java 2>&1) && return
  apt_install openjdk-17-jre-headless || apt_install default-jre-headless || die "$said"
  said=$("$venv/bin/python" -m recolake.platform.java 2>&1) || die "$said"
}

wanted=$(cat pyproject.toml requirements.lock scripts/*.sh | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  if ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
    scripts/uv.sh venv -q --python "$(find_python)" "$venv"
  fi
  say "installing the locked environment ..."
  export VIRTUAL_ENV=$venv
  quiet=-q
  if [ -t 2 ]; then quiet=; fi
  # Compiled once here: where Python may not or can not write bytecode, every process would compile all it imports.
  # shellcheck disable=SC2086 # empty where there is a terminal to show progress on
  scripts/uv.sh pip sync $quiet --compile-bytecode --require-hashes requirements.lock
  scripts/uv.sh pip install -q --no-deps --no-build-isolation -e .
fi
ensure_java
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  say "fetching the engine's jars ..."
  "$venv/bin/python" -m recolake.platform.jars >&2
  printf '%s\n' "$wanted" >"$stamp"
fi
