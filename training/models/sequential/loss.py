"""Cross entropy of the next item: against all items where they are few, else against a fair sample.

SASRec's own loss, binary and with one negative, makes it overconfident; with cross entropy over all items it
overtakes BERT4Rec (Petrov and Macdonald, gSASRec, RecSys 2023; Klenitskiy and Vasilev, RecSys 2023). Of many
items a sample does, if it is large and each drawn item's score is less the logarithm of how often it is
expected (Bengio and Senécal, 2008). The item that came is no draw, so its score stays as it is
(Khrylchenko et al., arXiv 2507.09331, 2025).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.models.sequential.network import ItemNetwork


class Negatives:
    """Draws items: half of the draws evenly, half as often as the item occurs."""

    def __init__(self, events: Tensor, count: int) -> None:
        """`events` [I] is how often each item occurs."""
        chance = 0.5 / len(events) + 0.5 * events.double() / events.sum().clamp_min(1)
        self._upto = chance.cumsum(0)
        self._expected = (chance * count).log().float()
        self._count = count

    def draw(self) -> tuple[Tensor, Tensor]:
        """[N] items, and the logarithm of how often each is expected; by PyTorch's generator of the CPU."""
        at = torch.rand(self._count, dtype=torch.float64).to(self._upto.device) * self._upto[-1]
        drawn = torch.searchsorted(self._upto, at, right=True).clamp_max(len(self._upto) - 1)
        return drawn, self._expected[drawn]


def against_all(network: ItemNetwork, looked_nd: Tensor, came_n: Tensor) -> Tensor:
    """Mean cross entropy of the items that came, of all."""
    return functional.cross_entropy(looked_nd @ network.targets().T, came_n)


def against_some(network: ItemNetwork, looked_nd: Tensor, came_n: Tensor, negatives: Negatives) -> Tensor:
    """The same, estimated with one draw for all n places; what came is no negative of itself."""
    drawn, expected = negatives.draw()
    came_1n = (looked_nd * network.targets(came_n)).sum(-1, keepdim=True)
    others = looked_nd @ network.targets(drawn).T - expected
    others = others.masked_fill(came_n[:, None] == drawn, -torch.inf)
    total = torch.cat([came_1n, others], dim=1).logsumexp(dim=1)
    return (total - came_1n[:, 0]).mean()
