"""The first stage: cheap models, as they come, whose scores propose candidates and describe them."""

from __future__ import annotations

from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.base import Model
from training.models.ease.config import Config as EaseConfig
from training.models.ease.model import MOST_ITEMS, Ease
from training.models.graph_filter.config import Config as FilterConfig
from training.models.graph_filter.model import GraphFilter, Spectra
from training.models.habit.model import Habit
from training.models.item_knn.model import ItemKnn
from training.models.markov.model import Markov
from training.models.memo import Memo
from training.models.trend.model import Trend

_TASTE_HALF_LIVES = (15.0, 60.0)
_HABIT_HALF_LIVES = (30.0, 120.0)
_TREND_HALF_LIVES = (7.0, 30.0)
SIGNALS = 128


def first_stage(interactions: Interactions, as_of: int, seed: int) -> list[tuple[str, Model]]:
    """Fitted, with a name for each; always the same ones for the same numbers of users and items."""
    memo: Memo[FloatArray] = Memo()
    spectra = Spectra()
    users, items = interactions.shape
    rank = max(min(SIGNALS, users // 3, items // 3), 1)
    found: list[tuple[str, Model]] = [
        *[(f"habit {life:g} days", Habit(life)) for life in _HABIT_HALF_LIVES],
        *[(f"trend {life:g} days", Trend(life)) for life in _TREND_HALF_LIVES],
        ("neighbours", ItemKnn()),
        ("markov", Markov()),
    ]
    for life in _TASTE_HALF_LIVES:
        smooth = GraphFilter(FilterConfig(rank=rank, half_life_days=life), seed, spectra)
        found.append((f"graph {life:g} days", smooth))
        if items <= MOST_ITEMS:
            found.append((f"ease {life:g} days", Ease(EaseConfig(half_life_days=life), memo)))
    return [(name, model.fit(interactions, as_of)) for name, model in found]
