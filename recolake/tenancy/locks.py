"""One at a time: locks between the processes of one platform. Who is killed leaves the lock free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from recolake.settings import Settings
from recolake.tenancy.context import Tenant


class Work(StrEnum):
    """What a tenant may have done only once at a time.

    Who holds several asks for them in this order, so that no two wait for each other. `PUBLICATION` guards
    the pointer to the served version together with the vectors online; training does not need it, so a
    rollback never waits for a training. `EXPERIMENT` guards the experiment's document, for moments, so that
    nothing holds up a stop. `ARTEFACT` guards the writing of artefacts, `SCENARIO` the list of live
    scenarios.
    """

    TRAINING = "training"
    MATERIALIZATION = "materialization"
    PUBLICATION = "publication"
    EXPERIMENT = "experiment"
    ARTEFACT = "artefact"
    SCENARIO = "scenario"


@contextmanager
def exclusive(
    settings: Settings, tenant: Tenant, work: Work, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of a tenant's work; tells `say`, once, if somebody else has it and must be waited for."""
    folder = settings.run_root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{work}-{tenant}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if say is not None:
            say(f"waiting: another process holds the {work} lock of tenant '{tenant}'")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def maintaining(settings: Settings) -> Iterator[None]:
    """One tender of the lake's tables at a time: maintenance, or an erasure."""
    with _whole(settings, "maintain-lake"):
        yield


@contextmanager
def shipping_usage(settings: Settings) -> Iterator[None]:
    """One shipper of the usage journal at a time."""
    with _whole(settings, "ship-usage"):
        yield


@contextmanager
def metering_usage(settings: Settings) -> Iterator[None]:
    """One who brings usage into PostgreSQL at a time."""
    with _whole(settings, "meter-usage"):
        yield


@contextmanager
def _whole(settings: Settings, name: str) -> Iterator[None]:
    """A lock of all tenants together."""
    folder: Path = settings.run_root
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{name}.lock"):
        yield
