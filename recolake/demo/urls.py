"""Where to look after a demo."""

from __future__ import annotations

from recolake.endpoints import read_endpoints
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_PAGES = {"api": "/docs", "control": "/docs"}
_NAMES = {"api": "API docs", "control": "Control plane docs", "airflow": "Airflow", "mlflow": "MLflow"}


def where_to_look(settings: Settings, tenant: Tenant) -> dict[str, str]:
    """Pages of the running services, then what lies in files, and the commands that open the rest."""
    found = read_endpoints(settings)
    urls = {
        name: found[service] + _PAGES.get(service, "") for service, name in _NAMES.items() if service in found
    }
    files = {
        "Airflow login": f"admin, password in {settings.secrets_root / 'airflow.password'}",
        "API key": str(settings.secrets_root / "tenants" / tenant.name / "api.key"),
        "Data Docs": str(settings.data_docs_index),
    }
    commands = {"JupyterLab": "recolake lab", "dbt docs": "recolake docs", "Services": "recolake status"}
    return urls | files | commands
