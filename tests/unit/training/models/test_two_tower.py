"""Two towers: what features give to those without history, and what training promises."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from training.datasets.dataset import Dataset
from training.datasets.features import Described, Features
from training.datasets.ids import Ids
from training.datasets.interactions import Interactions
from training.models.two_tower import training as training_module
from training.models.two_tower.bags import Bags
from training.models.two_tower.config import Config
from training.models.two_tower.loss import Sampler, everything, sampled_softmax
from training.models.two_tower.model import TwoTower
from training.models.two_tower.start import ridge

CPU = torch.device("cpu")
SMALL = Config(dimension=8, batch_users=25, epochs=5, patience=10, id_dropout=0.3, learning_rate=3e-3)


def _groups(ids: np.ndarray) -> Features:
    """The group that the second letter names, one category each."""
    code = np.char.partition(ids, "-")[:, 0].astype("U2")
    names, codes = np.unique(code, return_inverse=True)
    matrix = sp.csr_matrix((np.ones(len(ids), np.float32), (np.arange(len(ids)), codes)))
    return Features(ids, matrix, tuple(names.tolist()), np.ones(len(names), dtype=np.bool_))


@pytest.fixture(scope="module")
def described(world: Dataset) -> Described:
    interactions = world.interactions
    return Described(_groups(interactions.user_ids), _groups(interactions.item_ids))


def _without(interactions: Interactions, users: np.ndarray, items: np.ndarray) -> Interactions:
    """The same users and items, but nothing of what these did or of who took those."""
    kept = ~np.isin(interactions.user, users) & ~np.isin(interactions.item, items)
    return Interactions.of(
        Ids(interactions.user_ids, interactions.user[kept]),
        Ids(interactions.item_ids, interactions.item[kept]),
        interactions.day[kept],
        interactions.weight[kept],
    )


def test_a_score_is_the_product_of_two_vectors(world: Dataset, described: Described) -> None:
    model = TwoTower(SMALL, 1, "cpu", described=described).fit(world.interactions, 0)
    assert model.user_vectors.dtype == model.item_vectors.dtype == np.float32
    assert model.user_vectors.shape[1] == model.item_vectors.shape[1] == SMALL.dimension + 1
    np.testing.assert_allclose(model.scores(np.array([7])), model.user_vectors[[7]] @ model.item_vectors.T)


def test_items_and_users_without_history_are_known_by_their_features(
    world: Dataset, described: Described
) -> None:
    interactions = world.interactions
    users, items = np.arange(0, 100, 10), np.arange(0, 80, 8)
    left = _without(interactions, users, items)
    scores = TwoTower(SMALL, 1, "cpu", described=described).fit(left, 0).scores(np.arange(100))
    own = np.char.partition(interactions.user_ids, "-")[:, [0]].astype("U2")
    same = np.char.replace(own, "p", "g") == np.char.partition(interactions.item_ids, "-")[:, 0].astype("U2")
    new = scores[:, items]
    assert np.where(same[:, items], new, np.inf).min(axis=1).mean() > np.where(same[:, items], -9, new).max()
    best = scores[users].argsort(axis=1)[:, -5:]
    assert np.take_along_axis(same[users], best, axis=1).mean() > 0.9


def test_without_features_who_has_no_history_is_of_average_taste(world: Dataset) -> None:
    left = _without(world.interactions, np.array([3, 4]), np.array([5]))
    scores = TwoTower(SMALL, 1, "cpu").fit(left, 0).scores(np.array([3, 4]))
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[0], scores[1])


def test_items_that_nobody_met_are_no_negatives(world: Dataset, described: Described) -> None:
    left = _without(world.interactions, np.array([], dtype=int), np.array([5]))
    network = TwoTower(SMALL, 1, "cpu", described=described).fit(left, 0).training.network
    assert not network.items[5].any()


def test_a_large_sample_estimates_the_whole_softmax() -> None:
    random = torch.Generator().manual_seed(0)
    known = torch.arange(400)
    scores = torch.randn(6, 400, generator=random)
    owner, wanted = torch.arange(6), torch.randint(400, (6,), generator=random)
    whole = sampled_softmax(scores, everything(known), (owner, wanted), (owner, wanted))
    # Popular items are in nearly every batch; each draw here asks for items in proportion to that.
    expected = torch.rand(400, generator=random) * 3
    sampler, found = Sampler(known, expected, 100), []
    for _ in range(300):
        asked = torch.nonzero(torch.poisson(expected, random))[:, 0]
        sample = sampler.draw(asked, random)
        others = (scores[:, sample.items] - sample.log_chance).logsumexp(dim=1)
        found.append((others.exp(), scores.logsumexp(dim=1).exp()))
    drawn, exact = (torch.stack(part).mean(dim=0) for part in zip(*found, strict=True))
    np.testing.assert_allclose(drawn, exact, rtol=0.05)
    assert whole.item() == pytest.approx(torch.nn.functional.cross_entropy(scores, wanted).item(), rel=1e-5)


def test_what_a_user_took_is_no_wrong_answer() -> None:
    scores, known = torch.randn(2, 5), torch.arange(5)
    targets = (torch.tensor([0, 1]), torch.tensor([1, 4]))
    own = (torch.tensor([0, 0, 0, 1]), torch.tensor([1, 2, 3, 4]))
    found = sampled_softmax(scores, everything(known), targets, own)
    first = scores[0, [0, 1, 4]].logsumexp(dim=0) - scores[0, 1]
    second = scores[1].logsumexp(dim=0) - scores[1, 4]
    assert found.item() == pytest.approx((first + second).item() / 2, rel=1e-5)


def test_with_more_items_than_the_softmax_holds_a_sample_learns_the_same_groups(world: Dataset) -> None:
    config = SMALL.model_copy(update={"all_items_up_to": 10, "drawn_evenly": 20, "most_targets": 4})
    interactions = world.interactions
    scores = TwoTower(config, 2, "cpu").fit(interactions, 0).scores(np.arange(100))
    best = interactions.item_ids[scores.argsort(axis=1)[:, -5:]].astype("U2")
    own = np.char.replace(interactions.user_ids.astype("U2"), "p", "g")
    assert (best == own[:, None]).mean() > 0.9


def test_bags_are_products_of_rows() -> None:
    matrix = sp.random(9, 6, 0.4, format="csr", dtype=np.float32, random_state=0)
    dense, rows = torch.randn(6, 3), torch.tensor([4, 0, 4, 8])
    found = Bags.of(matrix, CPU).times(dense, rows)
    np.testing.assert_allclose(found, matrix[rows.numpy()] @ dense.numpy(), rtol=1e-4, atol=1e-6)


def test_features_explain_vectors_by_a_ridge_regression() -> None:
    random = np.random.default_rng(0)
    features = sp.random(60, 7, 0.3, format="csr", dtype=np.float32, random_state=0)
    wanted = random.standard_normal((60, 4)).astype(np.float32)
    dense = features.toarray().astype(np.float64)
    expected = np.linalg.solve(dense.T @ dense + 3.0 * np.eye(7), dense.T @ wanted)
    np.testing.assert_allclose(ridge(features, wanted), expected, atol=1e-5)


def test_training_that_was_stopped_goes_on_to_the_same_model(
    world: Dataset, described: Described, tmp_path: Path
) -> None:
    def fit(**more: Any) -> TwoTower:
        return TwoTower(SMALL, 5, "cpu", described=described, **more).fit(world.interactions, 0)

    class StoppedError(Exception):
        pass

    def say(message: str) -> None:
        if message.startswith("two_tower epoch 4"):
            raise StoppedError

    whole = fit()
    with pytest.raises(StoppedError):
        fit(checkpoints=tmp_path, progress=say)
    said: list[str] = []
    again = fit(checkpoints=tmp_path, progress=said.append)
    assert said[0] == "two_tower going on after epoch 3"
    np.testing.assert_array_equal(again.user_vectors, whole.user_vectors)
    np.testing.assert_array_equal(again.item_vectors, whole.item_vectors)
    # Other features are another question.
    said.clear()
    TwoTower(SMALL, 5, "cpu", tmp_path, said.append).fit(world.interactions, 0)
    assert not any("going on" in message for message in said)


def test_a_loss_that_is_no_number_stops_and_keeps_the_best_epoch(
    world: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, real = 0, training_module.sampled_softmax

    def breaking(*arguments: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return real(*arguments) * (math.nan if calls > 9 else 1)

    monkeypatch.setattr(training_module, "sampled_softmax", breaking)
    said: list[str] = []
    model = TwoTower(SMALL, 5, "cpu", progress=said.append).fit(world.interactions, 0)
    assert "not finite" in said[-1]
    assert model.training.state.epoch == 2
    assert np.isfinite(model.scores(np.arange(100))).all()


def test_it_stops_when_held_out_items_are_foreseen_no_better(
    world: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter([0.1, 0.3, 0.2, 0.25, 0.9])
    monkeypatch.setattr(training_module.HeldOut, "quality", lambda *_: [next(values)])
    config = SMALL.model_copy(update={"patience": 2})
    model = TwoTower(config, 5, "cpu").fit(world.interactions, 0)
    assert model.training.state.epoch == 3
    assert model.training.state.best_epoch == 1


def test_people_with_one_item_and_the_draws_of_others_are_left_in_peace() -> None:
    alone = Interactions.of(["u", "v"], ["a", "b"], np.zeros(2, dtype=int), np.ones(2, np.float32))
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    scores = TwoTower(SMALL, 0, "cpu").fit(alone, 0).scores(np.arange(2))
    assert np.isfinite(scores).all()
    torch.testing.assert_close(torch.rand(3), expected)
