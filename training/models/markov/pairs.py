"""Which items stand near which, in the sequences of everybody."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recolake.ranking.ragged import Ragged


def pairs(walked: Ragged, items: int, reach: int, decay: float, backward: float) -> sp.csr_matrix:
    """[I, I] how often the column's item came at most `reach` steps after the row's.

    A pair counts less by `decay` for each step between, and `backward` of that from later to earlier.
    An item is no neighbour of its own.
    """
    owners = walked.owners
    total = sp.csr_matrix((items, items), dtype=np.float32)
    for step in range(1, min(reach, walked.longest - 1) + 1):
        same = owners[step:] == owners[:-step]
        first, second = walked.rows[:-step][same], walked.rows[step:][same]
        worth = np.full(len(first), decay ** (step - 1), dtype=np.float32)
        total = total + sp.csr_matrix((worth, (first, second)), shape=total.shape)
    if backward:
        total = total + total.T * np.float32(backward)
    total = total.tocsr()
    total.setdiag(0)
    total.eliminate_zeros()
    return total
