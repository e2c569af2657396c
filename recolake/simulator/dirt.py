"""Spoils a day's clean records in the ways real exports are spoilt, and counts exactly what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from recolake.simulator.config import DirtRates, ShopConfig
from recolake.simulator.population import Ints, Stream, stream
from recolake.simulator.records import (
    COUNTRY,
    ITEM,
    ORDER,
    PRICE,
    QUANTITY,
    SESSION,
    TIME,
    TITLE,
    TYPE,
    USER,
    Record,
)
from recolake.simulator.titles import NON_GOODS

_ODD_TITLES = ("?", "damaged", "check", "found")


@dataclass(slots=True)
class SpoiltDay:
    """A day's records as exported, and for every one what was done to it ("" for nothing).

    `copies[i]` says that record i repeats an earlier one byte for byte; it then has that one's `dirt`.
    """

    records: list[Record]
    dirt: list[str] = field(default_factory=list)
    copies: list[bool] = field(default_factory=list)


def spoil(config: ShopConfig, day: int, clean: list[Record], yesterday: SpoiltDay | None) -> SpoiltDay:
    """Add non-goods lines, spoil rows, then repeat some, a few of them from the day before."""
    rng = stream(config, Stream.DIRT, day)
    rates = config.dirt
    records, dirt = _with_non_goods(rng, rates, clean)
    for name, rate, touches, change in _kinds(rates):
        free = np.array([i for i, r in enumerate(records) if not dirt[i] and touches(r)], np.int64)
        for row in _some(rng, free, rate):
            change(records[row], rng)
            dirt[row] = name
    day_now = SpoiltDay(records, dirt, [False] * len(records))
    today = _some(rng, _repeatable(day_now), rates.repeats)
    late = _some(rng, _repeatable(yesterday), rates.late_repeats) if yesterday else ()
    for source, rows in ((day_now, today), (yesterday or day_now, late)):
        for row in rows:
            day_now.records.append(list(source.records[row]))
            day_now.dirt.append(source.dirt[row])
            day_now.copies.append(True)
    return day_now


def _repeatable(day: SpoiltDay) -> Ints:
    """Rows that may come again: first occurrences, but ragged ones, whose content can be read in two ways."""
    return np.array([i for i, d in enumerate(day.dirt) if d != "ragged" and not day.copies[i]], np.int64)


def _some(rng: np.random.Generator, rows: Ints, rate: float) -> Ints:
    """A random share of the rows, each with probability `rate`."""
    return np.asarray(rows[rng.random(len(rows)) < rate], dtype=np.int64)


def _with_non_goods(
    rng: np.random.Generator, rates: DirtRates, clean: list[Record]
) -> tuple[list[Record], list[str]]:
    """After the last purchase of some orders, a line for something that is no good, such as postage."""
    last_of_order = {r[ORDER]: i for i, r in enumerate(clean) if r[TYPE] == "purchase"}
    chosen = set(_some(rng, np.array(sorted(last_of_order.values()), np.int64), rates.non_goods * 3).tolist())
    records: list[Record] = []
    dirt: list[str] = []
    for index, record in enumerate(clean):
        records.append(list(record))
        dirt.append("")
        if index in chosen:
            code, title = NON_GOODS[int(rng.choice(len(NON_GOODS), p=(0.7, 0.1, 0.1, 0.05, 0.05)))]
            line = list(record)
            line[ITEM], line[TITLE], line[QUANTITY], line[PRICE] = (
                code,
                title,
                "1",
                f"{rng.integers(200, 4000) / 100:.2f}",
            )
            records.append(line)
            dirt.append("non_goods")
    return records, dirt


Change = Callable[[Record, np.random.Generator], None]


def _kinds(rates: DirtRates) -> list[tuple[str, float, Callable[[Record], bool], Change]]:
    """(name, rate, which rows it may touch, what it does to one), in the order in which rows are spoilt."""

    def bought(r: Record) -> bool:
        return r[TYPE] == "purchase"

    def of_member(r: Record) -> bool:
        return bool(r[USER]) and bool(r[SESSION])

    def anything(_: Record) -> bool:
        return True

    def set_to(**cells: str) -> Change:
        places = {
            "user": USER,
            "session": SESSION,
            "order": ORDER,
            "country": COUNTRY,
            "title": TITLE,
            "price": PRICE,
            "time": TIME,
        }

        def change(record: Record, _: np.random.Generator) -> None:
            for name, value in cells.items():
                record[places[name]] = value

        return change

    def negate(column: int) -> Change:
        def change(record: Record, _: np.random.Generator) -> None:
            record[column] = f"-{record[column]}"

        return change

    def odd_title(record: Record, rng: np.random.Generator) -> None:
        record[TITLE] = "" if rng.random() < 0.7 else _ODD_TITLES[int(rng.integers(len(_ODD_TITLES)))]

    def ragged(record: Record, rng: np.random.Generator) -> None:
        if rng.random() < 0.5:
            record.append("unexpected")
        else:
            del record[TYPE:]

    def multiline(record: Record, _: np.random.Generator) -> None:
        record[TITLE] = record[TITLE].replace(" ", "\n", 1)

    return [
        ("missing_user", rates.missing_user, of_member, set_to(user="", country="")),
        ("unattributed", rates.unattributed, anything, set_to(user="", session="", order="", country="")),
        ("missing_title", rates.missing_title, anything, odd_title),
        ("zero_price", rates.zero_price, bought, set_to(price="0.00")),
        ("negative_price", rates.negative_price, bought, negate(PRICE)),
        ("negative_quantity", rates.negative_quantity, bought, negate(QUANTITY)),
        ("bad_time", rates.bad_time, anything, set_to(time="not recorded")),
        ("bad_price", rates.bad_price, anything, set_to(price="n/a")),
        ("ragged", rates.ragged, anything, ragged),
        ("multiline_title", rates.multiline_title, anything, multiline),
    ]
