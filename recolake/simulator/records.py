"""A day's events as the text records of a shop's export, before anything is spoilt."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from recolake.simulator.behaviour import NOBODY, Events, Kind
from recolake.simulator.config import ShopConfig
from recolake.simulator.population import COUNTRIES, Population
from recolake.simulator.titles import category_name

HEADER = (
    "event_time",
    "session_id",
    "user_id",
    "event_type",
    "item_id",
    "title",
    "category",
    "unit_price",
    "quantity",
    "order_id",
    "country",
)
TIME, SESSION, USER, TYPE, ITEM, TITLE, CATEGORY, PRICE, QUANTITY, ORDER, COUNTRY = range(len(HEADER))
Record = list[str]


def user_id(user: int) -> str:
    return f"u{user + 10001}"


def item_id(item: int) -> str:
    return str(20001 + item)


def date_of(config: ShopConfig, day: int) -> date:
    return config.start + timedelta(days=day)


def records_of(config: ShopConfig, population: Population, day: int, events: Events) -> list[Record]:
    """One record per event; views carry no quantity and no order, returns no session."""
    midnight = datetime.combine(date_of(config, day), time())
    goods, people = population.goods, population.people
    found = []
    for second, session, user, kind, item, quantity, cents, order in zip(
        *(getattr(events, name).tolist() for name in Events.__slots__), strict=True
    ):
        title = population.titles[item]
        renamed_on = int(goods.retitled_on[item])
        if 0 <= renamed_on <= day:
            title = f"{title} NEW".upper()
        found.append(
            [
                str(midnight + timedelta(seconds=second)),
                "" if session == NOBODY else f"s{day:04d}{session:05d}",
                "" if user == NOBODY else user_id(user),
                Kind(kind).name.lower(),
                item_id(item),
                title,
                category_name(int(goods.category[item])),
                f"{cents / 100:.2f}",
                "" if kind == Kind.VIEW else str(quantity),
                "" if order == NOBODY else f"{'R' if kind == Kind.RETURN else 'A'}{day:04d}{order:05d}",
                COUNTRIES[int(people.country[user])] if user != NOBODY else "",
            ]
        )
    return found
