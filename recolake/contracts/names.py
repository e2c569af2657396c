"""Names of files as texts that can be shown and stored, whatever bytes a file system holds."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

MOST_BYTES = 240
"""Longest name of a raw file: file systems take 255 bytes, and landing may put a number before it."""


def printable(path: Path | str) -> str:
    """A path for a message: bytes that are not UTF-8, and control characters, become �."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)


def fault_of(name: str) -> str | None:
    """What keeps a file's name from being stored; None for a good one."""
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        return "has a name that is not UTF-8 text without control characters"
    if len(name.encode()) > MOST_BYTES:
        return f"has a name of more than {MOST_BYTES} bytes"
    return None
