"""What the tus protocol answers with a status of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recolake.errors import RecolakeError


class WrongOffsetError(RecolakeError):
    """A piece does not begin where the file ends."""

    code = "wrong_offset"
    status = 409

    def __init__(self, offset: int) -> None:
        super().__init__(f"The file has {offset} bytes.", hint="Go on from there.", field="Upload-Offset")
        self._offset = offset

    @property
    def members(self) -> Mapping[str, Any]:
        return {"offset": self._offset}


class FileIncompleteError(RecolakeError):
    """An upload names a file of which pieces are missing."""

    code = "file_incomplete"
    status = 409


class OtherProtocolError(RecolakeError):
    """The client speaks another version of tus."""

    code = "unsupported_version"
    status = 412


class NoPieceError(RecolakeError):
    """The body is not declared to be a piece of a file."""

    code = "unsupported_media_type"
    status = 415


class FileBusyError(RecolakeError):
    """Another request is writing to the file."""

    code = "file_busy"
    status = 423
