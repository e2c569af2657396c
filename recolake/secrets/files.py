"""Secrets as files of one folder, each for its owner alone (mode 0600 in folders of mode 0700)."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

from recolake.files import private_folder, read_or_create, write_atomically
from recolake.secrets.secret import Secret, SecretExposedError, SecretUnreadableError

_NAME = re.compile(r"[a-z0-9_-]+(?:[./][a-z0-9_-]+)*", re.ASCII)
_OTHERS = 0o077


class FileSecrets:
    """A folder; a secret's name is its path in it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, name: str) -> Secret | None:
        path = self._path(name)
        try:
            status = path.stat()
            mode = stat.S_IMODE(status.st_mode)
            if stat.S_ISREG(status.st_mode) and mode & _OTHERS:
                raise SecretExposedError(
                    f"Others may read the secret '{name}': its file has mode {mode:04o}.",
                    hint=f"Whoever runs this platform replaces it if need be, and: chmod 600 {_shown(name)}",
                )
            return Secret(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SecretUnreadableError(
                f"The secret '{name}' cannot be read: {error.strerror}.",
                hint=f"Whoever runs this platform looks at {_shown(name)}.",
            ) from error

    def get_or_make(self, name: str, make: Callable[[], bytes]) -> Secret:
        found = self.get(name)
        return found if found is not None else Secret(read_or_create(self._path(name), make))

    def put(self, name: str, value: bytes) -> None:
        path = self._path(name)
        private_folder(path.parent)
        write_atomically(path, value, mode=0o600)

    def where(self, name: str) -> str:
        return f"{_shown(name)}, mode 0600"

    def _path(self, name: str) -> Path:
        """Names are the code's own or contain a tenant's, which holds neither dots nor slashes."""
        if not _NAME.fullmatch(name):
            message = f"{name!r} is no name of a secret"
            raise ValueError(message)
        return self._root / name


def _shown(name: str) -> str:
    """Its file, in words that callers of the APIs may see: where this machine keeps things is not told."""
    return f"<home>/secrets/{name}"
