"""What a retraining says of itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import PySparkException
from typer.testing import CliRunner

from recolake.cli.app import build_app
from recolake.errors import InvalidInputError, NotFoundError
from training import time_travel
from training.identity import source_digest
from training.report import AsOfReport
from training.time_travel import TableVersionGoneError


def _report(**more: Any) -> AsOfReport:
    known: dict[str, Any] = {
        "tenant": "shop",
        "model_version": "v3",
        "run_id": "run",
        "index_checksum": "abc",
        "recorded_index_checksum": "abc",
        "metrics": {},
        "changed_metrics": {},
        "circumstances": (),
        "seconds": 1.0,
    }
    return AsOfReport(**(known | more))


def test_the_same_means_the_index_and_every_recorded_metric() -> None:
    assert _report().same
    assert _report(changed_metrics=None).same
    assert not _report(index_checksum="abd").same
    assert not _report(changed_metrics={"champion/new_items/ndcg_at_10": (0.1, 0.2)}).same


def test_a_metric_that_moved_by_the_last_digit_is_told() -> None:
    recorded = {"a": 0.1, "b": 0.2, "gone": 1.0}
    assert time_travel._changed(recorded, {"a": 0.1, "b": 0.2 + 1e-15, "new": 1.0}) == {
        "b": (0.2, 0.2 + 1e-15)
    }


def test_other_code_is_told_by_its_sources_and_not_by_its_commit() -> None:
    manifest: Any = SimpleNamespace(code_version="0123abc")

    def run(digest: str) -> Any:
        return SimpleNamespace(data=SimpleNamespace(tags={"recolake.source": digest}))

    assert time_travel._code(run(source_digest()), manifest) == ()
    for recorded in (run("another"), None):
        (said,) = time_travel._code(recorded, manifest)
        assert said.startswith("code was 0123abc, is ")


@pytest.mark.parametrize(
    "error", [NotFoundError("There is no version 3."), PySparkException("[FAILED_READ_FILE.DBR] part-0001")]
)
def test_versions_that_are_not_kept_any_more_have_an_error_of_their_own(error: Exception) -> None:
    manifest: Any = SimpleNamespace(model_version="v3")
    with pytest.raises(TableVersionGoneError) as told, time_travel._kept(manifest):
        raise error
    assert told.value.code == "table_version_gone"
    assert told.value.hint is not None


def test_other_trouble_of_the_engine_is_not_taken_for_it() -> None:
    manifest: Any = SimpleNamespace(model_version="v3")
    with pytest.raises(PySparkException, match="out of memory"), time_travel._kept(manifest):
        raise PySparkException("out of memory")


@pytest.mark.parametrize("option", [["--retune"], ["--seed", "3"]])
def test_a_version_has_its_own_configuration_and_seed(option: list[str]) -> None:
    done = CliRunner().invoke(build_app(), ["train", "--tenant", "shop", "--as-of", "v3", *option])
    assert isinstance(done.exception, InvalidInputError)
