"""How much a body counts: a list of n entries counts n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from recolake.limits.plans import Quota

BATCH = "/v1/recommendations/batch"
"""Lists for many people, each of which counts as a request."""


class _Operation(msgspec.Struct):
    operation: str = ""


class _People(msgspec.Struct):
    user_ids: list[msgspec.Raw] = []


_QUOTAS = {"send_event": Quota.EVENTS, "put_item": Quota.ITEMS, "delete_item": Quota.ITEMS}
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])
_OPERATIONS = msgspec.json.Decoder(list[_Operation])
_PEOPLE = msgspec.json.Decoder(_People)


def units_of(path: str, body: bytes) -> tuple[int, Mapping[Quota, int]]:
    """Units of a request's rate, at least 1, and of each quota.

    What cannot be read counts 1 and no quota: the handler will refuse it.
    """
    try:
        if path == "/v1/batch":
            operations = _OPERATIONS.decode(body)
            found = Counter(_QUOTAS[each.operation] for each in operations if each.operation in _QUOTAS)
            return max(len(operations), 1), found
        if path == BATCH:
            people = len(_PEOPLE.decode(body).user_ids)
            return max(people, 1), {Quota.REQUESTS: people}
        listed = body.lstrip().startswith(b"[")
        count = len(_ENTRIES.decode(body)) if listed else 1
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 1, {}
    if path.startswith("/v1/events"):
        return max(count, 1), {Quota.EVENTS: count}
    return max(count, 1), {Quota.ITEMS: count} if path.startswith("/v1/items") else {}
