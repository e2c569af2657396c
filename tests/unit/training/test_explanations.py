"""What a person's own items contribute adds up to what is served, for every model that can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recolake.ranking.artifact import Artifact, UserVectors, load_artifact
from recolake.ranking.artifact_writer import Origin, write_artifact
from recolake.ranking.explain import contributions
from recolake.tenancy.context import Tenant
from training.candidate import candidate_of
from training.config import START
from training.datasets.dataset import Dataset
from training.models.graph_filter.config import Config as FilterConfig
from training.models.graph_filter.model import GraphFilter
from training.models.matrix_factorization.config import Config
from training.models.matrix_factorization.model import MatrixFactorization

SHOP = Tenant("shop")
CONFIGS: list[Config | FilterConfig] = [
    Config(factors=16, regularization=2.0, half_life_days=None),
    Config(factors=8, alpha=7.0, logarithmic=True, half_life_days=20.0),
    FilterConfig(rank=16, popularity_exponent=0.5),
    FilterConfig(rank=8, popularity_exponent=-0.3, half_life_days=20.0, tail=0.0, bend=0.0),
]


def _served(world: Dataset, folder: Path, config: Config | FilterConfig) -> tuple[Artifact, UserVectors]:
    interactions = world.interactions
    makes = MatrixFactorization(config, seed=1) if isinstance(config, Config) else GraphFilter(config, seed=1)
    model = makes.fit(interactions, interactions.last_day)
    people = UserVectors(tuple(interactions.user_ids.tolist()), model.user_vectors)
    write_artifact(
        folder,
        Origin(SHOP, "model", "v1", "run", "commit", {}, 0, {}, []),
        START,
        world.items(interactions.item_ids),
        model.item_vectors,
        np.zeros(len(interactions.item_ids)),
        people,
        candidate_of(world, interactions, interactions.last_day, model).evidence(),
    )
    return load_artifact(folder, SHOP), people


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_contributions_add_up_to_the_served_affinity_of_every_person_and_item(
    world: Dataset, tmp_path: Path, config: Config
) -> None:
    artifact, people = _served(world, tmp_path / "v1", config)
    rows = range(len(artifact.items))
    for number in range(0, len(people.ids), 10):
        vector = people.vectors[number]
        found = contributions(artifact, people.ids[number], vector, rows)
        assert found is not None
        served = artifact.vectors @ vector
        np.testing.assert_allclose(found.affinity, served, atol=2e-3 * np.abs(served).max())


@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[2]], ids=str)
def test_what_speaks_for_an_item_is_the_person_s_own_and_of_its_kind(
    world: Dataset, tmp_path: Path, config: Config | FilterConfig
) -> None:
    artifact, people = _served(world, tmp_path / "v1", config)
    own = world.interactions.met
    of_its_kind, all_told = 0, 0
    for number, person in enumerate(people.ids):
        group = person[1]
        rows = [
            row for row, item in enumerate(artifact.items.ids) if item[1] == group and not own[number, row]
        ]
        found = contributions(artifact, person, people.vectors[number], rows)
        assert found is not None
        assert set(found.items.tolist()) == set(own[number].indices.tolist())
        for position in range(len(rows)):
            most = found.most(position, 3)
            assert [part for _, part in most] == sorted((part for _, part in most), reverse=True)
            of_its_kind += sum(artifact.items.ids[row][1] == group for row, _ in most)
            all_told += len(most)
    assert all_told > 50
    assert of_its_kind / all_told > 0.9


def test_nothing_is_told_of_another_vector_another_person_or_a_model_without_evidence(
    world: Dataset, tmp_path: Path
) -> None:
    artifact, people = _served(world, tmp_path / "v1", CONFIGS[0])
    one, other = people.vectors[:2]
    assert contributions(artifact, people.ids[0], one, [0]) is not None
    assert contributions(artifact, people.ids[0], other, [0]) is None
    assert contributions(artifact, "nobody", one, [0]) is None
    silent = Artifact(
        artifact.folder,
        artifact.manifest,
        artifact.index,
        artifact.vectors,
        artifact.items,
        artifact.popularity,
    )
    assert contributions(silent, people.ids[0], one, [0]) is None
