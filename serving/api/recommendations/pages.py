"""What was shown before: a list that goes on after another one shows none of it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from recolake.errors import InvalidInputError, NotFoundError, RecolakeError
from recolake.kinds.kinds import Kind
from recolake.privacy.receipts import refuse_erased
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.lookup import find_usage
from recolake.usage.record import UsageRecord
from serving.ids import RecommendationIds

CONTINUED = timedelta(days=1)
MOST_SHOWN = 5_000
_FIELD = "next_of"


class RecommendationExpiredError(RecolakeError):
    """A list may be gone on with for a day."""

    code = "recommendation_expired"
    status = 410


class NotRecordedError(NotFoundError):
    """The id is good, but there is no record of the answer, here or in the lake."""

    code = "not_recorded"


def shown_before(
    settings: Settings,
    ids: RecommendationIds,
    tenant: Tenant,
    kind: Kind,
    subject: str | None,
    next_of: str,
    now: datetime,
) -> list[str]:
    """Items of the list that this one goes on after, and of all before it.

    Raises:
        NotFoundError: there is no such list of this tenant, or no record of it.
        RecommendationExpiredError: it is older than a day.
        ErasedError: it was for somebody who was erased.
        InvalidInputError: it was of another kind, or for somebody else, or there are no more to come.
    """
    record = recorded(settings, ids, tenant, next_of, _FIELD, now - CONTINUED)
    if record.kind != kind or record.user_id != subject:
        raise InvalidInputError(
            "The list to go on with was of another kind, or for somebody else.",
            hint="Send the request of that list again, with next_of beside.",
            field=_FIELD,
        )
    shown = [*_carried(record), *record.item_ids]
    if len(shown) > MOST_SHOWN:
        raise InvalidInputError(f"No more than {MOST_SHOWN} items come after each other.", field=_FIELD)
    return shown


def recorded(
    settings: Settings,
    ids: RecommendationIds,
    tenant: Tenant,
    recommendation_id: str,
    field: str = "recommendation_id",
    not_before: datetime | None = None,
) -> UsageRecord:
    """The record of an answer; raises as `shown_before` does."""
    try:
        minted = ids.read(tenant, recommendation_id)
        if not_before is not None and minted.served_at < not_before:
            raise RecommendationExpiredError(
                "This list is more than a day old.", hint="Begin anew, without next_of.", field=field
            )
        refuse_erased(settings, tenant, recommendation_id)
    except RecolakeError as error:
        error.field = field
        raise
    record = find_usage(settings, tenant, recommendation_id, minted.served_at)
    if record is None:
        raise NotRecordedError(
            "There is no record of this recommendation, here or in the lake.",
            hint="It may be on its way from another machine; `recolake usage ship` brings it.",
            field=field,
        )
    return record


def as_asked(asked: dict[str, object], shown: Sequence[str]) -> str:
    """What a record keeps of a request: what was shown before it is part of what was asked."""
    return json.dumps(asked | ({"shown_before": list(shown)} if shown else {}), ensure_ascii=False)


def _carried(record: UsageRecord) -> list[str]:
    return list(asked_of(record).get("shown_before", []))


def asked_of(record: UsageRecord) -> dict[str, list[str]]:
    """What `as_asked` wrote; empty where the record is from before that."""
    found: dict[str, list[str]] = json.loads(record.request) if record.request else {}
    return found
