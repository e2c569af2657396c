"""A first stage of random numbers and a second one of random networks: all but their worth is real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.ragged import Ragged
from recolake.ranking.second_stage.catalogue import PEOPLE, Catalogue
from recolake.ranking.second_stage.features import FEATURES
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.scaling import Scaling
from recolake.ranking.second_stage.stage import SecondStage
from recolake.ranking.users import Habits, UserBatch

ITEMS, USERS, DIMENSION, DEPTH, TODAY = 60, 12, 8, 15, 15_000


@dataclass(frozen=True)
class World:
    model: VectorModel
    stage: SecondStage
    people: UserBatch


def _networks(random: np.random.Generator, width: int) -> Networks:
    """Three of them, of random weights; every third feature may be missing."""
    knots = [np.sort(random.standard_normal(5)) * 10 for _ in range(width)]
    scaling = Scaling(knots, list(range(0, width, 3)))
    sizes = [(scaling.width, 6), (6, 6), (6, 1)]
    weights = [random.standard_normal((3, *size)).astype(np.float32) for size in sizes]
    biases = [random.standard_normal((3, 1, narrow)).astype(np.float32) for _, narrow in sizes]
    return Networks(scaling, weights, biases)


def _world(seed: int) -> World:
    random = np.random.default_rng(seed)
    facts = random.standard_normal((ITEMS, 3)).astype(np.float32)
    facts[::7, 2] = np.nan
    near = np.argsort(random.random((ITEMS, ITEMS)), axis=1)[:, :4].astype(np.int32)
    near[::5, 2:] = -1
    nearness = np.where(near < 0, 0, random.random(near.shape)).astype(np.float32)
    catalogue = Catalogue(TODAY, (PEOPLE, "item ever", "item age"), facts, near, nearness)
    names = (*FEATURES, *catalogue.names)
    stage = SecondStage(catalogue, names, _networks(random, len(names)), _networks(random, len(names)), DEPTH)
    weights = BlendWeights(vector=1, popularity=0.5, own=1)
    ranking = RankingConfig(
        new_items=weights, all_items=weights, nearest=ITEMS, popular=ITEMS, second_stage=stage.config
    )
    vectors = random.standard_normal((ITEMS, DIMENSION)).astype(np.float32)
    model = VectorModel.of(vectors, 2000 + random.standard_normal(ITEMS), ranking, stage)
    return World(model, stage, _people(random))


def _people(random: np.random.Generator) -> UserBatch:
    """The first of them has no history."""
    lengths = np.concatenate([[0], random.integers(1, 9, USERS - 1)])
    rows = [np.sort(random.choice(ITEMS, size=n, replace=False)) for n in lengths]
    flat = np.concatenate(rows).astype(np.int64)
    days = random.integers(1, 5, len(flat))
    last = TODAY - random.integers(0, 90, len(flat))
    return UserBatch(
        random.standard_normal((USERS, DIMENSION)).astype(np.float32),
        np.ones(USERS, dtype=np.bool_),
        Ragged(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), flat),
        (random.random(len(flat)) + 0.1).astype(np.float32),
        Habits(days, last - (days - 1) * random.integers(1, 30, len(flat)), last),
    )


@pytest.fixture(scope="session")
def make_world() -> Callable[[int], World]:
    """From a seed."""
    return _world


@pytest.fixture
def world() -> World:
    return _world(1)
