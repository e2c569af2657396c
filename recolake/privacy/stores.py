"""The places that may hold a person, each with what erases and exports them there.

A sibling package registers its own by the entry point group below, as the command line does, so that this
kernel imports none of them. An environment that lacks one of the known stores erases nothing: a certificate
must not name fewer places than there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from typing import Protocol, cast

from recolake.errors import ServiceUnavailableError
from recolake.privacy.certificate import Looked
from recolake.privacy.people import People
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

GROUP = "recolake.privacy"
ORDER = ("landing", "lake", "artefacts", "online", "replays", "files")
"""Every store, in the order in which they are worked through: what others are made from comes first."""

Progress = Callable[[str], None]


@dataclass
class Job:
    """One erasure under way.

    Attributes:
        erased_at: what the people did until then is erased, and not taken in again.
        retired: model versions that are no more; stores add theirs.
        cut: by table the oldest version that can still be read; stores add theirs.
    """

    settings: Settings
    tenant: Tenant
    people: People
    erased_at: datetime
    say: Progress
    retired: set[str] = field(default_factory=set)
    cut: dict[str, int] = field(default_factory=dict)


@dataclass
class Leaving:
    """A whole tenant that goes, with everything that is kept of it.

    Attributes:
        cut: by table the oldest version that can still be read; stores add theirs.
    """

    settings: Settings
    tenant: Tenant
    say: Progress
    cut: dict[str, int] = field(default_factory=dict)


class Store(Protocol):
    """One place, or several of a kind."""

    name: str

    def prepare(self, job: Job) -> None:
        """Bring what is under way to where `erase` finds it; called before any lock is held."""

    def erase(self, job: Job) -> Iterable[Looked]:
        """Remove the people; running it again changes nothing. The tenant's locks are held."""

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """Files of an export: a name with folders, and content that a person can read."""

    def settle(self, leaving: Leaving) -> None:
        """Bring what is under way to where `dismiss` finds it; called before any lock is held."""

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove all that is the tenant's; running it again changes nothing. The tenant's locks are held."""


def known_stores() -> list[Store]:
    """All stores, in their order.

    Raises:
        ServiceUnavailableError: the environment lacks one.
    """
    from recolake.privacy.files import FilesStore

    found = {entry.name: cast(Store, entry.load()()) for entry in entry_points(group=GROUP)}
    found["files"] = FilesStore()
    missing = sorted(set(ORDER) - found.keys())
    if missing:
        raise ServiceUnavailableError(
            f"This environment does not know how to erase from: {', '.join(missing)}.",
            hint="It is older than the code: run `make setup`. Nothing was changed.",
        )
    return sorted(found.values(), key=lambda store: ORDER.index(store.name) if store.name in ORDER else 0)
