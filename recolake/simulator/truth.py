"""The truth about a simulated shop: exact counts of what its files hold, and the affinities behind them."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from recolake.simulator.config import ShopConfig
from recolake.simulator.dirt import SpoiltDay
from recolake.simulator.population import Population
from recolake.simulator.records import item_id, user_id


class FileTruth(BaseModel):
    """What one day's file holds; `repeats` copy an earlier row of this file or of the day before's."""

    rows: int
    repeats: int


class Truth(BaseModel):
    """What all files together hold.

    `dirt` counts spoilt rows by kind, copies left out: rows = repeats + clean + sum of `dirt`.
    """

    seed: int
    days: int
    rows: int
    repeats: int
    dirt: dict[str, int]
    files: dict[str, FileTruth]


@dataclass(slots=True)
class Tally:
    """Counts while the days go by."""

    files: dict[str, FileTruth] = field(default_factory=dict)
    dirt: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, day: SpoiltDay) -> None:
        self.files[name] = FileTruth(rows=len(day.records), repeats=sum(day.copies))
        self.dirt.update(d for d, copy in zip(day.dirt, day.copies, strict=True) if d and not copy)

    def truth(self, config: ShopConfig) -> Truth:
        return Truth(
            seed=config.seed,
            days=config.days,
            rows=sum(f.rows for f in self.files.values()),
            repeats=sum(f.repeats for f in self.files.values()),
            dirt=dict(sorted(self.dirt.items())),
            files=self.files,
        )


def affinity_archive(population: Population) -> bytes:
    """NumPy archive: user_ids [U] and item_ids [I] as in the files, affinity [U, I], consumable [I]."""
    out = io.BytesIO()
    users, items = len(population.people.since), len(population.goods.since)
    np.savez(
        out,
        user_ids=np.array([user_id(u) for u in range(users)]),
        item_ids=np.array([item_id(i) for i in range(items)]),
        affinity=population.affinity().astype(np.float32),
        consumable=population.goods.consumable.astype(np.float32),
    )
    return out.getvalue()


def read_truth(folder: Path) -> Truth:
    """The counts of a simulated shop, from the folder that `write_shop` filled."""
    return Truth.model_validate_json((folder / TRUTH_FILE).read_text())


TRUTH_FILE = "truth.json"
AFFINITY_FILE = "truth.npz"
