"""What a package's model recommends: the same function that serving calls, on files alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from recolake.errors import NotFoundError
from recolake.lake.tables import GOLD_ITEM_FEATURES, GOLD_USER_FEATURES, Table
from recolake.ranking.artifact import Artifact, load_artifact, load_user_vectors
from recolake.ranking.manifest import read_manifest
from recolake.ranking.popularity import Popularity
from recolake.ranking.ranker import rank
from recolake.ranking.retrieval import NO_ITEM
from recolake.ranking.users import Habits, UserBatch
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import pseudonym
from training.exit_package.layout import INDEX, PSEUDONYM_KEY, table_folder

_HISTORY = ("history_items", "history_weights", "history_days", "history_first_days", "history_last_days")
_NEWEST = [("event_timestamp", "descending"), ("created_timestamp", "descending")]


@dataclass(frozen=True)
class Recommended:
    """One item of the answer; `reason` as the API names it."""

    item_id: str
    title: str | None
    score: float
    reason: str


def recommend(package: Path, person: str, k: int = 10, *, include_seen: bool = False) -> list[Recommended]:
    """The k best items for a person.

    Args:
        person: a pseudonym; somebody unknown gets what is popular.

    Raises:
        NotFoundError: the package holds no model.
        ArtifactError: its index is damaged.
        InvalidInputError: k is below 1.
    """
    folder = package / INDEX
    if not folder.is_dir():
        raise NotFoundError(f"There is no model in {package}.", hint="It was written before one was served.")
    artifact = load_artifact(folder, Tenant(read_manifest(folder).tenant_id))
    people = _person(package, artifact, person)
    found = rank(artifact, people, k, include_seen=include_seen, popularity=_popularity(package, artifact))
    items = artifact.items
    return [
        Recommended(items.ids[row], items.titles[row] or None, float(score), found.reason(0, place).value)
        for place, (row, score) in enumerate(zip(found.rows[0].tolist(), found.scores[0], strict=True))
        if row != NO_ITEM
    ]


def person_of(package: Path, user_id: str) -> str:
    """The pseudonym of one of the tenant's own ids.

    Raises:
        NotFoundError: the package was written without the key.
    """
    path = package / PSEUDONYM_KEY
    if not path.is_file():
        raise NotFoundError(
            f"There is no {PSEUDONYM_KEY} in {package}.",
            hint="Name the person by --pseudonym, or export with --with-pseudonym-key.",
        )
    return pseudonym(path.read_bytes(), user_id)


def _person(package: Path, artifact: Artifact, person: str) -> UserBatch:
    users = load_user_vectors(artifact.folder)
    vector = users.vectors[users.ids.index(person)] if person in users.ids else None
    rows = _rows(package, GOLD_USER_FEATURES, _HISTORY, ds.field("user_id") == person)
    newest: dict[str, Any] = next(iter(rows.sort_by(_NEWEST).slice(0, 1).to_pylist()), {})
    items, weights, *days = (newest.get(name) or () for name in _HISTORY)
    return UserBatch.one(
        artifact.items, artifact.manifest.dimension, vector, items, weights, Habits.of(*days)
    )


def _popularity(package: Path, artifact: Artifact) -> Popularity:
    """As of the package's tables, of the artefact's rows."""
    rows = _rows(package, GOLD_ITEM_FEATURES, ["item_id", "trend_score"])
    newest_last = rows.sort_by([(name, "ascending") for name, _ in _NEWEST])
    by_item = dict(
        zip(newest_last["item_id"].to_pylist(), newest_last["trend_score"].to_pylist(), strict=True)
    )
    return artifact.popularity_by(
        np.array([by_item.get(item) for item in artifact.items.ids], dtype=np.float64)
    )


def _rows(package: Path, table: Table, columns: Sequence[str], where: Any = None) -> pa.Table:
    from deltalake import DeltaTable

    stored = DeltaTable(str(table_folder(package, table))).to_pyarrow_dataset()
    # Tables from before an upgrade lack the columns that it brought.
    known = [name for name in columns if name in stored.schema.names]
    return stored.to_table(columns=[*known, *(name for name, _ in _NEWEST)], filter=where)
