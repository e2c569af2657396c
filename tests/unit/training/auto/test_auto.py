"""Auto: what it picks, that noise does not pick, that the budget is kept, and that the seed fixes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from recolake.errors import InvalidInputError
from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from training.auto.blend import weigh
from training.auto.budget import Budget
from training.auto.choice import Choice, pick
from training.auto.facts import Facts
from training.auto.ladder import LADDER, NAMES, SECOND_STAGE, rungs
from training.auto.pool import Pool, pool, standardised
from training.auto.run import BLEND, RICH_BLEND, Chosen, choose
from training.auto.rung import Cost, Knob, Rung, Tools
from training.auto.trial import Bench
from training.benchmark.log import Catalogue, Clock, Log
from training.benchmark.problem import Problem, Target, pose
from training.benchmark.ranking import ranked
from training.datasets.interactions import Interactions
from training.models.popularity.model import Popularity

USERS, ITEMS, GROUPS, EVENTS = 120, 120, 4, 24


def _world(seed: int, clock: Clock = Clock.NONE, target: Target = Target.NEW) -> tuple[Problem, Problem]:
    """People of four groups take the items of theirs: a problem with most of it, and one with half."""
    random = np.random.default_rng(seed)
    user = np.repeat(np.arange(USERS), EVENTS)
    item = random.integers(ITEMS // GROUPS, size=len(user)) * GROUPS + user % GROUPS
    item = np.where(random.random(len(user)) < 0.2, random.integers(ITEMS, size=len(user)), item)
    time = np.zeros(len(user))
    if clock is Clock.TIMES:
        time = np.sort(random.random((USERS, EVENTS)), axis=1).ravel() * 1e7
    log = Log(user, item, time, clock)
    late = np.tile(np.arange(EVENTS), USERS)
    catalogue = Catalogue(np.arange(USERS), np.arange(ITEMS))
    test = pose(catalogue, log.take(late < 18), log.take(late >= 18), target)
    valid = pose(catalogue, log.take(late < 12), log.take((late >= 12) & (late < 18)), target)
    return test, valid


def _chosen(name: str, test: Problem, valid: Problem | None, budget: Budget, seed: int = 0) -> Chosen:
    return choose(rungs(name), test, valid, (10,), budget, Tools(seed), lambda message: None)


@pytest.fixture(scope="module")
def auto() -> tuple[Problem, Chosen]:
    test, valid = _world(0)
    return test, _chosen("auto", test, valid, Budget(600))


def test_auto_beats_popularity_and_says_what_else_it_tried(auto: tuple[Problem, Chosen]) -> None:
    _, found = auto
    by_name = {choice.name: choice.mean for choice in found.leaderboard}
    assert {"popularity", "itemknn", "ease", "graph-filter", "mf"} <= set(by_name)
    assert found.choice.name not in ("popularity", "own-frequency")
    assert (found.choice.mean or 0) > 1.5 * (by_name["popularity"] or 0)
    assert found.skipped["recent"] == "it needs timestamps"
    means = [trial.mean for trial in found.trials]
    assert means == sorted(means, reverse=True)


def test_the_choice_is_fitted_to_all_of_train(auto: tuple[Problem, Chosen]) -> None:
    test, found = auto
    rows = ranked(test, found.choice.fit(test, Tools(0)), test.measured, 5)
    assert (rows % GROUPS == (test.measured % GROUPS)[:, None]).mean() > 0.8


def test_the_same_seed_picks_the_same(auto: tuple[Problem, Chosen]) -> None:
    test, valid = _world(0)
    again = _chosen("auto", test, valid, Budget(600))
    assert again.choice.described() == auto[1].choice.described()
    assert [t.described()["ndcg"] for t in again.trials] == [t.described()["ndcg"] for t in auto[1].trials]


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("clock", Clock)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "auto"])
def test_every_model_can_be_asked_for_alone(name: str, clock: Clock, target: Target) -> None:
    test, valid = _world(1, clock, target)
    ladder = rungs(name)
    if ladder[0].refuses(Facts.of(test)):
        with pytest.raises(InvalidInputError, match=r"it needs (timestamps|an order of events|--items)"):
            _chosen(name, test, valid, Budget(600))
        return
    found = _chosen(name, test, valid, Budget(4))
    assert found.choice.name == name
    scores = found.choice.fit(test, Tools(0))(np.array([3, 0, 3]))
    assert scores.shape == (3, ITEMS)
    assert np.isfinite(scores).all()


def test_where_people_return_to_their_own_items_their_own_frequency_is_picked() -> None:
    random = np.random.default_rng(2)
    user = np.repeat(np.arange(USERS), EVENTS)
    own = random.integers(ITEMS, size=(USERS, 6))
    item = own[user, random.integers(6, size=len(user))]
    time = np.tile(np.arange(EVENTS) * 86_400.0, USERS)
    log, late = Log(user, item, time, Clock.TIMES), np.tile(np.arange(EVENTS), USERS)
    catalogue = Catalogue(np.arange(USERS), np.arange(ITEMS))
    test = pose(catalogue, log.take(late < 18), log.take(late >= 18), Target.ALL)
    valid = pose(catalogue, log.take(late < 12), log.take((late >= 12) & (late < 18)), Target.ALL)
    found = _chosen("auto", test, valid, Budget(600))
    assert any(part.name == "own-frequency" or "habit" in part.name for part in found.choice.parts)


def test_no_trial_is_begun_that_the_budget_has_no_time_for() -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.01
        return now

    test, valid = _world(0)
    found = _chosen("auto", test, valid, Budget(2.0, clock))
    assert now < 2.2
    assert found.skipped
    assert found.choice.fit(test, Tools(0))(test.measured).shape == (len(test.measured), ITEMS)


def test_a_model_alone_leaves_time_for_its_final_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    class Slow(Popularity):
        def fit(self, interactions: Interactions, as_of: int) -> Slow:
            nonlocal now
            now += 10.0
            return super().fit(interactions, as_of)

    class Endless(BaseModel):
        model_config = ConfigDict(frozen=True)
        size: int = 0

    monkeypatch.setattr("training.auto.trial.time.perf_counter", lambda: now)
    knob = Knob("size", tuple(range(100)))
    rung = Rung("slow", Cost.DEEP, lambda c, t: Slow(), lambda f: Endless(), lambda f: (knob,))
    test, valid = _world(0)
    # Any value of the knob helps a little.
    values = iter(np.linspace(0.1, 0.9, 100))
    monkeypatch.setattr(Bench, "measured", lambda self, score: np.full(USERS, next(values)))
    found = choose((rung,), test, valid, (10,), Budget(95, lambda: now), Tools(0), lambda message: None)
    assert len(found.trials) > 2
    found.choice.fit(test, Tools(0))
    assert now <= 95


def test_a_trial_that_finds_the_costly_part_done_is_priced_as_that_and_the_final_fit_is_not() -> None:
    budget = Budget(600, lambda: 0.0)
    budget.learn("filter", work=100.0, fit=50.0, rank=2.0)
    assert budget.predicted("filter", 100.0) > 50
    assert budget.predicted("filter", 100.0, again=True) < 50
    budget.learn("filter", work=100.0, fit=0.5, rank=2.0, again=True)
    assert budget.predicted("filter", 100.0, again=True) < 5
    assert budget.whole_fit("filter", 200.0) == pytest.approx(100.0)


def test_without_validation_data_the_cheapest_model_is_taken_as_it_comes() -> None:
    test, _ = _world(0)
    assert _chosen("auto", test, None, Budget(600)).choice.name == "popularity"
    assert _chosen("mf", test, None, Budget(600)).choice.name == "mf"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInputError) as raised:
        rungs("word2vec")
    assert all(name in raised.value.hint for name in NAMES)


def test_names_are_unique_and_the_ladder_stands_cheapest_first() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert [rung.cost for rung in LADDER] == sorted(rung.cost for rung in LADDER)


def test_noise_does_not_pick_a_dearer_model_but_a_real_gain_does() -> None:
    random = np.random.default_rng(0)
    values = random.random(400)
    cheap = Choice("cheap", (), 0, values)
    noisy = Choice("noisy", (), 2, values + random.normal(0.004, 0.3, 400))
    better = Choice("better", (), 2, values + random.normal(0.05, 0.1, 400))
    assert pick([noisy, cheap], seed=0) is cheap
    assert pick([better, noisy, cheap], seed=0) is better


def test_a_blend_finds_two_halves_of_the_truth() -> None:
    test, _ = _world(5)
    random = np.random.default_rng(1)
    truth = np.zeros((USERS, ITEMS), np.float32)
    truth[test.truth.owners, test.truth.rows] = 1
    noise = random.random((3, USERS, ITEMS)).astype(np.float32)
    half = np.arange(ITEMS) % 2
    parts = [noise[0] + truth * half, noise[1] + truth * (1 - half), noise[2]]
    known = test.people > 0
    bench = pool(test, [lambda users, p=p: standardised(p[users].copy(), known) for p in parts], 3)  # type: ignore[misc]
    found = weigh(bench, (10,), range(3), lambda: 1.0)
    assert {part.number for part in found.parts} >= {0, 1}
    alone = max(float(bench.quality(bench.scores[n], (10,)).mean()) for n in range(3))
    assert found.quality.mean() > 1.2 * alone


def test_the_pool_measures_what_the_full_ranking_measures() -> None:
    from training.benchmark.measures import quality

    test, _ = _world(6)
    scores = np.random.default_rng(0).random((USERS, ITEMS)).astype(np.float32)
    bench: Pool = pool(test, [lambda users: scores[users].copy()], 1)
    rows = ranked(test, lambda users: scores[users].copy(), test.measured, 20)
    expected = quality(test, rows, test.measured, (5, 20))
    np.testing.assert_allclose(bench.quality(bench.scores[0], (5, 20)), expected)


def test_blend_is_no_name_of_a_model() -> None:
    assert BLEND not in NAMES
    assert RICH_BLEND not in NAMES


def test_a_second_stage_needs_timestamps_and_candidates_of_its_own() -> None:
    rung = rungs(SECOND_STAGE)[0]
    timed, _ = _world(7, Clock.TIMES)
    assert rung.refuses(Facts.of(timed)) is None
    everything = np.arange(ITEMS)
    given = replace(timed, candidates=Ragged(np.arange(USERS + 1) * ITEMS, np.tile(everything, USERS)))
    assert "is given" in (rung.refuses(Facts.of(given)) or "")
    assert "timestamps" in (rung.refuses(Facts.of(_world(7, Clock.STEPS)[0])) or "")


def test_the_blend_without_a_second_stage_stands_beside_the_one_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second stage knows the answer here, so both the ladder and the blend find it worth its cost."""
    test, valid = _world(8, Clock.TIMES)
    truth = np.zeros((USERS, ITEMS), np.float32)
    truth[valid.truth.owners, valid.truth.rows] = np.random.default_rng(0).random(len(valid.truth.rows)) > 0.3

    class Knows(Popularity):
        def scores(self, users: IntArray) -> FloatArray:
            return truth[users].copy()

    knows = replace(rungs(SECOND_STAGE)[0], make=lambda config, tools: Knows())
    ladder = (*(rung for rung in LADDER if rung.name in ("popularity", "itemknn")), knows)
    found = choose(ladder, test, valid, (10,), Budget(600), Tools(0), lambda message: None)
    parts = {choice.name: {part.name for part in choice.parts} for choice in found.leaderboard}
    assert SECOND_STAGE not in parts.get(BLEND, set())
    assert SECOND_STAGE in parts[RICH_BLEND]
    assert SECOND_STAGE in {part.name for part in found.choice.parts}


def test_a_second_stage_that_is_no_better_is_not_picked() -> None:
    test, valid = _world(9, Clock.TIMES)
    useless = replace(rungs(SECOND_STAGE)[0], make=lambda config, tools: Popularity())
    ladder = (*(rung for rung in LADDER if rung.name in ("popularity", "itemknn")), useless)
    found = choose(ladder, test, valid, (10,), Budget(600), Tools(0), lambda message: None)
    assert SECOND_STAGE not in {part.name for part in found.choice.parts}
