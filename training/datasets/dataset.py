"""All that one training run reads, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recolake.ranking.items import IntArray, Items
from recolake.ranking.popularity import HALF_LIFE_DAYS, FloatArray
from training.datasets.ids import Ids, StrArray
from training.datasets.interactions import Interactions


@dataclass(frozen=True)
class ItemDays:
    """What each item did each day, anonymous events included: [n] items, days, weights."""

    items: Ids
    day: IntArray
    weight: FloatArray

    @classmethod
    def of(cls, items: StrArray, day: IntArray, weight: FloatArray) -> ItemDays:
        """From rows in any order."""
        return cls(Ids.of(items), day, weight)

    def trend_scores(self, item_ids: StrArray, last: int | None = None) -> npt.NDArray[np.float64]:
        """`gold.popularity.trend_score` of each of the sorted items after day `last`: half-life a week.

        Forward decay: weights grow towards the last day, so that the day it is today does not matter.
        -inf where an item has no weight until then.
        """
        place, kept = self._placed(item_ids, last)
        if not kept.any():
            return np.full(len(item_ids), -np.inf)
        day = self.day[kept]
        origin = int(day.max())
        decayed = self.weight[kept].astype(np.float64) * np.exp2((day - origin) / HALF_LIFE_DAYS)
        total = np.bincount(place[self.items.codes[kept]], weights=decayed, minlength=len(item_ids))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, np.log2(total) + origin / HALF_LIFE_DAYS, -np.inf)

    def totals(self, item_ids: StrArray, last: int | None = None) -> npt.NDArray[np.float64]:
        """[I] weight of each item until the end of day `last`, no day counting more than another."""
        order = np.argsort(item_ids, kind="stable")
        place, kept = self._placed(item_ids[order], last)
        found = np.empty(len(item_ids))
        found[order] = np.bincount(
            place[self.items.codes[kept]],
            weights=self.weight[kept].astype(np.float64),
            minlength=len(item_ids),
        )
        return np.maximum(found, 0.0)

    def _placed(self, item_ids: StrArray, last: int | None) -> tuple[IntArray, npt.NDArray[np.bool_]]:
        """Where each known item stands among the sorted ones, and which rows [n] are of one of them, in
        time.
        """
        place = np.minimum(np.searchsorted(item_ids, self.items.values), len(item_ids) - 1)
        kept = (item_ids[place] == self.items.values)[self.items.codes]
        if last is not None:
            kept &= self.day <= last
        return place, kept


@dataclass(frozen=True)
class Dataset:
    """Interactions, popularity and item descriptions, all at pinned table versions.

    Attributes:
        inputs: Delta version of each table, by qualified name.
        uploads: ids of the uploads whose events the tables were built from.
        goods: ids of all items that may be recommended, whether anybody met them or not.
        people: what is known of people beside what they did, by pseudonym; also of those who did nothing.
    """

    interactions: Interactions
    item_days: ItemDays
    titles: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    inputs: Mapping[str, int]
    uploads: tuple[str, ...]
    goods: tuple[str, ...] = ()
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def items(self, ids: StrArray) -> Items:
        """Descriptions of these items; an item without a title goes by its id."""
        names = tuple(ids.tolist())
        return Items(
            names,
            tuple(self.titles.get(i) or i for i in names),
            tuple(self.attributes.get(i, {}) for i in names),
        )
