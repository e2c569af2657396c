"""What is billed of what was taken in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import uuid4

from recolake.limits.plans import Kind as Metered
from recolake.records.kinds import Kind
from recolake.tenancy.api_keys import KeyRecord
from recolake.usage.meter import MeterRecord
from recolake.web.replays import Answer, Call

_METERED = {Kind.EVENT: Metered.EVENTS, Kind.ITEM: Metered.ITEMS, Kind.USER: Metered.USERS}


def bill(
    caller: KeyRecord, call: Call, answer: Answer, counts: Mapping[Kind, int], now: datetime
) -> Iterator[MeterRecord]:
    """One line a kind. A retry of the call has the same ids: by its Idempotency-Key, or, of events, by their
    identities, which are in the answer. Statements without a key have none, so each call counts.
    """
    for kind, count in counts.items():
        yield MeterRecord(
            usage_id=f"{_identity(kind, call, answer)}_{kind.value}",
            tenant_id=caller.tenant.name,
            at=now,
            key_id=caller.key_id,
            kind=_METERED[kind],
            units=count,
        )


def _identity(kind: Kind, call: Call, answer: Answer) -> str:
    if call.key is not None:
        return "call_" + hashlib.sha256(call.fingerprint() + call.key.encode()).hexdigest()[:32]
    if kind is Kind.EVENT:
        return "events_" + hashlib.sha256(answer.body).hexdigest()[:32]
    return "call_" + uuid4().hex
