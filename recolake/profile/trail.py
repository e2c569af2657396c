"""What was acknowledged and is not in Redis yet, on the disk: whoever is killed loses nothing of it.

Each process appends to a folder of its own, before it acknowledges, and reads its folder as the profile comes
to hold what is in it. A segment is removed once all of it is there. The folder of a process that is gone is
read by any other. Reading anything twice changes nothing (`recolake.profile.deeds`), so no position has to be
kept on the disk beside the segments themselves.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from recolake.files import private_folder
from recolake.journal.segments import OPEN_SUFFIX, SEALED_SUFFIX
from recolake.journal.writer import SegmentWriter
from recolake.records.kinds import Kind, Record
from recolake.spool.frames import Frame, decode, encode
from recolake.tenancy.context import Tenant

_MOST_BYTES = 8 << 20
_MOST_SECONDS = 4.0
_BLOCK = 1 << 20
_LOCK = "writer.lock"
_KINDS = frozenset({Kind.EVENT, Kind.ITEM})

Apply = Callable[[Sequence[Frame]], None]


class Trail:
    """One process's trail, and those of processes that are gone. `note` is for any thread, the rest for one.

    Args:
        root: where the folders of all processes lie; made when it is needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._opening = threading.Lock()
        self._writer: SegmentWriter | None = None
        self._own: Path | None = None
        self._locks: dict[Path, int] = {}
        self._offsets: dict[str, int] = {}

    def note(self, tenant: Tenant, records: Sequence[Record]) -> bool:
        """Keep what profiles are made of; a crash of this process does not lose it. Whether there is any.

        Raises:
            OSError: it could not be written.
        """
        kept = [record for record in records if record.kind in _KINDS]
        if kept:
            self._opened().append(encode(Frame(tenant, kept)))
        return bool(kept)

    def follow(self, apply: Apply) -> None:
        """Hand on what is new, in pieces, and remove what was handed on whole.

        What `apply` raises ends this, and the same piece is handed on again the next time.
        """
        for folder in self._folders():
            for path in _segments(folder):
                self._follow(path, apply)
            if folder != self._own and not _segments(folder):
                self._leave(folder)

    def tend(self) -> None:
        """Seal a segment that is old enough; call it every second."""
        if self._writer is not None:
            self._writer.tend()

    def adopt(self) -> None:
        """Take over the folders of processes that are gone; call it every second."""
        if not self._root.is_dir():
            return
        for folder in sorted(self._root.iterdir()):
            if folder.is_dir() and folder not in self._locks and not folder.name.startswith("."):
                self._lock(folder, folder)

    def close(self) -> None:
        """Seal what there is, and leave the rest to others."""
        if self._writer is not None:
            self._writer.close()
        for handle in self._locks.values():
            os.close(handle)
        self._locks = {}

    def _opened(self) -> SegmentWriter:
        with self._opening:
            if self._writer is None:
                name = uuid4().hex
                # Locked before it has its name: nobody can take it for the folder of a process that is gone.
                unnamed, folder = self._root / f".{name}", self._root / name
                private_folder(unnamed)
                # First, so that `follow` never takes it for somebody else's that has ended.
                self._own = folder
                self._lock(unnamed, folder)
                unnamed.rename(folder)
                # The lake has what a power cut takes; not flushing is what keeps this cheap.
                self._writer = SegmentWriter(
                    folder, most_bytes=_MOST_BYTES, most_seconds=_MOST_SECONDS, sync=lambda _: None
                )
            return self._writer

    def _lock(self, at: Path, folder: Path) -> None:
        """Hold a folder, which lies at another place until it has its name, unless somebody does."""
        try:
            handle = os.open(at / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return
        self._locks[folder] = handle

    def _leave(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(self._locks.pop(folder))

    def _folders(self) -> list[Path]:
        return sorted(self._locks)

    def _follow(self, path: Path, apply: Apply) -> None:
        name = path.name.removesuffix(OPEN_SUFFIX).removesuffix(SEALED_SUFFIX)
        # Of the folder of a process that is gone nothing grows any more, sealed or not.
        ended = path.name.endswith(SEALED_SUFFIX) or path.parent != self._own
        with suppress(FileNotFoundError):
            for lines, end in _lines(path, self._offsets.get(name, 0)):
                frames = [frame for line in lines if (frame := decode(line)) is not None]
                if frames:
                    apply(frames)
                self._offsets[name] = end
            if ended:
                path.unlink()
                self._offsets.pop(name, None)


def _segments(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(
        path
        for path in folder.glob("*")
        if path.name.endswith((OPEN_SUFFIX, SEALED_SUFFIX)) and not path.name.startswith(".")
    )


def _lines(path: Path, start: int) -> Iterator[tuple[list[bytes], int]]:
    """Whole lines from a position on, in pieces, each with the position after it."""
    with path.open("rb") as stream:
        stream.seek(start)
        rest = b""
        while block := stream.read(_BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            if lines:
                start += sum(len(line) + 1 for line in lines)
                yield lines, start
