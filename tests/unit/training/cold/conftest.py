"""The world of groups, with what a catalogue would say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from training.datasets.dataset import Dataset

NEW = tuple(f"new-g{group}" for group in range(4))
"""An item of each group that nobody met."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """The problems are so small that threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def described(world: Dataset) -> Dataset:
    """Each item says its group, and so does each person; four items are new, and a person `p0-new`."""
    items = (*world.interactions.item_ids.tolist(), *NEW)
    people = (*world.interactions.user_ids.tolist(), "p0-new")
    return replace(
        world,
        titles={item: f"Thing {item}" for item in items},
        attributes={item: {"category": _group(item)} for item in items},
        goods=tuple(sorted(items)),
        people={person: {"club": f"c{person[1]}"} for person in people},
    )


def _group(item: str) -> str:
    return item.removeprefix("new-").partition("-")[0]
