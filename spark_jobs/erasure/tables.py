"""Which tables hold people, and how each lets go of them. A test holds this against the table registry."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from recolake.lake.tables import (
    BRONZE_ADMITTED,
    BRONZE_DECISIONS,
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_RECOMMENDATIONS,
    BRONZE_REPAIRS,
    BRONZE_REPEATS,
    BRONZE_UPLOAD_STATES,
    BRONZE_UPLOADS,
    BRONZE_USERS,
    BUILD_MARKS,
    EVENT_WEIGHTS,
    GOLD_EXPERIMENT_OUTCOMES,
    GOLD_INTERACTIONS,
    GOLD_ITEM_DAYS,
    GOLD_ITEM_EMBEDDINGS,
    GOLD_ITEM_FEATURES,
    GOLD_POPULARITY,
    GOLD_TRAINING_SET,
    GOLD_USER_EMBEDDINGS,
    GOLD_USER_FEATURES,
    SILVER_EVENTS,
    SILVER_ITEMS,
    SILVER_USERS,
    Table,
)


class Way(StrEnum):
    """How a table lets go of a person.

    ROWS: their rows go. RECORDS: so do rows without a person whose raw record names them, and where another
    person's raw record does, that record goes and the row stays. NAMES: the row counts for the bill, so it
    stays without the person and without what they were shown.
    """

    ROWS = "rows"
    RECORDS = "records"
    NAMES = "names"


PERSONAL: Mapping[Table, Way] = {
    BRONZE_EVENTS: Way.RECORDS,
    BRONZE_QUARANTINE: Way.RECORDS,
    BRONZE_USERS: Way.RECORDS,
    BRONZE_REPEATS: Way.ROWS,
    BRONZE_ADMITTED: Way.ROWS,
    BRONZE_RECOMMENDATIONS: Way.NAMES,
    SILVER_EVENTS: Way.ROWS,
    SILVER_USERS: Way.ROWS,
    GOLD_INTERACTIONS: Way.ROWS,
    GOLD_USER_FEATURES: Way.ROWS,
    GOLD_TRAINING_SET: Way.ROWS,
    GOLD_USER_EMBEDDINGS: Way.ROWS,
}

IMPERSONAL: Mapping[Table, str] = {
    BRONZE_ITEMS: "states items",
    BRONZE_INGESTS: "counts of rows by file; lowered by what was erased",
    BRONZE_UPLOADS: "counts and profiles of uploads; counts are lowered by what was erased",
    BRONZE_DECISIONS: "who operates the platform, not whom it knows",
    BRONZE_UPLOAD_STATES: "states of uploads",
    BRONZE_REPAIRS: "upload and line of repaired rows",
    SILVER_ITEMS: "states items",
    GOLD_ITEM_DAYS: "sums over people; built anew without the erased",
    GOLD_ITEM_FEATURES: "sums over people; built anew without the erased",
    GOLD_POPULARITY: "sums over people; built anew without the erased",
    GOLD_ITEM_EMBEDDINGS: "vectors of items",
    GOLD_EXPERIMENT_OUTCOMES: "sums over people; every build makes them anew",
    EVENT_WEIGHTS: "the same for all tenants",
    BUILD_MARKS: "how far builds got",
}
