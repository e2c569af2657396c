"""What a simulated shop is like: its size, its habits, and how much dirt its exports carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from recolake.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class DirtRates:
    """Share of a day's rows (purchases, where it says so) that is spoilt in each way.

    A row is spoilt in at most one way; repeats are copied afterwards, so a spoilt row can come twice too.
    """

    repeats: float = 0.008
    late_repeats: float = 0.002
    missing_user: float = 0.02
    unattributed: float = 0.003
    missing_title: float = 0.003
    zero_price: float = 0.01
    negative_price: float = 0.004
    negative_quantity: float = 0.006
    non_goods: float = 0.03
    bad_time: float = 0.001
    bad_price: float = 0.002
    ragged: float = 0.001
    multiline_title: float = 0.002


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """A shop. Everything it does follows from these values alone.

    The founding people and items are there on the first day; more arrive at a daily rate, so that the first n
    days of a shop are the same however many days are asked for.
    """

    seed: int = 7
    days: int = 120
    start: date = date(2025, 1, 6)
    users: int = 500
    new_users_per_day: float = 2.5
    items: int = 450
    new_items_per_day: float = 1.25
    sessions_per_day: float = 65.0
    factors: int = 8
    categories: int = 12
    dirt: DirtRates = field(default_factory=DirtRates)

    def __post_init__(self) -> None:
        for name, least in (
            ("days", 1),
            ("users", 2),
            ("items", 30),
            ("factors", 1),
            ("categories", 1),
            ("seed", 0),
        ):
            if getattr(self, name) < least:
                raise InvalidInputError(f"A simulated shop needs {name} of at least {least}.", field=name)
        for name in ("new_users_per_day", "new_items_per_day", "sessions_per_day"):
            if getattr(self, name) < 0:
                raise InvalidInputError(f"{name} cannot be negative.", field=name)
