"""An engine that was lost is told from an engine that refuses a query."""

from __future__ import annotations

import pytest
from pyspark.errors.exceptions.connect import AnalysisException
from pyspark.sql.connect.client import SparkConnectClient
from pyspark.sql.connect.proto import ConfigRequest

from recolake.errors import ServiceUnavailableError
from recolake.lake.engine import engine_errors


def test_a_session_that_the_client_closed_is_a_lost_engine() -> None:
    client = SparkConnectClient("sc://127.0.0.1:9")
    client.close()
    with (
        pytest.raises(ServiceUnavailableError, match="while tables were built") as caught,
        engine_errors("tables were built", "recolake build"),
    ):
        client.config(ConfigRequest.Operation())
    assert "recolake build" in caught.value.hint


def test_what_the_engine_says_of_a_query_passes_through() -> None:
    refused = AnalysisException(message="[TABLE_OR_VIEW_NOT_FOUND] There is no t.")
    with pytest.raises(AnalysisException), engine_errors("tables were built", "recolake build"):
        raise refused
