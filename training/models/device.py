"""Where models are fitted."""

from __future__ import annotations

import torch


def device_of(name: str | None) -> torch.device:
    """The device of that name; without one, CUDA where there is some, else the CPU."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
