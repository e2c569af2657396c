"""The judgement of an upload: counted by the engine, given by the expectations, put into one score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from pyspark.sql import DataFrame, SparkSession

from expectations.verdict import judge
from recolake.contracts.mapping import EventMapping
from recolake.settings import Settings
from recolake.uploads.checks import BY_NAME, HISTORY_DAYS, HOLD_BELOW, Tally, measure, score
from recolake.uploads.profile import Profile
from recolake.uploads.thresholds import thresholds
from spark_jobs.canonical import Ingest
from spark_jobs.profile import last_weeks, profile
from spark_jobs.report import FileReport


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of an upload; `failures` are the checks that were not met, each in words."""

    profile: Profile
    measured: dict[str, float]
    failures: dict[str, str]
    score: float
    held: bool


def judge_upload(
    classified: DataFrame,
    files: Sequence[FileReport],
    spark: SparkSession,
    settings: Settings,
    run: Ingest,
    mapping: EventMapping | None,
) -> Judgement:
    """Judge an upload by its rows that are no repeats, and by what the tenant's last weeks were like.

    Records of the API (`mapping` is None) are judged, but never held: each was looked at before it was
    acknowledged, and a slice of their stream, of which there may be thousands a day, is no batch that
    somebody made. So it gets no page in the Data Docs either.
    """
    limits = thresholds(settings, run.tenant)
    found = profile(
        classified,
        spark,
        settings,
        run.tenant,
        run.landed_at,
        states_titles=mapping is not None and "title" in mapping.item,
    )
    history = last_weeks(
        spark, settings, run.tenant, found.first_day, int(limits[HISTORY_DAYS]), run.withdrawn
    )
    measured = measure(_tally(files), found, history, limits, run.landed_at.astimezone(UTC).date())
    if mapping is not None:
        failed = judge(measured, limits, settings, run.tenant, run.upload_id)
    else:
        failed = sorted(
            name for name, value in measured.items() if not BY_NAME[name].met(value, limits[name])
        )
    points = score(failed)
    return Judgement(
        found,
        measured,
        {name: BY_NAME[name].words(measured[name], limits[name]) for name in failed},
        points,
        mapping is not None and points < limits[HOLD_BELOW],
    )


def _tally(files: Sequence[FileReport]) -> Tally:
    reasons: Counter[str] = Counter()
    for file in files:
        reasons.update(file.reasons)
    return Tally(
        accepted=sum(file.accepted for file in files),
        quarantined=sum(file.quarantined for file in files),
        reasons=reasons,
    )
