"""The search for what is served: a few configurations always, the whole ladder with a budget."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from training.auto.budget import Budget
from training.config import MF, SEARCH_SPACE, SETTINGS, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset
from training.models.graph_filter.config import Config as FilterConfig
from training.models.matrix_factorization.config import Config as FactorizationConfig
from training.tuning.run import tune


class Clock:
    """Time that passes when somebody looks."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_without_a_budget_a_few_configurations_are_tried(world: Dataset) -> None:
    trials = tune(world, world.interactions, 0, lambda _: None)
    assert {trial.config for trial in trials} == set(SEARCH_SPACE)
    assert [trial.mean for trial in trials] == sorted((trial.mean for trial in trials), reverse=True)


def test_with_a_budget_every_model_that_can_be_served_is_tried_and_a_good_one_taken(world: Dataset) -> None:
    said: list[str] = []
    trials = tune(world, world.interactions, 0, said.append, Budget(3_600.0, Clock(0.02)))
    assert {trial.model.algorithm.name for trial in trials} == set(SETTINGS)
    fixed = [trial.mean for trial in trials if trial.config in SEARCH_SPACE]
    best = max(trial.mean for trial in trials)
    assert best >= max(fixed)
    assert trials[0].mean > 0.9 * best, "the cheapest of those that are not surely worse"
    assert json.loads(json.dumps(trials[0].described()))["config"]["algorithm"]["name"]


def test_a_budget_that_is_used_up_leaves_the_few(world: Dataset) -> None:
    said: list[str] = []
    trials = tune(world, world.interactions, 0, said.append, Budget(1.0, Clock(10.0)))
    assert {trial.config for trial in trials} == set(SEARCH_SPACE)
    assert any("no time" in line for line in said)


@pytest.mark.parametrize("settings", [FactorizationConfig(factors=8), FilterConfig(rank=16)])
def test_a_configuration_comes_back_from_json_as_it_was(
    settings: FactorizationConfig | FilterConfig,
) -> None:
    name = next(name for name, kind in SETTINGS.items() if kind is type(settings))
    config = ModelConfig(algorithm=Algorithm(name=name, settings=settings), ranking=START)
    assert ModelConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    "found",
    [
        {"name": "ease", "settings": {}},
        {"name": MF, "settings": {"colour": "red"}},
        {"name": MF, "settings": FilterConfig()},
    ],
)
def test_settings_of_another_model_or_none_that_can_be_served_are_refused(found: object) -> None:
    with pytest.raises(ValidationError):
        Algorithm.model_validate(found)
