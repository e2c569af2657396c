#!/usr/bin/env bash
# Runs uv: the machine's, or one of our own in .venv-uv, installed if it is missing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/machine.sh"

own=$root/.venv-uv

by_venv() {
  has "$1" && rm -rf "$own" && "$1" -m venv "$own" >/dev/null 2>&1 && "$own/bin/python" -m pip install -q uv >&2
}

by_pip() {
  has python3 && rm -rf "$own" && python3 -m pip install -q --target "$own/lib" uv >&2 2>/dev/null &&
    mkdir -p "$own/bin" && ln -sf ../lib/bin/uv "$own/bin/uv"
}

# Debian's Python comes without venv and pip; another Python may be before it on the path.
by_apt() {
  apt_install python3-venv && { by_venv python3 || by_venv /usr/bin/python3; }
}

by_installer() {
  { has curl || apt_install curl ca-certificates; } && rm -rf "$own" &&
    curl -fsSL https://astral.sh/uv/install.sh |
    env UV_INSTALL_DIR="$own/bin" UV_NO_MODIFY_PATH=1 INSTALLER_NO_MODIFY_PATH=1 sh >&2
}

install_uv() {
  say "installing uv ..."
  by_venv python3 || by_pip || { has python3 && by_apt; } || by_installer || { ! has python3 && by_apt; } ||
    die "uv cannot be installed; install it (https://docs.astral.sh/uv) and run this again."
}

# pip's index, as its variable or its files name it.
pip_index() {
  if [ -n "${PIP_INDEX_URL-}" ]; then echo "$PIP_INDEX_URL"; return; fi
  local python
  for python in "$own/bin/python" python3; do
    if has "$python" && "$python" -m pip config get global.index-url 2>/dev/null; then return; fi
  done
}

# uv reads nothing of pip's, where a machine's mirror may be named and nowhere else.
adopt_pip_index() {
  if [ -n "${UV_DEFAULT_INDEX-}${UV_INDEX_URL-}${UV_CONFIG_FILE-}" ]; then return; fi
  if grep -qs index "${XDG_CONFIG_HOME:-${HOME-}/.config}/uv/uv.toml" /etc/uv/uv.toml; then return; fi
  local index
  index=$(pip_index)
  if [ -n "$index" ]; then export UV_DEFAULT_INDEX=$index; fi
}

if has uv; then
  uv=$(command -v uv)
else
  uv=$own/bin/uv
  "$uv" --version >/dev/null 2>&1 || install_uv
fi
adopt_pip_index
exec "$uv" "$@"
