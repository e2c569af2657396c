"""Cursors of the usage by day: where the page before ended, as text that nobody needs to understand."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import date

from control_plane.usage.repository import Group
from recolake.errors import InvalidInputError


def write_cursor(group: Group) -> str:
    """A cursor that continues after a group."""
    day, *rest = group
    return base64.urlsafe_b64encode(json.dumps([day.isoformat(), *rest]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> Group:
    """Inverse of `write_cursor`.

    Raises:
        InvalidInputError: nobody gave out such a cursor.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        day, kind, key, scenario, environment = parts
        if not all(isinstance(part, str) and "\0" not in part for part in parts):
            raise ValueError("not texts")
        return date.fromisoformat(day), kind, key, scenario, environment
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInputError(
            "This cursor is not one of ours.", hint="Send `next_cursor` as it was given.", field="cursor"
        ) from error
