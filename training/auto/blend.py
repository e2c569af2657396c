"""A weighted sum of a few models, and how its parts and weights are found on validation data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.auto.pool import Pool, standardised
from training.benchmark.ranking import Score
from training.evaluation.metrics import Values
from training.models.base import Model
from training.models.habit.model import Habit

_WEIGHTS = tuple(2.0**n for n in range(-5, 6))
_MOST_PARTS = 6
_STARTS = 2


@dataclass(frozen=True)
class Part:
    """A model by the number that its pool gives it, and its weight."""

    number: int
    weight: float


@dataclass(frozen=True)
class Weighing:
    """Parts, the first of weight 1, and the [V] quality that they reach on the pool."""

    parts: tuple[Part, ...]
    quality: Values


def weigh(pool: Pool, ks: Sequence[int], first: Sequence[int], left: Callable[[], float]) -> Weighing:
    """Begin with one of the parts `first`; add the part that helps most, as long as it helps.

    It helps where the gain over the same users is larger than its standard error. That lets some noise in;
    whether the blend as a whole is better than one model is for `training.auto.choice.pick` to say. The few
    best of `first` are begun with, and the best sum is taken. `left` gives the seconds that remain.
    """
    alone = [Weighing((Part(n, 1.0),), pool.quality(pool.scores[n], ks)) for n in first]
    starts = sorted(alone, key=_mean, reverse=True)[:_STARTS]
    return max([_widened(pool, start, ks, left) for start in starts], key=_mean)


def _widened(pool: Pool, found: Weighing, ks: Sequence[int], left: Callable[[], float]) -> Weighing:
    while len(found.parts) < min(_MOST_PARTS, len(pool.scores)) and left() > 0:
        wider = _refined(pool, _wider(pool, found, ks), ks)
        gain = wider.quality - found.quality
        if gain.mean() * len(gain) ** 0.5 <= gain.std():
            break
        found = wider
    return found


def _mean(weighing: Weighing) -> float:
    return float(weighing.quality.mean())


def _sum(pool: Pool, parts: Sequence[Part]) -> Tensor:
    return reduce(torch.add, [pool.scores[part.number] * part.weight for part in parts])


def _wider(pool: Pool, found: Weighing, ks: Sequence[int]) -> Weighing:
    """The best weighing with one part more."""
    base, used = _sum(pool, found.parts), {part.number for part in found.parts}
    tried = [
        Weighing((*found.parts, part), pool.quality(torch.add(base, pool.scores[number], alpha=weight), ks))
        for number in range(len(pool.scores))
        if number not in used
        for weight in _WEIGHTS
        for part in [Part(number, weight)]
    ]
    return max(tried, key=_mean)


def _refined(pool: Pool, found: Weighing, ks: Sequence[int]) -> Weighing:
    """One weight after the other, a step up or down, until none helps; the first stays, for ratios matter."""
    moved = True
    while moved:
        moved = False
        for place, part in enumerate(found.parts[1:], start=1):
            rest = _sum(pool, [other for other in found.parts if other is not part])
            for weight in (part.weight * 1.3, part.weight / 1.3):
                quality = pool.quality(torch.add(rest, pool.scores[part.number], alpha=weight), ks)
                if quality.mean() > found.quality.mean() * 1.0002:
                    parts = (*found.parts[:place], Part(part.number, weight), *found.parts[place + 1 :])
                    found, moved = Weighing(parts, quality), True
                    break
    return found


def scaled(model: Model, known: npt.NDArray[np.bool_]) -> Score:
    """Scores that can be added up: standardised per user, but a habit as it is."""
    if isinstance(model, Habit):
        return model.scores
    return lambda users: standardised(model.scores(users), known)


def blended(models: Sequence[Model], weights: Sequence[float], known: npt.NDArray[np.bool_]) -> Score:
    """The sum of scaled scores, each by its weight."""
    parts = [scaled(model, known) for model in models]

    def score(users: IntArray) -> FloatArray:
        total = parts[0](users) * np.float32(weights[0])
        for part, weight in zip(parts[1:], weights[1:], strict=True):
            total += part(users) * np.float32(weight)
        return total

    return score
