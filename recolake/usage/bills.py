"""Between the two who read the journal: what is billed waits until PostgreSQL has it.

The lake takes a segment and removes it, as it names people. Before that, what of it is billed is put beside,
into `bills/`, unless PostgreSQL has it: then there is a mark of the segment's name, `….done`.
"""

from __future__ import annotations

from pathlib import Path

from recolake.files import private_folder, write_atomically
from recolake.journal.segments import SEALED_SUFFIX, dispose, sealed_segments
from recolake.usage.segments import read_meter

_BILLS, _DONE = "bills", ".done"


def bills_folder(journal: Path) -> Path:
    """Where bills wait."""
    return journal / _BILLS


def release(path: Path, *, aside: bool) -> None:
    """The lake has a segment: keep its bill, then remove it. Killed in between, this is repeated whole."""
    mark = _mark(path)
    if mark.exists():
        dispose(path, aside=aside)
        # Who looked for bills meanwhile may have taken it away.
        mark.unlink(missing_ok=True)
        return
    records, _ = read_meter(path)
    if records:
        folder = bills_folder(path.parent)
        private_folder(folder)
        content = b"".join(record.to_line() for record in records)
        write_atomically(folder / path.name, content, mode=0o600)
    dispose(path, aside=aside)


def unbilled(journal: Path) -> list[Path]:
    """Files whose bills PostgreSQL may not have, oldest first; marks without a segment are removed.

    A segment that the lake removes meanwhile is then among the bills.
    """
    segments = sealed_segments(journal)
    there = {path.name for path in segments}
    folder = bills_folder(journal)
    for mark in folder.glob(f"*{_DONE}"):
        if mark.name.removesuffix(_DONE) not in there:
            mark.unlink(missing_ok=True)
    waiting = [path for path in folder.glob(f"*{SEALED_SUFFIX}") if not path.name.startswith(".")]
    return sorted(
        [path for path in segments if not _mark(path).exists()] + waiting, key=lambda path: path.name
    )


def settle(path: Path) -> None:
    """PostgreSQL has the bill of this file: remove it, or mark a segment that the lake has yet to take."""
    if path.parent.name == _BILLS:
        path.unlink(missing_ok=True)
        return
    mark = _mark(path)
    private_folder(mark.parent)
    mark.touch(mode=0o600)


def _mark(segment: Path) -> Path:
    return bills_folder(segment.parent) / f"{segment.name}{_DONE}"
