"""What the lake says of items and of people beside what happened, as features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recolake.records.kinds import AVAILABILITY
from training.datasets.dataset import Dataset
from training.datasets.features import Features
from training.files.encoding import parts
from training.files.features import joined

_TITLE = "title"


def of_items(dataset: Dataset) -> Features | None:
    """Title, price, category and all other attributes of every item; None where no two share anything."""
    rows = {
        item: {**dataset.attributes.get(item, {}), **({_TITLE: title} if title else {})}
        for item, title in dataset.titles.items()
    }
    return _features(rows)


def of_people(dataset: Dataset) -> Features | None:
    """What is known of people beside what they did; None where no two share anything."""
    return _features(dataset.people)


def _features(rows: Mapping[str, Mapping[str, str]]) -> Features | None:
    said = {who: {k: v for k, v in row.items() if k not in AVAILABILITY} for who, row in rows.items()}
    ids = np.array(sorted(who for who, row in said.items() if row), dtype=np.str_)
    if not len(ids):
        return None
    columns = sorted({name for row in said.values() for name in row})
    table = {name: [said[who].get(name) for who in ids.tolist()] for name in columns}
    found = parts(pd.DataFrame(table, columns=columns, dtype=object))
    return joined(ids, found) if found else None
