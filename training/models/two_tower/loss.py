"""The softmax over a sample of items that stands for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """C items that the loss compares, and the logarithm of the chance of each to be among them."""

    items: Tensor
    log_chance: Tensor

    def places(self, items: Tensor, of_all: int) -> Tensor:
        """Where each of the items, which are all among them, stands in the sample."""
        place = torch.zeros(of_all, dtype=torch.int64, device=items.device)
        place[self.items] = torch.arange(len(self.items), device=items.device)
        return place[items]


class Sampler:
    """The items of a batch, and others drawn evenly (mixed negatives: Yang et al., WWW 2020).

    An item counts in the loss by 1 over its chance of being there, so that popular ones, which most batches
    hold, are not held down (Yi et al., RecSys 2019).
    """

    def __init__(self, known: Tensor, expected: Tensor, drawn_evenly: int) -> None:
        """`known` [K] are the items to draw from; `expected` [I] how often a batch asks for each."""
        self._known, self._count = known, drawn_evenly
        chance = 1 - torch.exp(-expected.double() - drawn_evenly / max(len(known), 1))
        self._log_chance = chance.clamp_min(1e-12).log().float()

    def draw(self, asked: Tensor, generator: torch.Generator) -> Sample:
        """For a batch that asks for these items."""
        drawn = torch.randint(len(self._known), (self._count,), generator=generator).to(asked.device)
        items = torch.unique(torch.cat([asked, self._known[drawn]]))
        return Sample(items, self._log_chance[items])


def everything(known: Tensor) -> Sample:
    """All items that anybody took: then the softmax is the whole one."""
    return Sample(known, torch.zeros(len(known), device=known.device))


def sampled_softmax(scores: Tensor, sample: Sample, owner: Tensor, place: Tensor) -> Tensor:
    """Mean cross entropy of targets: of user `owner` [n], a row of the scores [B, C], column `place` [n]."""
    logits_bc = scores - sample.log_chance
    return (logits_bc.logsumexp(dim=1)[owner] - scores[owner, place]).mean()
