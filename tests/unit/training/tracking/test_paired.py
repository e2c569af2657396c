"""Two runs are compared person by person, and only where they foresaw the same days."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.config import MF, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.evaluation.protocol import Target
from training.experiment import run_experiment
from training.models.matrix_factorization.config import Config
from training.tracking.paired import Paired, differences


def _paired(people: str, ndcg: list[float], window: tuple[int, int] = (10, 20)) -> Paired:
    return Paired(window, {Target.NEW_ITEMS: np.array(list(people))}, {Target.NEW_ITEMS: np.array(ndcg)})


def test_differences_are_of_the_people_that_both_know() -> None:
    found = differences(_paired("abc", [0.1, 0.2, 0.9]), _paired("bcd", [0.5, 1.0, 0.0]))
    assert found.keys() == {Target.NEW_ITEMS}
    difference = found[Target.NEW_ITEMS]
    assert difference.people == 2
    assert difference.estimate.value == pytest.approx(0.2)
    assert difference.estimate.low <= 0.2 <= difference.estimate.high


def test_other_days_or_nobody_in_common_give_no_difference() -> None:
    one = _paired("ab", [0.1, 0.2])
    assert differences(one, _paired("ab", [0.1, 0.2], window=(11, 21))) == {}
    assert differences(one, _paired("cd", [0.1, 0.2])) == {}


def test_pairing_takes_out_what_people_have_in_common() -> None:
    random = np.random.default_rng(0)
    ease = random.random(200)
    names = np.array([f"p{number:03}" for number in range(200)])
    one = Paired((0, 1), {Target.ALL_ITEMS: names}, {Target.ALL_ITEMS: ease})
    other = replace(one, ndcg={Target.ALL_ITEMS: ease + 0.01})
    assert differences(one, other)[Target.ALL_ITEMS].estimate.low > 0


def test_what_is_written_down_is_read_again_and_averages_to_the_recorded_figure(
    world: Dataset, tmp_path: Path
) -> None:
    config = ModelConfig(
        algorithm=Algorithm(name=MF, settings=Config(factors=4, iterations=2)), ranking=START
    )
    experiment = run_experiment(world, 0, lambda _: None, config)
    paired = Paired.of(experiment)
    assert paired is not None
    path = tmp_path / "paired.npz"
    path.write_bytes(paired.to_bytes())
    found = Paired.read(path)
    assert found.window == paired.window
    for target in Target:
        np.testing.assert_array_equal(found.people[target], paired.people[target])
        value = experiment.results["champion"][target].metrics["ndcg@10"].value
        assert found.ndcg[target].mean() == pytest.approx(value)


def test_where_nothing_was_measured_nothing_is_written_down(world: Dataset) -> None:
    experiment = run_experiment(
        replace(world, interactions=world.interactions.between(last=15_000)), 0, lambda _: None
    )
    assert Paired.of(experiment) is None
