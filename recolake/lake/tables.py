"""The table registry: every Delta table's name, layer, keys and Delta properties, in this one place.

Tables that Python writes carry their columns here. Tables that dbt builds carry theirs in the contracts of
`dbt_project/models`; here they have only what other code needs to find them.
"""

from __future__ import annotations

from dataclasses import replace

from recolake.lake.answer_columns import ANSWER
from recolake.lake.columns import (
    EVENT,
    EVENT_ID,
    IMPRESSIONS,
    PROVENANCE,
    RAW,
    REASONS,
    RUN,
    STATEMENT,
    TENANT,
)
from recolake.lake.table import TABLE_PROPERTIES, Column, Layer, Table

__all__ = ["TABLE_PROPERTIES", "Column", "Layer", "Table"]

_ADDS_UP = ("rows_add_up", "rows_in = accepted + quarantined + repeats")

BRONZE_EVENTS = Table(
    Layer.BRONZE,
    "events",
    "Every accepted row, once, with its provenance",
    ("tenant_id", "event_date"),
    (TENANT, EVENT_ID, *EVENT, *PROVENANCE, RAW, IMPRESSIONS),
    unindexed=("raw_record", "user_id", "session_id"),
)
BRONZE_QUARANTINE = Table(
    Layer.BRONZE,
    "quarantine",
    "Every row that breaks a rule, with every reason",
    ("tenant_id", "ingested_at"),
    (
        TENANT,
        EVENT_ID,
        *EVENT,
        REASONS,
        *PROVENANCE,
        RAW,
        IMPRESSIONS,
    ),
    unindexed=("raw_record", "user_id", "session_id"),
)
BRONZE_ITEMS = Table(
    Layer.BRONZE,
    "items",
    "What tenants state of their items over the API, statement by statement",
    ("tenant_id", "event_date"),
    (
        TENANT,
        *STATEMENT,
        Column("item_id", "string", "Item that it is about", required=True),
        Column("price", "decimal(18,4)", "Price of one piece"),
        Column("item_attributes", "map<string,string>", "What is true of it: title, is_goods, …"),
        *PROVENANCE,
        RAW,
    ),
    unindexed=("raw_record",),
)
BRONZE_USERS = Table(
    Layer.BRONZE,
    "users",
    "What tenants state of people over the API, statement by statement",
    ("tenant_id", "event_date"),
    (
        TENANT,
        *STATEMENT,
        Column("user_id", "string", "Pseudonym of the person", required=True),
        Column("user_attributes", "map<string,string>", "What is true of them: country, …"),
        *PROVENANCE,
        RAW,
    ),
    unindexed=("raw_record", "user_id"),
)
BRONZE_REPEATS = Table(
    Layer.BRONZE,
    "repeats",
    "Every row of an event that was there already; it counts once its first copy is withdrawn",
    ("tenant_id", "ingested_at"),
    (
        TENANT,
        EVENT_ID,
        Column("event_date", "date", "Date of the event, UTC"),
        *PROVENANCE,
        *(replace(column, later=True) for column in EVENT if column.name != "event_date"),
        replace(REASONS, required=False, later=True),
    ),
    unindexed=("user_id", "session_id"),
)
BRONZE_INGESTS = Table(
    Layer.BRONZE,
    "ingests",
    "Row accounting, one row per file of an upload",
    ("tenant_id", "ingested_at"),
    (
        TENANT,
        PROVENANCE[0],
        PROVENANCE[1],
        Column("file_sha256", "string", "Content hash of the file", required=True),
        Column("mapping_sha256", "string", "Content hash of the mapping it was read with", required=True),
        Column("rows_in", "bigint", "Rows in the file", required=True),
        Column("accepted", "bigint", "Rows appended to bronze.events", required=True),
        Column("quarantined", "bigint", "Rows appended to bronze.quarantine", required=True),
        Column("repeats", "bigint", "Rows appended to bronze.repeats", required=True),
        Column(
            "reasons",
            "map<string,bigint>",
            "Quarantined rows by reason; a row counts under each of its reasons",
        ),
        Column("verdict", "boolean", "Whether the upload met every expectation", required=True),
        PROVENANCE[3],
        RUN,
    ),
    constraints=(_ADDS_UP,),
)
BRONZE_UPLOADS = Table(
    Layer.BRONZE,
    "uploads",
    "Row accounting, score and profile, one row per upload",
    ("tenant_id", "ingested_at"),
    (
        TENANT,
        PROVENANCE[0],
        Column("landed_at", "timestamp", "When its files were landed, UTC", required=True),
        Column("mapping_sha256", "string", "Content hash of the mapping it was read with", required=True),
        Column("repairs", "string", "Upload whose quarantined rows it repairs; NULL for most"),
        Column("files", "bigint", "Files in the upload", required=True),
        Column("rows_in", "bigint", "Rows in its files", required=True),
        Column("accepted", "bigint", "Rows appended to bronze.events", required=True),
        Column("quarantined", "bigint", "Rows appended to bronze.quarantine", required=True),
        Column("repeats", "bigint", "Rows appended to bronze.repeats", required=True),
        Column("score", "double", "100 less the points of every expectation that was not met", required=True),
        Column("held", "boolean", "Whether its score was too low for silver", required=True),
        Column("measured", "map<string,double>", "What was measured, by expectation; only what was judged"),
        Column("failures", "map<string,string>", "Expectations that were not met, in words"),
        Column("suite_version", "string", "Version of the expectations that judged it", required=True),
        Column("first_day", "date", "First day of its accepted events; NULL without any"),
        Column("last_day", "date", "Last day of its accepted events; NULL without any"),
        Column("days", "map<string,bigint>", "Accepted rows by day of the event"),
        Column("types", "map<string,bigint>", "Accepted rows by type"),
        Column("prices", "map<string,bigint>", "Accepted rows by power of two of the price"),
        Column("worths", "map<string,bigint>", "Accepted rows by power of two of the value's amount"),
        Column("anonymous", "bigint", "Accepted rows that name no person", required=True),
        Column("lag_days", "double", "Days from its newest event to its landing; NULL without events"),
        Column("run_id", "string", "Run of the ingest that completed it", required=True),
        PROVENANCE[3],
    ),
    constraints=(_ADDS_UP, ("score_in_range", "score BETWEEN 0 AND 100")),
)
_STATE = Column("state", "string", "held, released, rejected or reverted", required=True)
BRONZE_DECISIONS = Table(
    Layer.BRONZE,
    "decisions",
    "Who decided what about an upload, when and why; the latest counts, an upload without one is accepted",
    ("tenant_id", "ingested_at"),
    (
        TENANT,
        PROVENANCE[0],
        _STATE,
        Column("decided_by", "string", "Person, API key, or `ingest`", required=True),
        Column("decided_at", "timestamp", "When it was decided, UTC", required=True),
        Column("reason", "string", "Why", required=True),
        Column("ingested_at", "timestamp", "Its place among the tenant's ingests, UTC", required=True),
    ),
    unindexed=("decided_by", "reason"),
    constraints=(("known_state", "state IN ('held', 'released', 'rejected', 'reverted')"),),
)
BRONZE_UPLOAD_STATES = Table(
    Layer.BRONZE,
    "upload_states",
    "Uploads that somebody decided about, as the latest build saw them; their rows count as bronze.admitted",
    ("tenant_id",),
    (
        TENANT,
        PROVENANCE[0],
        _STATE,
        Column("since", "timestamp", "Place of the decision among the tenant's ingests, UTC", required=True),
    ),
)
BRONZE_ADMITTED = Table(
    Layer.BRONZE,
    "admitted",
    "Rows that count because of a decision: of released uploads, and repeats whose first copy is withdrawn",
    ("tenant_id", "event_date"),
    (TENANT, EVENT_ID, *EVENT, *PROVENANCE),
    unindexed=("user_id", "session_id"),
)
BRONZE_REPAIRS = Table(
    Layer.BRONZE,
    "repairs",
    "Which row of which upload stands for a quarantined row that was repaired",
    ("tenant_id", "upload_id"),
    (
        TENANT,
        Column("upload_id", "string", "Upload of the quarantined row", required=True),
        PROVENANCE[1],
        PROVENANCE[2],
        Column("repair_id", "string", "Upload that brought the repaired row", required=True),
        Column("repair_line", "bigint", "Line of the repaired row there", required=True),
    ),
)
BRONZE_RECOMMENDATIONS = Table(
    Layer.BRONZE,
    "recommendations",
    "Every answered recommendation request: usage and exposure",
    ("tenant_id", "served_date"),
    (TENANT, *ANSWER),
    unindexed=("user_id", "rules"),
)

SILVER_EVENTS = Table(
    Layer.SILVER,
    "events",
    "Typed, de-duplicated events",
    ("tenant_id", "event_date"),
    deletion_vectors=True,
)
SILVER_ITEMS = Table(
    Layer.SILVER, "items", "Items with their current title; non-goods marked", ("tenant_id",)
)
SILVER_USERS = Table(
    Layer.SILVER, "users", "People, as pseudonyms, with first and last activity", ("tenant_id",)
)

GOLD_INTERACTIONS = Table(
    Layer.GOLD,
    "interactions",
    "Weighted interactions per user, item and day",
    ("tenant_id", "event_date"),
    deletion_vectors=True,
)
GOLD_ITEM_DAYS = Table(
    Layer.GOLD,
    "item_days",
    "What each item did each day, anonymous events included",
    ("tenant_id", "event_date"),
    deletion_vectors=True,
)
GOLD_USER_FEATURES = Table(
    Layer.GOLD,
    "user_features",
    "A person's features after each active day",
    ("tenant_id", "event_date"),
    deletion_vectors=True,
)
GOLD_ITEM_FEATURES = Table(
    Layer.GOLD,
    "item_features",
    "An item's features after each active day",
    ("tenant_id", "event_date"),
    deletion_vectors=True,
)
GOLD_POPULARITY = Table(
    Layer.GOLD, "popularity", "All-time and decayed popularity of each item", ("tenant_id",)
)
GOLD_TRAINING_SET = Table(
    Layer.GOLD,
    "training_set",
    "Positive interactions of people with goods, per day",
    ("tenant_id", "event_date"),
    deletion_vectors=True,
)
GOLD_EXPERIMENT_OUTCOMES = Table(
    Layer.GOLD,
    "experiment_outcomes",
    "What came of each variant of each experiment, as sums over people",
    ("tenant_id",),
)

_EMBEDDING = (
    Column("vector", "array<float>", "Embedding", required=True),
    Column("event_timestamp", "timestamp", "When the model was published, UTC", required=True),
)
_MODEL = Column("model_version", "string", "Version in the model registry", required=True)
_CHECKSUM = Column(
    "model_checksum", "string", "SHA-256 of the model's user vectors: which model of that name"
)
GOLD_USER_EMBEDDINGS = Table(
    Layer.GOLD,
    "user_embeddings",
    "User vectors of each published model version",
    ("tenant_id", "model_version"),
    (
        TENANT,
        _MODEL,
        Column("user_id", "string", "Pseudonym of the person", required=True),
        *_EMBEDDING,
        _CHECKSUM,
    ),
    unindexed=("user_id",),
)
GOLD_ITEM_EMBEDDINGS = Table(
    Layer.GOLD,
    "item_embeddings",
    "Item vectors of each published model version",
    ("tenant_id", "model_version"),
    (TENANT, _MODEL, Column("item_id", "string", "Item", required=True), *_EMBEDDING, _CHECKSUM),
)

# The same for every tenant, without a tenant_id: a dbt seed.
EVENT_WEIGHTS = Table(Layer.REFERENCE, "event_weights", "What one event of a type counts", ())

# The builds' own memory (docs/adr/0005), read and written by its path: no catalogue and no tenant sees it.
BUILD_MARKS = Table(
    Layer.REFERENCE,
    "build_marks",
    "How far builds got, by table and tenant",
    ("tenant_id",),
    (
        TENANT,
        Column("name", "string", "Qualified name of the table, or `checks`", required=True),
        Column("reached", "timestamp", "Latest ingest that was taken in, UTC", required=True),
        Column("version", "bigint", "Delta version of the table right after; NULL for `checks`"),
    ),
)

PYTHON_TABLES = (
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_ITEMS,
    BRONZE_USERS,
    BRONZE_INGESTS,
    BRONZE_UPLOADS,
    BRONZE_DECISIONS,
    BRONZE_UPLOAD_STATES,
    BRONZE_ADMITTED,
    BRONZE_REPAIRS,
    BRONZE_RECOMMENDATIONS,
    GOLD_USER_EMBEDDINGS,
    GOLD_ITEM_EMBEDDINGS,
)
DBT_TABLES = (
    SILVER_EVENTS,
    SILVER_ITEMS,
    SILVER_USERS,
    GOLD_INTERACTIONS,
    GOLD_ITEM_DAYS,
    GOLD_USER_FEATURES,
    GOLD_ITEM_FEATURES,
    GOLD_POPULARITY,
    GOLD_TRAINING_SET,
)
# Built from usage as well as from events, so no ingest tells what is new: each build makes them anew, whole.
DBT_WHOLE_TABLES = (GOLD_EXPERIMENT_OUTCOMES,)
ALL_TABLES = (*PYTHON_TABLES, *DBT_TABLES, *DBT_WHOLE_TABLES)
