"""Control 14: a flood of parts, fields or headers ends early, and in little memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest
from fastapi import Request
from starlette.types import Message

from control_plane.uploads.receive import MAX_FILES, Received, receive
from recolake.errors import RecolakeError

EDGE = b"--edge\r\n"
FIELD = b'Content-Disposition: form-data; name="sent"\r\n'
MEBIBYTE = 1 << 20


def file(number: int) -> bytes:
    name = f'Content-Disposition: form-data; name="files"; filename="{number}.csv"\r\n\r\n'
    return EDGE + name.encode() + b"x\r\n"


def field(number: int) -> bytes:
    return EDGE + FIELD + f"\r\n{number}\r\n".encode()


def take(chunks: Iterable[bytes], folder: Path) -> tuple[Received, int]:
    """What came of a body, and how many bytes of memory that took at most."""
    rest = iter(chunks)

    async def give() -> Message:
        chunk = next(rest, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    headers = [(b"content-type", b"multipart/form-data; boundary=edge")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, give)
    tracemalloc.start()
    try:
        received = asyncio.run(receive(request, folder, 1 << 30))
        return received, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def endless(beginning: bytes) -> Iterator[bytes]:
    """A hundred mebibytes behind a beginning, at most."""
    return chain([beginning], repeat(b"x" * MEBIBYTE, 100))


FLOODS: dict[str, tuple[Iterable[bytes], int]] = {
    "files": (map(file, range(10_000)), 413),
    "fields": (map(field, range(10_000)), 413),
    "a field without end": (endless(EDGE + FIELD + b"\r\n"), 413),
    # No body that a browser or curl sends: the parser says that it is no multipart.
    "a header without end": (endless(EDGE + b"X-Long: "), 422),
    "a header's name without end": (endless(EDGE), 422),
    "headers without end": (chain([EDGE], (f"X-{n}: y\r\n".encode() for n in range(100_000))), 422),
}


@pytest.mark.control(14)
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_refused_before_it_is_over(flood: str, tmp_path: Path) -> None:
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for chunk in FLOODS[flood][0]:
            read += len(chunk)
            yield chunk

    with pytest.raises(RecolakeError) as raised:
        take(counted(), tmp_path)
    assert raised.value.status == FLOODS[flood][1]
    assert read <= 2 * MEBIBYTE


@pytest.mark.control(14)
def test_a_file_of_any_size_takes_little_memory(tmp_path: Path) -> None:
    named = b'Content-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
    body = chain([EDGE + named], repeat(b"x" * MEBIBYTE, 50), [b"\r\n--edge--\r\n"])
    received, peak = take(body, tmp_path)
    assert received.files[0].stat().st_size == 50 * MEBIBYTE
    assert peak < 16 * MEBIBYTE


@pytest.mark.control(14)
def test_as_many_files_as_are_allowed_are_taken(tmp_path: Path) -> None:
    received, _ = take(chain(map(file, range(MAX_FILES)), [b"--edge--\r\n"]), tmp_path)
    assert len(received.files) == MAX_FILES
