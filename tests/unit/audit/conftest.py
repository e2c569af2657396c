"""Logs to verify, as the platform makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recolake.audit.checkpoint import Checkpoint, Statement, sign
from recolake.audit.entry import GENESIS, Act, Actor, body, chained, moment
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _a_log(
    count: int, *, start: int = 0, previous: str = GENESIS, tenant: Tenant = SHOP
) -> list[dict[str, Any]]:
    """Entries with a chain that holds."""
    log: list[dict[str, Any]] = []
    for sequence in range(start + 1, start + count + 1):
        at = BEGIN + timedelta(minutes=sequence)
        actor = Actor(kind="key", id="key_0123456789abcdef")
        act = Act(f"act_{sequence}", at, actor, "key.created", f"key_{sequence}", details={"scopes": ["ä"]})
        log.append(chained(previous, body(tenant.name, sequence, at, act)))
        previous = log[-1]["hash"]
    return log


def _signed_after(
    settings: Settings,
    log: Sequence[dict[str, Any]],
    ends: Sequence[int],
    cut: int = 0,
    cut_hash: str = GENESIS,
) -> list[Checkpoint]:
    """Checkpoints up to these sequences."""
    made: list[Checkpoint] = []
    first = cut + 1
    for number, end in enumerate(ends, start=1):
        hashes = tuple(entry["hash"] for entry in log if first <= entry["sequence"] <= end)
        said = Statement(
            tenant_id=SHOP.name,
            number=number,
            at=moment(BEGIN),
            first=first,
            hashes=hashes,
            cut=cut,
            cut_hash=cut_hash,
        )
        made.append(sign(settings, SHOP, said))
        first = end + 1
    return made


@pytest.fixture(scope="session")
def a_log() -> Callable[..., list[dict[str, Any]]]:
    """Makes a log of so many entries."""
    return _a_log


@pytest.fixture(scope="session")
def signed_after() -> Callable[..., list[Checkpoint]]:
    """Signs it up to each of some sequences."""
    return _signed_after
