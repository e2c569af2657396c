"""Teaching the small networks that judge candidates together (`recolake.ranking.second_stage.networks`).

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

from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.scaling import Scaling
from training.models.second_stage.config import Config
from training.models.second_stage.examples import Examples

# Rows of a step; of few examples fewer, so that they too are learnt from in so many steps a pass.
_STEP_ROWS = 2_048
_FEWEST_STEPS = 20
_DROPOUT = 0.1
_DECAY = 0.01


@dataclass(frozen=True)
class _Taught:
    """Networks that are being taught: layers' weights [M, in, out] and biases [M, 1, out]."""

    weights: list[Tensor]
    biases: list[Tensor]

    def judged(self, x_bf: Tensor, thinned: Callable[[Tensor], Tensor]) -> Tensor:
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
    random, scaling = torch.Generator().manual_seed(seed), Scaling.of(found.features)
    networks = _begun(scaling.width, config, random)
    features = torch.from_numpy(scaling(found.features))
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
    weights, biases = (
        [layer.detach().numpy() for layer in part] for part in (networks.weights, networks.biases)
    )
    return Networks(scaling, weights, biases)


def _begun(width: int, config: Config, random: Generator) -> _Taught:
    sizes = [(width, config.hidden), (config.hidden, config.hidden), (config.hidden, 1)]
    weights = [
        (torch.randn(config.members, wide, narrow, generator=random) * math.sqrt(2 / wide)).requires_grad_()
        for wide, narrow in sizes
    ]
    biases = [torch.zeros(config.members, 1, narrow, requires_grad=True) for _, narrow in sizes]
    return _Taught(weights, biases)


def _dropped(inner: Tensor, random: Generator) -> Tensor:
    """Some of it, at random, set to 0, and the rest as much larger (Srivastava et al. 2014)."""
    kept = torch.rand(inner.shape, generator=random) >= _DROPOUT
    return inner * kept / (1 - _DROPOUT)
