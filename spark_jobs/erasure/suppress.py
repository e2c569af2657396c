"""Ingest without whom the tenant had erased: what they did until then is not taken in again, whoever sends
it.

Somebody who comes back later is somebody new: what they do after the erasure counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812

from recolake.landing.upload import UploadManifest
from recolake.privacy.lists import suppressed
from recolake.privacy.people import People, Purpose, derived_key
from recolake.settings import Settings
from spark_jobs.canonical import Ingest
from spark_jobs.erasure.landing import redact_upload
from spark_jobs.erasure.rows import lines_of
from spark_jobs.identify import pseudonym_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_HASH, _UNTIL = "suppressed_hash", "suppressed_until"


def without_suppressed(
    spark: SparkSession, settings: Settings, upload: UploadManifest, run: Ingest, canonical: DataFrame
) -> DataFrame:
    """The rows but those of erased people, whose lines are emptied in the landing zone before anything is
    written.

    A row without a readable time is theirs, too. Where nobody was erased, nothing is asked.

    Raises:
        PrivacyListError: the list cannot be read; nothing is ingested.
    """
    listed = suppressed(settings, run.tenant).read()
    if not listed:
        return canonical
    people = spark.createDataFrame(
        pa.table({_HASH: list(listed), _UNTIL: pa.array(list(listed.values()), pa.int64())})
    )
    hashed = canonical.withColumn(
        _HASH, F.expr(pseudonym_sql("user_id", derived_key(run.key, Purpose.SUPPRESSION)))
    )
    before = F.col("event_time").isNull() | (F.unix_micros("event_time") <= F.col(_UNTIL))
    marked = hashed.join(F.broadcast(people), _HASH, "left")
    gone = F.coalesce(F.col(_UNTIL).isNotNull() & before, F.lit(False))
    lines = lines_of(marked.where(gone)).get(upload.upload_id, {})
    if not lines:
        return canonical
    redact_upload(settings, upload, People(run.key, frozenset()), lines, files=set(lines))
    return marked.where(~gone).drop(_HASH, _UNTIL)
