"""The bytes of a raw file, plain, gzip or zstandard, as far as they can be read.

Plain Python that imports nothing of ours: it travels to Spark's workers by value.
"""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

GZIP_MAGIC = b"\x1f\x8b"
ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"
_BEGINNING = 4
# A block of four bytes may stand for 128 KiB: what is unpacked at once has to fit into memory.
_PACKED_STEP = 1 << 10


class Source(io.RawIOBase):
    """Bytes of a file, unpacked if it is packed. A packed stream that breaks off ends there; `broken` tells.

    A disk that cannot be read is another matter: its OSError passes through, as no row may vanish for it.
    """

    def __init__(self, path: Path) -> None:
        self.broken = False
        self._held = b""
        self._file = path.open("rb")
        magic = self._file.read(_BEGINNING)
        self._file.seek(0)
        self._packed = _unpacker(magic, self._file)

    @property
    def packed(self) -> bool:
        """Whether what is read is not what lies on the disk."""
        return self._packed is not None

    def readable(self) -> bool:
        return True

    def beginning(self) -> bytes:
        """The first four bytes, fewer of a shorter file; to be asked before anything is read."""
        while len(self._held) < _BEGINNING and (more := self._read(_BEGINNING - len(self._held))):
            self._held += more
        return self._held

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        chunk = self._held[: len(view)] or self._read(len(view))
        self._held = self._held[len(view) :]
        view[: len(chunk)] = chunk
        return len(chunk)

    def _read(self, most: int) -> bytes:
        if self._packed is None:
            return self._file.read(most)
        try:
            # read1 gives what is unpacked so far; read would throw it away when the stream breaks.
            return self._packed.read1(most)
        except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError):
            self.broken = True
            return b""

    def close(self) -> None:
        self._file.close()
        super().close()


class _Packed(Protocol):
    def read1(self, size: int = ..., /) -> bytes: ...


class _Zstandard:
    """Unpacks frames one after the other. The library's own reader takes a cut stream for a whole one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._left = b""
        self._ready = io.BytesIO()

    def read1(self, size: int = -1, /) -> bytes:
        """Raises EOFError where the file ends within a frame, ZstdError where it is none."""
        while not (chunk := self._ready.read(size)):
            packed = self._left or self._file.read(_PACKED_STEP)
            if not packed:
                if self._frame is not None:
                    raise EOFError
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._ready = io.BytesIO(self._frame.decompress(packed))
            self._left = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        return chunk


def _unpacker(magic: bytes, file: BinaryIO) -> _Packed | None:
    if magic.startswith(GZIP_MAGIC):
        return gzip.GzipFile(fileobj=file)
    return _Zstandard(file) if magic == ZSTANDARD_MAGIC else None
