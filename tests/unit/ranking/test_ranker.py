"""`rank` must agree with the plain definition of its score, whatever it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.errors import InvalidInputError
from recolake.ranking.artifact import load_artifact
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.popularity import Popularity
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.reasons import REASONS, Reason
from recolake.ranking.users import UserBatch
from recolake.tenancy.context import Tenant

_SPAN = 8.0


def _model(random: np.random.Generator, items: int, near: int = 500, popular: int = 500) -> VectorModel:
    weights = BlendWeights(vector=1.0, popularity=0.7, own=1.5)
    config = RankingConfig(
        new_items=weights, all_items=weights, nearest=near, popular=popular, popularity_span=_SPAN
    )
    trend = np.where(random.random(items) < 0.1, -np.inf, 2800 + 3 * random.standard_normal(items))
    return VectorModel.of(random.standard_normal((items, 6)).astype(np.float32), trend, config)


def _people(random: np.random.Generator, users: int, items: int) -> UserBatch:
    lengths = random.integers(0, min(items, 9), users)
    rows = [np.sort(random.choice(items, size=n, replace=False)) for n in lengths]
    known = random.random(users) < 0.8
    vectors = random.standard_normal((users, 6)).astype(np.float32) * known[:, None]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = np.concatenate([np.empty(0, np.int64), *rows]).astype(np.int64)
    weights = random.random(len(flat)).astype(np.float32) + np.float32(0.1)
    return UserBatch(vectors.astype(np.float32), known, Ragged(offsets, flat), weights)


def _naive(model: VectorModel, people: UserBatch, user: int, include_seen: bool) -> dict[int, float]:
    """Score of every item that may be shown, straight from the definition."""
    start, stop = people.history.offsets[user : user + 2]
    own = dict(
        zip(people.history.rows[start:stop].tolist(), people.weights[start:stop].tolist(), strict=True)
    )
    product = model.vectors @ people.vectors[user]
    allowed = [i for i in range(len(model.vectors)) if include_seen or i not in own]
    # The vector's term is relative to the user's best candidate, shown or not.
    best = max(1e-9, abs(float(product.max())))
    weights = model.ranking.all_items
    return {
        i: weights.vector * float(product[i]) / best
        + weights.popularity * float(model.popularity.term[i])
        + weights.own * own.get(i, 0.0) / max(own.values(), default=1.0)
        for i in allowed
    }


@given(seed=st.integers(0, 10_000), k=st.integers(1, 70), include_seen=st.booleans())
@settings(max_examples=60, deadline=None)
def test_with_all_items_as_candidates_the_order_is_that_of_the_definition(
    seed: int, k: int, include_seen: bool
) -> None:
    random = np.random.default_rng(seed)
    items, users = int(random.integers(1, 60)), int(random.integers(1, 7))
    model, people = _model(random, items), _people(random, users, items)
    found = rank(model, people, k, include_seen=include_seen)
    assert found.rows.shape == found.scores.shape == found.reasons.shape == (users, k)
    for user in range(users):
        expected = _naive(model, people, user, include_seen)
        rows = [row for row in found.rows[user].tolist() if row >= 0]
        assert len(rows) == len(set(rows)) == min(k, len(expected))
        assert (found.rows[user, len(rows) :] == -1).all()
        assert (found.reasons[user, len(rows) :] == -1).all()
        ours = [expected[row] for row in rows]
        np.testing.assert_allclose(
            ours, sorted(expected.values(), reverse=True)[: len(rows)], rtol=1e-4, atol=1e-4
        )
        np.testing.assert_allclose(found.scores[user, : len(rows)], ours, rtol=1e-4, atol=1e-4)


def test_a_batch_of_all_gives_each_user_what_a_batch_of_one_gives() -> None:
    random = np.random.default_rng(5)
    model, people = _model(random, 700, near=20, popular=20), _people(random, 300, 700)
    for include_seen in (False, True):
        together = rank(model, people, 10, include_seen=include_seen)
        for user in range(0, 300, 13):
            alone = rank(model, people.slice(user, user + 1), 10, include_seen=include_seen)
            assert alone.rows[0].tolist() == together.rows[user].tolist()


def test_few_candidates_are_enough_for_any_k_however_long_the_history() -> None:
    random = np.random.default_rng(6)
    model = _model(random, 900, near=5, popular=5)
    history = np.arange(0, 900, 2)
    people = UserBatch(
        random.standard_normal((1, 6)).astype(np.float32),
        np.array([True]),
        Ragged(np.array([0, len(history)]), history),
        np.ones(len(history), dtype=np.float32),
    )
    found = rank(model, people, 450, include_seen=False).rows[0]
    assert sorted(found.tolist()) == list(range(1, 900, 2))


def test_someone_unknown_gets_what_is_popular(artifact_folder: Path, tenant: Tenant) -> None:
    artifact = load_artifact(artifact_folder, tenant)
    nobody = UserBatch.one(artifact.items, 8, None)
    found = rank(artifact, nobody, 10, include_seen=False)
    assert found.rows[0].tolist() == artifact.popularity.order[:10].tolist()
    assert {found.reason(0, place) for place in range(10)} == {Reason.POPULAR_NOW}


def _indifferent(model: VectorModel) -> VectorModel:
    """The same model with a blend that gives popularity no weight."""
    weights = BlendWeights(vector=1.0, popularity=0.0, own=2.0)
    config = model.ranking.model_copy(update={"new_items": weights, "all_items": weights})
    return VectorModel(model.index, model.vectors, model.popularity, config)


@pytest.mark.parametrize("include_seen", [False, True])
def test_people_without_a_vector_get_what_is_popular_whatever_weight_popularity_has(
    include_seen: bool,
) -> None:
    """What they had comes first or not at all, as for everybody; then what is popular, and it says so."""
    random = np.random.default_rng(8)
    model = _indifferent(_model(random, 700, near=20, popular=20))
    order = model.popularity.order.tolist()
    had = np.sort(random.choice(700, 6, replace=False))
    people = UserBatch(
        np.vstack([np.zeros((2, 6)), random.standard_normal((1, 6))]).astype(np.float32),
        np.array([False, False, True]),
        Ragged(np.array([0, 0, 6, 6]), had),
        np.arange(1, 7, dtype=np.float32),
    )
    found = rank(model, people, 30, include_seen=include_seen)
    assert found.rows[0].tolist() == order[:30]
    assert {found.reason(0, place) for place in range(30)} == {Reason.POPULAR_NOW}
    own = had[::-1].tolist() if include_seen else []
    others = [row for row in order if row not in had]
    assert found.rows[1].tolist() == [*own, *others][:30]
    assert {found.reason(1, place) for place in range(len(own), 30)} == {Reason.POPULAR_NOW}
    assert found.rows[2].tolist() != order[:30]


def test_of_equal_scores_the_more_popular_item_comes_first(artifact_folder: Path, tenant: Tenant) -> None:
    """Far below the most popular item the popularity term is 0 for all; their order is still known."""
    artifact = load_artifact(artifact_folder, tenant)
    trend = 2000.0 - np.arange(60)[::-1] * 100.0
    fresh = Popularity.of(trend, artifact.ranking.popularity_span)
    nobody = UserBatch.one(artifact.items, 8, None)
    found = rank(artifact, nobody, 60, include_seen=False, popularity=fresh)
    assert found.rows[0].tolist() == list(range(59, -1, -1))


def test_fresher_popularity_changes_the_answer(artifact_folder: Path, tenant: Tenant) -> None:
    artifact = load_artifact(artifact_folder, tenant)
    trend = np.full(60, 2000.0)
    trend[41] = 2010.0
    fresh = Popularity.of(trend, artifact.ranking.popularity_span)
    nobody = UserBatch.one(artifact.items, 8, None)
    assert rank(artifact, nobody, 1, include_seen=False, popularity=fresh).rows.tolist() == [[41]]


def test_history_of_items_that_are_gone_does_no_harm(artifact_folder: Path, tenant: Tenant) -> None:
    artifact = load_artifact(artifact_folder, tenant)
    person = UserBatch.one(artifact.items, 8, [0.1] * 8, ["gone", "item-004", "item-004"], [9.0, 2.0, 1.0])
    assert person.history.rows.tolist() == [4]
    shown = rank(artifact, person, 60, include_seen=False).rows[0]
    assert 4 not in shown
    again = rank(artifact, person, 60, include_seen=True)
    place = again.rows[0].tolist().index(4)
    assert again.reason(0, place) is Reason.BOUGHT_BEFORE


def test_k_below_one_is_refused(artifact_folder: Path, tenant: Tenant) -> None:
    artifact = load_artifact(artifact_folder, tenant)
    with pytest.raises(InvalidInputError):
        rank(artifact, UserBatch.one(artifact.items, 8, None), 0, include_seen=True)


def test_every_reason_has_a_sentence() -> None:
    assert set(REASONS) == set(Reason)
    assert all(reason.sentence.endswith(".") for reason in Reason)


@given(st.lists(st.floats(min_value=1, max_value=1e6), min_size=1, max_size=30), st.integers(0, 5_000))
def test_popularity_does_not_depend_on_todays_date(weights: list[float], days: int) -> None:
    trend = np.log2(np.array(weights))
    now, later = Popularity.of(trend, _SPAN), Popularity.of(trend + days / 7, _SPAN)
    np.testing.assert_allclose(now.term, later.term, atol=1e-4)
    assert now.term.max() == pytest.approx(1.0, abs=1e-6)
    assert (now.term >= 0).all()
