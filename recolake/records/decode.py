"""From bodies to structs: a list is read at once, and one by one only where something in it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from recolake.errors import InvalidInputError
from recolake.records.refusals import InvalidJsonError, Refusal, RefusedError, of_form

T = TypeVar("T")


class Reader(Generic[T]):
    """Reads values of one form."""

    def __init__(self, form: type[T]) -> None:
        self._one = msgspec.json.Decoder(form)
        # Lists are generic at run time only: a checker cannot say what their decoder gives.
        self._many: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(list[form])  # type: ignore[valid-type]
        self._parts = msgspec.json.Decoder(list[msgspec.Raw])

    def one(self, body: bytes | msgspec.Raw) -> T:
        """A value.

        Raises:
            RefusedError: it has another form.
            InvalidJsonError: it is not JSON.
        """
        try:
            return self._one.decode(body)
        except msgspec.ValidationError as error:
            raise RefusedError(of_form(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidJsonError(f"The body cannot be read: {error}.") from error

    def many(self, body: bytes, most: int, noun: str) -> Sequence[T | Refusal]:
        """Values in their order, with a refusal in place of each that has another form.

        Raises:
            InvalidJsonError: the body is not JSON.
            InvalidInputError: it is no list, an empty one, or one of more than `most`.
        """
        try:
            values: Sequence[T | Refusal] = self._many.decode(body)
        except msgspec.ValidationError:
            values = [self._judged(part) for part in self._parts_of(body)]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidJsonError(f"The body cannot be read: {error}.") from error
        if not 0 < len(values) <= most:
            raise InvalidInputError(
                f"These are {len(values):,} {noun}.", hint=f"Send 1 to {most:,} at a time; nothing was kept."
            )
        return values

    def _parts_of(self, body: bytes) -> list[msgspec.Raw]:
        try:
            return self._parts.decode(body)
        except msgspec.ValidationError as error:
            raise InvalidInputError("A list is needed here.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidJsonError(f"The body cannot be read: {error}.") from error

    def _judged(self, part: msgspec.Raw) -> T | Refusal:
        try:
            return self.one(part)
        except RefusedError as error:
            return error.refusal
