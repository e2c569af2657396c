"""The text of a raw CSV file, plain or gzip, as far as it can be read.

Plain Python that imports nothing of ours: it travels to Spark's workers by value.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How CSV files are written; the first record is the header."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"


class Source(io.RawIOBase):
    """Bytes of a file, unpacked if it is gzip. A gzip stream that breaks off ends there; `broken` tells.

    A disk that cannot be read is another matter: its OSError passes through, as no row may vanish for it.
    """

    def __init__(self, path: Path) -> None:
        self.broken = False
        self._file = path.open("rb")
        packed = self._file.read(2) == GZIP_MAGIC
        self._file.seek(0)
        self._gzip = gzip.GzipFile(fileobj=self._file) if packed else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        chunk = self._unpacked(len(view)) if self._gzip else self._file.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)

    def _unpacked(self, most: int) -> bytes:
        assert self._gzip is not None
        try:
            # read1 gives what is unpacked so far; read would throw it away when the stream breaks.
            return self._gzip.read1(most)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self.broken = True
            return b""

    def close(self) -> None:
        self._file.close()
        super().close()


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Any bytes that cannot be decoded become one lone surrogate.

    Python's own `surrogateescape` gives up on some of UTF-16's.
    """
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


def open_text(source: Source, encoding: str) -> io.TextIOWrapper:
    """Lines with their ends, without a BOM; what is not of the encoding becomes lone surrogates."""
    name = codecs.lookup(encoding).name
    codecs.register_error("recolake.mark", _mark)
    return io.TextIOWrapper(
        io.BufferedReader(source, 1 << 16),
        encoding="utf-8-sig" if name == "utf-8" else encoding,
        errors="recolake.mark",
        newline="",
    )


def is_clean(text: str) -> bool:
    """Whether a text has neither NUL nor bytes that could not be decoded."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
