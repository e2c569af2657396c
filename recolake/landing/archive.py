"""Zip archives: each member is a raw file of its own. An archive that is not whole brings nothing, and what
unpacks to too much, archive or single file, neither.

An archive's directory stands at its end, so a cut one cannot be read from its beginning; and each member
carries a checksum, so a damaged one is noticed before anything is landed.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import NoReturn

from recolake.contracts.names import fault_of, printable
from recolake.contracts.source import Source
from recolake.errors import UploadError
from recolake.landing.refusals import UploadTooLargeError

_MAGIC = re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)")
MOST_MEMBERS = 10_000
MOST_RATIO = 200
"""Times an archive's size that its members may have together, if they have more than `FREE_BYTES`."""
FREE_BYTES = 64 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_CHUNK = 1 << 20
# Beginnings of names that only documents have.
_DOCUMENTS = ("[Content_Types].xml", "xl/", "word/", "META-INF/", "mimetype")


def is_zip(path: Path) -> bool:
    """Whether a file begins as zip archives do."""
    with path.open("rb") as stream:
        return _MAGIC.match(stream.read(4)) is not None


def unpack(path: Path, name: str, scratch: Path) -> list[tuple[str, Path]]:
    """Unpack an archive's members, by name: `archive.zip/folder/member.csv`, and where it lies now.

    Args:
        scratch: a folder for the members, under names that nobody chose.

    Raises:
        UploadError: the archive is broken, encrypted, a document, or a bomb, or a member has a name that
            cannot be stored.
        OSError: the disk cannot be read or written.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        with zipfile.ZipFile(path) as archive:
            left = max(FREE_BYTES, MOST_RATIO * path.stat().st_size)
            unpacked = []
            for number, member in enumerate(_members(archive, name)):
                target = folder / str(number)
                left -= _write(archive, member, target, left)
                if left < 0:
                    raise too_large(name)
                unpacked.append((f"{name}/{member.filename}", target))
            return unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise _refusal(name, f"it is a broken zip archive or workbook ({error})") from error


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Members that are raw files, by name; folders and hidden files are left out."""
    files = [member for member in archive.infolist() if not member.is_dir() and not _hidden(member.filename)]
    if any(member.filename.startswith(_DOCUMENTS) for member in files):
        _refuse(name, "it is a workbook or another document; save it as CSV")
    if not files:
        _refuse(name, "it is a zip archive that holds no files")
    if len(files) > MOST_MEMBERS:
        _refuse(name, f"it holds more than {MOST_MEMBERS} files")
    names = [member.filename for member in files]
    if len(set(names)) < len(names):
        _refuse(name, "it holds two files of one name")
    for member in files:
        _check(member, name)
    return sorted(files, key=lambda member: member.filename)


def _check(member: zipfile.ZipInfo, name: str) -> None:
    shown = printable(member.filename)
    parts = member.filename.split("/")
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        _refuse(name, f"the name of its member '{shown}' leads out of it")
    if fault := next(filter(None, map(fault_of, parts)), None):
        _refuse(name, f"its member '{shown}' {fault}")
    if member.flag_bits & _ENCRYPTED:
        _refuse(name, f"its member '{shown}' is encrypted")
    if member.compress_type not in _METHODS:
        _refuse(name, f"its member '{shown}' is packed by another method than deflate")


def _hidden(member: str) -> bool:
    parts = member.split("/")
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Unpack a member, and stop after `most` bytes; gives how many were unpacked."""
    done = 0
    with archive.open(member) as packed, target.open("wb") as out:
        while done <= most and (chunk := packed.read(_CHUNK)):
            done += out.write(chunk)
    return done


def refuse_bomb(path: Path, name: str) -> None:
    """Unpack a gzip or zstandard file to nowhere, as far as one may; what is not packed is not looked at.

    Raises:
        UploadTooLargeError: it has more than an archive of its size may have.
        OSError: the disk cannot be read.
    """
    left = max(FREE_BYTES, MOST_RATIO * path.stat().st_size)
    with Source(path) as source:
        while source.packed and left >= 0 and (chunk := source.read(_CHUNK)):
            left -= len(chunk)
    if left < 0:
        raise too_large(name)


def too_large(name: str) -> UploadTooLargeError:
    """What is told of a bomb."""
    return UploadTooLargeError(
        f"The file '{printable(name)}' cannot be used: it unpacks to more than {MOST_RATIO} times its size.",
        hint="Nothing was uploaded.",
        field="files",
    )


def _refuse(name: str, why: str) -> NoReturn:
    raise _refusal(name, why)


def _refusal(name: str, why: str) -> UploadError:
    return UploadError(
        f"The file '{printable(name)}' cannot be used: {why}.", hint="Nothing was uploaded.", field="files"
    )
