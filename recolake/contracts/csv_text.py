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
from typing import IO

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How CSV files are written; the first record is the header."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"


class Source(io.RawIOBase):
    """Bytes of a file, unpacked if it is gzip. A gzip stream that breaks off ends there, and `broken`
    tells."""

    def __init__(self, path: Path) -> None:
        self.broken = False
        self._file = path.open("rb")
        packed = self._file.read(2) == GZIP_MAGIC
        self._file.seek(0)
        self._stream: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=self._file) if packed else self._file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        try:
            # read1 gives what is unpacked so far; read would throw it away when the stream breaks.
            chunk = (
                self._stream.read1(len(view))
                if isinstance(self._stream, gzip.GzipFile)
                else self._stream.read(len(view))
            )
        except (EOFError, OSError, zlib.error):
            self.broken = True
            return 0
        view[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._file.close()
        super().close()


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Any bytes that cannot be decoded become one lone surrogate (`surrogateescape` gives up on some of
    UTF-16's)."""
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


def open_text(source: Source, encoding: str) -> io.TextIOWrapper:
    """Lines with their ends as they are; bytes that are not of the encoding become lone surrogates. A BOM is
    left out."""
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
