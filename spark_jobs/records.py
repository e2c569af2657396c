"""Records of the API and of Kafka to canonical rows: in the lake's own terms already, columns are cast alone.

The members are those that `recolake.records.encode` and `recolake.kafka.messages` write: people are
pseudonyms, and each record has its identity, the very one that an ingested file would give it.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from recolake.contracts.events import DECIMAL
from recolake.contracts.identity import RECORD
from recolake.contracts.sql_text import literal
from recolake.records.kinds import RECORD_FIELDS, Kind
from spark_jobs.canonical import GIVEN, KIND, TIME, UNREADABLE, Ingest, micros
from spark_jobs.identify import event_id_sql, pseudonym_sql
from spark_jobs.parse import BROKEN_TEXT, FILE, LINE, MALFORMED, PROBLEM

_TEXTS = ("user_id", "session_id", "item_id", "event_type", "order_id", "recommendation_id")
_NUMBERS = ("value", "quantity", "price")
_MAPS = ("properties", "item_attributes", "user_attributes")
_NO_MAP = "CAST(map() AS MAP<STRING, STRING>)"


def from_records(raw: DataFrame, run: Ingest) -> DataFrame:
    """The columns of `to_canonical` for every line of an upload of records.

    A line may say why it was refused where it was read; its pseudonym recognises it. One that does not, and
    is without an identity, was not written by us: it counts as one that could not be read.
    """
    problem = f"coalesce({PROBLEM}, refused, CASE WHEN event_id IS NULL THEN {literal(MALFORMED)} END)"
    whole = f"to_json(struct({', '.join(RECORD_FIELDS)}))"
    broken = f"coalesce(refused_record, {pseudonym_sql(f'coalesce({BROKEN_TEXT}, {whole})', run.key)})"
    read = raw.selectExpr(
        *RECORD_FIELDS,
        FILE,
        LINE,
        f"{problem} AS {PROBLEM}",
        f"CASE WHEN {problem} IS NOT NULL THEN {broken} END AS record_field",
        f"{whole} AS whole_record",
        "CAST(event_time AS TIMESTAMP) AS time_field",
        f"timestamp_micros({micros(run.landed_at)}) AS landed_at",
    )
    return read.selectExpr(*_columns(run), "landed_at", PROBLEM)


def _columns(run: Ingest) -> list[str]:
    kinds = " ".join(f"WHEN {literal(kind.file_name)} THEN {literal(kind.value)}" for kind in Kind)
    columns = {
        KIND: f"CASE {FILE} {kinds} END",
        GIVEN: "coalesce(id_is_given = 'true', false)",
        "tenant_id": literal(run.tenant.name),
        "event_id": f"coalesce(event_id, {_broken_id(run)})",
        **{name: name for name in _TEXTS},
        **{name: f"CAST({name} AS {DECIMAL})" for name in _NUMBERS},
        "event_time": TIME,
        "event_date": f"CAST({TIME} AS DATE)",
        "impressions": "from_json(impressions, 'array<string>')",
        **{name: f"coalesce(from_json({name}, 'map<string,string>'), {_NO_MAP})" for name in _MAPS},
        "upload_id": literal(run.upload_id),
        FILE: FILE,
        LINE: LINE,
        "ingested_at": f"timestamp_micros({micros(run.ingested_at)})",
        "raw_record": f"CASE WHEN {PROBLEM} IS NULL THEN whole_record "
        f"ELSE to_json(struct(record_field AS `{RECORD}`, refused_field AS field, source)) END",
        UNREADABLE: "CAST(array() AS ARRAY<STRING>)",
    }
    return [f"{sql} AS {name}" for name, sql in columns.items()]


def _broken_id(run: Ingest) -> str:
    """As a broken line of any file has it: by its text, as a pseudonym."""
    nothing = ["CAST(NULL AS STRING)"] * 6
    return event_id_sql([literal(run.tenant.name), *nothing], {RECORD: "record_field"})
