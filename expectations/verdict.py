"""The verdict on an upload, given by Great Expectations, and its pages in the Data Docs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    import great_expectations as gx

_SOURCE, _BATCH = "uploads", "measures"
# Only measures: no row, and no value of one, leaves the engine for a report.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


def judge(
    measured: Mapping[str, float],
    thresholds: Mapping[str, float],
    settings: Settings,
    tenant: Tenant,
    upload_id: str,
) -> list[str]:
    """Names of the checks that what was measured does not meet; the outcome is added to the Data Docs."""
    import pandas as pd

    if not measured:
        return []
    folder = settings.home / "gx"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        checkpoint = _checkpoint(folder, measured, thresholds)
        result = checkpoint.run(
            batch_parameters={"dataframe": pd.DataFrame([dict(measured)])},
            run_id=_run_id(tenant, upload_id),
        )
    outcomes = [outcome for suite in result.run_results.values() for outcome in suite.results]
    return sorted(o.expectation_config.meta["check"] for o in outcomes if not o.success)


def _checkpoint(folder: Path, measured: Mapping[str, float], thresholds: Mapping[str, float]) -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    from expectations.suites import suite_names, suites

    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_or_update_pandas(_SOURCE)
    # All of them, always: the checkpoint of an upload that had more to be judged is looked at before it goes.
    batches = {
        name: source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(_BATCH)
        for name in suite_names()
    }
    validations = [
        _validation(context, batches[name], suite) for name, suite in suites(measured, thresholds).items()
    ]
    return context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=_SOURCE,
            validation_definitions=validations,
            actions=[gx.checkpoint.UpdateDataDocsAction(name="data_docs")],
            result_format=_RESULT_FORMAT,
        )
    )


def _validation(context: Any, batch: Any, suite: gx.ExpectationSuite) -> Any:
    import great_expectations as gx

    kept = context.suites.add_or_update(suite)
    return context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=f"{_SOURCE}_{suite.name}", data=batch, suite=kept)
    )


def _run_id(tenant: Tenant, upload_id: str) -> Any:
    from great_expectations.core.run_identifier import RunIdentifier

    return RunIdentifier(run_name=f"{tenant}-{upload_id}")
