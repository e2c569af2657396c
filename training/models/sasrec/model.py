"""SASRec: what a user does next, from the order of what they did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ragged import Ragged
from training.datasets.interactions import Interactions
from training.datasets.sequences import sequences
from training.models.checkpoint import Checkpoint
from training.models.device import device_of
from training.models.sasrec.batches import cut, even, newest, padded, windows
from training.models.sasrec.config import Config
from training.models.sasrec.held_out import foreseen, held_out
from training.models.sasrec.network import Network
from training.models.sasrec.start import spectral
from training.models.sasrec.trainer import Trainer

_PLACES_AT_ONCE = 1 << 14


class SasRec:
    """Attributes after `fit`: `user_vectors` [U, d] and `item_vectors` [I, d]; a score is their product.

    A user's vector is what the network looks for after all they did; without any history it is 0.
    """

    name: ClassVar[str] = "sasrec"

    user_vectors: FloatArray
    item_vectors: FloatArray

    def __init__(
        self,
        config: Config | None = None,
        seed: int = 0,
        device: str | None = None,
        checkpoints: Path | None = None,
        progress: Callable[[str], None] = lambda message: None,
    ) -> None:
        """`checkpoints` is a folder: training that was stopped goes on from there, to the same model."""
        self.config = config or Config()
        self.seed = seed
        self.device = device_of(device)
        self._checkpoints, self._progress = checkpoints, progress

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        """Early stopping looks at the last items of some users, which are cut from `interactions`."""
        walked, items = sequences(interactions), interactions.shape[1]
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(self.seed)
            network = self._trained(walked, items)
        network.eval()
        with torch.inference_mode():
            self.item_vectors = network.targets().cpu().numpy()
        self.user_vectors = vectors(network, walked, self.config.longest)
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self.user_vectors[users] @ self.item_vectors.T
        return scores

    def _trained(self, walked: Ragged, items: int) -> Network:
        config = self.config
        asked = held_out(walked, self.seed)
        learnt = cut(walked, walked.offsets[:-1], walked.offsets[1:] - asked)
        network = Network(config, spectral(learnt, items, config.dimension, self.seed)).to(self.device)
        users = np.flatnonzero(asked)
        known, came = learnt.take(users), walked.rows[walked.offsets[1:][users] - 1]

        def value(tried: Network) -> float:
            looked = vectors(tried, known, config.longest)
            return foreseen(looked, tried.targets().detach().cpu().numpy(), known, came)

        parts = windows(learnt, config.longest)
        trainer = Trainer(network, parts, config, value if len(users) else None, self._progress)
        if self._checkpoints is None:
            trainer.run(lambda standing: None)
            return network
        question = (walked.offsets, walked.rows, items)
        kept = Checkpoint.of(self._checkpoints, self.name, config, self.seed, question)
        if (standing := kept.load()) is not None:
            trainer.resume(standing)
            self._progress(f"sasrec: going on after pass {trainer.state.epoch}")
        trainer.run(kept.save)
        return network


def vectors(network: Network, walked: Ragged, longest: int) -> FloatArray:
    """[U, d] what is looked for after the end of each sequence; 0 for an empty one."""
    seen = newest(walked, longest)
    found = np.zeros((len(seen), network.items.shape[1]), dtype=np.float32)
    device, training = network.items.device, network.training
    network.eval()
    with torch.inference_mode():
        some = np.flatnonzero(seen.lengths)
        for batch in even(seen.lengths[some], _PLACES_AT_ONCE):
            read_bt, lengths_b = padded(seen.take(some[batch]), device)
            last_bd = network(read_bt)[torch.arange(len(batch), device=device), lengths_b - 1]
            found[some[batch]] = last_bd.cpu().numpy()
    network.train(training)
    return found
