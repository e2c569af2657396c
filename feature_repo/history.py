"""Features as they stood at a moment of the past: for training sets of labels, and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from recolake.features.names import TENANT_KEY, Service
from recolake.features.store import offline_store
from recolake.lake.engine import connect
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SIDE_EFFECT = "spark.sql.parser.quotedRegexColumnNames"


def features_as_of(
    settings: Settings, tenant: Tenant, moments: pd.DataFrame, service: Service = Service.RECOMMENDATION
) -> pd.DataFrame:
    """A service's features at given moments: for each row, the latest state dated no later.

    A state is dated one second after the last event in it, so a label at the time of an event never sees that
    event, and a vector is dated by the making of its model. An event that arrives late becomes part of the
    states of its own day and of later ones, as if it had come in time.

        moments = pd.DataFrame({"user_id": [pseudonym], "model_version": ["v3"], "event_timestamp": [then]})
        features_as_of(settings, tenant, moments)

    Args:
        moments: one question a row: the service's join keys but the tenant's, and `event_timestamp` (UTC).
            Other columns, labels for instance, come back as they are.

    Returns:
        The same rows, in any order, with tenant and features; those are empty where nothing was known.

    Raises:
        ServiceUnavailableError: Spark, Redis or PostgreSQL is neither configured nor started.
    """
    store = offline_store(settings)
    asked = moments.assign(**{TENANT_KEY: tenant.name})
    try:
        job = store.get_historical_features(asked, store.get_feature_service(service.value))
        found: pd.DataFrame = job.to_df()
    finally:
        _undo(connect(settings))
    return found


def _undo(spark: SparkSession) -> None:
    """Feast makes the session take quoted names for patterns; others use it too."""
    spark.conf.unset(_SIDE_EFFECT)
