"""What was served before: the file SERVED.json beside CURRENT, by which a rollback finds its way back.

CURRENT alone says what is served; a history that disagrees with it, as after a kill between the two writes,
gives way when it is read.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from recolake.files import write_atomically
from recolake.ranking.pointer import current_file, current_version
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_LONGEST = 100


class Step(BaseModel):
    """A version, and since when it was served; None where nobody wrote that down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    since: datetime | None = None


class History(BaseModel):
    """The way to the served version.

    Attributes:
        steps: oldest first; the last is the served version, the one before it is where a rollback leads. What
            was rolled back from is in it no more.
        held: whether the last move was a rollback, which only a person ends.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...] = ()
    held: bool = False

    @property
    def served(self) -> str | None:
        return self.steps[-1].version if self.steps else None

    @property
    def previous(self) -> str | None:
        return self.steps[-2].version if len(self.steps) > 1 else None

    def moved_on(self, version: str, at: datetime | None) -> History:
        """After this version was put into service by a publication."""
        if version == self.served:
            return History(steps=self.steps)
        return History(steps=(*self.steps, Step(version=version, since=at))[-_LONGEST:])

    def moved_back(self, at: datetime) -> History:
        """After a rollback to `previous`."""
        *kept, target, _ = self.steps
        return History(steps=(*kept, Step(version=target.version, since=at)), held=True)


def history_file(settings: Settings, tenant: Tenant) -> Path:
    """The file, whether it exists or not."""
    return current_file(settings, tenant).with_name("SERVED.json")


def read_history(settings: Settings, tenant: Tenant) -> History:
    """The way to what CURRENT names; a file that is missing or cannot be read is an empty history."""
    current = current_version(settings, tenant)
    try:
        found = History.model_validate_json(history_file(settings, tenant).read_bytes())
    except (OSError, ValidationError):
        found = History()
    if current is None:
        return History()
    return found if found.served == current else found.moved_on(current, None)


def write_history(settings: Settings, tenant: Tenant, history: History) -> None:
    """Replace the file; the caller holds the tenant's publication lock."""
    content = history.model_dump_json(indent=1).encode()
    write_atomically(history_file(settings, tenant), content)
