"""Where each service of the platform answers: a setting wins, else the address that `recolake up` wrote
down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from recolake.errors import ServiceUnavailableError
from recolake.files import write_atomically
from recolake.settings import Settings

Service = Literal["postgres", "redis", "spark", "mlflow", "airflow", "api", "control", "lab", "kafka"]
SERVICES: tuple[Service, ...] = get_args(Service)


def endpoints_file(settings: Settings) -> Path:
    return settings.run_root / "endpoints.json"


def read_endpoints(settings: Settings) -> dict[str, str]:
    """Addresses of the embedded services, by service name; empty before the first `recolake up`."""
    path = endpoints_file(settings)
    if not path.exists():
        return {}
    found: dict[str, str] = json.loads(path.read_text())
    return found


def write_endpoint(settings: Settings, service: Service, url: str | None) -> None:
    """Publish (or with None, withdraw) one embedded service's address."""
    found = read_endpoints(settings)
    if url is None:
        found.pop(service, None)
    else:
        found[service] = url
    write_atomically(
        endpoints_file(settings), json.dumps(found, indent=2, sort_keys=True).encode(), mode=0o600
    )


def resolve(settings: Settings, service: Service) -> str:
    """URL of a service.

    Raises:
        ServiceUnavailableError: it is neither configured nor started.
    """
    configured: str | None = getattr(settings, f"{service}_url")
    url = configured or read_endpoints(settings).get(service)
    if not url:
        raise ServiceUnavailableError(
            f"The service '{service}' is not running.",
            hint=f"Start the platform with `recolake up`, or set RECOLAKE_{service.upper()}_URL.",
        )
    return url


def postgres_database(settings: Settings, database: str) -> str:
    """URL of one database on the platform's PostgreSQL server: accounts, airflow, mlflow or feast."""
    return database_url(resolve(settings, "postgres"), database)


def database_url(server: str, database: str) -> str:
    """URL of one database on the PostgreSQL server of that URL; its options (`?sslmode=…`) stay."""
    return urlsplit(server)._replace(path=f"/{database}").geturl()
