"""An index artefact as an MLflow model. MLflow loads it from this source file: nothing is unpickled.

Input: a data frame with `user_id` (pseudonyms). Parameters: `k`. Output: ids of the best items per user, by
vector and popularity; the histories that serving adds are not part of a model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from recolake.ranking.artifact import load_artifact, load_user_vectors
from recolake.ranking.manifest import read_manifest
from recolake.ranking.ragged import Ragged
from recolake.ranking.ranker import rank
from recolake.ranking.users import UserBatch
from recolake.tenancy.context import Tenant

ARTIFACT = "index"


class Recommender(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Ranks as serving does."""

    def load_context(self, context: Any) -> None:
        folder = Path(context.artifacts[ARTIFACT])
        self._artifact = load_artifact(folder, Tenant(read_manifest(folder).tenant_id))
        self._users = load_user_vectors(folder)
        self._row_of = {user: row for row, user in enumerate(self._users.ids)}

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[list[str]]:
        rows = np.array([self._row_of.get(str(user), -1) for user in model_input["user_id"]], dtype=np.int64)
        known = rows >= 0
        vectors = np.zeros((len(rows), self._users.vectors.shape[1]), dtype=np.float32)
        vectors[known] = self._users.vectors[rows[known]]
        empty = Ragged(np.zeros(len(rows) + 1, dtype=np.int64), np.empty(0, dtype=np.int64))
        people = UserBatch(vectors, known, empty, np.empty(0, dtype=np.float32))
        found = rank(self._artifact, people, int((params or {}).get("k", 10)), include_seen=False)
        return [[self._artifact.items.ids[row] for row in best if row >= 0] for best in found.rows]


mlflow.models.set_model(Recommender())
