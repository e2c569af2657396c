"""A search through files for people, by value: in plain bytes and inside of what is packed.

Texts are found as UTF-8 and, since NULs are left out for a second look, as UTF-16 and UTF-32 (NumPy keeps
texts so). Of packed files (gzip, zstandard, zip and NumPy's archives) the content is searched, of Parquet
the decoded columns and the bytes of the file, where its statistics stand.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from recolake.contracts.source import GZIP_MAGIC, ZSTANDARD_MAGIC, Source
from recolake.tenancy.pseudonyms import PSEUDONYM_HEX_DIGITS as DIGITS

_CHUNK = 1 << 20
# Twice the longest text that is looked for, in UTF-32: what lies across two chunks is found.
_OVERLAP = 1 << 13
_HEX_RUN = re.compile(f"[0-9a-f]{{{DIGITS},}}".encode())
_PSEUDONYM = re.compile(f"[0-9a-f]{{{DIGITS}}}")
_ZIP, _PARQUET = b"PK\x03\x04", b"PAR1"


class Needles:
    """What is looked for: pseudonyms of however many people, and a few other texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        known = set(texts)
        self._pseudonyms = {text.encode() for text in known if _PSEUDONYM.fullmatch(text)}
        self._others = [text.encode() for text in known if not _PSEUDONYM.fullmatch(text)]

    def places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Begin and end of each that the bytes hold as UTF-8."""
        for run in _HEX_RUN.finditer(data):
            for start in range(run.start(), run.end() - DIGITS + 1):
                if data[start : start + DIGITS] in self._pseudonyms:
                    yield start, start + DIGITS
        for other in self._others:
            start = data.find(other)
            while start >= 0:
                yield start, start + len(other)
                start = data.find(other, start + 1)

    def within(self, data: bytes) -> bool:
        """Whether the bytes hold any, in UTF-8, UTF-16 or UTF-32."""
        if any(True for _ in self.places(data)):
            return True
        return b"\0" in data and any(True for _ in self.places(data.replace(b"\0", b"")))

    def __bool__(self) -> bool:
        return bool(self._pseudonyms or self._others)


@dataclass
class Found:
    """What a search came to: files that hold somebody, and those that could not be read."""

    files: int = 0
    bytes: int = 0
    hits: list[Path] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)


def scan(roots: Iterable[Path], needles: Needles, but: Iterable[Path] = ()) -> Found:
    """Search all files in and under these folders.

    Args:
        but: files and folders that are left out.
    """
    left_out, found = set(but), Found()
    for path in files_under(roots, left_out):
        try:
            size = path.stat().st_size
            if holds(path, needles):
                found.hits.append(path)
        except FileNotFoundError:
            continue  # It went while the search was under way.
        except OSError:
            found.unreadable.append(path)
            continue
        found.files += 1
        found.bytes += size
    return found


def files_under(roots: Iterable[Path], but: set[Path]) -> Iterator[Path]:
    """Every plain file, each once, however the folders lie in one another; links are not followed."""
    seen: set[Path] = set()
    pending = [root for root in roots if root.exists()]
    while pending:
        folder = pending.pop()
        if folder in seen or folder in but:
            continue
        seen.add(folder)
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry in but or entry.is_symlink():
                continue
            if entry.is_dir():
                pending.append(entry)
            elif entry.is_file():
                yield entry


def holds(path: Path, needles: Needles) -> bool:
    """Whether a file holds any of them, packed or not.

    Raises:
        OSError: it cannot be read, or not be unpacked to its end.
    """
    with path.open("rb") as stream:
        magic = stream.read(4)
        stream.seek(0)
        if _stream_holds(stream, needles):
            return True
    if magic.startswith(GZIP_MAGIC) or magic == ZSTANDARD_MAGIC:
        with Source(path) as source:
            if _stream_holds(cast(BinaryIO, source), needles):
                return True
            if source.broken:
                raise _unpacked_in_part(path)
            return False
    if magic == _ZIP:
        return _zip_holds(path, needles)
    return magic == _PARQUET and _parquet_holds(path, needles)


def _stream_holds(stream: BinaryIO, needles: Needles) -> bool:
    before = b""
    while chunk := stream.read(_CHUNK):
        if needles.within(before + chunk):
            return True
        before = (before + chunk)[-_OVERLAP:]
    return False


def _zip_holds(path: Path, needles: Needles) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    if _stream_holds(cast(BinaryIO, member), needles):
                        return True
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _unpacked_in_part(path) from error
    return False


def _parquet_holds(path: Path, needles: Needles) -> bool:
    """By the buffers of the decoded columns: texts stand one after the other there, whatever they are in."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches():
                for column in batch.columns:
                    if any(needles.within(data) for data in _buffers(column)):
                        return True
    except pa.ArrowException as error:
        raise _unpacked_in_part(path) from error
    return False


def _unpacked_in_part(path: Path) -> OSError:
    """Damaged, encrypted, or packed by an unknown method: who was not found may be in the rest."""
    return OSError(f"{path} cannot be unpacked to its end")


def _buffers(array: Any) -> Iterator[bytes]:
    import pyarrow as pa

    plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    yield from (buffer.to_pybytes() for buffer in plain.buffers() if buffer is not None)
