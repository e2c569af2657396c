"""A catalogue that is hard to search: clustered directions, lengths that follow popularity."""

from __future__ import annotations

import numpy as np
import pytest

ITEMS, USERS, DIMENSION = 4_000, 300, 16


@pytest.fixture(scope="session")
def catalogue() -> tuple[np.ndarray, np.ndarray]:
    """Item vectors [4000, 16] and user vectors [300, 16]."""
    random = np.random.default_rng(11)
    centres = random.standard_normal((30, DIMENSION))
    lengths = np.exp(0.7 * random.standard_normal((ITEMS, 1)))
    noise = 0.4 * random.standard_normal((ITEMS, DIMENSION))
    items = lengths * (centres[random.integers(30, size=ITEMS)] + noise)
    users = centres[random.integers(30, size=USERS)] + 0.4 * random.standard_normal((USERS, DIMENSION))
    return items.astype(np.float32), users.astype(np.float32)
