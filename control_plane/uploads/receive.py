"""Take a multipart body apart onto the disk, part by part as it arrives, so that memory stays small."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from control_plane.errors import PayloadTooLargeError
from control_plane.files.names import is_plain
from recolake.errors import UploadError
from recolake.settings import PROJECT_ROOT

MAX_FILES = 500
_MAX_FIELD_BYTES = 4096
_FILES, _SENT, _MAPPING = "files", "sent", "mapping"
_MAPPING_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


@dataclass(slots=True)
class Received:
    """What a request brought: files in a folder of their own each, under the names that the client gave."""

    files: list[Path] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    """Ids of files that came in pieces before."""
    mapping: Path | None = None


async def receive(request: Request, folder: Path, max_bytes: int) -> Received:
    """Write the parts `files` and `mapping` of a multipart request under an empty folder, and read `sent`.

    Raises:
        PayloadTooLargeError: more than `max_bytes`, too many parts, or a field that is too long; what was
            written so far is the caller's to remove.
        UploadError: not multipart, cut off, an unknown part, or a file without a usable name.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UploadError(
            "An upload is sent as multipart/form-data.", hint="curl: -F files=@day.csv -F mapping=…"
        )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    parser = _DiskParser(request.headers, _limited(request, max_bytes), folder)
    try:
        await parser.parse()
    except MultiPartException as error:
        raise UploadError(f"The request's body cannot be read: {error.message}") from error
    finally:
        parser.close()
    if not parser.complete:
        raise UploadError("The request's body is cut off; nothing was kept.", hint="Send it again.")
    return parser.received()


class _DiskParser(MultiPartParser):
    """Starlette's parser, but a file part goes straight to its own file under `folder`."""

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None], folder: Path) -> None:
        super().__init__(
            headers,
            stream,
            max_files=MAX_FILES + 1,
            max_fields=MAX_FILES + 10,
            max_part_size=_MAX_FIELD_BYTES,
        )
        self._folder = folder
        self._paths: list[tuple[str, Path]] = []
        self.complete = False

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._current_part
        if part.file is None and len(part.data) + end - start > _MAX_FIELD_BYTES:
            raise _flood(f"A field has more than {_MAX_FIELD_BYTES} bytes.")
        super().on_part_data(data, start, end)

    def on_headers_finished(self) -> None:
        try:
            super().on_headers_finished()
        except MultiPartException:
            if self._current_files > self.max_files or self._current_fields > self.max_fields:
                raise _flood(f"An upload has at most {MAX_FILES} files.") from None
            raise
        part = self._current_part
        if part.field_name not in (_FILES, _SENT, _MAPPING):
            raise UploadError(f"There is no part '{part.field_name[:40]}'.", field=part.field_name[:40])
        if part.file is None:
            return
        path = self._folder / str(len(self._paths)) / _safe_name(part.file)
        path.parent.mkdir(parents=True)
        part.file.file.close()
        part.file.file = path.open("w+b")
        self._paths.append((part.field_name, path))

    def on_end(self) -> None:
        self.complete = True

    def close(self) -> None:
        for _, item in self.items:
            if isinstance(item, UploadFile):
                item.file.close()
        if self._current_part.file is not None:
            self._current_part.file.file.close()

    def received(self) -> Received:
        mappings = [path for name, path in self._paths if name == _MAPPING]
        mappings += [
            _named_mapping(value) for name, value in self.items if name == _MAPPING and isinstance(value, str)
        ]
        if len(mappings) > 1:
            raise UploadError("An upload has one mapping.", field=_MAPPING)
        if any(name == _FILES and isinstance(value, str) for name, value in self.items):
            raise UploadError("The part 'files' is a file, not text.", field=_FILES)
        if any(name == _SENT for name, _ in self._paths):
            raise UploadError("The part 'sent' is the id of a file, not a file.", field=_SENT)
        files = [path for name, path in self._paths if name == _FILES]
        sent = [value for name, value in self.items if name == _SENT and isinstance(value, str)]
        return Received(files, sent, mappings[0] if mappings else None)


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > max_bytes:
            raise _too_large(max_bytes)
        yield chunk


def _too_large(max_bytes: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"An upload over HTTP may have {max_bytes} bytes.",
        hint="Send fewer files a request, or use `recolake upload`.",
    )


def _flood(what: str) -> PayloadTooLargeError:
    return PayloadTooLargeError(what, hint="Nothing was kept. Send fewer files a request.", field=_FILES)


def _safe_name(upload: UploadFile) -> str:
    """The last component of the client's file name, if it can be the name of a file here."""
    name = re.split(r"[/\\]", upload.filename or "")[-1]
    if not is_plain(name):
        raise UploadError(
            "A file has no usable name.", hint="Give it a plain name of up to 200 bytes.", field=_FILES
        )
    return name


def _named_mapping(name: str) -> Path:
    """A mapping that ships with the platform."""
    path = PROJECT_ROOT / "mappings" / f"{name}.yaml"
    if not _MAPPING_NAME.fullmatch(name) or not path.is_file():
        raise UploadError(
            f"There is no mapping '{name[:64]}' here.", hint="Send the mapping file itself.", field=_MAPPING
        )
    return path
