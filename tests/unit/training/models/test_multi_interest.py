"""The model of several interests: they part, see nothing of what comes, and go on after a stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.datasets.interactions import Interactions
from training.models.multi_interest.config import Config
from training.models.multi_interest.model import MultiInterest
from training.models.multi_interest.network import Network

PEOPLE, ITEMS, STEPS = 200, 20, 10
SMALL = Config(
    dimension=16,
    interests=2,
    hidden=16,
    epochs=12,
    patience=12,
    batch_places=256,
    item_dropout=0.1,
    learning_rate=0.005,
    item_learning_rate=0.02,
)


@pytest.fixture(scope="module")
def two_minds() -> Interactions:
    """Everybody takes items of two groups out of four by turns, none twice."""
    random = np.random.default_rng(0)
    rows = []
    for person in range(PEOPLE):
        groups = random.choice(4, 2, replace=False)
        mine = [random.permutation(ITEMS)[:STEPS] + ITEMS * group for group in groups]
        rows += [(person, item, day) for day, item in enumerate(np.stack(mine, axis=1).ravel())]
    user, item, day = np.array(rows).T
    texts = [np.array([f"{n:03}" for n in column]) for column in (user, item)]
    return Interactions.of(*texts, day, np.ones(len(day)))


def _minds_shown(model: MultiInterest, walked: Interactions) -> tuple[float, float]:
    """Of the best ten new items: the share of the person's groups; and people who are shown both groups."""
    met = walked.met.toarray() > 0
    of_group = met.reshape(PEOPLE, 4, ITEMS).any(axis=2)
    scores = model.scores(np.arange(PEOPLE))
    scores[met] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :10] // ITEMS
    right = np.take_along_axis(of_group, best, axis=1).mean()
    return float(right), float(np.mean([len(set(groups)) == 2 for groups in best.tolist()]))


def test_the_best_items_are_of_both_minds_where_one_vector_shows_one(two_minds: Interactions) -> None:
    several = MultiInterest(SMALL, seed=1).fit(two_minds, 2 * STEPS)
    one = MultiInterest(SMALL.model_copy(update={"interests": 1}), seed=1).fit(two_minds, 2 * STEPS)
    right, both = _minds_shown(several, two_minds)
    assert right > 0.9
    assert both > 0.4 > 2 * _minds_shown(one, two_minds)[1]


def test_a_score_is_the_product_with_the_interest_that_fits_best(two_minds: Interactions) -> None:
    model = MultiInterest(SMALL.model_copy(update={"epochs": 1}), seed=1).fit(two_minds, 2 * STEPS)
    expected = np.einsum("ukd,id->uki", model.interests[[3, 5]], model.item_vectors).max(axis=1)
    np.testing.assert_allclose(model.scores(np.array([3, 5])), expected, rtol=1e-4, atol=1e-5)


def test_no_place_sees_what_comes_after_it() -> None:
    torch.manual_seed(0)
    network = Network(SMALL, torch.randn(ITEMS, SMALL.dimension)).eval()
    read = torch.randint(ITEMS, (4, 10))
    changed = read.clone()
    changed[:, 6:] = torch.randint(ITEMS, (4, 4))
    with torch.inference_mode():
        torch.testing.assert_close(network(read)[:, :6], network(changed)[:, :6])
        torch.testing.assert_close(network(read)[:, :6], network(read[:, :6]))


def test_training_that_was_stopped_goes_on_to_the_same_model(two_minds: Interactions, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"epochs": 3})
    whole = MultiInterest(config, seed=5).fit(two_minds, 2 * STEPS)

    def stop(message: str) -> None:
        if message.startswith("multi_interest 2/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MultiInterest(config, seed=5, checkpoints=tmp_path, progress=stop).fit(two_minds, 2 * STEPS)
    said: list[str] = []
    again = MultiInterest(config, seed=5, checkpoints=tmp_path, progress=said.append).fit(
        two_minds, 2 * STEPS
    )
    assert said[0] == "multi_interest: going on after pass 1"
    np.testing.assert_array_equal(again.interests, whole.interests)
