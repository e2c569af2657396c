"""What was recommended, in the ids of the input, so that anyone can score it again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from recolake.files import write_atomically
from recolake.ranking.items import IntArray
from recolake.ranking.retrieval import NO_ITEM
from training.benchmark.problem import Problem


def write_lists(path: Path, problem: Problem, rows: IntArray) -> None:
    """Arrays `users` [U] and `items` [U, k] of all test users; -1 or an empty text where a list is short."""
    ids = problem.catalogue.items
    filler = "" if ids.dtype.kind == "U" else -1
    items = np.where(rows == NO_ITEM, np.array(filler, dtype=ids.dtype), ids[rows])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, users=problem.catalogue.users[problem.asked], items=items)
    write_atomically(path, buffer.getvalue())
