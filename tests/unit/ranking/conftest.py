"""A small artefact on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recolake.ranking.artifact import UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.index import choice
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.tenancy.context import Tenant

ITEMS, USERS, DIMENSION = 60, 12, 8


@pytest.fixture
def tenant() -> Tenant:
    return Tenant("shop")


@pytest.fixture
def artifact_folder(tmp_path: Path, tenant: Tenant) -> Path:
    """Artefact v1 of tenant `shop`: 60 items, 12 people, 8 numbers a vector."""
    return _write(tmp_path, tenant)


@pytest.fixture
def approximate_folder(tmp_path: Path, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same as a large catalogue would get it: its index is not exact."""
    monkeypatch.setattr(choice, "EXACT_ITEMS", ITEMS - 1)
    monkeypatch.setattr(choice, "_MOST_PROBED", 1)
    return _write(tmp_path, tenant)


def _write(tmp_path: Path, tenant: Tenant) -> Path:
    random = np.random.default_rng(1)
    ids = tuple(f"item-{number:03}" for number in range(ITEMS))
    weights = BlendWeights(vector=1, popularity=0.5, own=1)
    origin = Origin(
        tenant, "shop-recommender", "v1", "run", "commit", {"a": 1}, 7, {"gold.training_set": 3}, ["upload"]
    )
    folder = tmp_path / "indexes" / "shop" / "v1"
    write_artifact(
        folder,
        origin,
        RankingConfig(new_items=weights, all_items=weights, nearest=10, popular=10),
        Items(ids, ids, tuple({"colour": "red"} for _ in ids)),
        random.standard_normal((ITEMS, DIMENSION)).astype(np.float32),
        2000 + random.standard_normal(ITEMS),
        UserVectors(
            tuple(f"user-{n}" for n in range(USERS)),
            random.standard_normal((USERS, DIMENSION)).astype(np.float32),
        ),
    )
    return folder
