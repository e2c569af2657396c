"""A secret as code holds it: neither `repr`, `str`, a log line nor a traceback shows what it is."""

from __future__ import annotations

from recolake.errors import ServiceUnavailableError


class Secret:
    """Bytes that only `reveal` and `text` give away."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        return self._value

    def text(self) -> str:
        """What is in it as text, without white space around it."""
        return self._value.decode().strip()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        message = "a secret is not written down"
        raise TypeError(message)


class SecretExposedError(ServiceUnavailableError):
    """Others than its owner may read the file of a secret, so it is none any more."""

    code = "secret_exposed"


class SecretUnreadableError(ServiceUnavailableError):
    """A secret is there and cannot be read."""

    code = "secret_unreadable"
