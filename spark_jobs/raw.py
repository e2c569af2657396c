"""An upload's raw files as one frame of text columns, read by the engine's Python workers in equal shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

from pyspark import cloudpickle
from pyspark.sql import DataFrame, SparkSession

import recolake.contracts.csv_text
import recolake.contracts.members
import recolake.contracts.source
import spark_jobs.jsonl
import spark_jobs.parquet
import spark_jobs.parse
from recolake.contracts.expressions import physical_name
from recolake.contracts.mapping import EventMapping
from recolake.landing.upload import FILES, UploadManifest, upload_folder
from recolake.records.kinds import RECORD_FIELDS
from recolake.settings import Settings
from spark_jobs.jsonl import read_lines
from spark_jobs.parse import BROKEN_TEXT, FILE, LINE, PROBLEM, RawFile, Reader, parser
from spark_jobs.readers import reader_of

# Workers are kept alive between jobs: code that travels with the job is never older than its sender.
_TRAVELLING: tuple[ModuleType, ...] = (
    recolake.contracts.source,
    recolake.contracts.csv_text,
    recolake.contracts.members,
    spark_jobs.jsonl,
    spark_jobs.parquet,
    spark_jobs.parse,
)
_SHARES_A_CORE = 2


def read_raw(
    spark: SparkSession, settings: Settings, upload: UploadManifest, mapping: EventMapping
) -> DataFrame:
    """Every record of every file: file, line, problem, a broken record's text, and the mapping's columns."""
    names = {column: physical_name(column) for column in mapping.columns}
    return _read(spark, settings, upload, reader_of(mapping.format), names)


def read_raw_records(spark: SparkSession, settings: Settings, upload: UploadManifest) -> DataFrame:
    """The same of records that the API took or Kafka had: a column a member, by its name."""
    # Those landed by an earlier version lack members that there are now.
    files = tuple(file.model_copy(update={"columns": RECORD_FIELDS}) for file in upload.files)
    current = upload.model_copy(update={"files": files})
    return _read(spark, settings, current, read_lines, {name: name for name in RECORD_FIELDS})


def _read(
    spark: SparkSession,
    settings: Settings,
    upload: UploadManifest,
    read: Reader,
    names: Mapping[str, str],
) -> DataFrame:
    for module in _TRAVELLING:
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    folder = upload_folder(settings, upload) / FILES
    files = [RawFile(f.name, str(folder / f.name), f.sha256, f.columns) for f in upload.files]
    sizes = [f.bytes for f in upload.files]
    shares = list(split(files, sizes, _SHARES_A_CORE * settings.spark_cores))
    texts = "".join(f", {name} string" for name in names.values())
    schema = f"{FILE} string, {LINE} bigint, {PROBLEM} string, {BROKEN_TEXT} string{texts}"
    numbers = spark.range(0, len(shares), 1, len(shares))
    return numbers.mapInArrow(parser(read, shares, names), schema)


def split(files: Sequence[RawFile], sizes: Sequence[int], most: int) -> Iterator[list[RawFile]]:
    """At most `most` runs of neighbours of about the same size: neighbours mostly hold neighbouring days."""
    aim = max(sum(sizes) / most, 1)
    share: list[RawFile] = []
    done = 0
    for file, size in zip(files, sizes, strict=True):
        if share and (done + size / 2) // aim > (done - 1) // aim:
            yield share
            share = []
        share.append(file)
        done += size
    if share:
        yield share
