"""The Java that Spark runs on: `python -m recolake.platform.java` prints its home or says what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from recolake.errors import RecolakeError

_OLDEST = 17
_INSTALLED = Path("/usr/lib/jvm")


class JavaError(RecolakeError):
    """This machine has no Java that Spark can run on."""

    code = "java_missing"


@lru_cache(maxsize=1)
def java_home() -> Path:
    """Home of the first Java that is new enough: of JAVA_HOME, of the path, of what the system installed.

    Raises:
        JavaError: there is none.
    """
    for home in _candidates():
        if _version(home) >= _OLDEST:
            return home
    raise JavaError(
        f"Spark needs Java {_OLDEST} or later, and this machine has none.",
        hint=f"Install one (Debian: apt-get install openjdk-{_OLDEST}-jre-headless) or set JAVA_HOME.",
    )


def _candidates() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parent.parent
    if _INSTALLED.is_dir():
        yield from sorted(_INSTALLED.iterdir())


def _version(home: Path) -> int:
    """Major version; 0 if there is no working Java."""
    try:
        done = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    try:
        print(java_home())
    except JavaError as error:
        sys.exit(f"{error.message} {error.hint}")
