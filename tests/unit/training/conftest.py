"""A small world with a known answer: groups of people who take the items of their group."""

from __future__ import annotations

import numpy as np
import pytest

from training.datasets.dataset import Dataset, ItemDays
from training.datasets.interactions import Interactions

GROUPS, PEOPLE, ITEMS, DAYS, EVENTS = 4, 25, 20, 60, 30
FIRST_DAY = 15_000


@pytest.fixture(scope="session")
def world() -> Dataset:
    """100 people, 80 items, 60 days. Item `g<n>-…` belongs to group n, person `p<n>-…` likewise."""
    random = np.random.default_rng(0)
    count = GROUPS * PEOPLE * EVENTS
    group = np.repeat(np.arange(GROUPS), PEOPLE * EVENTS)
    person = np.tile(np.repeat(np.arange(PEOPLE), EVENTS), GROUPS)
    stray = random.random(count) < 0.1
    item_group = np.where(stray, random.integers(GROUPS, size=count), group)
    users = np.array([f"p{g}-{n:02}" for g, n in zip(group, person, strict=True)])
    number = random.integers(ITEMS, size=count)
    items = np.array([f"g{g}-{n:02}" for g, n in zip(item_group, number, strict=True)])
    days, weights = FIRST_DAY + random.integers(0, DAYS, count), np.ones(count, dtype=np.float32)
    interactions = Interactions.of(users, items, days, weights)
    return Dataset(interactions, ItemDays.of(items, days, weights), {}, {}, {}, ())
