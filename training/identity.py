"""What makes a training run the same as another: code, configuration, seed and table versions."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import recolake
import recolake.ranking
import training


@lru_cache(maxsize=1)
def source_digest() -> str:
    """SHA-256 over the sources that decide what a model is: training and ranking."""
    digest = hashlib.sha256()
    for package in (training, recolake.ranking):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package.__name__}/{path.relative_to(root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def git_commit() -> str:
    """Commit of the checkout, with a + where files differ from it; the package's version outside of one."""
    root = Path(str(training.__file__)).parent.parent
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return f"{commit}+" if _git(root, "status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return f"version {_version()}"


def digest(tenant: str, configuration: Any, seed: int, inputs: Mapping[str, int]) -> str:
    """Identity of a run as hex; `configuration` is plain JSON."""
    content = [source_digest(), tenant, configuration, seed, dict(inputs)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _version() -> str:
    from importlib.metadata import version

    return version(recolake.__name__)
