"""Sequences in windows and batches, so that little is padded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from recolake.ranking.items import IntArray
from recolake.ranking.ragged import Ragged

# Batches hold sequences of nearly equal length, but not always the same ones together.
_JITTER = 2.0


def windows(walked: Ragged, longest: int) -> Ragged:
    """Parts of at most `longest` + 1 items that overlap by one, from the end of each sequence on.

    So each item but the first is foreseen once. Sequences of one item have none.
    """
    counts = -(-np.maximum(walked.lengths - 1, 0) // longest)
    owner = np.repeat(np.arange(len(walked)), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    stop = walked.offsets[1:][owner] - number * longest
    start = np.maximum(walked.offsets[:-1][owner], stop - longest - 1)
    return cut(walked, start, stop)


def newest(walked: Ragged, longest: int) -> Ragged:
    """The last `longest` items of each sequence."""
    stop = walked.offsets[1:]
    return cut(walked, np.maximum(walked.offsets[:-1], stop - longest), stop)


def cut(walked: Ragged, start: IntArray, stop: IntArray) -> Ragged:
    """Parts of `rows`, each from its start to before its stop."""
    lengths = stop - start
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - start, lengths)
    return Ragged(offsets, walked.rows[places])


def shuffled(lengths: IntArray, places: int) -> list[IntArray]:
    """Rows in batches of at most so many places, padding included, at random by PyTorch's generator."""
    noise = torch.rand(len(lengths), dtype=torch.float64).numpy() * _JITTER
    batches = list(even(lengths, places, noise))
    return [batches[number] for number in torch.randperm(len(batches)).tolist()]


def even(lengths: IntArray, places: int, noise: np.ndarray | float = 0.0) -> Iterator[IntArray]:
    """Rows from the longest to the shortest, in batches of at most so many places, padding included."""
    order = np.argsort(-(lengths + noise), kind="stable")
    start = 0
    while start < len(order):
        # The jitter lets a longer row follow, by less than this.
        longest = int(lengths[order[start]] + _JITTER)
        stop = start + max(1, places // longest)
        yield order[start:stop]
        start = stop


def padded(rows: Ragged, device: torch.device) -> tuple[Tensor, Tensor]:
    """[B, T] items, to the left, and the [B] lengths."""
    return torch.from_numpy(rows.padded(0)).to(device), torch.from_numpy(rows.lengths).to(device)
