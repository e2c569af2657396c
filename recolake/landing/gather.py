"""Raw files as a customer names them: single ones, folders of them, and archives, whose members are files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recolake.contracts.names import fault_of, printable
from recolake.errors import UploadError
from recolake.landing.archive import is_zip, unpack


@dataclass(frozen=True, slots=True)
class RawInput:
    """A raw file: where it lies, and its name in the upload, with the folders or the archive it came in."""

    path: Path
    name: str


def gather(paths: Iterable[Path], scratch: Path) -> list[RawInput]:
    """Files as `list_files` has them, and zip archives as their members.

    Args:
        scratch: an empty folder, to which members of archives are unpacked.

    Raises:
        UploadError: as `list_files`; or an archive is broken, holds no files, or cannot be used.
    """
    found: list[RawInput] = []
    for file in list_files(paths):
        with readable(file.path):
            if is_zip(file.path):
                members = unpack(file.path, file.name, scratch)
                found.extend(RawInput(path, name) for name, path in members)
            else:
                found.append(file)
    return found


def list_files(paths: Iterable[Path]) -> list[RawInput]:
    """Files as given, folders as the files in and under them, by name.

    Hidden files and folders are left out where they were not named themselves.

    Raises:
        UploadError: a path does not exist or cannot be read, a file's name cannot be stored, a folder holds
            no files, or nothing was named.
    """
    found: list[RawInput] = []
    for path in paths:
        with readable(path):
            found.extend(_files_of(path))
    if not found:
        raise UploadError("No files were named.", hint="Name raw files, or folders of them.", field="files")
    for file in found:
        if fault := next(filter(None, map(fault_of, file.name.split("/"))), None):
            raise UploadError(
                f"The file '{printable(file.name)}' {fault}.",
                hint="Nothing was uploaded; rename it.",
                field="files",
            )
    return found


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What the system has against a path, as an UploadError."""
    try:
        yield
    except OSError as error:
        raise UploadError(
            f"'{printable(path)}' cannot be read: {error.strerror or error}.",
            hint="Nothing was uploaded.",
            field="files",
        ) from error


def _files_of(path: Path) -> list[RawInput]:
    if path.is_file():
        return [RawInput(path, path.name)]
    if not path.is_dir():
        raise UploadError(
            f"There is no file '{printable(path)}'.",
            hint="Check the name; nothing was uploaded.",
            field="files",
        )
    inside = sorted((file.relative_to(path).as_posix(), file) for file in _under(path))
    if not inside:
        raise UploadError(
            f"The folder '{printable(path)}' holds no files.",
            hint="Name a folder with raw files.",
            field="files",
        )
    return [RawInput(file, name) for name, file in inside]


def _under(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = (Path(place) / name for name in names if not name.startswith("."))
        yield from (file for file in files if file.is_file())


def _refuse(error: OSError) -> None:
    raise error
