"""Which column of a sample is what: by its name, and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from recolake.contracts.events import TIME_PATTERN, parse_number
from recolake.inference.sample import Sample

_LEAST = 0.9
_SECONDS = range(631_152_000, 4_102_444_800)
_TIME = re.compile(TIME_PATTERN.replace(r"\z", r"\Z"))
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
# How days are written elsewhere: to be read by Python, and by Spark.
_FORMS = {
    f"{day}{hour}": f"{spark}{spark_hour}"
    for day, spark in (
        ("%d/%m/%Y", "d/M/yyyy"),
        ("%m/%d/%Y", "M/d/yyyy"),
        ("%d.%m.%Y", "d.M.yyyy"),
        ("%Y/%m/%d", "yyyy/M/d"),
        ("%d-%b-%Y", "d-MMM-yyyy"),
    )
    for hour, spark_hour in (("", ""), (" %H:%M", " H:mm"), (" %H:%M:%S", " H:mm:ss"))
}
NAMES: dict[str, frozenset[str]] = {
    "time": frozenset(
        ["time", "timestamp", "date", "datetime", "ts", "when", "created", "occurred", "datum", "zeit"]
    ),
    "type": frozenset(["type", "event", "action", "behavior", "behaviour", "verb"]),
    "quantity": frozenset(["quantity", "qty", "count", "pieces", "units", "menge", "anzahl"]),
    "price": frozenset(["price", "preis", "cost"]),
    "value": frozenset(["value", "total", "revenue", "amount", "rating", "score", "stars", "sum"]),
    "session": frozenset(["session", "visit"]),
    "order": frozenset(["order", "invoice", "basket", "transaction", "receipt", "bestellung", "rechnung"]),
    "user": frozenset(
        [
            "user",
            "customer",
            "client",
            "member",
            "person",
            "visitor",
            "account",
            "buyer",
            "reviewer",
            "shopper",
            "uid",
            "kunde",
            "kunden",
        ]
    ),
    "item": frozenset(
        [
            "item",
            "product",
            "sku",
            "article",
            "asin",
            "stock",
            "movie",
            "book",
            "track",
            "song",
            "content",
            "goods",
            "artikel",
            "business",
            "location",
        ]
    ),
    "title": frozenset(["title", "name", "description", "label", "titel", "bezeichnung"]),
}
"""Words of a column's name that speak for a role; roles that come first choose first."""
_RATINGS = ("rating", "score", "stars")
_MOST_RATINGS = 11


@dataclass(frozen=True, slots=True)
class Guess:
    """A column taken for a role, how sure that is, from 0 to 1, why, and how its text becomes the value."""

    column: str
    sure: float
    why: str
    form: str = "{}"


def guess_roles(sample: Sample) -> dict[str, Guess]:
    """Roles that a column was found for. No column has two."""
    found: dict[str, Guess] = {}
    for role in NAMES:
        left = [
            column for column in sample.columns if column not in {guess.column for guess in found.values()}
        ]
        if best := max(_candidates(role, left, sample), key=lambda guess: guess.sure, default=None):
            found[role] = best
    left = [column for column in sample.columns if column not in {guess.column for guess in found.values()}]
    for role in ("user", "item"):
        if role not in found and left:
            why = "no name tells; people and items are mostly the first columns"
            found[role] = Guess(left.pop(0), 0.3, why)
    return found


def _candidates(role: str, columns: Iterable[str], sample: Sample) -> Iterable[Guess]:
    for column in columns:
        words = words_of(column)
        named = bool(words & NAMES[role])
        values = sample.values(column)
        if role == "time":
            if guess := _as_time(column, values, named=named):
                yield guess
        elif role in ("quantity", "price", "value"):
            numbers = _share(values, lambda text: parse_number(text) is not None)
            if named and numbers >= _LEAST and not (role == "value" and "id" in words):
                yield Guess(column, 0.9, f"its name, and {numbers:.0%} of its values are numbers")
            elif role == "value" and not named and _like_ratings(column, values):
                yield Guess(column, 0.4, "a few small whole numbers, as ratings are; its name does not tell")
        elif named:
            identifies = bool(words & {"id", "no", "nr", "number", "code", "key"})
            if role == "type":
                if "id" not in words and len(set(values)) <= max(20, len(values) // 50):
                    yield Guess(column, 0.9, f"its name, and it has {len(set(values))} different values")
            elif role == "title":
                yield Guess(column, 0.8 if "title" in words or "description" in words else 0.6, "its name")
            else:
                yield _identity(role, column, values, sure=0.95 if identifies else 0.8)


def _identity(role: str, column: str, values: list[str], *, sure: float) -> Guess:
    decimals = _share(values, lambda text: text.endswith(".0") and text[:-2].isdigit())
    if role == "user" and decimals > 0:
        why = f"its name; {decimals:.0%} of its values are numbers that end in .0"
        return Guess(column, sure, why, "regexp_replace({}, '[.]0$', '')")
    return Guess(column, sure, "its name")


def words_of(column: str) -> frozenset[str]:
    """The words of a name such as `CustomerID`, `customer_id` or `customer.id`, in small letters."""
    return frozenset(word.lower() for word in _WORDS.findall(column))


def _as_time(column: str, values: list[str], *, named: bool) -> Guess | None:
    """The column as a time, if nearly all that stands in it can be read as one."""
    sure, about = (0.95, "its name, and") if named else (0.6, "its name does not tell, but")
    if (share := _share(values, lambda text: _TIME.match(text) is not None)) >= _LEAST:
        return Guess(column, sure, f"{about} {share:.0%} of its values are times")
    for unit, factor in (("seconds", 1), ("millis", 1_000)):
        share = _share(values, lambda text, f=factor: _whole(text) // f in _SECONDS)  # type: ignore[misc]
        if share >= _LEAST:
            why = f"{about} {share:.0%} of its values are {unit} since 1970, of 1990 or later"
            return Guess(column, sure - 0.05, why, f"timestamp_{unit}({{}})")
    for form, spark in _FORMS.items():
        share = _share(values, lambda text, f=form: _fits(text, f))  # type: ignore[misc]
        if share >= _LEAST:
            swapped = form.replace("%d/%m", "%m/%d")
            both = swapped != form and _share(values, lambda text, f=swapped: _fits(text, f)) >= _LEAST  # type: ignore[misc]
            why = f"{about} {share:.0%} of its values are times written {spark}"
            why += "; day and month may be the other way round" if both else ""
            return Guess(column, 0.5 if both else sure, why, f"to_timestamp({{}}, '{spark}')")
    return None


def _like_ratings(column: str, values: list[str]) -> bool:
    different = set(values)
    small = all(number is not None and 0 <= number <= 10 for number in map(parse_number, different))
    return (
        small and 2 <= len(different) <= _MOST_RATINGS and len(values) >= 10 and column.startswith("column_")
    )


def is_rating(guess: Guess) -> bool:
    """Whether a value seems to be a rating, not money."""
    return bool(words_of(guess.column) & set(_RATINGS)) or guess.sure < 0.5


def _share(values: list[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, values)) / len(values) if values else 0.0


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        return False
    return True
