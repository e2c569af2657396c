"""LightGCN against its definition, and what training promises: it stops, goes on and never keeps nonsense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.nn.functional import normalize

from training.datasets.dataset import Dataset
from training.models.graph_filter.spectrum import normalised
from training.models.held_out import held_out
from training.models.lightgcn import training as training_module
from training.models.lightgcn.config import Config
from training.models.lightgcn.graph import Graph
from training.models.lightgcn.loss import sampled_softmax
from training.models.lightgcn.model import LightGcn
from training.models.lightgcn.start import start

CPU = torch.device("cpu")
SMALL = Config(factors=8, negatives=64, epochs=4, patience=10)


@pytest.fixture(scope="module")
def seen() -> sp.csr_matrix:
    random = np.random.default_rng(5)
    dense = random.random((40, 25)) < random.random(25)
    dense[0] = False
    return sp.csr_matrix(dense.astype(np.float32))


def _whole_graph(seen: sp.csr_matrix) -> torch.Tensor:
    users, items = seen.shape
    matrix = np.zeros((users + items, users + items), np.float32)
    matrix[:users, users:] = normalised(seen, 0.5, 0.5).toarray()
    return torch.from_numpy(matrix + matrix.T)


def test_vectors_spread_as_the_mean_over_the_layers_of_one_graph(seen: sp.csr_matrix) -> None:
    users, items = torch.randn(40, 3), torch.randn(25, 3)
    graph, together = _whole_graph(seen), torch.cat([users, items])
    expected = (together + graph @ together + graph @ graph @ together) / 3
    found = torch.cat(Graph.of(seen, CPU).spread(users, items, layers=2))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_carries_vectors_forward_carries_their_gradient_back(seen: sp.csr_matrix) -> None:
    together = torch.randn(65, 3, requires_grad=True)
    graph, weight = _whole_graph(seen), torch.randn(65, 3)
    ((together + graph @ together) / 2 * weight).sum().backward()
    found = torch.cat(Graph.of(seen, CPU).spread(weight[:40], weight[40:], layers=1))
    np.testing.assert_allclose(found, together.grad, rtol=1e-4, atol=1e-5)


def test_the_loss_is_a_softmax_over_the_own_item_and_those_drawn_that_are_others() -> None:
    users, items, drawn = torch.randn(5, 4), torch.randn(5, 4), torch.randn(7, 4)
    same = torch.zeros(5, 7, dtype=torch.bool)
    same[2, 3] = same[4, 0] = True
    expected = []
    for n in range(5):
        own = torch.cosine_similarity(users[n], items[n], dim=0) / 0.2
        others = torch.cosine_similarity(users[n : n + 1], drawn[~same[n]]) / 0.2
        expected.append(torch.logsumexp(torch.cat([own[None], others]), 0) - own)
    np.testing.assert_allclose(
        sampled_softmax(users, items, drawn, same, 0.2), torch.stack(expected).mean(), rtol=1e-4, atol=1e-5
    )


def test_what_is_held_out_leaves_every_item_and_user_something_to_learn_from(seen: sp.csr_matrix) -> None:
    left, held = held_out(seen, 1, CPU)
    assert held is not None
    hidden = sp.csr_matrix(held.relevant.numpy().astype(np.float32))
    together = left.toarray()
    together[held.users.numpy()] += hidden.toarray()
    np.testing.assert_array_equal(together, seen.toarray())
    assert left.nnz + hidden.nnz == seen.nnz
    assert (left.sum(axis=0) > 0).sum() == (seen.sum(axis=0) > 0).sum()
    assert np.diff(left.indptr)[held.users.numpy()].min() >= 4
    known = torch.zeros_like(held.relevant)
    known[held.known] = True
    assert not (known & held.relevant).any()


def test_where_nobody_has_enough_nothing_is_held_out() -> None:
    few = sp.csr_matrix(np.eye(6, dtype=np.float32))
    left, held = held_out(few, 0, CPU)
    assert held is None
    assert left.nnz == few.nnz


def test_the_quality_of_what_is_held_out_is_its_ndcg(seen: sp.csr_matrix) -> None:
    _, held = held_out(seen, 1, CPU)
    assert held is not None
    users, items = torch.randn(40, 4), torch.randn(25, 4)
    scores = (users @ items.T)[held.users]
    scores[held.known] = -torch.inf
    values = []
    for row, relevant in zip(scores, held.relevant, strict=True):
        if relevant.any():
            hit = relevant[row.argsort(descending=True)[:20]].double().numpy()
            discount = 1 / np.log2(np.arange(2, 22))
            values.append((hit * discount).sum() / discount[: int(relevant.sum())].sum())
    everything = sum(values) / len(held.relevant)
    assert held.quality(users, items, [torch.zeros(25)]) == pytest.approx([everything])


def test_training_begins_with_the_smoothest_signals(seen: sp.csr_matrix) -> None:
    users, items = start(seen, 30, seed=0)
    assert users.shape == (40, 30)
    assert items.shape == (25, 30)
    left, _, right = np.linalg.svd(normalised(seen, 0.5, 0.5).toarray())
    for found, expected in ((users, left[:, :4]), (items, right[:4].T)):
        cosine = normalize(found[:, :4].double(), dim=0).T @ torch.from_numpy(expected).double()
        np.testing.assert_allclose(cosine.abs().numpy(), np.eye(4), atol=0.01)
    assert torch.isfinite(users).all()


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    world: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interactions, told = world.interactions, list[str]()
    whole = LightGcn(SMALL, 1, "cpu").fit(interactions, 0)
    saved = training_module.Checkpoint.save
    with monkeypatch.context() as patch:

        def stopped(self: training_module.Checkpoint, state: dict[str, object]) -> None:
            saved(self, state)
            if state["epoch"] == 2:
                raise KeyboardInterrupt

        patch.setattr(training_module.Checkpoint, "save", stopped)
        with pytest.raises(KeyboardInterrupt):
            LightGcn(SMALL, 1, "cpu", tmp_path).fit(interactions, 0)
    resumed = LightGcn(SMALL, 1, "cpu", tmp_path, told.append).fit(interactions, 0)
    np.testing.assert_array_equal(resumed.item_vectors, whole.item_vectors)
    np.testing.assert_array_equal(resumed.user_vectors, whole.user_vectors)
    assert told[0] == "lightgcn going on after epoch 2"
    assert len(told) == 3


def test_another_seed_or_configuration_finds_no_checkpoint_of_this_one(
    world: Dataset, tmp_path: Path
) -> None:
    for config, seed in ((SMALL, 1), (SMALL, 2), (SMALL.model_copy(update={"layers": 1}), 1)):
        told: list[str] = []
        LightGcn(config, seed, "cpu", tmp_path, told.append).fit(world.interactions, 0)
        assert "going on" not in told[0]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_loss_that_is_not_finite_ends_training_with_the_last_good_vectors(
    world: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, real = 0, training_module.sampled_softmax

    def broken(*arguments: Any) -> torch.Tensor:
        nonlocal taken
        taken += 1
        return real(*arguments) * (float("nan") if taken > 8 else 1.0)

    monkeypatch.setattr(training_module, "sampled_softmax", broken)
    told: list[str] = []
    model = LightGcn(SMALL, 1, "cpu", progress=told.append).fit(world.interactions, 0)
    assert model.training.ended == "the loss is not finite"
    assert "not finite" in told[-1]
    assert model.training.epoch < SMALL.epochs
    assert np.isfinite(model.item_vectors).all()
    assert np.isfinite(model.user_vectors).all()


def test_training_stops_where_nothing_is_gained_and_keeps_the_best(world: Dataset) -> None:
    config = SMALL.model_copy(update={"learning_rate": 50.0, "epochs": 30, "patience": 2})
    training = LightGcn(config, 1, "cpu").fit(world.interactions, 0).training
    assert training.ended == "nothing was gained"
    assert training.epoch == training.best.epoch + 2
    assert training.best.quality == max(training.history)


def test_scores_are_inner_products_of_the_vectors(world: Dataset) -> None:
    interactions = world.interactions
    model = LightGcn(SMALL, 1, "cpu").fit(interactions, 0)
    assert model.user_vectors.shape == (interactions.shape[0], 9)
    assert model.item_vectors.shape == (interactions.shape[1], 9)
    users = np.array([3, 0])
    np.testing.assert_allclose(model.scores(users), model.user_vectors[users] @ model.item_vectors.T)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_learns_nearly_the_same(world: Dataset) -> None:
    ours, theirs = (LightGcn(SMALL, 1, device).fit(world.interactions, 0) for device in ("cpu", "cuda"))
    assert ours.training.best.quality == pytest.approx(theirs.training.best.quality, abs=0.02)
