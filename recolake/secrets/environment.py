"""Secrets from variables, for development and for containers that are given them so.

What no variable gives comes from the files behind, and what is made or replaced goes there: an environment
cannot be written. A variable is read anew at each use, yet another process cannot change it: to rotate what
is given so, start the platform anew.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable

from recolake.secrets.files import FileSecrets
from recolake.secrets.secret import Secret, SecretUnreadableError

_BASE64 = "base64:"


class EnvironmentSecrets:
    """Variables first: `accounts.password` is `RECOLAKE_SECRET_ACCOUNTS_PASSWORD`, a `/` is `__`."""

    def __init__(self, behind: FileSecrets) -> None:
        self._behind = behind

    def get(self, name: str) -> Secret | None:
        given = os.environ.get(variable_of(name))
        if given is None:
            return self._behind.get(name)
        if not given.startswith(_BASE64):
            return Secret(given.encode())
        try:
            return Secret(base64.b64decode(given.removeprefix(_BASE64), validate=True))
        except binascii.Error:
            # The error would show what it is about.
            raise SecretUnreadableError(
                f"The variable {variable_of(name)} is no base64.", hint="Set it to base64:… or to plain text."
            ) from None

    def get_or_make(self, name: str, make: Callable[[], bytes]) -> Secret:
        found = self.get(name)
        return found if found is not None else self._behind.get_or_make(name, make)

    def put(self, name: str, value: bytes) -> None:
        if variable_of(name) in os.environ:
            raise SecretUnreadableError(
                f"The secret '{name}' is given by the environment, which cannot be written.",
                hint=f"Change {variable_of(name)} where it is set, and start the platform anew.",
            )
        self._behind.put(name, value)

    def where(self, name: str) -> str:
        return f"the variable {variable_of(name)}, or {self._behind.where(name)}"


def variable_of(name: str) -> str:
    """The variable of a secret's name. Tenants' names hold single hyphens, so two never share one."""
    return "RECOLAKE_SECRET_" + re.sub(r"[.-]", "_", name.replace("/", "__")).upper()
