"""The loop: few large steps, each over the whole graph, until what is held out is foreseen no better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.models.checkpoint import Checkpoint
from training.models.held_out import HeldOut
from training.models.lightgcn.config import Config
from training.models.lightgcn.graph import Graph
from training.models.lightgcn.loss import sampled_softmax

# An epoch of small data has so many steps all the same.
_STEPS, _SMALLEST_BATCH = 48, 512

# How much popularity may count beside the cosines; which of them is chosen on what is held out.
POPULARITY = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)


def batch_size(pairs: int, config: Config) -> int:
    """Pairs of one step."""
    return min(config.largest_batch, max(_SMALLEST_BATCH, -(-pairs // _STEPS)))


def steps(pairs: int, config: Config) -> int:
    """Of one epoch."""
    return -(-pairs // batch_size(pairs, config))


@dataclass(frozen=True)
class Pairs:
    """What is learnt from: `user` and `item` [n] of each pair, `people` [I] of each item."""

    user: Tensor
    item: Tensor
    people: Tensor


@dataclass
class Best:
    """The vectors [U, d] and [I, d] that foresaw best what is held out, before they spread."""

    users: Tensor
    items: Tensor
    popularity: float
    quality: float
    epoch: int


class Training:
    """Attributes: `best`; `ended`, why there is no further epoch; `history`, the quality after each epoch."""

    def __init__(
        self,
        config: Config,
        graph: Graph,
        pairs: Pairs,
        held: HeldOut | None,
        vectors: tuple[Tensor, Tensor],
        seed: int,
    ) -> None:
        self.config, self.graph, self.pairs, self.held = config, graph, pairs, held
        self.users, self.items = vectors
        self.optimizer = torch.optim.AdamW(
            [self.users, self.items], lr=config.learning_rate, weight_decay=config.decay
        )
        self.generator = torch.Generator().manual_seed(seed)
        people = pairs.people.cpu().double()
        self._worth = torch.where(people > 0, people.pow(config.negative_exponent), 0.0)
        self.epoch, self.taken, self.ended = 0, 0, ""
        self.history: list[float] = []
        self.best = Best(self.users.clone(), self.items.clone(), 0.0, -1.0, 0)

    def run(self, checkpoint: Checkpoint | None, progress: Callable[[str], None]) -> Best:
        """Begin, or go on from a checkpoint, until the end. A loss that is not finite is an end, too."""
        state = checkpoint.load(self.users.device) if checkpoint else None
        if state is not None:
            self.restore(state)
            progress(f"going on after epoch {self.epoch}")
        else:
            self._judge()
        while not self.ended and self.epoch < self.config.epochs:
            loss = self._epoch()
            if loss is None:
                self.ended = "the loss is not finite"
                progress(f"epoch {self.epoch + 1}: {self.ended}; the vectors of epoch {self.best.epoch} stay")
                break
            self.epoch += 1
            self._judge()
            progress(f"epoch {self.epoch}: loss {loss:.4f}, held-out NDCG {self.history[-1]:.4f}")
            if self.held is not None and self.epoch - self.best.epoch >= self.config.patience:
                self.ended = "nothing was gained"
            if checkpoint:
                checkpoint.save(self.state())
        return self.best

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on."""
        return {
            "vectors": [self.users, self.items],
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "epoch": self.epoch,
            "taken": self.taken,
            "ended": self.ended,
            "history": self.history,
            "best": vars(self.best),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """As it was when `state` was asked for."""
        for ours, theirs in zip((self.users, self.items), state["vectors"], strict=True):
            ours.copy_(theirs)
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].cpu())
        self.epoch, self.taken = state["epoch"], state["taken"]
        self.ended, self.history = state["ended"], state["history"]
        self.best = Best(**state["best"])

    def _judge(self) -> None:
        """Keep the vectors where they are the best so far, or where nothing is held out."""
        popularity, quality = 0.0, float(self.epoch)
        if self.held is not None:
            users, items = self.graph.spread(self.users, self.items, self.config.layers)
            users, items = normalize(users) / self.config.temperature, normalize(items)
            level = torch.log(self.pairs.people.clamp_min(1))
            found = self.held.quality(users, items, [share * level for share in POPULARITY])
            quality = max(found)
            popularity = POPULARITY[found.index(quality)]
        self.history.append(quality)
        if quality > self.best.quality:
            self.best = Best(self.users.clone(), self.items.clone(), popularity, quality, self.epoch)

    def _epoch(self) -> float | None:
        """Mean loss; None where a step's is not finite, and that step is not taken."""
        total, count = 0.0, 0
        whole = self.config.epochs * steps(len(self.pairs.user), self.config)
        for batch in self._batches():
            # Adam's steps do not become shorter by themselves; the last ones only smooth.
            rate = self.config.learning_rate * (1.0 - self.taken / whole)
            loss = self._step(batch, rate)
            if loss is None:
                return None
            total, count, self.taken = total + loss, count + 1, self.taken + 1
        return total / max(count, 1)

    def _batches(self) -> Iterator[Tensor]:
        count = len(self.pairs.user)
        order = torch.randperm(count, generator=self.generator).to(self.users.device)
        yield from torch.split(order, batch_size(count, self.config))

    def _step(self, batch: Tensor, rate: float) -> float | None:
        layers = self.config.layers
        users, items = self.graph.spread(self.users, self.items, layers)
        users.requires_grad_()
        items.requires_grad_()
        user, item, drawn = self.pairs.user[batch], self.pairs.item[batch], self._drawn()
        same = item[:, None] == drawn
        loss = sampled_softmax(users[user], items[item], items[drawn], same, self.config.temperature)
        value = float(loss.detach())
        if not torch.isfinite(loss):
            return None
        gradients = torch.autograd.grad(loss, (users, items))
        self.users.grad, self.items.grad = self.graph.spread(gradients[0], gradients[1], layers)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return value

    def _drawn(self) -> Tensor:
        """[N] items, the more probable the more popular, some perhaps twice."""
        count = self.config.negatives
        drawn = torch.multinomial(self._worth, count, replacement=True, generator=self.generator)
        return drawn.to(self.users.device)
