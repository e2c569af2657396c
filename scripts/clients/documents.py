"""What the applications say of themselves: their OpenAPI documents, and the codes of their errors."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control_plane.app import create_app as control_plane
from recolake.errors import RecolakeError
from recolake.settings import Settings
from recolake.web import problems
from serving.app import create_app as data_plane

_UNFORESEEN = 500
_PACKAGES = ("recolake.", "serving.", "control_plane.")


@dataclass(frozen=True)
class ErrorCode:
    """A code that a problem document may carry, the HTTP status it comes with, and what it means."""

    code: str
    status: int
    meaning: str


def live_documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of either application, by the name of the client's module for it."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        return {
            "recommendations": data_plane(settings).openapi(),
            "accounts": control_plane(settings).openapi(),
        }


def error_codes() -> list[ErrorCode]:
    """Every code that the applications answer with, by code; those of status 500 alone belong to commands.

    Call it in a process that loaded no more than the applications, or other programs' errors are among them.
    """
    found = {code: ErrorCode(code, status, f"Status {status}.") for status, code in problems.CODES.items()}
    found["internal_error"] = ErrorCode("internal_error", _UNFORESEEN, "What nobody foresaw; the log has it.")
    found["storage_full"] = ErrorCode("storage_full", 507, "There is no room left; nothing was kept.")
    for error in _subclasses(RecolakeError):
        if "code" in vars(error) and error.status != _UNFORESEEN and error.__module__.startswith(_PACKAGES):
            found[error.code] = ErrorCode(error.code, error.status, _first_paragraph(error))
    return [found[code] for code in sorted(found)]


def _subclasses(error: type[RecolakeError]) -> Iterator[type[RecolakeError]]:
    yield error
    for child in error.__subclasses__():
        yield from _subclasses(child)


def _first_paragraph(error: type[RecolakeError]) -> str:
    return " ".join(inspect.cleandoc(error.__doc__ or "").split("\n\n")[0].split())
