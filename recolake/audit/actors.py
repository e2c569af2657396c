"""Who acts where nobody is named: the user of this machine at a command line, else the platform itself."""

from __future__ import annotations

import getpass
from typing import Final

from recolake.audit.entry import Actor

SYSTEM: Final = Actor(kind="system", id="platform")
_process = SYSTEM


def command_line_actor() -> Actor:
    """The user of this machine; a bare container may have no name for it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unnamed"
    return Actor(kind="command_line", id=name)


def act_as(actor: Actor) -> None:
    """Say once, when a process starts, who acts in it."""
    global _process
    _process = actor


def process_actor() -> Actor:
    """Who acts in this process."""
    return _process
