"""Import Feast without what it drags along.

Feast imports torch only for an optional `to_tensor`, and does without where it is missing. In a server that
costs 500 MB and seconds of start-up, so torch is hidden while Feast is imported (and only then). Feast also
switches the process's Prometheus client to files in a temporary folder of its own; that is undone.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_lock = threading.Lock()
_PROMETHEUS_FOLDERS = ("PROMETHEUS_MULTIPROCESS_DIR", "PROMETHEUS_MULTIPROC_DIR")


def load_feast() -> ModuleType:
    """The module `feast`; neither torch nor the Prometheus client is touched by importing it."""
    with _lock:
        if "feast.metrics" not in sys.modules:
            with _torch_hidden(), _prometheus_as_it_was():
                # Feast itself imports it late, on some of its paths, and that is when it would take over.
                import feast.metrics
        import feast
    hush()
    module: ModuleType = feast
    return module


def hush() -> None:
    """Keep Feast from calling its Spark support experimental at every use; importing it undoes this."""
    warnings.filterwarnings("ignore", "The spark (data source|offline store)", RuntimeWarning)


@contextmanager
def _torch_hidden() -> Iterator[None]:
    hide = "torch" not in sys.modules
    if hide:
        sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hide:
            del sys.modules["torch"]


@contextmanager
def _prometheus_as_it_was() -> Iterator[None]:
    import prometheus_client  # noqa: F401  it decides on its first import how it keeps values

    missing = [name for name in _PROMETHEUS_FOLDERS if name not in os.environ]
    # Feast makes a folder only where none is named.
    os.environ.update(dict.fromkeys(missing, ""))
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
