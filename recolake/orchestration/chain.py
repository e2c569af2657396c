"""The steps from a landed upload to a published model, and the asset that each hands to the next.

Asset-triggered runs have no data interval, so an event's `extra` says whom it is about:
`{"tenants": ["shop"]}`, and for `landing` also `upload_id`. An event without tenants is about all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LANDING = "landing"
TENANTS = "tenants"
UPLOAD_ID = "upload_id"


@dataclass(frozen=True, slots=True)
class Step:
    """One DAG of the chain: started by an event of asset `reads`, it ends with one of asset `writes`."""

    dag_id: str
    reads: str
    writes: str


CHAIN = (
    Step("ingest", LANDING, "bronze"),
    Step("build", "bronze", "gold"),
    Step("materialize", "gold", "features"),
    Step("train", "features", "candidate"),
    Step("publish", "candidate", "champion"),
)


def extra_for(tenants: Iterable[str], upload_id: str | None = None) -> dict[str, Any]:
    """The `extra` of an asset event about these tenants."""
    extra: dict[str, Any] = {TENANTS: sorted(set(tenants))}
    return extra | {UPLOAD_ID: upload_id} if upload_id else extra


def tenants_named(extras: Iterable[Mapping[str, Any] | None], known: Iterable[str]) -> list[str]:
    """Names of the known tenants that a run is about, given the extras of the events that started it.

    No event at all (a sweep, a run by hand), or one that names nobody, means every known tenant. A name that
    is not known is left out: a tenant that was removed must not hold up the others.
    """
    everyone = set(known)
    named: set[str] = set()
    events = list(extras)
    for extra in events:
        tenants = (extra or {}).get(TENANTS)
        if not tenants:
            return sorted(everyone)
        named |= {str(tenant) for tenant in tenants}
    return sorted(named & everyone) if events else sorted(everyone)
