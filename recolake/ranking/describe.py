"""What is said of one item, as the features that training made of the whole catalogue.

Training decides what each column of the catalogue is (`training.files.encoding`) and leaves it behind as
`Column`s; by these a server encodes an item that came later, to the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from math import isfinite, sqrt

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

ISO = "ISO8601"
_SET = frozenset({"1", "true"})
_WORD = re.compile(r"\w+")
_SEPARATOR = "|"


class ColumnKind(StrEnum):
    """How the text of a cell is read."""

    FLAGS = "flags"
    SIZE = "size"
    VALUES = "values"
    WORDS = "words"


class Column(BaseModel):
    """A column, or all of flags together: an item's features of it have length 1 together, or there are none.

    `labels` are the texts that are features, or of flags the names of their columns; `knots` those of a size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ColumnKind
    name: str = ""
    labels: tuple[str, ...] = ()
    knots: tuple[float, ...] = ()
    form: str | None = Field(default=None, description="Of dates, how they are written; None: numbers")

    def __len__(self) -> int:
        return len(self.knots) if self.kind is ColumnKind.SIZE else len(self.labels)

    def encode(self, said: Mapping[str, str]) -> dict[int, float]:
        """Value by feature, counted from the first of the column.

        Args:
            said: texts in lower case, without blanks around them, by column.
        """
        if self.kind is ColumnKind.SIZE:
            return self._size(said.get(self.name, ""))
        places = sorted(set(self._places(said)))
        return dict.fromkeys(places, 1 / sqrt(len(places))) if places else {}

    def _places(self, said: Mapping[str, str]) -> Iterator[int]:
        if self.kind is ColumnKind.FLAGS:
            yield from (at for at, name in enumerate(self.labels) if said.get(name, "") in _SET)
            return
        text = said.get(self.name, "")
        texts = text.split(_SEPARATOR) if self.kind is ColumnKind.VALUES else _WORD.findall(text)
        known = self._place_of
        yield from (known[each] for each in texts if each in known)

    @cached_property
    def _place_of(self) -> Mapping[str, int]:
        return {label: at for at, label in enumerate(self.labels)}

    def _size(self, text: str) -> dict[int, float]:
        number = _number(text) if self.form is None else _moment(text, self.form)
        if number is None or not self.knots:
            return {}
        place = float(np.interp(number, self.knots, np.arange(len(self.knots))))
        low = min(int(place), max(len(self.knots) - 2, 0))
        share = place - low
        parts = {low: 1 - share, min(low + 1, len(self.knots) - 1): share}
        if len(self.knots) == 1:
            parts = {0: 1.0}
        length = sqrt(sum(part**2 for part in parts.values()))
        return {at: part / length for at, part in parts.items() if part}


def encode(columns: Sequence[Column], attributes: Mapping[str, str]) -> dict[int, float]:
    """Value by feature of one item, counted over all columns; empty where it shares nothing with any."""
    said = {name: text.strip().lower() for name, text in attributes.items()}
    found: dict[int, float] = {}
    start = 0
    for column in columns:
        found |= {start + at: value for at, value in column.encode(said).items()}
        start += len(column)
    return found


def columns_to_json(columns: Sequence[Column]) -> str:
    """For a file of an artefact."""
    return _COLUMNS.dump_json(tuple(columns)).decode()


def columns_from_json(text: str) -> tuple[Column, ...]:
    """Raises ValueError where it is not what `columns_to_json` gives."""
    return _COLUMNS.validate_json(text)


_COLUMNS: TypeAdapter[tuple[Column, ...]] = TypeAdapter(tuple[Column, ...])


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None


def _moment(text: str, form: str) -> float | None:
    """Years, with days as parts of them."""
    try:
        found = datetime.fromisoformat(text) if form == ISO else datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        return None
    moment = found.astimezone(UTC) if found.tzinfo else found
    return moment.year + moment.timetuple().tm_yday / 366
