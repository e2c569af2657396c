"""The Markov chain against its definition, written out in loops."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from training.datasets.interactions import Interactions
from training.datasets.sequences import sequences
from training.models.markov.config import Config
from training.models.markov.model import Markov
from training.models.memo import Memo

USERS, ITEMS = 12, 7


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    random = np.random.default_rng(1)
    user, item = random.integers(USERS, size=90), random.integers(ITEMS, size=90)
    texts = [np.array([f"{kind}{n:02}" for n in column]) for kind, column in (("u", user), ("i", item))]
    return Interactions.of(*texts, np.arange(90), np.ones(90))


def _expected(interactions: Interactions, config: Config) -> np.ndarray:
    walked = sequences(interactions)
    histories = [walked.take(np.array([user])).rows.tolist() for user in range(len(walked))]
    near, events = np.zeros((ITEMS, ITEMS)), np.zeros(ITEMS)
    for history in histories:
        for place, item in enumerate(history):
            events[item] += 1
            for apart in range(1, config.reach + 1):
                if place + apart < len(history) and history[place + apart] != item:
                    worth = config.reach_decay ** (apart - 1)
                    near[item, history[place + apart]] += worth
                    near[history[place + apart], item] += worth * config.backward
    near *= near.sum(axis=1, keepdims=True) ** -config.source_exponent
    near *= events**-config.popularity_exponent
    scores = np.zeros((len(histories), ITEMS))
    for user, history in enumerate(histories):
        for age, item in enumerate(reversed(history)):
            scores[user] += config.history_decay**age * near[item] if config.history_decay or not age else 0
    return scores


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(reach=1, backward=0, history_decay=0, source_exponent=1),
        Config(reach=3, reach_decay=0.5, backward=1, history_decay=0.3, popularity_exponent=0.4),
    ],
    ids=["as it comes", "first order", "other settings"],
)
def test_the_chain_is_its_formula(interactions: Interactions, config: Config) -> None:
    found = Markov(config).fit(interactions, 89).scores(np.arange(interactions.shape[0]))
    np.testing.assert_allclose(found, _expected(interactions, config), atol=0.02, rtol=0.02)


def test_pairs_that_are_kept_between_trials_change_no_result(interactions: Interactions) -> None:
    memo, users = Memo[sp.csr_matrix](), np.arange(interactions.shape[0])
    for config in (Config(), Config(history_decay=0.2), Config(reach=2), Config(source_exponent=0.1)):
        kept = Markov(config, memo).fit(interactions, 89).scores(users)
        np.testing.assert_array_equal(kept, Markov(config).fit(interactions, 89).scores(users))
