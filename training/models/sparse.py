"""Sparse matrices for PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor


def tensor(matrix: sp.csr_matrix) -> Tensor:
    """The same matrix; products with dense ones are what it is for."""
    parts = (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)
    offsets, columns, values = (torch.from_numpy(part) for part in parts)
    with warnings.catch_warnings():
        # PyTorch calls the format a beta; the product of such a matrix with a dense one is all that is used.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support", category=UserWarning)
        return torch.sparse_csr_tensor(offsets, columns, values, matrix.shape, check_invariants=True)
