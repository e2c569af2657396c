"""Which recommendations were for people who are erased: their receipts and replays say so.

Keyed hashes of 16 bytes each, sorted, in one file a tenant: a server looks one up among millions without
holding them.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from recolake.errors import ServiceUnavailableError
from recolake.files import private_folder, write_atomically
from recolake.privacy.errors import ErasedError
from recolake.privacy.lists import privacy_folder
from recolake.privacy.people import Purpose, person_hash
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key

_BYTES = 16


def add_erased(settings: Settings, tenant: Tenant, key: bytes, recommendations: Iterable[str]) -> int:
    """Note that these recommendations were for erased people; returns how many there are in all."""
    path = _file(settings, tenant)
    fresh = {_hash(key, each) for each in recommendations}
    private_folder(path.parent)
    with FileLock(path.with_name(f".{path.name}.lock")):
        content = path.read_bytes() if path.exists() else b""
        known = {content[start : start + _BYTES] for start in range(0, len(content), _BYTES)}
        if fresh - known:
            write_atomically(path, b"".join(sorted(known | fresh)), mode=0o600)
        return len(known | fresh)


def refuse_erased(settings: Settings, tenant: Tenant, recommendation_id: str) -> None:
    """Raise where the recommendation was for somebody who is erased.

    Raises:
        ErasedError: it was.
        ServiceUnavailableError: nobody can tell now.
    """
    path = _file(settings, tenant)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return
    wanted = _hash(tenant_key(settings, tenant), recommendation_id)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as hashes:

            def at(row: int) -> bytes:
                return hashes[row * _BYTES : (row + 1) * _BYTES]

            place = bisect_left(range(size // _BYTES), wanted, key=at)
            found = place < size // _BYTES and at(place) == wanted
    except (OSError, ValueError) as error:
        raise ServiceUnavailableError(
            "It cannot be read whose receipts were erased.",
            hint=f"Restore {os.fspath(path)} from the backup.",
        ) from error
    if found:
        raise ErasedError(
            "This recommendation was for somebody who was erased, so there is no receipt any more.",
            field="recommendation_id",
        )


def _hash(key: bytes, recommendation_id: str) -> bytes:
    return bytes.fromhex(person_hash(key, Purpose.RECEIPT, recommendation_id))


def _file(settings: Settings, tenant: Tenant) -> Path:
    return privacy_folder(settings, tenant) / "receipts"
