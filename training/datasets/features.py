"""What is known of people or things whatever they did: age, genre, price, words of a title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recolake.ranking.describe import Column
from training.datasets.ids import StrArray


@dataclass(frozen=True, eq=False)
class Features:
    """Of n users or n items.

    Attributes:
        ids: [n] sorted, each once.
        matrix: [n, F] float32, sparse. What one column of a table says of one of them has length 1, however
            many features it is.
        names: [F] column and value.
        kinds: [F] whether it is a category, such as a genre, and neither a number nor a word of a text.
        columns: how features are made of what is said; None where that is not known.
    """

    ids: StrArray
    matrix: sp.csr_matrix
    names: tuple[str, ...]
    kinds: npt.NDArray[np.bool_]
    columns: tuple[Column, ...] | None = None

    def of(self, ids: Sequence[str] | StrArray) -> sp.csr_matrix:
        """[len(ids), F], in that order; a row without entries where nothing is known."""
        asked = np.asarray(ids, dtype=np.str_)
        place = np.minimum(np.searchsorted(self.ids, asked), len(self.ids) - 1)
        known = self.ids[place] == asked
        rows = self.matrix[place].astype(np.float32)
        found = (sp.diags(known.astype(np.float32)) @ rows).tocsr()
        # Who is not there has no entries, rather than zeros.
        found.eliminate_zeros()
        return found

    def categories(self, ids: Sequence[str] | StrArray) -> sp.csr_matrix:
        """[len(ids), C] the same, categories alone."""
        return self.of(ids)[:, np.flatnonzero(self.kinds)]


@dataclass(frozen=True)
class Described:
    """What is known of both sides; None where there is nothing."""

    users: Features | None = None
    items: Features | None = None


NOTHING = Described()
