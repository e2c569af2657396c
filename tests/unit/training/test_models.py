"""One contract for every model, and what the matrix factorisation must be able to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.datasets.dataset import Dataset
from training.datasets.features import Features
from training.datasets.interactions import NEVER, Interactions
from training.models.base import Model
from training.models.content_popularity.model import ContentPopularity
from training.models.ease.config import Config as EaseConfig
from training.models.ease.model import Ease
from training.models.graph_filter.config import Config as FilterConfig
from training.models.graph_filter.model import GraphFilter
from training.models.item_knn.model import ItemKnn
from training.models.lightgcn.config import Config as NetworkConfig
from training.models.lightgcn.model import LightGcn
from training.models.markov.model import Markov
from training.models.matrix_factorization.config import Config
from training.models.matrix_factorization.model import MatrixFactorization
from training.models.matrix_factorization.solver import Workers, batches, factorize, solve_side
from training.models.multi_interest.config import Config as InterestConfig
from training.models.multi_interest.model import MultiInterest
from training.models.own_frequency.model import OwnFrequency
from training.models.popularity.model import Popularity
from training.models.recent_popularity.model import RecentPopularity
from training.models.sasrec.config import Config as SasRecConfig
from training.models.sasrec.model import SasRec
from training.models.second_stage.config import Config as StageConfig
from training.models.second_stage.model import SecondStage
from training.models.two_tower.config import Config as TowersConfig
from training.models.two_tower.model import TwoTower

ONE_KIND = Features(np.array(["g0-00", "g0-01"]), sp.csr_matrix(np.ones((2, 1))), ("kind",), np.ones(1, bool))
MODELS: list[Callable[[], Model]] = [
    lambda: ContentPopularity(ONE_KIND),
    Popularity,
    RecentPopularity,
    OwnFrequency,
    lambda: ItemKnn(neighbours=10),
    lambda: MatrixFactorization(Config(factors=8, regularization=1.0), seed=3),
    lambda: Ease(EaseConfig(regularization=30.0)),
    lambda: GraphFilter(FilterConfig(rank=8), seed=3),
    lambda: LightGcn(NetworkConfig(factors=8, epochs=2, negatives=64), seed=3, device="cpu"),
    lambda: TwoTower(TowersConfig(dimension=8, batch_users=25, epochs=3), seed=3, device="cpu"),
    Markov,
    lambda: SasRec(SasRecConfig(dimension=8, epochs=2, batch_places=512), seed=3),
    lambda: MultiInterest(InterestConfig(dimension=8, epochs=2, batch_places=512, interests=2), seed=3),
    lambda: SecondStage(StageConfig(depth=20, members=1, epochs=4), seed=3),
]
PERSONAL = MODELS[3:]
each_model = pytest.mark.parametrize("make", MODELS, ids=lambda make: make().name)


@each_model
def test_scores_are_finite_float32_of_every_user_and_item(make: Callable[[], Model], world: Dataset) -> None:
    interactions = world.interactions
    scores = make().fit(interactions, interactions.last_day).scores(np.array([5, 0, 5]))
    assert scores.shape == (3, interactions.shape[1])
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[0], scores[2])


@each_model
def test_the_same_input_gives_the_same_model(make: Callable[[], Model], world: Dataset) -> None:
    interactions = world.interactions
    users = np.arange(interactions.shape[0])
    first, second = (make().fit(interactions, interactions.last_day).scores(users) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@each_model
def test_the_caller_may_change_what_it_got(make: Callable[[], Model], world: Dataset) -> None:
    model = make().fit(world.interactions, world.interactions.last_day)
    before = model.scores(np.array([1])).copy()
    model.scores(np.array([1]))[:] = -np.inf
    np.testing.assert_array_equal(model.scores(np.array([1])), before)


@pytest.mark.parametrize("make", PERSONAL, ids=lambda make: make().name)
def test_personal_models_find_the_group_of_each_person(make: Callable[[], Model], world: Dataset) -> None:
    interactions = world.interactions
    scores = make().fit(interactions, interactions.last_day).scores(np.arange(interactions.shape[0]))
    best = interactions.item_ids[np.argsort(-scores, axis=1)[:, :5]]
    own_group = np.char.replace(np.array([user[:2] for user in interactions.user_ids]), "p", "g")
    found = np.mean(np.array([[item[:2] for item in row] for row in best]) == own_group[:, None])
    assert found > 0.9


def test_recent_popularity_forgets_what_is_older(world: Dataset) -> None:
    interactions = world.interactions
    model = RecentPopularity(days=10).fit(interactions, interactions.last_day)
    recent = interactions.between(first=interactions.last_day - 9)
    expected = np.zeros(interactions.shape[1])
    known = np.searchsorted(interactions.item_ids, recent.item_ids)
    expected[known] = np.bincount(recent.item, weights=recent.weight)
    np.testing.assert_allclose(model.scores(np.array([0]))[0], expected)


def test_popularity_and_own_frequency_count_what_was_taken_not_what_was_looked_at() -> None:
    taken_at = np.array([NEVER, NEVER, NEVER, 5, 6])
    found = Interactions.of(
        ["u", "v", "w", "u", "v"], ["a", "a", "a", "b", "c"], np.zeros(5, dtype=int), np.ones(5), taken_at
    )
    everybody = np.arange(3)
    assert Popularity().fit(found, 0).scores(everybody)[0].tolist() == [0, 1, 1]
    best = OwnFrequency().fit(found, 0).scores(everybody).argmax(axis=1)
    assert found.item_ids[best[:2]].tolist() == ["b", "c"]


@pytest.mark.parametrize("strengths", [1.0, 300.0])
def test_the_last_step_solves_the_normal_equations_of_every_row(strengths: float) -> None:
    random = np.random.default_rng(2)
    dense = np.where(random.random((40, 30)) < 0.2, random.random((40, 30)) * strengths, 0)
    dense[7] = 0
    alpha, regularization = 2.5, 0.3
    users, items = factorize(
        sp.csr_matrix(dense),
        factors=4,
        alpha=alpha,
        regularization=regularization,
        iterations=3,
        seed=1,
        device=torch.device("cpu"),
    )
    y = items.numpy().astype(np.float64)
    for row in range(40):
        confidence = 1 + alpha * dense[row]
        target = confidence * (dense[row] > 0)
        system = y.T @ (confidence[:, None] * y) + regularization * np.eye(4)
        np.testing.assert_allclose(users[row].numpy(), np.linalg.solve(system, y.T @ target), atol=2e-3)
    assert not users[7].any()


@given(seed=st.integers(0, 10_000), factors=st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_as_many_steps_as_factors_are_exact_and_fewer_never_make_it_worse(seed: int, factors: int) -> None:
    random = np.random.default_rng(seed)
    dense = np.where(random.random((25, 20)) < 0.3, random.random((25, 20)) * 3, 0)
    other = torch.from_numpy(random.standard_normal((20, factors)).astype(np.float32))
    start = torch.from_numpy(random.standard_normal((25, factors)).astype(np.float32))
    side = batches(2.0 * sp.csr_matrix(dense), torch.device("cpu"))

    def loss(steps: int) -> np.ndarray:
        found = start.clone()
        if steps:
            solve_side(found, other, side, 0.5, steps, Workers(1, None))
        error = (1 + 2.0 * dense) * ((dense > 0) - (found @ other.T).numpy().astype(np.float64)) ** 2
        return np.asarray(error.sum(axis=1) + 0.5 * (found.numpy() ** 2).sum(axis=1))

    losses = [loss(steps) for steps in range(factors + 1)]
    assert (np.diff(losses, axis=0) <= 1e-3 * (1 + losses[0])).all()
    y = other.numpy().astype(np.float64)
    exact = start.clone()
    solve_side(exact, other, side, 0.5, factors + 2, Workers(1, None))
    for row in np.flatnonzero((dense > 0).any(axis=1)):
        confidence = 1 + 2.0 * dense[row]
        system = y.T @ (confidence[:, None] * y) + 0.5 * np.eye(factors)
        expected = np.linalg.solve(system, y.T @ (confidence * (dense[row] > 0)))
        np.testing.assert_allclose(exact[row].numpy(), expected, atol=2e-3)


def test_more_iterations_lower_the_objective() -> None:
    random = np.random.default_rng(4)
    dense = np.where(random.random((60, 50)) < 0.15, 1.0, 0)

    def objective(iterations: int) -> float:
        users, items = factorize(
            sp.csr_matrix(dense),
            factors=6,
            alpha=3.0,
            regularization=0.5,
            iterations=iterations,
            seed=0,
            device=torch.device("cpu"),
        )
        error = (1 + 3.0 * dense) * (dense - (users @ items.T).numpy()) ** 2
        return float(error.sum() + 0.5 * ((users**2).sum() + (items**2).sum()))

    assert objective(1) > objective(2) > objective(8)


def test_any_number_of_threads_finds_the_same_vectors_and_is_given_back() -> None:
    matrix = sp.random(3_000, 200, density=0.05, format="csr", rng=np.random.default_rng(5), dtype=np.float32)
    before, found = torch.get_num_threads(), []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        settings = {"alpha": 2.0, "regularization": 1.0, "iterations": 2, "seed": 0}
        found.append(factorize(matrix, factors=8, device=torch.device("cpu"), **settings))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    for one, three in zip(*found, strict=True):
        np.testing.assert_allclose(one.numpy(), three.numpy(), atol=1e-5)


def test_every_entry_is_in_exactly_one_batch_however_uneven_the_rows() -> None:
    random = np.random.default_rng(6)
    lengths = np.concatenate([[0, 0, 3_000], random.integers(0, 40, 500)])
    columns = np.concatenate([np.sort(random.choice(3_000, n, replace=False)) for n in lengths])
    rows = np.repeat(np.arange(len(lengths)), lengths)
    matrix = sp.csr_matrix((random.random(len(rows)) + 0.1, (rows, columns)), shape=(len(lengths), 3_000))
    total = sp.csr_matrix(matrix.shape)
    for batch in batches(matrix, torch.device("cpu")):
        present = batch.columns.numpy() < matrix.shape[1]
        row = np.repeat(batch.rows.numpy(), present.sum(axis=1))
        entries = (batch.extra.numpy()[present], (row, batch.columns.numpy()[present]))
        total = total + sp.csr_matrix(entries, shape=matrix.shape)
    assert abs(total - matrix).max() < 1e-6
    assert total.nnz == matrix.nnz


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_finds_the_same_vectors(world: Dataset) -> None:
    interactions = world.interactions
    config = Config(factors=16)
    ours, theirs = (
        MatrixFactorization(config, seed=1, device=device).fit(interactions, interactions.last_day)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(ours.item_vectors, theirs.item_vectors, atol=1e-3)
