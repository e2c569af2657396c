"""The loop: hide a part of each history, foresee it, until what is held out is foreseen no better."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from training.models.checkpoint import Checkpoint
from training.models.held_out import HeldOut
from training.models.schedule import warmed_cosine
from training.models.two_tower.bags import Bags
from training.models.two_tower.config import Config
from training.models.two_tower.loss import Sample, Sampler, everything, sampled_softmax
from training.models.two_tower.network import Network

_BETAS = (0.9, 0.98)


@dataclass
class State:
    """Attributes:
    best: the network that foresaw best what is held out, `quality` how well, after which `best_epoch`.
    ended: why there is no further epoch.
    """

    epoch: int = 0
    step: int = 0
    quality: float = -math.inf
    best_epoch: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    ended: str = ""


class Training:
    """Trains a network in place; `state` says how it went."""

    def __init__(
        self, config: Config, network: Network, histories: Bags, held: HeldOut | None, seed: int
    ) -> None:
        """`histories` [U, I] is what is learnt from."""
        self.config, self.network, self.state = config, network, State()
        self._histories, self._held = histories, held
        self._device = histories.columns.device
        self._generator = torch.Generator().manual_seed(seed)
        self._learners = torch.nonzero(histories.lengths > 1)[:, 0]
        people = torch.bincount(histories.columns, minlength=histories.width)
        self._known = torch.nonzero(people)[:, 0]
        self._unranked = torch.where(people > 0, 0.0, -torch.inf)
        self._described = network.sides.items.lengths > 0
        self._blanks = network.sides.users.lengths > 0
        self._optimizer = _optimizer(network, config)
        self._sampler = None
        if len(self._known) > config.all_items_up_to:
            self._sampler = Sampler(self._known, self._expected(), config.drawn_evenly)

    def run(self, checkpoint: Checkpoint | None, progress: Callable[[str], None]) -> None:
        """Until the end; the network is then the best one. A loss that is not finite is an end, too."""
        standing, state = checkpoint.load(self._device) if checkpoint else None, self.state
        if standing is not None:
            self.resume(standing)
            state = self.state
            progress(f"going on after epoch {state.epoch}")
        else:
            self._judge()
        while not state.ended and state.epoch < self.config.epochs and len(self._learners):
            loss = self._epoch()
            if not math.isfinite(loss):
                state.ended = "the loss is not finite"
                progress(f"epoch {state.epoch + 1}: {state.ended}; epoch {state.best_epoch} stays")
                break
            state.epoch += 1
            quality = self._judge()
            progress(f"epoch {state.epoch}: loss {loss:.4f}, held-out NDCG {quality:.4f}")
            if self._held is not None and state.epoch - state.best_epoch >= self.config.patience:
                state.ended = "nothing was gained"
            if checkpoint:
                checkpoint.save(self.standing())
        self.network.load_state_dict(state.best)

    def standing(self) -> dict[str, Any]:
        """All that the next epoch depends on."""
        return {
            "state": vars(self.state),
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "generator": self._generator.get_state(),
        }

    def resume(self, standing: dict[str, Any]) -> None:
        """As it was when `standing` was asked for."""
        self.state = State(**standing["state"])
        self.network.load_state_dict(standing["network"])
        self._optimizer.load_state_dict(standing["optimizer"])
        self._generator.set_state(standing["generator"].cpu())

    def _judge(self) -> float:
        """How well the network does; it is kept where it is the best so far, or where nothing is held out."""
        quality, state = float(self.state.epoch), self.state
        if self._held is not None:
            users, items = vectors(self.network, self._histories, self.config.batch_users)
            quality = self._held.quality(users, items, [self._unranked])[0]
        if quality > state.quality:
            state.quality, state.best_epoch = quality, state.epoch
            state.best = {name: part.clone() for name, part in self.network.state_dict().items()}
        return quality

    def _epoch(self) -> float:
        """Mean loss; it ends where one is not finite, and that step is not taken."""
        order = torch.randperm(len(self._learners), generator=self._generator).to(self._device)
        total, count = 0.0, 0
        for users in torch.split(self._learners[order], self.config.batch_users):
            loss = self._loss(users)
            if loss is None:
                continue
            value = float(loss.detach())
            if not math.isfinite(value):
                return value
            self._step(loss)
            total, count = total + value, count + 1
        return total / max(count, 1)

    def _loss(self, users: Tensor) -> Tensor | None:
        """Of a batch of users [B]; None where nothing is hidden."""
        owner, place = self._histories.places(users)
        item, hidden = self._histories.columns[place], self._hidden(users, owner)
        taken, lengths = item[~hidden], torch.bincount(owner[~hidden], minlength=len(users))
        asked = hidden & self._asked(owner, torch.bincount(owner[hidden], minlength=len(users)))
        if not asked.any():
            return None
        sample = self._sample(item[asked])
        with_id = (self._random(len(sample.items)) >= self.config.id_dropout).float()
        with_id = torch.where(self._described[sample.items], with_id, 1.0)
        users_bd = self.network.user_tower(users, taken, lengths)
        scores_bc = users_bd @ self.network.item_tower(sample.items, with_id).T
        place = sample.places(item, self._histories.width)
        there = place >= 0
        return sampled_softmax(scores_bc, sample, (owner[asked], place[asked]), (owner[there], place[there]))

    def _hidden(self, users: Tensor, owner: Tensor) -> Tensor:
        """[n] which parts of the histories are hidden; of some users who have features, all."""
        blank = self._blanks[users] & (self._random(len(users)) < self.config.blank_histories)
        return blank[owner] | (self._random(len(owner)) < self.config.history_dropout)

    def _asked(self, owner: Tensor, hidden: Tensor) -> Tensor:
        """[n] what of the hidden is asked for: with a sample, of each user about so many at most."""
        if self._sampler is None:
            return torch.ones(len(owner), dtype=torch.bool, device=self._device)
        return self._random(len(owner)) * hidden[owner] < self.config.most_targets

    def _expected(self) -> Tensor:
        """[I] how often a batch asks for each item."""
        lengths = self._histories.lengths.float()
        hidden = (lengths * self.config.history_dropout).clamp_min(1e-9)
        each = self.config.history_dropout * (self.config.most_targets / hidden).clamp_max(1.0)
        share = min(1.0, self.config.batch_users / max(len(self._learners), 1))
        weights = torch.repeat_interleave(share * each, self._histories.lengths)
        return torch.bincount(self._histories.columns, weights, minlength=self._histories.width)

    def _sample(self, wanted: Tensor) -> Sample:
        if self._sampler is None:
            return everything(self._known)
        return self._sampler.draw(wanted, self._generator)

    def _random(self, count: int) -> Tensor:
        return torch.rand(count, generator=self._generator).to(self._device)

    def _step(self, loss: Tensor) -> None:
        steps = self.config.epochs * math.ceil(len(self._learners) / self.config.batch_users)
        rate = warmed_cosine(self.state.step, steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * self.config.learning_rate
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimizer.step()
        self.state.step += 1


def vectors(network: Network, histories: Bags, batch: int) -> tuple[Tensor, Tensor]:
    """[U, d + 1] of all users, from their whole histories, and [I, d + 1] of all items."""
    device = histories.columns.device
    with torch.inference_mode():
        parts = []
        for users in torch.split(torch.arange(len(histories), device=device), batch):
            _, place = histories.places(users)
            parts.append(network.user_tower(users, histories.columns[place], histories.lengths[users]))
        return torch.cat(parts), network.item_tower(torch.arange(histories.width, device=device))


def _optimizer(network: Network, config: Config) -> torch.optim.Optimizer:
    features = [network.item_features, network.taken_features, network.user_features]
    groups = (
        ([network.items, network.taken], config.decay),
        (features, config.feature_decay),
        ([network.everybody], 0.0),
    )
    return torch.optim.AdamW(
        [{"params": parts, "weight_decay": decay} for parts, decay in groups],
        lr=config.learning_rate,
        betas=_BETAS,
    )
