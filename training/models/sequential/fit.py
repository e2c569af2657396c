"""From a log to a trained network: the same for every model of what comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import Interactions
from training.datasets.sequences import sequences
from training.models.checkpoint import Checkpoint
from training.models.sequential.batches import cut, even, newest, padded, windows
from training.models.sequential.config import SequentialConfig
from training.models.sequential.held_out import foreseen, held_out
from training.models.sequential.network import ItemNetwork
from training.models.sequential.start import spectral
from training.models.sequential.trainer import Trainer
from training.models.trained import Trained

_PLACES_AT_ONCE = 1 << 14
N = TypeVar("N", bound=ItemNetwork)


@dataclass(frozen=True)
class Training(Generic[N]):
    """How a network is made and trained.

    Attributes:
        model: configuration, seed, device, checkpoints and progress.
        network: made from the [I, d] vectors with which it begins.
        scores: [n, I] of each item, from what the network looks for, [n, ...], and the items' vectors [I, d].
    """

    name: str
    model: Trained[Any]
    network: Callable[[Tensor], N]
    scores: Callable[[FloatArray, FloatArray], FloatArray]

    def fit(self, interactions: Interactions) -> tuple[FloatArray, FloatArray]:
        """What is looked for after all that each user did, [U, ...], and the vectors of items [I, d].

        Early stopping looks at the last items of some users, which are cut from what is learnt from.
        """
        walked, items = sequences(interactions), interactions.shape[1]
        network = self._run(walked, items)
        with torch.inference_mode():
            vectors: FloatArray = network.targets().cpu().numpy()
        return looked_for(network, walked, self.model.config.longest), vectors

    def _run(self, walked: Ragged, items: int) -> N:
        device = self.model.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(self.model.seed)
            return self._trained(walked, items).eval()

    def _trained(self, walked: Ragged, items: int) -> N:
        config: SequentialConfig = self.model.config
        seed, progress = self.model.seed, self.model.progress
        asked = held_out(walked, seed)
        learnt = cut(walked, walked.offsets[:-1], walked.offsets[1:] - asked)
        network = self.network(spectral(learnt, items, config.dimension, seed)).to(self.model.device)
        users = np.flatnonzero(asked)
        known, came = learnt.take(users), walked.rows[walked.offsets[1:][users] - 1]

        def value() -> float:
            looked = looked_for(network, known, config.longest)
            targets = network.targets().detach().cpu().numpy()
            return foreseen(lambda start, stop: self.scores(looked[start:stop], targets), known, came)

        parts = windows(learnt, config.longest)
        trainer = Trainer(self.name, network, parts, config, value if len(users) else None, progress)
        if self.model.checkpoints is None:
            trainer.run(lambda standing: None)
            return network
        question = (walked.offsets, walked.rows, items)
        kept = Checkpoint.of(self.model.checkpoints, self.name, config, seed, question)
        if (standing := kept.load()) is not None:
            trainer.resume(standing)
            progress(f"{self.name}: going on after pass {trainer.state.epoch}")
        trainer.run(kept.save)
        return network


def looked_for(network: ItemNetwork, walked: Ragged, longest: int) -> FloatArray:
    """[U, ...] what is looked for after the end of each sequence; 0 for an empty one."""
    seen = newest(walked, longest)
    found: FloatArray | None = None
    device, training = network.items.device, network.training
    network.eval()
    with torch.inference_mode():
        some = np.flatnonzero(seen.lengths)
        for batch in even(seen.lengths[some], _PLACES_AT_ONCE):
            read_bt, lengths_b = padded(seen.take(some[batch]), device)
            last = network(read_bt)[torch.arange(len(batch), device=device), lengths_b - 1].cpu().numpy()
            if found is None:
                found = np.zeros((len(seen), *last.shape[1:]), dtype=np.float32)
            found[some[batch]] = last
    network.train(training)
    assert found is not None, "a log has at least one event"
    return found
