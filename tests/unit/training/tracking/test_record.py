"""What is measured of an index is in its run, under names that MLflow takes."""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import pytest

from recolake.quality import by_who
from recolake.ranking.index.choice import choose_index
from training.tracking.record import log_index


def test_the_run_says_what_the_manifest_says_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: dict[str, Any] = {}
    monkeypatch.setattr(mlflow, "log_params", logged.update)
    monkeypatch.setattr(mlflow, "log_metrics", logged.update)
    vectors = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
    _, figures = choose_index(vectors, vectors[:5], depth=20)
    log_index(figures)
    assert logged["index.kind"] == "flat"
    assert (logged["index.recall_at_10"], logged["index.depth"], logged["index.queries"]) == (1.0, 20.0, 5.0)
    assert logged["index.bytes_per_item"] == figures.bytes_per_item
    assert by_who(logged) == {}, "figures of an index are no model's quality"
