"""Feast's configuration files, one per environment, and the variables that they name."""

from __future__ import annotations

from pathlib import Path

from recolake.endpoints import resolve
from recolake.errors import InvalidInputError
from recolake.features.store import offline_config
from recolake.settings import Settings

FOLDER = Path(__file__).parent


def config_file(environment: str) -> Path:
    """Configuration of an environment.

    Raises:
        InvalidInputError: there is none of that name.
    """
    path = FOLDER / ("feature_store.yaml" if environment == "local" else f"feature_store.{environment}.yaml")
    if not path.is_file():
        raise InvalidInputError(f"There is no {path.name}.", hint="Environments: local, production.")
    return path


def variables(settings: Settings) -> dict[str, str]:
    """Where this platform's services answer, by the names that the configuration files use."""
    config = offline_config(settings)
    return {
        "FEAST_REGISTRY": config["registry"]["path"],
        "FEAST_REDIS": config["online_store"]["connection_string"],
        "SPARK_REMOTE": resolve(settings, "spark"),
    }
