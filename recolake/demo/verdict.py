"""What the demo says of a model that its gate turned down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recolake.demo.report import Rows
from recolake.demo.tracking import TrainedVersion
from recolake.errors import RecolakeError
from recolake.tenancy.context import Tenant


class NothingPublishedError(RecolakeError):
    """The main job ended without a model to serve."""

    code = "nothing_published"


def refusal(version: str, reasons: Sequence[str]) -> str:
    """One line: which model, and what its gate turned it down for."""
    return f"{version} was turned down by its gate: {'; '.join(reasons) or 'no reason is recorded'}"


def refusal_in(report: Any) -> str | None:
    """The same from the report of a training step; None if the model passed, or it is no such report."""
    if isinstance(report, Mapping) and report.get("gate_passed") is False:
        reasons = report.get("gate_refusals") or report.get("gate_reasons") or ()
        return refusal(str(report.get("model_version")), reasons)
    return None


def nothing_published(tenant: Tenant, rows: Rows, refused: TrainedVersion | None) -> NothingPublishedError:
    """Why no model of the tenant is served, and what to do."""
    if not rows.accepted:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in rows.reasons.items())
        return NothingPublishedError(
            f"No model of tenant '{tenant}' is published: of {rows.rows_in:,} rows none was accepted "
            f"({reasons or 'the files hold none'}).",
            hint="Mend the mapping or the files; docs/reference/mapping.md says what a mapping may hold.",
        )
    if refused is None:
        return NothingPublishedError(
            f"No model of tenant '{tenant}' is published.",
            hint="The DAG runs in Airflow and the latest run in MLflow say what happened.",
        )
    return NothingPublishedError(
        f"No model of tenant '{tenant}' is published: {refusal(refused.name, refused.reasons)}.",
        hint="Add more files, more people and more days, and run the demo again; or serve it all the same: "
        f"`recolake publish --tenant {tenant} --version {refused.name} --force`.",
    )
