"""From which version on a table can be read, where an erasure took what came before.

A file a lake beside its tables; Delta itself says only that a version is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from recolake.files import write_atomically
from recolake.privacy.errors import ErasedError
from recolake.settings import Settings


def cuts(settings: Settings) -> dict[str, int]:
    """By qualified table name the oldest version that can be read; a table without an entry was never cut."""
    with suppress(OSError, ValueError):
        return {str(name): int(version) for name, version in json.loads(_file(settings).read_bytes()).items()}
    return {}


def remember_cuts(settings: Settings, fresh: Mapping[str, int]) -> None:
    """Note that what came before these versions is no more."""
    if not fresh:
        return
    path = _file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        known = cuts(settings)
        merged = known | {name: max(version, known.get(name, 0)) for name, version in fresh.items()}
        write_atomically(path, json.dumps(merged, sort_keys=True).encode())


def refuse_cut(settings: Settings, versions: Mapping[str, int]) -> None:
    """Raise where one of these versions, by qualified table name, is no more.

    Raises:
        ErasedError: it held somebody who was erased.
    """
    known = cuts(settings)
    for table, version in versions.items():
        if version < known.get(table, 0):
            raise ErasedError(
                f"Version {version} of {table} held somebody who was erased, so it is no more.",
                hint=f"The oldest that can be read is {known[table]}.",
            )


def _file(settings: Settings) -> Path:
    return Path(settings.lake_root.removeprefix("file://")) / "cuts.json"
