"""What people do: day by day, sessions of views that lead to carts and purchases, repeat purchases, returns.

A day is drawn from its own random stream and from what the days before left behind, so the first n days never
depend on how many follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from recolake.simulator.config import ShopConfig
from recolake.simulator.population import Floats, Ints, Population, Stream, stream

NOBODY = -1
_NEVER = -10_000
_MOST_VIEWS = 14
_BUY_AGAIN_AFTER_DAYS = 9


class Kind(IntEnum):
    VIEW = 0
    CART = 1
    PURCHASE = 2
    RETURN = 3


@dataclass(frozen=True, slots=True)
class Events:
    """One day's clean events in order of time; all arrays [n]; `second` is since midnight, -1 is none."""

    second: Ints
    session: Ints
    user: Ints
    kind: Ints
    item: Ints
    quantity: Ints
    price_cents: Ints
    order: Ints


@dataclass(slots=True)
class _Memory:
    """What one day leaves to the next: when who last bought what [U, I], and returns on their way."""

    last_bought: Ints
    returns: dict[int, list[Ints]] = field(default_factory=dict)


def days(config: ShopConfig, population: Population) -> Iterator[Events]:
    """Each day's events, in order."""
    taste = population.taste()
    memory = _Memory(np.full(taste.shape, _NEVER, np.int64))
    for day in range(config.days):
        yield _one_day(config, population, taste, memory, day)


def season(config: ShopConfig, day: int) -> Floats:
    """Logit of demand for each category on a day: a yearly wave, and campaigns of ten days in turn. [C]"""
    phase = np.arange(config.categories) / config.categories
    wave = 0.8 * np.sin(2 * np.pi * (day / 365 + phase))
    campaign = np.where(np.arange(config.categories) == (day // 10 * 5) % config.categories, 0.8, 0.0)
    return np.asarray(wave + campaign, dtype=np.float64)


def _one_day(config: ShopConfig, population: Population, taste: Floats, memory: _Memory, day: int) -> Events:
    rng = stream(config, Stream.BEHAVIOUR, day)
    visitor = _visitors(rng, config, population, day)
    logits = _interest(rng, config, population, taste, memory, day, visitor)
    viewed, rank, session = _views(rng, logits)
    user = visitor[session]
    again = _wants_again(memory, population, day, user, viewed)
    carted = rng.random(len(viewed)) < _sigmoid(-1.7 + 0.75 * taste[user, viewed] + 2.2 * again)
    bought = carted & (rng.random(len(viewed)) < 0.62)
    guest = rng.random(len(visitor)) < 0.12
    memory.last_bought[user[bought], viewed[bought]] = day

    kinds = np.concatenate(
        [
            np.full(len(viewed), Kind.VIEW),
            np.full(carted.sum(), Kind.CART),
            np.full(bought.sum(), Kind.PURCHASE),
        ]
    )
    pick = np.concatenate([np.arange(len(viewed)), np.flatnonzero(carted), np.flatnonzero(bought)])
    place = rank[pick] * 2 + (kinds == Kind.CART) + 1000 * (kinds == Kind.PURCHASE)
    order = np.lexsort((place, session[pick]))
    kinds, pick = kinds[order].astype(np.int64), pick[order]
    quantity = np.where(kinds == Kind.VIEW, 0, rng.geometric(0.55, size=len(viewed))[pick])
    prices = population.goods.price_cents[: logits.shape[1]]
    offered = prices * np.where(rng.random(len(prices)) < 0.08, 0.8, 1.0)
    sessions = session[pick]
    shopping = Events(
        second=_clock(rng, sessions, len(visitor)),
        session=sessions,
        user=np.where(guest[sessions], NOBODY, visitor[sessions]),
        kind=kinds,
        item=viewed[pick],
        quantity=quantity.astype(np.int64),
        price_cents=np.maximum(1, np.round(offered)).astype(np.int64)[viewed[pick]],
        order=np.where(kinds == Kind.PURCHASE, sessions, NOBODY),
    )
    everything = _with_returns(rng, memory, day, shopping)
    in_time = np.lexsort((everything.item, everything.session, everything.second))
    return _take(everything, in_time)


def _visitors(rng: np.random.Generator, config: ShopConfig, population: Population, day: int) -> Ints:
    """Which person each of the day's sessions belongs to. [S]"""
    people = population.people
    here = people.since <= day
    mean_founder = people.activity[people.since == 0].mean()
    weekday = (1.0, 1.05, 1.0, 1.1, 1.15, 0.7, 0.55)[(config.start.weekday() + day) % 7]
    rate = here * people.activity / mean_founder * weekday * config.sessions_per_day / config.users
    # Drawn up to the day's last arrival only: people yet to come must not use up random numbers.
    sessions = rng.poisson(rate[: int(here.sum())])
    return np.repeat(np.arange(len(sessions)), sessions)


def _interest(
    rng: np.random.Generator,
    config: ShopConfig,
    population: Population,
    taste: Floats,
    memory: _Memory,
    day: int,
    visitor: Ints,
) -> Floats:
    """Logits by which each session's visitor looks at each item that exists today. [S, I today]"""
    goods = population.goods
    here = int((goods.since <= day).sum())
    category = goods.category[:here]
    age = day - goods.since[:here]
    general = (
        1.0 * goods.appeal[:here]
        + season(config, day)[category]
        + 1.8 * np.exp(-age / 14.0) * (goods.since[:here] > 0)
    )
    logits = general + 1.5 * taste[visitor, :here]
    items = np.arange(here)
    logits += 3.0 * _wants_again(memory, population, day, visitor[:, None], items[None, :])
    intent = (
        category[np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)]
        if len(visitor)
        else np.zeros(0, np.int64)
    )
    return np.asarray(logits + 1.4 * (category[None, :] == intent[:, None]), dtype=np.float64)


def _wants_again(memory: _Memory, population: Population, day: int, user: Ints, item: Ints) -> Floats:
    """1 where a consumable was bought long enough ago, -1 where one such thing is enough, else 0."""
    since = day - memory.last_bought[user, item]
    bought = since < -_NEVER - 1000
    due = bought & (since >= _BUY_AGAIN_AFTER_DAYS)
    consumable = population.goods.consumable[item]
    return np.asarray(due * consumable - bought * (1 - consumable), dtype=np.float64)


def _views(rng: np.random.Generator, logits: Floats) -> tuple[Ints, Ints, Ints]:
    """Distinct items each session looks at, by Gumbel keys: (item, rank within session, session)."""
    sessions = len(logits)
    wanted = np.minimum(1 + rng.poisson(3.2, size=sessions), min(_MOST_VIEWS, logits.shape[1]))
    keys = logits + rng.gumbel(size=logits.shape)
    first = np.argsort(-keys, axis=1, kind="stable")[:, :_MOST_VIEWS]
    session, rank = np.nonzero(np.arange(first.shape[1])[None, :] < wanted[:, None])
    return first[session, rank], rank, session


def _clock(rng: np.random.Generator, session: Ints, sessions: int) -> Ints:
    """Second of each event: strictly rising within a session, which begins between 6:00 and 21:00."""
    start = np.clip(rng.normal(13.5, 3.0, size=sessions), 6.0, 21.0) * 3600
    gaps = rng.integers(4, 110, size=len(session))
    total = np.cumsum(gaps)
    first = np.searchsorted(session, np.arange(sessions))
    before = np.concatenate([[0], total])[first]
    return np.asarray(start[session].astype(np.int64) + total - before[session], dtype=np.int64)


def _with_returns(rng: np.random.Generator, memory: _Memory, day: int, shopping: Events) -> Events:
    """Add what comes back today, and decide which of today's purchases will come back, and when."""
    known = np.flatnonzero((shopping.kind == Kind.PURCHASE) & (shopping.user != NOBODY))
    coming = known[rng.random(len(known)) < 0.04]
    for due, at in zip(day + rng.integers(3, 21, size=len(coming)), coming, strict=True):
        row = np.array(
            [shopping.user[at], shopping.item[at], shopping.quantity[at], shopping.price_cents[at]], np.int64
        )
        memory.returns.setdefault(int(due), []).append(row)
    due_today = memory.returns.pop(day, [])
    if not due_today:
        return shopping
    user, item, quantity, price = np.stack(due_today, axis=1)
    n = len(due_today)
    back = Events(
        # One second each: two returns of one person are never the same event.
        second=9 * 3600 + np.sort(rng.choice(8 * 3600, size=n, replace=False)).astype(np.int64),
        session=np.full(n, NOBODY),
        user=user,
        kind=np.full(n, int(Kind.RETURN)),
        item=item,
        quantity=-quantity,
        price_cents=price,
        order=np.arange(n) + 5000,
    )
    return Events(*(np.concatenate([getattr(shopping, f), getattr(back, f)]) for f in Events.__slots__))


def _take(events: Events, rows: Ints) -> Events:
    return Events(*(getattr(events, f)[rows] for f in Events.__slots__))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)
