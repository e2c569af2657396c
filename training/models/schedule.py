"""How fast a network learns at each step."""

from __future__ import annotations

import math

_WARM_UP = 0.05
_LAST_RATE = 0.05


def warmed_cosine(step: int, steps: int) -> float:
    """Share of the full rate at a step of so many: a warm-up, then half a cosine, down to a twentieth."""
    done = min(1.0, step / steps)
    falling = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
    return min(1.0, (step + 1) / (_WARM_UP * steps)) * falling
