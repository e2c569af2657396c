"""How addresses are shown to people."""

from __future__ import annotations

from urllib.parse import urlsplit


def hide_password(url: str | None) -> str | None:
    """The URL with any password in it replaced by stars."""
    if url is None:
        return None
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url
