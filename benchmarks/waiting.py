"""Waits for what processes do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable

_POLL_SECONDS = 0.1


def until(condition: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Ask again and again until it is so.

    Raises:
        SystemExit: it was not so in time; the message is what `otherwise` says.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise())
        time.sleep(_POLL_SECONDS)
