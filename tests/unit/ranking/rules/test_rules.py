"""What a list under rules promises, whatever the rules, the people and the index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recolake.ranking import retrieval
from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import build
from recolake.ranking.manifest import BlendWeights, RankingConfig
from recolake.ranking.model import VectorModel
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.rules.rules import Boost, Diversity, Promotion, Rules
from recolake.ranking.users import UserBatch

DIMENSION = 6


def _model(random: np.random.Generator, items: int, depth: int = 20, kind: Kind = Kind.FLAT) -> VectorModel:
    weights = BlendWeights(vector=1.0, popularity=0.7, own=1.5)
    config = RankingConfig(new_items=weights, all_items=weights, nearest=depth, popular=depth)
    trend = np.where(random.random(items) < 0.1, -np.inf, 2800 + 3 * random.standard_normal(items))
    model = VectorModel.of(random.standard_normal((items, DIMENSION)).astype(np.float32), trend, config)
    return replace(model, index=build(kind, model.vectors))


def _people(random: np.random.Generator, users: int, items: int) -> UserBatch:
    lengths = random.integers(0, min(items, 9), users)
    rows = [np.sort(random.choice(items, size=n, replace=False)) for n in lengths]
    known = random.random(users) < 0.7
    vectors = random.standard_normal((users, DIMENSION)) * known[:, None]
    flat = np.concatenate([np.empty(0, np.int64), *rows]).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    weights = (random.random(len(flat)) + 0.1).astype(np.float32)
    return UserBatch(vectors.astype(np.float32), known, Ragged(offsets, flat), weights)


def _rules(random: np.random.Generator, items: int) -> Rules:
    def mask() -> np.ndarray:
        return random.random(items) < random.random()

    shares = random.dirichlet(np.ones(3))[: int(random.integers(0, 3))]
    groups = random.integers(-1, 5, items).astype(np.int32)
    diversity = [
        None,
        Diversity(float(random.random())),
        Diversity(float(random.random()), groups, most=int(random.integers(1, 4))),
    ][int(random.integers(0, 3))]
    return Rules(
        eligible=mask() if random.random() < 0.7 else None,
        boosts=tuple(Boost(mask(), factor) for factor in (3.0, 0.2)[: int(random.integers(0, 3))]),
        promotions=tuple(Promotion(mask(), float(share)) for share in shares),
        diversity=diversity,
    )


@given(seed=st.integers(0, 10_000), k=st.integers(1, 30), include_seen=st.booleans())
@example(seed=23, k=1, include_seen=False)  # nothing is eligible
@settings(max_examples=80)
def test_the_promises_of_a_list(seed: int, k: int, include_seen: bool) -> None:
    """It holds what is eligible, each once; k of them where there are; caps and shares are kept."""
    random = np.random.default_rng(seed)
    items = int(random.integers(1, 300))
    model, people, rules = _model(random, items), _people(random, 3, items), _rules(random, items)
    found = rank(model, people, k, include_seen=include_seen, rules=rules)
    assert found.acted is not None
    assert found.rows.shape == found.acted.shape == (3, k)
    eligible = np.ones(items, np.bool_) if rules.eligible is None else rules.eligible
    for user in range(3):
        shown = found.rows[user][found.rows[user] >= 0]
        may = eligible.copy()
        if not include_seen:
            may[people.history.slice(user, user + 1).rows] = False
        assert len(set(shown.tolist())) == len(shown)
        assert may[shown].all()
        assert (found.acted[user, len(shown) :] == 0).all()
        possible, group = int(may.sum()), rules.diversity and rules.diversity.groups
        if rules.diversity and rules.diversity.most and group is not None:
            counts = np.bincount(group[may] + 1, minlength=1)
            possible = int(counts[0] + np.minimum(counts[1:], rules.diversity.most).sum())
            assert np.bincount(group[shown] + 1, minlength=2)[1:].max() <= rules.diversity.most
        assert len(shown) == min(k, possible)
        if rules.diversity is None:
            for promotion in rules.promotions:
                held = np.cumsum(promotion.holds[shown])
                owed = np.floor(promotion.share * np.arange(1, len(shown) + 1) + 1e-9)
                others = [p.holds for p in rules.promotions if p is not promotion]
                alone = may & promotion.holds & ~np.logical_or.reduce([np.zeros(items, np.bool_), *others])
                assert (held >= np.minimum(owed, alone.sum())).all()


@given(seed=st.integers(0, 10_000), include_seen=st.booleans())
@settings(max_examples=40)
def test_rules_that_ask_for_nothing_change_nothing(seed: int, include_seen: bool) -> None:
    random = np.random.default_rng(seed)
    items = int(random.integers(1, 200))
    model, people = _model(random, items), _people(random, 3, items)
    plain = rank(model, people, 10, include_seen=include_seen)
    everything = np.ones(items, np.bool_)
    for rules in (
        Rules(),
        Rules(boosts=(Boost(everything, 1.0),)),
        Rules(promotions=(Promotion(everything, 1.0),)),
        Rules(diversity=Diversity(0.0)),
        Rules(diversity=Diversity(0.0, np.zeros(items, np.int32), most=1_000)),
    ):
        found = rank(model, people, 10, include_seen=include_seen, rules=rules)
        assert found.rows.tolist() == plain.rows.tolist()
        assert found.scores.tolist() == plain.scores.tolist()
        assert found.reasons.tolist() == plain.reasons.tolist()
        assert found.acted is not None
        assert not found.acted.any()


@given(seed=st.integers(0, 10_000), include_seen=st.booleans())
@settings(max_examples=40)
def test_a_filtered_list_is_ordered_by_the_definition_of_the_score(seed: int, include_seen: bool) -> None:
    """Here everything eligible is a candidate; the vector's term is relative to the best of them."""
    random = np.random.default_rng(seed)
    items = int(random.integers(5, 120))
    model, people = _model(random, items, depth=500), _people(random, 2, items)
    eligible = random.random(items) < 0.4
    found = rank(model, people, items, include_seen=include_seen, rules=Rules(eligible))
    weights = model.ranking.all_items
    for user in range(2):
        one = people.slice(user, user + 1)
        own = dict(zip(one.history.rows.tolist(), one.weights.tolist(), strict=True))
        product = model.vectors @ people.vectors[user]
        best = max(1e-9, abs(float(product[eligible].max(initial=0 if not eligible.any() else -np.inf))))
        expected = [
            weights.vector * float(product[row]) / best
            + weights.popularity * float(model.popularity.term[row])
            + weights.own * own.get(row, 0.0) / max(own.values(), default=1.0)
            for row in np.flatnonzero(eligible).tolist()
            if include_seen or row not in own
        ]
        scores = found.scores[user][found.rows[user] >= 0]
        np.testing.assert_allclose(scores, sorted(expected, reverse=True), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [Kind.FLAT, Kind.IVF_FLAT, Kind.IVF_SQ8])
@pytest.mark.parametrize("share", [0.3, 0.01, 0.002])
def test_the_best_of_a_large_filtered_catalogue_are_found(
    kind: Kind, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the index as long as it finds enough, else exactly; -1 never gets through."""
    monkeypatch.setattr(retrieval, "_MOST_COMPARED", 10)
    random = np.random.default_rng(3)
    model, people = _model(random, 6_000, depth=5, kind=kind), _people(random, 20, 6_000)
    eligible = np.zeros(6_000, np.bool_)
    # All in one corner, where an inverted file has most of them in few lists.
    eligible[np.argsort(model.vectors[:, 0])[: int(6_000 * share)]] = True
    found = rank(model, people, 10, include_seen=False, rules=Rules(eligible))
    exact = rank(
        replace(model, index=build(Kind.FLAT, model.vectors)),
        people,
        10,
        include_seen=False,
        rules=Rules(eligible),
    )
    assert (found.rows >= 0).sum() == (exact.rows >= 0).sum() > 0
    assert eligible[found.rows[found.rows >= 0]].all()
    same = np.mean(
        [len(set(a) & set(b)) / 10 for a, b in zip(found.rows.tolist(), exact.rows.tolist(), strict=True)]
    )
    assert same > 0.9


def test_a_boost_lifts_from_below_the_candidates_and_from_below_zero() -> None:
    random = np.random.default_rng(4)
    model, people = _model(random, 500, depth=5), _people(random, 1, 500)
    worst = rank(model, people, 500, include_seen=True).rows[0][-1]
    boosted = np.arange(500) == worst
    up = rank(model, people, 10, include_seen=True, rules=Rules(boosts=(Boost(boosted, 100.0),)))
    plain = rank(model, people, 500, include_seen=True, rules=Rules(boosts=(Boost(boosted, 1.0),)))
    score = dict(zip(plain.rows[0].tolist(), plain.scores[0].tolist(), strict=True))[int(worst)]
    place = rank(model, people, 500, include_seen=True, rules=Rules(boosts=(Boost(boosted, 100.0),)))
    after = dict(zip(place.rows[0].tolist(), place.scores[0].tolist(), strict=True))[int(worst)]
    assert after == pytest.approx(score * 100 if score > 0 else score / 100, rel=1e-5)
    assert after >= score
    assert up.rows.shape == (1, 10)


def test_lowering_most_of_a_catalogue_lets_the_others_come_up() -> None:
    random = np.random.default_rng(5)
    model, people = _model(random, 2_000, depth=5), _people(random, 1, 2_000)
    rare = np.zeros(2_000, np.bool_)
    rare[model.popularity.order[-20:]] = True
    lowered = Rules(boosts=(Boost(~rare, 0.001),))
    found = rank(model, people, 10, include_seen=False, rules=lowered)
    assert rare[found.rows[0]].sum() >= 5


def test_more_diversity_makes_a_list_less_alike_and_the_first_item_stays() -> None:
    random = np.random.default_rng(6)
    model, people = _model(random, 400, depth=400), _people(random, 8, 400)
    directions = model.vectors / np.linalg.norm(model.vectors, axis=1, keepdims=True)

    def alike(rows: np.ndarray) -> float:
        likeness = directions[rows] @ directions[rows].T
        return float((likeness.sum() - len(rows)) / (len(rows) * (len(rows) - 1)))

    means = []
    first = rank(model, people, 1, include_seen=False).rows
    for strength in (0.0, 0.5, 1.0):
        found = rank(model, people, 10, include_seen=False, rules=Rules(diversity=Diversity(strength)))
        assert (found.rows[:, :1] == first).all()
        means.append(np.mean([alike(rows) for rows in found.rows]))
    assert means[0] > means[1] > means[2]


def test_a_list_is_the_greedy_one_of_carbonell_and_goldstein() -> None:
    """Against the definition, item by item."""
    random = np.random.default_rng(7)
    model, people = _model(random, 60, depth=500), _people(random, 4, 60)
    directions = (model.vectors / np.linalg.norm(model.vectors, axis=1, keepdims=True)).astype(np.float64)
    for user in range(4):
        one = people.slice(user, user + 1)
        plain = rank(model, one, 60, include_seen=True)
        score = {row: float(s) for row, s in zip(plain.rows[0].tolist(), plain.scores[0], strict=True)}
        low, high = min(score.values()), max(score.values())
        chosen: list[int] = []
        for _ in range(8):
            chosen.append(
                max(
                    (row for row in score if row not in chosen),
                    key=lambda row: (
                        0.6 * (score[row] - low) / (high - low)
                        - 0.4 * max((float(directions[row] @ directions[c]) for c in chosen), default=0.0)
                    ),
                )
            )
        found = rank(model, one, 8, include_seen=True, rules=Rules(diversity=Diversity(0.4)))
        assert found.rows[0].tolist() == chosen


def test_an_answer_says_which_rule_acted_on_an_item() -> None:
    random = np.random.default_rng(8)
    model, nobody = _model(random, 40, depth=40), _people(random, 1, 40)
    nobody = UserBatch(
        nobody.vectors * 0,
        nobody.has_vector & False,
        Ragged(np.zeros(2, np.int64), np.empty(0, np.int64)),
        np.empty(0, np.float32),
    )
    order = model.popularity.order
    last = np.isin(np.arange(40), order[-3:])
    groups = np.where(np.isin(np.arange(40), order[:10]), 0, -1).astype(np.int32)
    rules = Rules(
        boosts=(Boost(np.arange(40) == order[0], 2.0),),
        promotions=(Promotion(last, 0.25),),
        diversity=Diversity(0.0, groups, most=2),
    )
    found = rank(model, nobody, 8, include_seen=False, rules=rules)
    assert found.acted is not None
    names = [rules.names(int(bits)) for bits in found.acted[0]]
    assert found.rows[0].tolist() == [order[0], order[1], order[10], order[-3], *order[11:14], order[-2]]
    assert names == [
        ["boosts.0"],
        [],
        ["diversity"],
        ["promotions.0"],
        *[["diversity"]] * 3,
        ["promotions.0"],
    ]
