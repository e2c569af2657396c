"""Where secrets come from.

A secret has a name such as `accounts.password` or `tenants/shop/pseudonym.key`, and is asked for at each use:
so a new one counts from then on, in every process, without a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recolake.secrets.environment import EnvironmentSecrets
from recolake.secrets.files import FileSecrets
from recolake.secrets.secret import Secret
from recolake.settings import Settings


class SecretProvider(Protocol):
    """What every place for secrets can do."""

    def get(self, name: str) -> Secret | None:
        """The secret; None where there is none of that name.

        Raises:
            SecretExposedError, SecretUnreadableError: it is there, and must not or cannot be used.
        """

    def get_or_make(self, name: str, make: Callable[[], bytes]) -> Secret:
        """The secret, made by `make` when it is asked for first: exactly once, whoever asks together."""

    def put(self, name: str, value: bytes) -> None:
        """Make this the secret from now on."""

    def where(self, name: str) -> str:
        """Where it belongs, in words for people."""


def secrets_of(settings: Settings) -> SecretProvider:
    """The place that the settings name."""
    files = FileSecrets(settings.secrets_root)
    return EnvironmentSecrets(files) if settings.secrets_from == "environment" else files
