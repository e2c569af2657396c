"""The softmax over a sample of items that stands for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class Sample:
    """C items that the loss compares, and the logarithm of the chance of each to be among them."""

    items: Tensor
    log_chance: Tensor

    def places(self, items: Tensor, of_all: int) -> Tensor:
        """Where each of the items, which are below `of_all`, stands in the sample; -1 where it does not."""
        place = torch.full((of_all,), -1, device=items.device)
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


Cells = tuple[Tensor, Tensor]
_NEVER = -1e9


def sampled_softmax(scores: Tensor, sample: Sample, targets: Cells, own: Cells) -> Tensor:
    """Mean cross entropy of the targets, cells of the scores [B, C] as rows and columns.

    Each is compared with itself and all that its user did not take: `own` cells, targets among them, are no
    wrong answers to one another.
    """
    # Not minus infinity: a row without anything else would have no gradient that is a number.
    logits_bc = (scores - sample.log_chance).index_put(own, scores.new_tensor(_NEVER))
    return softplus(logits_bc.logsumexp(dim=1)[targets[0]] - scores[targets]).mean()
