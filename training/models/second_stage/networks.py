"""Several small networks that judge candidates together.

Shapes: M members, B rows of a step, F columns, h hidden places.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from recolake.ranking.popularity import FloatArray
from training.models.second_stage.config import Config
from training.models.second_stage.examples import Examples
from training.models.second_stage.scaling import Scaling

# Rows of a step; of few examples fewer, so that they too are learnt from in so many steps a pass.
_STEP_ROWS = 2_048
_FEWEST_STEPS = 20
_DROPOUT = 0.1
_DECAY = 0.01
# Rows that are scored at a time.
_BLOCK = 16_384


@dataclass(frozen=True)
class Networks:
    """Layers' weights [M, in, out] and biases [M, 1, out]; the last one has a single place."""

    scaling: Scaling
    weights: list[Tensor]
    biases: list[Tensor]

    def score(self, features: FloatArray) -> FloatArray:
        """[n] mean log odds of being taken, over all members."""
        with torch.no_grad():
            parts = [
                self.judged(self.scaling(features[start : start + _BLOCK])).mean(dim=0)
                for start in range(0, len(features), _BLOCK)
            ]
        return np.asarray(torch.cat(parts).numpy() if parts else np.empty(0), dtype=np.float32)

    def judged(self, x_bf: Tensor, thinned: Callable[[Tensor], Tensor] = lambda inner: inner) -> Tensor:
        """[M, B] log odds; `thinned` is applied to what is hidden."""
        inner = x_bf.expand(len(self.weights[0]), *x_bf.shape)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            inner = thinned(functional.silu(torch.baddbmm(bias, inner, weight)))
        out: Tensor = torch.baddbmm(self.biases[-1], inner, self.weights[-1]).squeeze(2)
        return out


def trained(found: Examples, config: Config, seed: int) -> Networks:
    """By cross entropy of each candidate's being taken; members differ in what they began with.

    The rate rises and falls in one cycle (Smith and Topin 2019); weights decay apart from the gradient
    (Loshchilov and Hutter, ICLR 2019).
    """
    random = torch.Generator().manual_seed(seed)
    networks = _begun(Scaling.of(found.features), config, random)
    features = networks.scaling(found.features)
    taken, weight = torch.from_numpy(found.taken.astype(np.float32)), torch.from_numpy(found.weight)
    rows = max(1, min(_STEP_ROWS, len(taken) // _FEWEST_STEPS))
    steps = len(taken) // rows
    groups = [
        {"params": networks.weights, "weight_decay": _DECAY},
        {"params": networks.biases, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.rate)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.rate, total_steps=config.epochs * steps)
    for _ in range(config.epochs):
        order = torch.randperm(len(taken), generator=random)
        for step in range(steps):
            chosen = order[step * rows : (step + 1) * rows]
            odds = networks.judged(features[chosen], lambda inner: _dropped(inner, random))
            told = taken[chosen].expand(len(odds), -1)
            wrong = functional.binary_cross_entropy_with_logits(odds, told, reduction="none")
            # Members do not meet: the sum over them lets each learn as if it were alone.
            loss = (wrong * weight[chosen]).sum() / weight[chosen].sum()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            cycle.step()
    return Networks(
        networks.scaling, [w.detach() for w in networks.weights], [b.detach() for b in networks.biases]
    )


def _begun(scaling: Scaling, config: Config, random: Generator) -> Networks:
    sizes = [(scaling.width, config.hidden), (config.hidden, config.hidden), (config.hidden, 1)]
    weights = [
        (torch.randn(config.members, wide, narrow, generator=random) * math.sqrt(2 / wide)).requires_grad_()
        for wide, narrow in sizes
    ]
    biases = [torch.zeros(config.members, 1, narrow, requires_grad=True) for _, narrow in sizes]
    return Networks(scaling, weights, biases)


def _dropped(inner: Tensor, random: Generator) -> Tensor:
    """Some of it, at random, set to 0, and the rest as much larger (Srivastava et al. 2014)."""
    kept = torch.rand(inner.shape, generator=random) >= _DROPOUT
    return inner * kept / (1 - _DROPOUT)
