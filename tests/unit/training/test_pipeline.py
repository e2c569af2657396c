"""A model is judged by what it takes the place of."""

from __future__ import annotations

from training.config import MF, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.experiment import run_experiment
from training.gate import Kind, Recorded
from training.models.matrix_factorization.config import Config
from training.pipeline import Served, _judge
from training.tracking.record import metric_values, slice_values


def _config(settings: Config) -> ModelConfig:
    return ModelConfig(algorithm=Algorithm(name=MF, settings=settings), ranking=START)


GOOD = _config(Config(factors=8, regularization=2.0))
POOR = _config(Config(factors=1, iterations=1, regularization=500.0))


def test_another_configuration_is_held_against_the_served_one_on_the_same_window_and_slices(
    world: Dataset,
) -> None:
    good, poor = (run_experiment(world, 0, lambda _: None, config) for config in (GOOD, POOR))
    better = _judge(world, good, Served(POOR, Recorded()), 0)
    worse = _judge(world, poor, Served(GOOD, Recorded()), 0)
    assert (better.kind, better.passed) == (Kind.NEW_CONFIGURATION, True)
    assert (worse.kind, worse.passed) == (Kind.NEW_CONFIGURATION, False)
    assert any("new_items, long_tail_items: ndcg@10 differs" in reason for reason in better.reasons)
    assert any("long_tail_items" in reason for reason in worse.refusals)
    assert any("not surely better" in reason for reason in worse.refusals)


def test_a_refresh_is_held_against_what_the_served_run_wrote_down(world: Dataset) -> None:
    experiment = run_experiment(world, 0, lambda _: None, GOOD)
    logged = slice_values(experiment) | {
        f"{who}/{target}/{name.replace('@', '_at_')}": value
        for who, targets in metric_values(experiment).items()
        for target, metrics in targets.items()
        for name, value in metrics.items()
    }
    recorded = Recorded.of(logged)
    assert recorded.slices
    again = _judge(world, experiment, Served(GOOD, recorded), 0)
    assert (again.kind, again.passed) == (Kind.REFRESH, True)
    twice = Recorded.of({name: 2 * value for name, value in logged.items()})
    refused = _judge(world, experiment, Served(GOOD, twice), 0)
    assert any("long_tail_items" in reason for reason in refused.refusals)
    assert _judge(world, experiment, None, 0).kind is Kind.FIRST
