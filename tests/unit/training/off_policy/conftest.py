"""Small logs: tables with the default columns, and a simulated start page whose truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from recolake.simulator.showcase import LogConfig, Showcase, showcase
from training.off_policy.log import BanditLog, Columns, log_of

MakeLog = Callable[..., BanditLog]


@pytest.fixture(scope="session")
def page() -> Showcase:
    return showcase(LogConfig(seed=7))


@pytest.fixture(scope="session")
def make_log() -> MakeLog:
    """A log of `rows` draws from a policy that knows two contexts; rewards are whole numbers from 0 to 3."""

    def make(rows: int, seed: int = 0, actions: int = 4) -> BanditLog:
        random = np.random.default_rng(seed)
        chances = random.dirichlet(np.ones(actions) * 2, size=2) * 0.9 + 0.1 / actions
        context = random.integers(2, size=rows)
        action = np.array([random.choice(actions, p=chances[c]) for c in context])
        frame = pd.DataFrame(
            {
                "context": context,
                "action": action,
                "position": random.integers(3, size=rows) + 1,
                "reward": random.integers(4, size=rows),
                "propensity": chances[context, action],
            }
        )
        return log_of(frame, Columns(), "log")

    return make
