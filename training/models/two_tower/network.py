"""The two towers.

Shapes: B users, C candidates, U users and I items in all, F features of a side, d dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.models.two_tower.bags import Bags, summed
from training.models.two_tower.start import Start


@dataclass(frozen=True)
class Sides:
    """What is known beside ids: features of users [U, F] and of items [I, F], perhaps none."""

    users: Bags
    items: Bags


class Network(nn.Module):
    """An item is its id plus its features. A user is the sum of what they took over the root of how many;
    what they are counts as one more. A score is the product of both and the level of the item.

    Users have no vectors of their own: history says what an id could, and of those who come later, too.
    Histories and candidates have vectors of their own, which begin as the same.
    """

    def __init__(self, sides: Sides, start: Start) -> None:
        super().__init__()
        dimension = start.items.shape[1] - 1
        self.sides = sides
        self.items, self.item_features = (
            nn.Parameter(start.items.clone()),
            nn.Parameter(start.features.clone()),
        )
        self.taken = nn.Parameter(start.items[:, :dimension].clone())
        self.taken_features = nn.Parameter(start.features[:, :dimension].clone())
        self.everybody = nn.Parameter(start.everybody.clone())
        self.user_features = nn.Parameter(start.user_features.clone())

    def user_tower(self, users: Tensor, taken: Tensor, lengths: Tensor) -> Tensor:
        """[B, d + 1] of users [B] and of what they took, one after the other, `lengths` [B] of each."""
        distinct, place = torch.unique(taken, return_inverse=True)
        of_items = self.taken[distinct]
        if self.sides.items.width:
            of_items = of_items + self.sides.items.times(self.taken_features, distinct)
        vectors_bd = self.everybody + summed(of_items, place, lengths)
        if self.sides.users.width:
            vectors_bd = vectors_bd + self.sides.users.times(self.user_features, users)
        vectors_bd = vectors_bd * (lengths + 1).float().rsqrt()[:, None]
        return torch.cat([vectors_bd, torch.ones(len(users), 1, device=users.device)], dim=1)

    def item_tower(self, items: Tensor, with_id: Tensor | None = None) -> Tensor:
        """[C, d + 1] of items [C]; `with_id` [C] is 0 where the features alone must do."""
        of_ids = self.items[items]
        if with_id is not None:
            of_ids = of_ids * with_id[:, None]
        if not self.sides.items.width:
            return of_ids
        return of_ids + self.sides.items.times(self.item_features, items)
