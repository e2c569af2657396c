"""What of a machine may change the last digits of a model: threads, processor, libraries."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import torch

# Sums are cut up by threads and by the width of the processor's registers, so rounding differs between them.
_LIBRARIES = ("torch", "numpy", "scipy", "faiss-cpu")
_PROCESSORS = Path("/proc/cpuinfo")


def machine(device: torch.device) -> dict[str, str]:
    """The machine that a model is trained on with this device, and the libraries that do it."""
    found = {
        "threads": str(torch.get_num_threads()),
        "device": device.type,
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }
    if device.type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
    return found | {name: version(name) for name in _LIBRARIES}


def differences(recorded: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for everything that is not as it was; one that says so where nothing was recorded."""
    if not recorded:
        return ("threads, processor and libraries were not recorded",)
    return tuple(
        f"{name} was {recorded.get(name, 'not recorded')}, is {now.get(name, 'not there')}"
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    )


@lru_cache(maxsize=1)
def _processor() -> str:
    """The processor's own name where the system tells it."""
    if _PROCESSORS.exists():
        for line in _PROCESSORS.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
