"""Whatever lies in the state folder besides the stores that are told apart: logs, reports, rows that were
set aside.

Nobody is meant to be in there (control 18); where somebody is all the same, the very bytes are overwritten
in place, so that a process that appends to the file goes on.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

from recolake.contracts.source import GZIP_MAGIC, ZSTANDARD_MAGIC, Source
from recolake.files import write_atomically
from recolake.lineage.store import event_folder
from recolake.privacy.certificate import Looked
from recolake.privacy.closure import CLOSURE
from recolake.privacy.lists import privacy_folder
from recolake.privacy.scan import Needles, files_under, holds
from recolake.privacy.stores import Job, Leaving
from recolake.scenarios.store import scenario_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

OF_OTHERS = {
    "indexes": "artefacts",
    "mlflow": "artefacts",
    "redis": "online",
    "replays": "replays",
    "spool": "landing",
    "journal": "landing",
    "spark": "lake",
    "postgres": "",
    "secrets": "",
    "privacy": "",
}
"""Folders of the state that this store keeps out of, and the store that sees to them.

Without one: PostgreSQL's files are its own, and no table of ours there has a column for people; secrets are
keys; what lies in `privacy` holds keyed hashes, but for the request under way. All but secrets and that
request are searched all the same once every store is done.
"""
_MASK = b"*"


def state_roots(settings: Settings) -> list[Path]:
    """Folders that hold the platform's state; the lake and the landing zone may lie outside of the home."""
    return [settings.home, Path(settings.lake_root.removeprefix("file://")), settings.landing_root]


class FilesStore:
    """All other files of the state folder."""

    name = "files"

    def prepare(self, job: Job) -> None:
        """Nothing is under way."""

    def erase(self, job: Job) -> Iterable[Looked]:
        """Overwrite what names the people, file by file."""
        needles, masked, looked = Needles(job.people.needles()), 0, 0
        roots = [*state_roots(job.settings), *set_aside(job.settings)]
        for path in files_under(roots, set(left_to_others(job.settings))):
            looked += 1
            try:
                masked += mask(path, needles)
            except OSError as error:
                job.say(f"{path.name} cannot be searched: {error.strerror}")
        # An export that somebody asked for and did not fetch yet is full of them.
        for path in (privacy_folder(job.settings, job.tenant) / "exports").glob("*.zip"):
            if holds(path, needles):
                path.unlink(missing_ok=True)
                masked += 1
        return [Looked(store="files", unit="files", found=masked, note=f"{looked} files were looked at")]

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """What was asked about the person before."""
        from recolake.privacy.lists import opted_out
        from recolake.privacy.people import person_hash

        listed = opted_out(job.settings, job.tenant)
        known = listed.read()
        out = any(person_hash(job.people.key, listed.purpose, p) in known for p in job.people.pseudonyms)
        yield "opt_out.txt", b"opted out of training\n" if out else b"not opted out of training\n"

    def settle(self, leaving: Leaving) -> None:
        """Nothing is under way."""

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove the folders and files that are the tenant's by their place; certificates stay."""
        gone = sum(_removed(path) for path in places_of(leaving.settings, leaving.tenant))
        left = sum(path.exists() for path in places_of(leaving.settings, leaving.tenant))
        return [Looked(store="files", unit="places", found=gone, left=left, note="certificates are kept")]


def places_of(settings: Settings, tenant: Tenant) -> list[Path]:
    """What of the state folder is one tenant's alone, and no other store's."""
    private, name = privacy_folder(settings, tenant), tenant.name
    kept = {"certificates", CLOSURE}
    return [
        scenario_folder(settings, tenant),
        event_folder(settings, tenant),
        settings.unfinished_root / name,
        settings.home / "quality" / f"{name}.json",
        settings.run_root / "build-anew" / name,
        settings.run_root / f"lineage-sent-{name}.json",
        *settings.run_root.glob(f"ingest-{name}-" + "[0-9a-f]" * 32 + ".began"),
        *(path for path in private.glob("*") if path.name not in kept),
    ]


def _removed(path: Path) -> bool:
    """Remove a file, or a folder with what is in it; whether there was one."""
    if not path.exists():
        return False
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return True


def left_to_others(settings: Settings) -> list[Path]:
    """Folders of the state that this store keeps out of."""
    lake, landing = (
        Path(str(p).removeprefix("file://")) for p in (settings.lake_root, settings.landing_root)
    )
    layers = [lake / layer for layer in ("bronze", "silver", "gold", "reference")]
    return [*(settings.home / name for name in OF_OTHERS), *layers, landing]


def set_aside(settings: Settings) -> list[Path]:
    """Lines that the shippers of spool and journal could not read, and kept for a look."""
    return [folder / "unreadable" for folder in (settings.spool_root, settings.journal_root)]


def own_files(job: Job) -> Path:
    """The folder of requests: the one under way has to name the people until it is done."""
    return privacy_folder(job.settings, job.tenant) / "requests"


def mask(path: Path, needles: Needles) -> bool:
    """Overwrite what a file holds of the people; whether there was anything.

    Raises:
        OSError: it cannot be read or written.
    """
    try:
        if not holds(path, needles):
            return False
        with path.open("rb") as stream:
            magic = stream.read(4)
    except FileNotFoundError:
        return False
    if magic.startswith(GZIP_MAGIC) or magic == ZSTANDARD_MAGIC:
        with Source(path) as source:
            content = _masked(source.read() or b"", needles)
        packed = (
            gzip.compress(content, mtime=0) if magic.startswith(GZIP_MAGIC) else zstandard.compress(content)
        )
        write_atomically(path, packed, mode=path.stat().st_mode & 0o777)
        return True
    with path.open("r+b") as stream:
        content = stream.read()
        for start, end in needles.places(content):
            stream.seek(start)
            stream.write(_MASK * (end - start))
        stream.flush()
        os.fsync(stream.fileno())
    return True


def _masked(content: bytes, needles: Needles) -> bytes:
    found = bytearray(content)
    for start, end in needles.places(content):
        found[start:end] = _MASK * (end - start)
    return bytes(found)
