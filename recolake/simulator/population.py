"""Who shops and what is sold: latent tastes, prices, arrivals; each day's arrivals have a random stream."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recolake.simulator.config import ShopConfig
from recolake.simulator.titles import item_title

COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands")
_COUNTRY_SHARES = (0.8, 0.06, 0.05, 0.04, 0.03, 0.02)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Stream(IntEnum):
    """Independent random streams of one seed; a number never changes its meaning."""

    TASTES = 0
    USERS = 1
    ITEMS = 2
    BEHAVIOUR = 3
    DIRT = 4
    SHOWN = 5


def stream(config: ShopConfig, which: Stream, day: int) -> np.random.Generator:
    """The random numbers of one purpose on one day; what other days draw does not touch them."""
    return np.random.default_rng([config.seed, int(which), day])


@dataclass(frozen=True, slots=True)
class People:
    """Arrays over people: factors [U, F]; relative activity, first day (`since`) and country [U]."""

    factors: Floats
    activity: Floats
    since: Ints
    country: Ints


@dataclass(frozen=True, slots=True)
class Goods:
    """Arrays over items: factors [I, F]; appeal [I] (logit); the rest [I].

    `consumable` is 1.0 where people buy again; from day `retitled_on` (-1: never) the title is another.
    """

    factors: Floats
    appeal: Floats
    category: Ints
    price_cents: Ints
    consumable: Floats
    since: Ints
    retitled_on: Ints
    words: Ints


@dataclass(frozen=True, slots=True)
class Population:
    """All people and goods that arrive within the simulated days, in order of arrival."""

    people: People
    goods: Goods
    titles: tuple[str, ...]

    def affinity(self) -> Floats:
        """True affinity [U, I]: taste of the person for the item, plus the item's own appeal."""
        return self.taste() + self.goods.appeal

    def taste(self) -> Floats:
        """The personal part of the affinity [U, I], about unit variance over items."""
        scale = np.sqrt(self.goods.factors.shape[1])
        return np.asarray(self.people.factors @ self.goods.factors.T / scale, dtype=np.float64)


_Cohort = TypeVar("_Cohort", People, Goods)


def populate(config: ShopConfig) -> Population:
    """Draw everybody and everything that arrives until the last day."""
    rng = stream(config, Stream.TASTES, 0)
    centres = rng.normal(size=(config.categories, config.factors)) * 1.1
    seasons = range(config.days)
    people = _joined([_people(config, centres, day) for day in seasons])
    goods = _joined([_goods(config, centres, day) for day in seasons])
    titles = tuple(item_title(int(c), w.tolist()) for c, w in zip(goods.category, goods.words, strict=True))
    return Population(people, goods, titles)


def _arrivals(rng: np.random.Generator, day: int, founders: int, rate: float) -> int:
    return founders if day == 0 else int(rng.poisson(rate))


def _people(config: ShopConfig, centres: Floats, day: int) -> People:
    rng = stream(config, Stream.USERS, day)
    n = _arrivals(rng, day, config.users, config.new_users_per_day)
    liked = rng.integers(config.categories, size=(n, 2))
    shares = rng.uniform(0.6, 1.0, size=(n, 1))
    factors = (
        shares * centres[liked[:, 0]]
        + (1.2 - shares) * centres[liked[:, 1]]
        + 0.5 * rng.normal(size=(n, config.factors))
    )
    return People(
        factors=factors,
        activity=rng.gamma(1.1, 1.0, size=n) + 0.05,
        since=np.full(n, day, np.int64),
        country=rng.choice(len(COUNTRIES), size=n, p=_COUNTRY_SHARES).astype(np.int64),
    )


def _goods(config: ShopConfig, centres: Floats, day: int) -> Goods:
    rng = stream(config, Stream.ITEMS, day)
    n = _arrivals(rng, day, config.items, config.new_items_per_day)
    category = rng.integers(config.categories, size=n)
    return Goods(
        factors=centres[category] + 0.7 * rng.normal(size=(n, config.factors)),
        appeal=0.9 * rng.normal(size=n),
        category=category.astype(np.int64),
        price_cents=np.maximum(25, np.round(100 * rng.lognormal(1.3, 0.8, size=n))).astype(np.int64),
        consumable=(rng.random(n) < 0.3).astype(np.float64),
        since=np.full(n, day, np.int64),
        retitled_on=np.where(rng.random(n) < 0.06, day + rng.integers(5, 60, size=n), -1).astype(np.int64),
        words=rng.integers(1 << 16, size=(n, 4)).astype(np.int64),
    )


def _joined(cohorts: list[_Cohort]) -> _Cohort:
    kind = type(cohorts[0])
    return kind(**{f.name: np.concatenate([getattr(c, f.name) for c in cohorts]) for f in fields(kind)})
