"""What the way from raw files to a served model costs, stage by stage, beside a bare Spark copy of the files.

    python -m benchmarks.pipeline --uploads FOLDER [--mapping FILE] [--home FOLDER] [--out FILE]

It starts a platform of its own (in `--home`, else in a temporary folder that is removed again) and measures:

1. the bare copy: the engine reads the CSV files and appends them to one Delta table, nothing else;
2. each stage over all files, for one tenant, as a multiple of the copy;
3. increments, for another tenant: what a day's file costs after 9 days and after 299 (medians of three);
4. one more day through Airflow: from landing until Redis has fresh features.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from control_plane.tenants.service import ensure_tenant
from feature_repo.materialize import materialize
from recolake.features.online import features_mark, redis_client
from recolake.lake.engine import connect
from recolake.landing.gather import list_files
from recolake.landing.store import land
from recolake.orchestration.airflow import announce_landing
from recolake.platform import control
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import build
from spark_jobs.ingest import ingest_pending
from training.pipeline import train
from training.publish import publish

T = TypeVar("T")
ALL, DAILY = Tenant("bench-all"), Tenant("bench-daily")
EARLY, LATE, REPETITIONS = 9, 299, 3


@dataclass
class Results:
    """Seconds, and ratios to the bare copy (or, for the increment, of the late day to the early one)."""

    files: int = 0
    rows: int = 0
    copy_seconds: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    stage_ratios: dict[str, float] = field(default_factory=dict)
    increment_seconds: dict[str, list[float]] = field(default_factory=dict)
    increment_ratio: float | None = None
    one_more_day_seconds: float | None = None


def main() -> None:
    """Measure and print; JSON with --out."""
    parser = argparse.ArgumentParser(description="Cost of the pipeline, stage by stage")
    parser.add_argument("--uploads", type=Path, required=True, help="folder of daily raw files")
    parser.add_argument("--mapping", type=Path, default=PROJECT_ROOT / "mappings" / "online_retail.yaml")
    parser.add_argument("--home", type=Path, help="state folder to use and keep; default: a temporary one")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recolake-bench-") as temporary:
        settings = Settings(home=(options.home or Path(temporary)).resolve())
        control.up(settings)
        try:
            files = [file.path for file in list_files([options.uploads])]
            results = measure(settings, files, options.mapping)
        finally:
            control.down(settings)
    text = json.dumps(asdict(results), indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def measure(settings: Settings, files: Sequence[Path], mapping: Path) -> Results:
    """All measurements, on a platform that runs."""
    for tenant in (ALL, DAILY):
        ensure_tenant(settings, tenant.name)
    results = Results(files=len(files))
    _, warm_up = clock(lambda: bare_copy(settings, files[:2]))
    say(f"engine warmed up in {warm_up:.1f} s")
    results.rows, results.copy_seconds = clock(lambda: bare_copy(settings, files))
    say(f"bare copy of {results.rows:,} rows: {results.copy_seconds:.1f} s")
    for name, step in stages(settings, files, mapping).items():
        _, seconds = clock(step)
        results.stage_seconds[name] = seconds
        results.stage_ratios[name] = seconds / results.copy_seconds
        say(f"{name}: {seconds:.1f} s, {seconds / results.copy_seconds:.1f} times the copy")
    if len(files) > LATE + REPETITIONS:
        increments(settings, files, mapping, results)
    results.one_more_day_seconds = one_more_day(settings, files, mapping)
    say(f"one more day through Airflow, landing to Redis: {results.one_more_day_seconds:.1f} s")
    return results


def bare_copy(settings: Settings, files: Sequence[Path]) -> int:
    """Rows of the files, read and written by the engine with no further work."""
    spark = connect(settings)
    target = settings.home / "bench" / f"copy-{time.time_ns()}"
    raw = spark.read.csv(
        [f"file://{path.resolve()}" for path in files], header=True, multiLine=True, escape='"'
    )
    raw.write.format("delta").save(str(target))
    return spark.read.format("delta").load(str(target)).count()


def stages(settings: Settings, files: Sequence[Path], mapping: Path) -> dict[str, Callable[[], object]]:
    """Every step of the main job over all files but the last, which is kept for `one_more_day`."""
    return {
        "land": lambda: land(settings, ALL, files[:-1], mapping),
        "ingest": lambda: ingest_pending(settings, ALL),
        "build": lambda: build(settings, ALL),
        "materialize": lambda: materialize(settings, ALL),
        "train": lambda: train(settings, ALL),
        "publish": lambda: publish(settings, ALL),
    }


def increments(settings: Settings, files: Sequence[Path], mapping: Path, results: Results) -> None:
    """What one day's file costs early and late in the year: ingest, build and materialization."""
    for label, start in (("early", EARLY), ("late", LATE)):
        add(settings, files[:start], mapping)
        times = [
            clock(partial(add, settings, [files[at]], mapping))[1] for at in range(start, start + REPETITIONS)
        ]
        results.increment_seconds[label] = times
        say(f"one day's file after {start} days: {', '.join(f'{t:.1f}' for t in times)} s")
    early, late = (statistics.median(results.increment_seconds[label]) for label in ("early", "late"))
    results.increment_ratio = late / early
    say(f"late over early: {results.increment_ratio:.2f}")


def add(settings: Settings, files: Sequence[Path], mapping: Path) -> None:
    """Land what is new of the files and bring it to Redis."""
    land(settings, DAILY, files, mapping)
    ingest_pending(settings, DAILY)
    build(settings, DAILY)
    materialize(settings, DAILY)


def one_more_day(settings: Settings, files: Sequence[Path], mapping: Path) -> float:
    """Seconds from landing the last file until Redis says that its features are fresh."""
    redis, mark = redis_client(settings), features_mark(ALL)
    before = redis.get(mark)
    start = time.monotonic()
    landed = land(settings, ALL, [files[-1]], mapping)
    assert landed.upload is not None, "the last file was landed before: use a fresh --home"
    if announce_landing(settings, ALL, landed.upload.upload_id) is None:
        raise SystemExit("Airflow does not answer")
    while redis.get(mark) == before:
        if time.monotonic() - start > 900:
            raise SystemExit("the features were not refreshed within 15 minutes")
        time.sleep(0.2)
    return time.monotonic() - start


def clock(work: Callable[[], T]) -> tuple[T, float]:
    """The result, and the seconds it took."""
    start = time.monotonic()
    result = work()
    return result, time.monotonic() - start


def say(text: str) -> None:
    """Progress goes to the screen at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
