"""What a demo run reports; docs/reference/demo-report.md describes it for people."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recolake.lake.read import TableState

STAGES = ("startup", "upload", "ingest", "build", "materialize", "train", "publish", "first_answer")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Rows(_Part):
    """Row accounting over all uploads of the tenant; a row with two reasons is one quarantined row."""

    rows_in: int = Field(alias="in")
    accepted: int
    repeats: int
    quarantined: int
    reasons: dict[str, int]

    @model_validator(mode="after")
    def _no_row_vanishes(self) -> Self:
        if self.rows_in != self.accepted + self.repeats + self.quarantined:
            raise ValueError("rows in must equal accepted + repeats + quarantined")
        return self


class Stage(_Part):
    """One stage's wall time and the most memory that the whole platform used meanwhile (MiB)."""

    name: str
    seconds: float
    peak_mib: float
    # Only for people: what there was to do, or that there was nothing.
    note: str = Field(default="", exclude=True)


class RecommendedItem(_Part):
    """One item of an answer, as the API gave it."""

    item_id: str
    title: str | None
    score: float
    reason: str


class PersonAnswer(_Part):
    """A real person: what they took before (titles, newest first) and what the API recommends."""

    user_id: str
    history: list[str]
    items: list[RecommendedItem]


class DemoReport(_Part):
    """The whole report.

    `tables` by qualified name: the tenant's rows in each, and the table's version.
    `metrics[who][target][metric]`: who is "champion" or a baseline.
    """

    rows: Rows
    tables: dict[str, TableState]
    metrics: dict[str, dict[str, dict[str, float]]]
    stages: list[Stage]
    startup_seconds: float
    total_seconds: float
    recommendations: list[PersonAnswer]
    urls: dict[str, str]

    def to_json(self) -> str:
        """The report as JSON, keys as documented."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
