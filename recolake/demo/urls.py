"""Where to look after a demo."""

from __future__ import annotations

from contextlib import suppress

from recolake.endpoints import Service, resolve
from recolake.errors import ServiceUnavailableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_PAGES: dict[Service, tuple[str, str]] = {
    "api": ("API docs", "/docs"),
    "control": ("Control plane docs", "/docs"),
    "airflow": ("Airflow", ""),
    "mlflow": ("MLflow", ""),
}


def where_to_look(settings: Settings, tenant: Tenant) -> dict[str, str]:
    """Pages of the services, embedded or real; then what lies in files; then commands for the rest."""
    urls: dict[str, str] = {}
    for service, (name, page) in _PAGES.items():
        with suppress(ServiceUnavailableError):
            urls[name] = resolve(settings, service).rstrip("/") + page
    files = {
        "Airflow login": f"admin, password in {settings.secrets_root / 'airflow.password'}",
        "API key": str(settings.secrets_root / "tenants" / tenant.name / "api.key"),
        "Data Docs": str(settings.data_docs_index),
    }
    commands = {"JupyterLab": "recolake lab", "dbt docs": "recolake docs", "Services": "recolake status"}
    return urls | files | commands
