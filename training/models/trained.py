"""What models that are trained for a while have in common: what they are told to do, and by what means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from training.models.device import device_of

C = TypeVar("C", bound=BaseModel)


def quiet(message: str) -> None:
    """Progress that nobody asked for."""


class Trained(Generic[C]):
    """A model with a configuration, a seed, a device, and a place where its training is kept.

    Attributes:
        defaults: makes the configuration of a model that is given none.
        checkpoints: a folder: training that was stopped goes on from there, to the same model; None keeps
            nothing.
    """

    defaults: Callable[[], C]

    def __init__(
        self,
        config: C | None = None,
        seed: int = 0,
        device: str | None = None,
        checkpoints: Path | None = None,
        progress: Callable[[str], None] = quiet,
    ) -> None:
        self.config = type(self).defaults() if config is None else config
        self.seed, self.device = seed, device_of(device)
        self.checkpoints, self.progress = checkpoints, progress
