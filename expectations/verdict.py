"""The verdict on an upload, given by Great Expectations in the engine, and its page in the Data Docs."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from recolake.contracts.rules import RULES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SOURCE, _ASSET, _BATCH = "landing", "upload", "rows"
# Only counts: no row, and no value of one, leaves the engine for a report.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


def judge(rows: DataFrame, settings: Settings, tenant: Tenant, upload_id: str) -> bool:
    """Whether the rows meet the suite; the outcome is added to the Data Docs."""
    from pyspark.sql import functions as F  # noqa: N812

    from expectations.suites import breaks_column

    broken = [F.coalesce(F.expr(rule.broken), F.lit(False)).alias(breaks_column(rule)) for rule in RULES]
    folder = settings.home / "gx"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        checkpoint = _checkpoint(folder)
        result = checkpoint.run(
            batch_parameters={"dataframe": rows.select(*broken)},
            run_id=_run_id(tenant, upload_id),
        )
    return bool(result.success)


def _checkpoint(folder: Path) -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    from expectations.suites import EVENTS_SUITE, events_suite

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    suite = context.suites.add_or_update(events_suite())
    source = context.data_sources.add_or_update_spark(_SOURCE)
    batch = source.add_dataframe_asset(_ASSET).add_batch_definition_whole_dataframe(_BATCH)
    validation = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=EVENTS_SUITE, data=batch, suite=suite)
    )
    return context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=EVENTS_SUITE,
            validation_definitions=[validation],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="data_docs")],
            result_format=_RESULT_FORMAT,
        )
    )


def _run_id(tenant: Tenant, upload_id: str) -> Any:
    from great_expectations.core.run_identifier import RunIdentifier

    return RunIdentifier(run_name=f"{tenant}-{upload_id}")
