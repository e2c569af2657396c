"""A shop's start page that a known policy fills: a log with propensities, and what any policy is truly worth.

A visitor's segment is all that a policy knows of them. It fills each place of the list by itself, so an item
can come twice. Whether the visitor clicks follows from their own taste, the item's appeal and the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel

from recolake.errors import InvalidInputError
from recolake.files import write_atomically
from recolake.simulator.config import ShopConfig
from recolake.simulator.population import Floats, Ints, Population, Stream, populate, stream
from recolake.simulator.records import item_id
from recolake.simulator.titles import category_name

LOG_FILE, POLICY_FILE, TRUTH_FILE = "log.csv", "policy.csv", "truth.json"
# One impression in fifty is clicked, at the first place, where neither appeal nor taste says anything.
_BASE_LOGIT = -3.9
# Part of each policy that is chance: everything must be possible when a log is taken, and weights be bounded.
_LOGGING_EXPLORES, _POLICY_EXPLORES = 0.5, 0.1


@dataclass(frozen=True, slots=True)
class LogConfig:
    """A log of `requests` lists of `positions` items out of `actions`, in the shop of this seed."""

    seed: int = 7
    requests: int = 10_000
    actions: int = 20
    positions: int = 3

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("requests", 1), ("actions", 2), ("positions", 1)):
            if getattr(self, name) < least:
                raise InvalidInputError(f"A simulated log needs {name} of at least {least}.", field=name)


class LogTruth(BaseModel):
    """Expected reward of a row under the policy that was logged, under `policy.csv`, and by pure chance."""

    logged: float
    policy: float
    uniform: float


@dataclass(frozen=True)
class Showcase:
    """People, and the two policies.

    Attributes:
        segment: [U] of each person; all segments have somebody.
        clicks: [U, A] chance of a click at the first place; at place p it is `seen[p]` of that.
        logging, policy: [S, A] chance of each item under the logging policy, which goes by popularity, and
            under the one to evaluate, which goes by the segment's taste.
    """

    names: tuple[str, ...]
    segment: Ints
    clicks: Floats
    seen: Floats
    logging: Floats
    policy: Floats

    def worth(self, policy: Floats) -> float:
        """Expected reward of a row under a policy [S, A], exactly: every person is as likely to come."""
        return float((policy[self.segment] * self.clicks).sum(axis=1).mean() * self.seen.mean())

    def truth(self) -> LogTruth:
        uniform = np.full_like(self.policy, 1 / self.policy.shape[1])
        return LogTruth(
            logged=self.worth(self.logging), policy=self.worth(self.policy), uniform=self.worth(uniform)
        )

    def shown(self, random: np.random.Generator, requests: int) -> pd.DataFrame:
        """A log, a row for each place: request, context, position, action, reward, propensity."""
        person = np.repeat(random.integers(len(self.segment), size=requests), len(self.seen))
        place = np.tile(np.arange(len(self.seen)), requests)
        segment = self.segment[person]
        bounds = np.cumsum(self.logging, axis=1)[:, :-1]
        action = (random.random(len(person))[:, None] > bounds[segment]).sum(axis=1)
        reward = random.random(len(person)) < self.clicks[person, action] * self.seen[place]
        return pd.DataFrame(
            {
                "request": np.repeat(np.arange(requests), len(self.seen)),
                "context": np.array(self.names, dtype=object)[segment],
                "position": place + 1,
                "action": _item_ids(self.policy.shape[1])[action],
                "reward": reward.astype(np.int64),
                "propensity": self.logging[segment, action],
            }
        )

    def policy_table(self) -> pd.DataFrame:
        """The policy to evaluate: context, action, probability."""
        segments, actions = self.policy.shape
        return pd.DataFrame(
            {
                "context": np.repeat(np.array(self.names, dtype=object), actions),
                "action": np.tile(_item_ids(actions), segments),
                "probability": self.policy.ravel(),
            }
        )


def showcase(config: LogConfig) -> Showcase:
    """The start page of a simulated shop on its first day."""
    shop = ShopConfig(seed=config.seed, days=1, items=max(config.actions, ShopConfig().items))
    population = populate(shop)
    categories, segment = np.unique(_favourites(population), return_inverse=True)
    affinity = population.affinity()[:, : config.actions]
    people = np.bincount(segment)
    of_segment = np.stack([np.bincount(segment, column) for column in affinity.T], axis=1) / people[:, None]
    popular = np.broadcast_to(affinity.mean(axis=0), of_segment.shape)
    return Showcase(
        names=tuple(category_name(int(category)) for category in categories),
        segment=segment.astype(np.int64),
        clicks=np.asarray(1 / (1 + np.exp(-_BASE_LOGIT - affinity)), dtype=np.float64),
        seen=1 / np.log2(np.arange(config.positions) + 2),
        logging=_exploring(popular, _LOGGING_EXPLORES),
        policy=_exploring(of_segment, _POLICY_EXPLORES),
    )


def write_log(folder: Path, config: LogConfig) -> LogTruth:
    """Write the log, the policy to evaluate and what is true; same configuration, same bytes."""
    page = showcase(config)
    random = stream(ShopConfig(seed=config.seed), Stream.SHOWN, 0)
    for name, table in (
        (LOG_FILE, page.shown(random, config.requests)),
        (POLICY_FILE, page.policy_table()),
    ):
        write_atomically(folder / name, table.to_csv(index=False, lineterminator="\n").encode())
    truth = page.truth()
    write_atomically(folder / TRUTH_FILE, (truth.model_dump_json(indent=2) + "\n").encode())
    return truth


def _favourites(population: Population) -> Ints:
    """[U] category that each person likes best, on average over its items."""
    category = population.goods.category
    there = np.unique(category)
    taste = population.taste()
    liked = np.stack([taste[:, category == number].mean(axis=1) for number in there], axis=1)
    return np.asarray(there[np.argmax(liked, axis=1)], dtype=np.int64)


def _exploring(logits: Floats, share: float) -> Floats:
    """[S, A] softmax, mixed with the uniform policy."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax = exponent / exponent.sum(axis=1, keepdims=True)
    return np.asarray((1 - share) * softmax + share / logits.shape[1], dtype=np.float64)


def _item_ids(actions: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([item_id(number) for number in range(actions)], dtype=object)
