"""One model of the ladder: how it is made, what may be chosen, what it needs and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict

from recolake.ranking.popularity import FloatArray
from training.auto.facts import Facts
from training.datasets.features import NOTHING, Described
from training.models.base import Model
from training.models.graph_filter.model import Spectra
from training.models.memo import Memo


class Cost(IntEnum):
    """What a fit costs, by order of magnitude; of equals in quality, the cheaper model is picked."""

    COUNTING = 0
    CLOSED_FORM = 1
    ITERATED = 2
    DEEP = 3


class NoConfig(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Knob:
    """A field of a configuration and the values that it may take, in an order in which quality bends once."""

    field: str
    values: tuple[Any, ...]


def _quiet(message: str) -> None:
    pass


@dataclass(frozen=True)
class Tools:
    """What the fits of one search share.

    Attributes:
        progress: told how a long fit goes.
        checkpoints: a folder where a long fit keeps where it stands; None where it keeps nothing.
        described: what is known of users and items beside their events.
    """

    seed: int
    progress: Callable[[str], None] = _quiet
    checkpoints: Path | None = None
    described: Described = NOTHING
    spectra: Spectra = field(default_factory=Spectra)
    ease: Memo[FloatArray] = field(default_factory=Memo)
    pairs: Memo[sp.csr_matrix] = field(default_factory=Memo)


def _nothing(facts: Facts) -> str | None:
    return None


@dataclass(frozen=True)
class Rung:
    """A name on the command line.

    Attributes:
        make: a model that is not fitted yet.
        start: the configuration that is tried first.
        knobs: what the search turns, in this order.
        work: floating point operations of a fit, roughly; only ratios between configurations matter.
        part: what the costly part of a fit depends on, where the model keeps the last one; else None.
        refuses: why the model cannot be fitted to such data; None where it can.
        reads_users: whether people without history are scored by what is known of them.
        second: it learns from other models' scores; a blend without it is weighed beside one with it.
    """

    name: str
    cost: Cost
    make: Callable[[Any, Tools], Model]
    start: Callable[[Facts], BaseModel] = lambda facts: NoConfig()
    knobs: Callable[[Facts], Sequence[Knob]] = lambda facts: ()
    work: Callable[[Facts, Any], float] = lambda facts, config: float(facts.entries)
    part: Callable[[Any], Hashable] = lambda config: None
    refuses: Callable[[Facts], str | None] = _nothing
    reads_users: bool = False
    second: bool = False
