"""The kernel's weights of events are those of dbt's seed."""

from __future__ import annotations

import csv

from recolake.contracts.events import EVENT_TYPES
from recolake.contracts.weights import EVENT_WEIGHTS
from recolake.transform.build import SEED_FILE


def test_weights_are_those_of_the_seed_and_every_type_has_one() -> None:
    with SEED_FILE.open() as stream:
        seed = {row["event_type"]: float(row["weight"]) for row in csv.DictReader(stream)}
    assert seed == EVENT_WEIGHTS
    assert EVENT_WEIGHTS.keys() == set(EVENT_TYPES)
