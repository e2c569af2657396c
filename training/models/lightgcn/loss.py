"""The contrastive loss: a user is nearer to what they took than to what was drawn."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def sampled_softmax(users: Tensor, items: Tensor, drawn: Tensor, same: Tensor, temperature: float) -> Tensor:
    """Mean cross entropy of finding each pair's item among it and the drawn ones, by cosine over temperature.

    users, items: [B, d] of the pairs; drawn: [N, d]; same: [B, N], where the drawn item is the pair's own.
    """
    users_bd, items_bd = normalize(users, dim=1), normalize(items, dim=1)
    own_b1 = (users_bd * items_bd).sum(dim=1, keepdim=True)
    others_bn = (users_bd @ normalize(drawn, dim=1).T).masked_fill(same, -torch.inf)
    logits = torch.cat([own_b1, others_bn], dim=1) / temperature
    return cross_entropy(logits, torch.zeros(len(users), dtype=torch.int64, device=users.device))
