"""LightGCN: vectors of users and items that spread over their graph, learnt by a contrastive loss."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
import torch
from torch.nn.functional import normalize

from recolake.ranking.items import IntArray
from recolake.ranking.popularity import FloatArray
from training.datasets.interactions import Interactions
from training.models.checkpoint import Checkpoint
from training.models.held_out import held_out
from training.models.lightgcn.config import Config
from training.models.lightgcn.graph import Graph
from training.models.lightgcn.start import start
from training.models.lightgcn.training import Pairs, Training
from training.models.trained import Trained


class LightGcn(Trained[Config]):
    """Scores are inner products: cosine over temperature, and a share of the logarithm of popularity.

    Attributes after `fit`: `user_vectors` [U, d + 1] and `item_vectors` [I, d + 1], float32; the last number
    is 1 for users and the share of popularity for items. `training` says how it went.

    Some items of at most a thousand users are held out while learning and say when to stop; they are edges
    again in the graph over which the vectors spread in the end.
    """

    name: ClassVar[str] = "lightgcn"
    defaults = Config

    user_vectors: FloatArray
    item_vectors: FloatArray
    training: Training

    def _checkpoint(self, seen: sp.csr_matrix) -> Checkpoint | None:
        if self.checkpoints is None:
            return None
        question = (seen.indptr, seen.indices, *seen.shape)
        return Checkpoint.of(self.checkpoints, self.name, self.config, self.seed, question)

    def fit(self, interactions: Interactions, as_of: int) -> Self:
        seen = interactions.met.astype(np.float32)
        left, held = held_out(seen, self.seed, self.device)
        vectors = (side.to(self.device) for side in start(left, self.config.factors, self.seed))
        users, items = vectors
        graph, pairs = Graph.of(left, self.device), self._pairs(left)
        self.training = Training(self.config, graph, pairs, held, (users, items), self.seed)
        best = self.training.run(
            self._checkpoint(seen), lambda message: self.progress(f"{self.name} {message}")
        )
        users, items = Graph.of(seen, self.device).spread(best.users, best.items, self.config.layers)
        level = best.popularity * torch.log(self._pairs(seen).people.clamp_min(1))
        ones = torch.ones(len(users), 1, device=self.device)
        users = torch.cat([normalize(users) / self.config.temperature, ones], dim=1)
        items = torch.cat([normalize(items), level[:, None]], dim=1)
        self.user_vectors, self.item_vectors = users.cpu().numpy(), items.cpu().numpy()
        return self

    def scores(self, users: IntArray) -> FloatArray:
        scores: FloatArray = self.user_vectors[users] @ self.item_vectors.T
        return scores

    def _pairs(self, seen: sp.csr_matrix) -> Pairs:
        pairs = seen.tocoo()
        user, item = (torch.from_numpy(part.astype(np.int64)) for part in (pairs.row, pairs.col))
        people = torch.bincount(item, minlength=seen.shape[1]).float()
        return Pairs(*(part.to(self.device) for part in (user, item, people)))
