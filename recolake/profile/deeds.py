"""What a person did, as the online store keeps it: the last deeds, and the items that were taken.

Both are sets of which the newest are kept. Adding to such a set is commutative, associative and idempotent
(a join semilattice), so the order in which writers add, and how often, makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from recolake.contracts.weights import EVENT_WEIGHTS
from recolake.moments import microseconds
from recolake.records.kinds import Kind, Record

MOST_RECENT = 100
MOST_SEEN = 500
TAKING = ("purchase", "rating")
"""Types that take an item, as `dbt_project/macros/taken.sql` has it."""

COUNTING = tuple(kind for kind, weight in EVENT_WEIGHTS.items() if weight > 0)
"""Types that say something of what a person wants."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One event of a person.

    Attributes:
        person: by pseudonym.
        at: microseconds since 1970.
    """

    person: str
    event_id: str
    item: str
    type: str
    at: int

    @property
    def member(self) -> bytes:
        """What stands for it among the last deeds; the same however often the event is sent."""
        return orjson.dumps((self.event_id, self.item, self.type))


@dataclass(frozen=True)
class Recent:
    """What a person did just now.

    Attributes:
        items: of the last events that count for something, newest first; an item may come again.
        types: what was done with each.
        times: when, in microseconds since 1970.
        seen: items that were taken, latest first, each once.
        seen_times: when each was taken last.
    """

    items: Sequence[str] = ()
    types: Sequence[str] = ()
    times: Sequence[int] = ()
    seen: Sequence[str] = ()
    seen_times: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.items or self.seen)

    @property
    def weights(self) -> list[float]:
        """What each of the events counts."""
        return [EVENT_WEIGHTS[kind] for kind in self.types]


NOTHING_RECENT = Recent()


def deeds_of(records: Iterable[Record]) -> list[Deed]:
    """Of records of events those that are of a person and count for something."""
    found = []
    for record in records:
        if record.kind is not Kind.EVENT:
            continue
        said = orjson.loads(record.text)
        person, kind = said.get("user_id"), said["event_type"]
        if person is None or kind not in COUNTING:
            continue
        at = microseconds(datetime.fromisoformat(said["event_time"]))
        found.append(Deed(person, said["event_id"], said["item_id"], kind, at))
    return found


def recent_of(deeds: Sequence[tuple[bytes, float]], seen: Sequence[tuple[bytes, float]]) -> Recent:
    """From what the sets hold, newest first: members with their times."""
    read = [orjson.loads(member) for member, _ in deeds]
    return Recent(
        [item for _, item, _ in read],
        [kind for _, _, kind in read],
        [int(at) for _, at in deeds],
        [item.decode() for item, _ in seen],
        [int(at) for _, at in seen],
    )
