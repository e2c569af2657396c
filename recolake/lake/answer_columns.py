"""Columns of `bronze.recommendations`: what was asked, what was answered, and how it came about."""

from __future__ import annotations

from recolake.lake.table import Column

ANSWER = (
    Column("recommendation_id", "string", "Identity of the answer", required=True),
    Column("served_at", "timestamp", "When it was answered, UTC", required=True),
    Column("served_date", "date", "Date of served_at, UTC", required=True),
    Column("key_id", "string", "API key that paid for it", required=True),
    Column("user_id", "string", "Pseudonym of the person asked for"),
    Column("model_version", "string", "Model version that answered; NULL for a fallback without a model"),
    Column("strategy", "string", "personal, or the fallback that answered", required=True),
    Column("item_ids", "array<string>", "Items in the order shown", required=True),
    Column(
        "fallback",
        "string",
        "Why the answer was less personal than it could be; NULL if it was not",
        later=True,
    ),
    Column(
        "variant",
        "string",
        "default, or the variant of the experiment; NULL before there were any",
        later=True,
    ),
    Column(
        "experiment_id",
        "string",
        "Experiment that the answer belongs to; NULL outside of one",
        later=True,
    ),
    Column("milliseconds", "double", "Time it took to make; NULL before it was measured", later=True),
    Column(
        "rules",
        "string",
        "Rules of the list and the items that they acted on, as JSON; NULL where there were none",
        later=True,
    ),
    Column(
        "usage_id",
        "string",
        "What it is billed as, retries of one call alike; NULL: as its recommendation_id",
        later=True,
    ),
    Column("kind", "string", "Kind of recommendation; NULL before there were any", later=True),
    Column("scenario", "string", "Scenario that the request named; NULL for none", later=True),
    Column("scenario_version", "int", "Version of it that was live", later=True),
    Column(
        "request",
        "string",
        "What was asked, as JSON, without person, rules and context; NULL before it was kept",
        later=True,
    ),
    Column(
        "scores",
        "array<double>",
        "Score of each item, comparable within the answer alone; NULL before they were kept",
        later=True,
    ),
    Column("reasons", "array<string>", "Code of each item's reason; NULL before they were kept", later=True),
    Column(
        "propensities",
        "array<double>",
        "Chance with which each item got its place, given those above it; NULL without exploration",
        later=True,
    ),
)
