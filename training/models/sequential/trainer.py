"""Training: passes over all windows until held-out items are foreseen no better, or the last pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from recolake.ranking.ragged import Ragged
from training.models.schedule import warmed_cosine
from training.models.sequential.batches import padded, shuffled
from training.models.sequential.config import SequentialConfig
from training.models.sequential.loss import Negatives, against_all, against_some
from training.models.sequential.network import ItemNetwork

_LONGEST_GRADIENT = 1.0
_BETAS = (0.9, 0.98)


@dataclass
class State:
    """Attributes:
    best: the network that foresaw held-out items best, `value` how well, and `stale` the passes since.
    """

    epoch: int = 0
    step: int = 0
    value: float = -math.inf
    stale: int = 0
    best: Mapping[str, Tensor] = field(default_factory=dict)
    stopped: bool = False


class Trainer:
    """Trains a network in place; all draws come from PyTorch's own generator, which the caller seeds.

    `value` says how well the network foresees what is held out; without it the last pass is the best.
    """

    def __init__(
        self,
        name: str,
        network: ItemNetwork,
        windows: Ragged,
        config: SequentialConfig,
        value: Callable[[], float] | None,
        progress: Callable[[str], None],
    ) -> None:
        self._name = name
        self.network, self.config, self.state = network, config, State()
        self._windows, self._value, self._progress = windows, value, progress
        self._device = network.items.device
        self._optimizer = _optimizer(network, config)
        self._per_epoch = max(1, math.ceil(int(windows.lengths.sum()) / config.batch_places))
        self._negatives: Negatives | None = None
        if len(network.items) > config.all_items_up_to:
            events = torch.bincount(torch.from_numpy(windows.rows), minlength=len(network.items))
            self._negatives = Negatives(events.to(self._device), config.negatives)

    def run(self, keep: Callable[[dict[str, Any]], None]) -> None:
        """Until it stops; the network is then the best one. `keep` is told where it stands after a pass."""
        state = self.state
        if not state.best:
            self._measure()
            self._say("before any training")
        while not state.stopped:
            loss = self._epoch()
            if not math.isfinite(loss):
                self._progress(f"{self._name}: the loss is no number any more; the best pass before is kept")
                state.stopped = True
                break
            self._measure()
            self._say(f"loss {loss:.4f}")
            state.stopped = state.epoch >= self.config.epochs or state.stale >= self.config.patience
            keep(self.standing())
        self.network.load_state_dict(dict(state.best))

    def standing(self) -> dict[str, Any]:
        """All that training needs to go on."""
        cuda = self._device.type == "cuda"
        return {
            "state": vars(self.state),
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "draws": torch.get_rng_state(),
            "draws_of_device": torch.cuda.get_rng_state(self._device) if cuda else None,
        }

    def resume(self, standing: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.state = State(**standing["state"])
        self.network.load_state_dict(standing["network"])
        self._optimizer.load_state_dict(standing["optimizer"])
        torch.set_rng_state(standing["draws"].cpu())
        if standing["draws_of_device"] is not None:
            torch.cuda.set_rng_state(standing["draws_of_device"].cpu(), self._device)

    def _say(self, how: str) -> None:
        epoch, epochs = self.state.epoch, self.config.epochs
        self._progress(f"{self._name} {epoch}/{epochs}: {how}, NDCG@10 {self._last:.4f}")

    def _measure(self) -> None:
        state = self.state
        self._last = self._value() if self._value else state.value
        if self._value is None or self._last > state.value:
            state.value, state.stale = self._last, 0
            state.best = {name: part.clone() for name, part in self.network.state_dict().items()}
        else:
            state.stale += 1

    def _epoch(self) -> float:
        """The mean loss of one pass; it ends where a loss is no number, before that one can do harm."""
        self.network.train()
        total, places = 0.0, 0
        for batch in shuffled(self._windows.lengths, self.config.batch_places):
            read_bt, lengths_b = padded(self._windows.take(batch), self._device)
            there = torch.arange(read_bt.shape[1] - 1, device=self._device) < (lengths_b - 1)[:, None]
            came_n = read_bt[:, 1:][there]
            looked_nd = self.network.looked_for(read_bt[:, :-1], there, came_n)
            if self._negatives is None:
                loss = against_all(self.network, looked_nd, came_n)
            else:
                loss = against_some(self.network, looked_nd, came_n, self._negatives)
            value = loss.item()
            if not math.isfinite(value):
                return value
            self._step(loss)
            total, places = total + value * len(came_n), places + len(came_n)
        self.state.epoch += 1
        return total / max(places, 1)

    def _step(self, loss: Tensor) -> None:
        rate = warmed_cosine(self.state.step, self._per_epoch * self.config.epochs)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["full_rate"]
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        self._optimizer.step()
        self.state.step += 1


def _optimizer(network: ItemNetwork, config: SequentialConfig) -> torch.optim.Optimizer:
    of_items = (network.items, network.sharpness)
    layers = [part for part in network.parameters() if not any(part is other for other in of_items)]
    groups = (
        ([network.items], config.item_learning_rate, config.weight_decay),
        ([network.sharpness], config.item_learning_rate, 0.0),
        ([part for part in layers if part.dim() >= 2], config.learning_rate, config.weight_decay),
        ([part for part in layers if part.dim() < 2], config.learning_rate, 0.0),
    )
    return torch.optim.AdamW(
        [{"params": p, "full_rate": rate, "weight_decay": decay} for p, rate, decay in groups],
        betas=_BETAS,
        fused=True,
    )
