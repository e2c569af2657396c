"""What networks that foresee the next item have in common: the vectors of items, read and found.

Shapes: B sequences of T places, d dimensions, I items, n places whose next item is known.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional


class ItemNetwork(nn.Module, ABC):
    """Items that are read and items that are foreseen share their vectors.

    An item is read with length 1, but found by as long a vector as it has learnt; what is looked for has
    length 1, over a learnt temperature.
    """

    def __init__(self, items: Tensor, temperature: float, item_dropout: float) -> None:
        """`items` [I, d] is where the vectors begin."""
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(-math.log(temperature)))
        self.items = nn.Parameter(items.clone())
        self.dropout = nn.Dropout(item_dropout)

    def read(self, read_bt: Tensor) -> Tensor:
        """[B, T, d] the items of sequences, 1 in the root mean square, some of it left out in training."""
        vectors = functional.normalize(functional.embedding(read_bt, self.items), dim=-1)
        found: Tensor = self.dropout(vectors * math.sqrt(vectors.shape[-1]))
        return found

    def targets(self, wanted: Tensor | None = None) -> Tensor:
        """[..., d] what the wanted items, or all, are found by: their vectors over the temperature."""
        vectors = self.items if wanted is None else functional.embedding(wanted, self.items)
        return vectors * self.sharpness.exp()

    @abstractmethod
    def looked_for(self, read_bt: Tensor, there_bt: Tensor, came_n: Tensor) -> Tensor:
        """[n, d] what is looked for at the n places where `there_bt` is set; what came there is `came_n`.

        A network that looks for several things at once gives the one that fits what came best.
        """
