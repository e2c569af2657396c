"""What training lets MLflow load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from training.tracking.registry import refuse_pickles


@pytest.mark.control(25)
def test_a_model_that_would_have_to_be_unpickled_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that MLflow itself wrote; `training/tracking/pyfunc.py` is how ours are kept instead."""
    import mlflow
    from mlflow.exceptions import MlflowException

    class Payload(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

        def predict(self, context: Any, model_input: list[str], params: Any = None) -> list[str]:
            return model_input

    mlflow.pyfunc.save_model(tmp_path / "model", python_model=Payload(), pip_requirements=[])
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    refuse_pickles()
    with pytest.raises(MlflowException, match="pickle is disallowed"):
        mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert not (tmp_path / "ran").exists()
