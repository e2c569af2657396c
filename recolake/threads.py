"""Threads of numerical libraries, on cores that other processes share."""

from __future__ import annotations

from collections.abc import MutableMapping


def yield_cores(environment: MutableMapping[str, str]) -> None:
    """Have OpenMP's threads sleep, not spin, while they wait for each other; whoever said otherwise is heard.

    Where all cores are busy the one that is waited for gets a core only once a spinning one has used up its
    time. numpy, torch and FAISS read it when they are loaded.
    """
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
