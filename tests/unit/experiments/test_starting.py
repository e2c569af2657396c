"""Who starts experiments is found without being imported."""

from __future__ import annotations

import pytest

from recolake.errors import ServiceUnavailableError
from recolake.experiments import starting
from recolake.experiments.starting import starter


def test_what_the_command_calls_is_found() -> None:
    from training.rollout import start_experiment

    assert starter() is start_experiment


def test_without_training_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "entry_points", lambda group: [])
    with pytest.raises(ServiceUnavailableError, match="training is not installed"):
        starter()
