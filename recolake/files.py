"""Small file operations that must not leave half a file behind."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write beside the target, fsync, then rename: a reader sees the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sync_folder(path: Path) -> None:
    """Bring a folder's entries to the disk: a file whose name is not there is lost with the power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, each for its owner alone (mode 0700)."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """Content of a secret file, made on first use: exactly once, even if several ask together.

    Mode 0600 in a folder of mode 0700.
    """
    if not path.exists():
        private_folder(path.parent)
        handle, candidate = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(make())
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileExistsError):
                os.link(candidate, path)
        finally:
            Path(candidate).unlink()
    return path.read_bytes()


def sha256_of(stream: BinaryIO) -> str:
    """Hex SHA-256 of what remains in a stream, read in chunks."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def sha256_file(path: Path) -> str:
    with path.open("rb") as stream:
        return sha256_of(stream)
