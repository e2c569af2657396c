"""The network: each interest attends to the items of a history that are its own.

Shapes: B sequences of T places, K interests, h hidden units, d dimensions, n places.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.multi_interest.config import Config
from training.models.sequential.network import ItemNetwork

# How fast interests forget at first, from the one that looks far to the one that looks near.
_FAR, _NEAR = 0.05, 0.7


class Network(ItemNetwork):
    """Interests by additive self-attention, as ComiRec has them, at every place of a sequence at once.

    How much an item matters to an interest depends on the item, and on how far back it lies by a learnt bias;
    so what each interest holds after each place is one product of matrices. The loss of a place looks at the
    interest that fits what came best, so that interests part.
    """

    def __init__(self, config: Config, items: Tensor) -> None:
        """`items` [I, d] is where the vectors begin."""
        super().__init__(items, config.temperature, config.item_dropout)
        d, k = config.dimension, config.interests
        self.hidden, self.matters = nn.Linear(d, config.hidden), nn.Linear(config.hidden, k, bias=False)
        self.mixed = nn.Linear(d, d, bias=False)
        slopes = torch.linspace(_FAR, _NEAR, k)
        self.distance = nn.Parameter(-slopes[:, None] * torch.arange(config.longest))
        with torch.no_grad():
            self.mixed.weight.copy_(torch.eye(d))

    def forward(self, read_bt: Tensor) -> Tensor:
        """[B, T, K, d] of length 1: what each interest looks for after each place, given all up to it."""
        x_btd = self.read(read_bt)
        matters_btk = self.matters(torch.tanh(self.hidden(x_btd)))
        place = torch.arange(read_bt.shape[1], device=read_bt.device)
        back = place[:, None] - place
        near_ktt = self.distance[:, back.clamp_min(0)].masked_fill(back < 0, -torch.inf)
        shares_bktt = (matters_btk.permute(0, 2, 1)[:, :, None, :] + near_ktt).softmax(dim=-1)
        held_bktd = shares_bktt @ self.mixed(x_btd)[:, None]
        return functional.normalize(held_bktd.transpose(1, 2), dim=-1)

    def looked_for(self, read_bt: Tensor, there_bt: Tensor, came_n: Tensor) -> Tensor:
        """[n, d] the interest that fits what came best."""
        looked_nkd = self(read_bt)[there_bt]
        fits_nk = (looked_nkd @ functional.embedding(came_n, self.items)[..., None])[..., 0]
        best_n = fits_nk.argmax(dim=1)
        found: Tensor = looked_nkd[torch.arange(len(best_n), device=best_n.device), best_n]
        return found
