"""Items and people without history: what their content is worth, on items and people that a fit is not shown.

    python ../shared/data/splits.py SPLITS
    python -m benchmarks.cold --simulated 7 8 --retail ../shared/data/online-retail SPLITS
    python -m benchmarks.cold --movielens ../shared/data/ml-100k

runs what `recolake train` runs, with matrix factorisation as a tenant's first model begins: a tenth of the
items (and of the people, where anything is known of them) is hidden from a fit to what precedes the test
window. Half of the people choose the map from content, the other half measures. 95 % intervals over people.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality import read
from recolake.simulator.behaviour import Kind, days
from recolake.simulator.config import ShopConfig
from recolake.simulator.population import populate
from training.cold.served import served_candidate
from training.config import MF, SEARCH_SPACE, START, Algorithm, ModelConfig
from training.datasets.dataset import Dataset, ItemDays
from training.datasets.interactions import MICROSECONDS_A_DAY, NEVER, Interactions
from training.datasets.split import temporal_split
from training.experiment import Experiment

CONFIG = ModelConfig(algorithm=Algorithm(name=MF, settings=SEARCH_SPACE[0]), ranking=START)
# As dbt_project/seeds/event_weights.csv has them.
_WEIGHTS = {Kind.VIEW: 0.2, Kind.CART: 0.5, Kind.PURCHASE: 1.0, Kind.RETURN: 0.0}
_FIRST_DAY = 15_000

Rows = Mapping[str, Mapping[str, str]]


def simulated(seed: int) -> Dataset:
    """The default shop of `recolake simulate` without its dirt; a title names the category."""
    config = ShopConfig(seed=seed)
    population = populate(config)
    parts = []
    for day, events in enumerate(days(config, population)):
        weight = np.array([_WEIGHTS[kind] for kind in Kind])[events.kind]
        known = (events.user >= 0) & (weight > 0)
        moment = (_FIRST_DAY + day) * MICROSECONDS_A_DAY + events.second * 1_000_000
        taken = np.where(events.kind == Kind.PURCHASE, moment, NEVER)
        rows = (events.user, events.item, np.full(len(known), _FIRST_DAY + day), weight, taken)
        parts.append([column[known] for column in rows])
    user, item, day_of, weight, taken = (np.concatenate(column) for column in zip(*parts, strict=True))
    prices = (population.goods.price_cents / 100).tolist()
    said = {
        f"{n:06}": {"title": title, "price": f"{price:g}"}
        for n, (title, price) in enumerate(zip(population.titles, prices, strict=True))
    }
    return _dataset(_named(user), _named(item), day_of, weight, taken, said)


def retail(raw: Path, splits: Path) -> Dataset:
    """Online Retail: the split's purchases, titles and prices as the raw files last have them."""
    whole = read(splits / "online-retail-temporal")
    files = [pd.read_csv(path, dtype=str, encoding_errors="replace") for path in sorted(raw.glob("*.csv.gz"))]
    rows = pd.concat(files).dropna(subset=["Description"]).groupby("StockCode").last()
    # Articles only: five digits and letters, as the split has them.
    rows = rows[rows.index.str.fullmatch(r"\d{5}[A-Za-z]*")]
    said = {
        str(code): {"title": title, "price": price}
        for code, title, price in zip(rows.index, rows["Description"], rows["UnitPrice"], strict=True)
    }
    return _described(whole.interactions, whole.item_days, said, {})


def movielens(folder: Path) -> Dataset:
    """MovieLens 100k: titles and genres; age, sex and occupation of people."""
    names = ["user", "item", "rating", "time"]
    log = pd.read_csv(folder / "u.data", sep="\t", names=names, dtype={"user": str, "item": str})
    genres = [line.partition("|")[0] for line in _lines(folder / "u.genre")]
    said = {}
    for line in _lines(folder / "u.item"):
        code, title, *fields = line.split("|")
        flags = fields[-len(genres) :]
        held = "|".join(name for name, flag in zip(genres, flags, strict=True) if flag == "1")
        said[code] = {"title": title, "genre": held}
    people = {}
    for line in _lines(folder / "u.user"):
        person, age, sex, occupation, _ = line.split("|")
        people[person] = {"age": age, "sex": sex, "occupation": occupation}
    day = (log["time"] // 86_400).to_numpy()
    user, item = (log[name].to_numpy(dtype=np.str_) for name in ("user", "item"))
    return _dataset(user, item, day, np.ones(len(log)), None, said, people)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="latin-1").splitlines() if line]


def _named(numbers: np.ndarray) -> np.ndarray:
    return np.array([f"{number:06}" for number in numbers])


def _dataset(
    user: np.ndarray,
    item: np.ndarray,
    day: np.ndarray,
    weight: np.ndarray,
    taken: np.ndarray | None,
    said: Rows,
    people: Rows | None = None,
) -> Dataset:
    weight = weight.astype(np.float32)
    interactions = Interactions.of(user, item, day, weight, taken)
    return _described(interactions, ItemDays.of(item, day, weight), said, people or {})


def _described(interactions: Interactions, item_days: ItemDays, said: Rows, people: Rows) -> Dataset:
    titles = {item: row["title"] for item, row in said.items()}
    attributes = {item: {k: v for k, v in row.items() if k != "title"} for item, row in said.items()}
    return Dataset(
        interactions, item_days, titles, attributes, {}, (), goods=tuple(sorted(said)), people=people
    )


def report(name: str, load: Callable[[], Dataset], seed: int) -> None:
    """What was chosen and measured, a line each."""
    dataset = load()
    began = time.process_time()
    experiment = Experiment(CONFIG, temporal_split(dataset.interactions), {})
    candidate, plan = served_candidate(dataset, experiment, seed, lambda _: None)
    unmet = 0 if candidate.newcomers is None else len(candidate.newcomers.items)
    print(
        f"{name}: {dataset.interactions.shape[1]:,} items met, {unmet:,} not; "
        f"hidden {plan.hidden[0]:,} items and {plan.hidden[1]:,} people; penalty {plan.items.penalty:g}, "
        f"emphasis {plan.items.emphasis:g}, people by attributes: {plan.with_people}; "
        f"{time.process_time() - began:.1f} s of processor time"
    )
    for what, found in plan.estimates.items():
        print(f"  {what:<42} {found.value:.4f} [{found.low:.4f}, {found.high:.4f}]", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--simulated", type=int, nargs="*", default=[], help="seeds of simulated shops")
    parser.add_argument("--retail", type=Path, nargs=2, help="raw files, and folder of the splits")
    parser.add_argument("--movielens", type=Path, help="folder of ml-100k")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sources = [(f"simulated, seed {seed}", partial(simulated, seed)) for seed in given.simulated]
    sources += [("Online Retail", partial(retail, *given.retail))] if given.retail else []
    sources += [("ml-100k", partial(movielens, given.movielens))] if given.movielens else []
    for name, load in sources:
        report(name, load, given.seed)


if __name__ == "__main__":
    main()
