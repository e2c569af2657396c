"""An experiment that runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from recolake.experiments.document import Experiment

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
Make = Callable[..., Experiment]


@pytest.fixture
def experiment() -> Make:
    """Makes one; whatever is given replaces what it would be."""

    def make(**more: Any) -> Experiment:
        return Experiment.model_validate(
            {
                "experiment_id": "exp-20260301T000000Z-0123abcd",
                "tenant_id": "shop",
                "salt": "0f" * 16,
                "champion": "v1",
                "champion_checksum": "a",
                "challenger": "v2",
                "challenger_checksum": "b",
                "share": 0.5,
                "started_at": NOW,
            }
            | more
        )

    return make
