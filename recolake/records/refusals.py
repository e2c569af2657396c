"""Why something that was sent is not taken: a stable code, the field, and a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from recolake.errors import InvalidInputError

_PLACE = re.compile(r" - at `\$(?P<path>[^`]*)`\Z")
_NAMED = re.compile(r"(?:unknown|missing required) field `(?P<name>[^`]*)`")


class InvalidJsonError(InvalidInputError):
    """A body that is not JSON at all, so nothing of it can be judged."""

    code = "invalid_json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with one thing that was sent. `code` is a rule's reason where a rule of files says so."""

    code: str
    detail: str
    field: str | None = None

    def within(self, place: str) -> Refusal:
        """The same of a part of something larger."""
        return Refusal(self.code, self.detail, f"{place}.{self.field}" if self.field else place)


class RefusedError(Exception):
    """Raised where something is judged, caught where its answer is made."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def refuse(code: str, field: str | None, detail: str) -> RefusedError:
    """The error to raise."""
    return RefusedError(Refusal(code, detail, field))


def of_form(error: msgspec.ValidationError) -> Refusal:
    """What a decoder has against a value: its path becomes the field."""
    message = str(error)
    place = _PLACE.search(message)
    path = place["path"] if place else ""
    said = message[: place.start()] if place else message
    named = _NAMED.search(said)
    field = f"{path}.{named['name']}" if named else path
    return Refusal("invalid_input", f"{said}.".replace("`", "'"), field.lstrip(".") or None)
