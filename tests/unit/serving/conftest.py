"""Small real artefacts, published as training publishes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recolake.ranking.artifact import UserVectors
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.items import Items
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.pointer import activate, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

ITEMS, DIMENSION = 20, 4
Publish = Callable[[Tenant, str], None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def publish(settings: Settings) -> Publish:
    """Write a version's artefact and point to it."""

    def write(tenant: Tenant, version: str) -> None:
        random = np.random.default_rng(7)
        ids = tuple(f"i{number}" for number in range(ITEMS))
        weights = BlendWeights(vector=1, popularity=0.5, own=1)
        write_artifact(
            version_folder(settings, tenant, version),
            Origin(tenant, f"{tenant}-recommender", version, "run", "commit", {}, 7, {}, []),
            RankingConfig(new_items=weights, all_items=weights),
            Items(ids, ids, tuple({} for _ in ids)),
            random.standard_normal((ITEMS, DIMENSION)).astype(np.float32),
            np.arange(ITEMS, dtype=np.float64),
            UserVectors(("ada",), random.standard_normal((1, DIMENSION)).astype(np.float32)),
        )
        activate(settings, tenant, version)

    return write
