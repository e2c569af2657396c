"""The graph of users and items, over which vectors spread."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse as sp
import torch
from torch import Tensor

from training.models.graph_filter.spectrum import normalised
from training.models.sparse import tensor


@dataclass(frozen=True)
class Graph:
    """`forward` [U, I] and its transpose `backward`, sparse, symmetrically normalised."""

    forward: Tensor
    backward: Tensor

    @classmethod
    def of(cls, seen: sp.csr_matrix, device: torch.device) -> Graph:
        matrix = normalised(seen, 0.5, 0.5)
        return cls(tensor(matrix).to(device), tensor(matrix.T.tocsr()).to(device))

    def spread(self, users: Tensor, items: Tensor, layers: int) -> tuple[Tensor, Tensor]:
        """Mean of the vectors [U, d] and [I, d] and of what `layers` steps over the edges make of them.

        This is linear and symmetric in both together, so it also carries a gradient back.
        """
        sum_users, sum_items = users.clone(), items.clone()
        for _ in range(layers):
            users, items = self.forward @ items, self.backward @ users
            sum_users += users
            sum_items += items
        return sum_users.div_(layers + 1), sum_items.div_(layers + 1)
