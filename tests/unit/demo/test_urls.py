"""Where to look names the servers in use, whoever runs them."""

from __future__ import annotations

from pathlib import Path

from recolake.demo.urls import where_to_look
from recolake.endpoints import write_endpoint
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def test_a_server_that_a_setting_names_is_listed_beside_the_embedded_ones(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, mlflow_url="https://mlflow.example.org/")
    write_endpoint(settings, "api", "http://127.0.0.1:8001")
    write_endpoint(settings, "mlflow", "http://127.0.0.1:5001")
    found = where_to_look(settings, Tenant("shop"))
    assert found["MLflow"] == "https://mlflow.example.org"
    assert found["API docs"] == "http://127.0.0.1:8001/docs"
    assert "Airflow" not in found
