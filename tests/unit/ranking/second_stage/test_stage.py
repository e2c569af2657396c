"""The second stage decides the order of the best, of those alone, and for people of whom it knows enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recolake.ranking.items import Items
from recolake.ranking.ranker import candidate_terms, rank
from recolake.ranking.rerank import blend
from recolake.ranking.rules.rules import Boost, Rules
from recolake.ranking.second_stage.features import FEATURES, Measured
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.shortlist import Shortlist
from recolake.ranking.users import Habits, UserBatch


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), include_seen=st.booleans())
def test_it_orders_the_best_of_the_first_stage_and_leaves_the_others_below_as_they_were(
    make_world: Callable[[int], Any], seed: int, include_seen: bool
) -> None:
    world = make_world(seed)
    depth, everything = world.stage.depth, len(world.model.vectors)
    first = rank(replace(world.model, second_stage=None), world.people, everything, include_seen=include_seen)
    both = rank(world.model, world.people, depth, include_seen=include_seen)
    for user in range(1, len(world.people)):
        assert set(both.rows[user]) == set(first.rows[user, :depth])
        assert (np.diff(both.scores[user]) <= 0).all()
    assert (both.rows[1:] != first.rows[1:, :depth]).any()


def test_what_it_did_not_look_at_follows_in_the_order_of_the_first_stage(world: Any) -> None:
    found = candidate_terms(world.model, world.people, world.stage.depth, include_seen=True)
    scores = blend(found, world.model.ranking.all_items)
    placed = world.stage.reordered(
        world.people, found, scores, include_seen=True, warm=len(world.model.vectors)
    )
    for user in range(1, len(world.people)):
        order = np.lexsort((found.place[user], -scores[user]))
        order = order[np.isfinite(scores[user][order])]
        listed, others = order[: world.stage.depth], order[world.stage.depth :]
        assert len(others)
        assert placed[user, listed].min() > placed[user, others].max()
        assert (np.diff(placed[user, others]) <= 1e-5).all()
    np.testing.assert_array_equal(np.isneginf(placed), np.isneginf(scores))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), warm=st.integers(1, 60))
def test_what_nobody_met_keeps_the_place_that_the_first_stage_gave_it(
    make_world: Callable[[int], Any], seed: int, warm: int
) -> None:
    world = make_world(seed)
    depth = world.stage.depth
    found = candidate_terms(world.model, world.people, depth, include_seen=True)
    scores = blend(found, world.model.ranking.all_items)
    placed = world.stage.reordered(world.people, found, scores, include_seen=True, warm=warm)
    before, after = (np.lexsort((found.place, -each), axis=1)[:, :depth] for each in (scores, placed))
    for user in range(1, len(world.people)):
        assert set(before[user]) == set(after[user])
        unmet = found.rows[user, before[user]] >= warm
        np.testing.assert_array_equal(before[user][unmet], after[user][unmet])


@pytest.mark.parametrize("include_seen", [False, True])
def test_who_has_no_history_or_no_dates_in_it_gets_what_the_first_stage_says(
    world: Any, include_seen: bool
) -> None:
    first = rank(replace(world.model, second_stage=None), world.people, 10, include_seen=include_seen)
    both = rank(world.model, world.people, 10, include_seen=include_seen)
    np.testing.assert_array_equal(both.scores[0], first.scores[0])
    undated = rank(world.model, replace(world.people, habits=None), 10, include_seen=include_seen)
    np.testing.assert_array_equal(undated.scores, first.scores)


def test_a_question_that_it_does_not_answer_is_left_to_the_first_stage(world: Any) -> None:
    only_new = replace(world.model, second_stage=replace(world.stage, all_items=None))
    first = replace(world.model, second_stage=None)
    for include_seen, same in ((True, True), (False, False)):
        found, expected = (rank(m, world.people, 10, include_seen=include_seen) for m in (only_new, first))
        assert np.array_equal(found.rows, expected.rows) is same


def test_somebody_served_alone_gets_what_evaluation_gives_them_among_all(world: Any) -> None:
    """From lists as the online store has them: newest first, weights on a scale of their own."""
    count, today = len(world.model.vectors), world.stage.catalogue.as_of
    items = Items(tuple(f"i{n}" for n in range(count)), ("",) * count, ({},) * count)
    together = rank(world.model, world.people, 10, include_seen=True)
    assert world.people.habits is not None
    for user in range(len(world.people)):
        own = slice(*world.people.history.offsets[user : user + 2].tolist())
        habits, rows = world.people.habits.at(own), world.people.history.rows[own]
        newest = np.argsort(-habits.last, kind="stable")
        alone = UserBatch.one(
            items,
            world.people.vectors.shape[1],
            world.people.vectors[user],
            ["gone", *(items.ids[row] for row in rows[newest])],
            [9.0, *(world.people.weights[own][newest] * 0.3).tolist()],
            Habits.of(
                *([today, *part[newest].tolist()] for part in (habits.days, habits.first, habits.last))
            ),
        )
        found = rank(world.model, alone, 10, include_seen=True)
        np.testing.assert_allclose(found.scores[0], together.scores[user], atol=1e-4)


def test_a_lists_day_is_the_catalogues_or_the_persons_last_and_no_clock_says(world: Any) -> None:
    """Whoever did something after the model was made is as many days further in everything."""
    found = candidate_terms(world.model, world.people, world.stage.depth, include_seen=True)
    listed = Shortlist.of(found, blend(found, world.model.ranking.all_items), world.stage.depth)
    habits = world.people.habits
    assert habits is not None
    later = replace(world.people, habits=replace(habits, last=habits.last + 365, first=habits.first + 365))
    ages = [FEATURES.index(name) for name in ("own since", "own since first", "user tenure")]
    now, then = (
        Measured.of(world.stage.catalogue, people, found, listed).table(world.stage.catalogue)[1:, :, ages]
        for people in (world.people, later)
    )
    newest = np.array(
        [habits.last[world.people.history.owners == user].max() for user in range(1, len(world.people))]
    )
    assert np.nanmax(then[:, :, 0]) <= np.nanmax(now[:, :, 0])
    np.testing.assert_array_equal(
        now - then, np.where(np.isnan(now), np.nan, (world.stage.catalogue.as_of - newest)[:, None, None])
    )


@pytest.mark.parametrize(("history", "dates"), [(["i1", "i2"], 1), (["i1"], 2), ([], 1)])
def test_dates_that_do_not_go_with_the_history_are_left_out(history: list[str], dates: int) -> None:
    items = Items(("i1", "i2"), ("", ""), ({}, {}))
    habits = Habits.of([1] * dates, [5] * dates, [5] * dates)
    assert UserBatch.one(items, 2, None, history, [1.0] * len(history), habits).habits is None
    assert Habits.of([1], [5], []) is None


def test_networks_say_the_mean_of_their_members_whatever_is_asked_beside(world: Any) -> None:
    networks = world.stage.all_items
    assert networks is not None
    random = np.random.default_rng(0)
    asked = random.standard_normal((50, len(world.stage.features))).astype(np.float32) * 10
    asked[random.random(asked.shape) < 0.2] = np.nan
    together = networks.score(asked)
    alone = [networks.score(asked[row : row + 1])[0] for row in range(50)]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)
    members = [
        Networks(
            networks.scaling,
            [w[m : m + 1] for w in networks.weights],
            [b[m : m + 1] for b in networks.biases],
        )
        for m in range(3)
    ]
    np.testing.assert_allclose(
        together, np.mean([m.score(asked) for m in members], axis=0), rtol=1e-4, atol=1e-4
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1_000), include_seen=st.booleans(), k=st.integers(1, 70), ruled=st.booleans())
def test_everybody_gets_from_a_batch_what_they_get_alone_to_the_last_digit(
    make_world: Callable[[int], Any], seed: int, include_seen: bool, k: int, ruled: bool
) -> None:
    """With few candidates of each, so that whoever has a longer history beside them would bring them more."""
    world, random = make_world(seed), np.random.default_rng(seed)
    config = world.model.ranking.model_copy(update={"nearest": 5, "popular": 4})
    model = replace(world.model, ranking=config)
    undated = replace(world.people.habits, days=world.people.habits.days * (world.people.history.owners != 3))
    people = replace(world.people, has_vector=random.random(len(world.people)) < 0.8, habits=undated)
    people.vectors[~people.has_vector] = 0
    rules = None
    if ruled:
        shown, lifted = random.random((2, len(model.vectors))) < 0.5
        rules = Rules(eligible=shown, boosts=(Boost(lifted, 1.5),))
    together = rank(model, people, k, include_seen=include_seen, rules=rules)
    for user in range(len(people)):
        alone = rank(model, people.slice(user, user + 1), k, include_seen=include_seen, rules=rules)
        np.testing.assert_array_equal(alone.rows[0], together.rows[user])
        np.testing.assert_array_equal(alone.scores[0], together.scores[user])
        np.testing.assert_array_equal(alone.reasons[0], together.reasons[user])


def test_where_rules_leave_nothing_to_show_nothing_is_shown(world: Any) -> None:
    nothing = Rules(eligible=np.zeros(len(world.model.vectors), dtype=np.bool_))
    assert (rank(world.model, world.people, 5, include_seen=True, rules=nothing).rows == -1).all()
