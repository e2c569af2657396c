"""Import Feast without PyTorch.

Feast imports torch only for an optional `to_tensor`, and does without where it is missing. In a server that
costs 500 MB and seconds of start-up, so torch is hidden while Feast is imported (and only then).
"""

from __future__ import annotations

import sys
import threading
import warnings
from types import ModuleType

_lock = threading.Lock()


def load_feast() -> ModuleType:
    """The module `feast`; torch is not imported by this, but stays as usable as before."""
    with _lock:
        hide = "feast" not in sys.modules and "torch" not in sys.modules
        if hide:
            sys.modules["torch"] = None  # type: ignore[assignment]
        try:
            import feast
        finally:
            if hide:
                del sys.modules["torch"]
    hush()
    module: ModuleType = feast
    return module


def hush() -> None:
    """Keep Feast from calling its Spark support experimental at every use; importing it undoes this."""
    warnings.filterwarnings("ignore", "The spark (data source|offline store)", RuntimeWarning)
