"""What a client may call a file."""

from __future__ import annotations

import re

_MOST_BYTES = 200


def is_plain(name: str) -> bool:
    """Whether it can be the name of a file here: printable, no path, up to 200 bytes."""
    if name in ("", ".", "..") or re.search(r"[/\\]", name):
        return False
    return name.isprintable() and len(name.encode()) <= _MOST_BYTES
