"""The network: items of a sequence look back at those before them.

Shapes: B sequences of T places, d dimensions, H heads, I items.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.sasrec.config import Config
from training.models.sequential.network import ItemNetwork

# Of weight matrices, as GPT-2 has it; what writes into the sum of all layers begins smaller still.
_SPREAD = 0.02
_WIDER = 2
# Slopes of the first preference for what is recent, from the head that looks far to the one that looks near.
_FAR, _NEAR = 0.3, 0.7


class Block(nn.Module):
    """One layer of self-attention and one of its own at each place, both added to what came in."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        d, self.heads = config.dimension, config.heads
        self.before_attention, self.before_mixing = nn.LayerNorm(d), nn.LayerNorm(d)
        self.asked, self.told = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.wide, self.narrow = nn.Linear(d, _WIDER * d), nn.Linear(_WIDER * d, d)
        self.dropout = nn.Dropout(config.dropout)
        slopes = torch.linspace(_FAR, _NEAR, self.heads)
        self.distance = nn.Parameter(-slopes[:, None] * torch.arange(config.longest))
        for layer in (self.asked, self.wide):
            nn.init.normal_(layer.weight, std=_SPREAD)
        for layer in (self.told, self.narrow):
            nn.init.normal_(layer.weight, std=_SPREAD / math.sqrt(2 * config.layers))

    def begin_as_mean(self) -> None:
        """Add to each place the mean of all up to it, the recent ones foremost, and nothing else yet."""
        d = self.told.weight.shape[0]
        with torch.no_grad():
            self.asked.weight[2 * d :] = torch.eye(d)
            self.told.weight.copy_(torch.eye(d))

    def forward(self, x_btd: Tensor) -> Tensor:
        b, t, d = x_btd.shape
        split = self.asked(self.before_attention(x_btd)).view(b, t, 3, self.heads, d // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        place = torch.arange(t, device=x_btd.device)
        back = place[:, None] - place
        near_htt = self.distance[:, back.clamp_min(0)].masked_fill(back < 0, -torch.inf)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=near_htt[None])
        x_btd = x_btd + self.dropout(self.told(mixed.transpose(1, 2).reshape(b, t, d)))
        widened = functional.gelu(self.wide(self.before_mixing(x_btd)))
        out: Tensor = x_btd + self.dropout(self.narrow(widened))
        return out


class Network(ItemNetwork):
    """SASRec (Kang and McAuley, ICDM 2018) with what later work changed.

    Normalisation comes before each layer; how far back an item lies is a learnt bias of attention.
    """

    def __init__(self, config: Config, items: Tensor) -> None:
        """`items` [I, d] is where the vectors begin."""
        super().__init__(items, config.temperature, config.item_dropout)
        blocks = [Block(config) for _ in range(config.layers)]
        blocks[0].begin_as_mean()
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.LayerNorm(config.dimension)

    def forward(self, read_bt: Tensor) -> Tensor:
        """[B, T, d] of length 1: what is looked for after each place, given all up to it.

        Sequences stand to the left; what pads them on the right is seen by no place before it.
        """
        x_btd = self.read(read_bt)
        for block in self.blocks:
            x_btd = block(x_btd)
        return functional.normalize(self.last(x_btd), dim=-1)

    def looked_for(self, read_bt: Tensor, there_bt: Tensor, came_n: Tensor) -> Tensor:
        """[n, d] the same at the n places; whatever came."""
        found: Tensor = self(read_bt)[there_bt]
        return found
