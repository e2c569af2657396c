"""Check, without a network, that requirements.lock still answers pyproject.toml; says what does not fit."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[.*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)


def direct_requirements(project: str) -> list[Requirement]:
    """What pyproject.toml asks for, the development group included."""
    content = tomllib.loads(project)
    groups = content.get("dependency-groups", {})
    listed = [*content["project"]["dependencies"], *(line for group in groups.values() for line in group)]
    return [Requirement(line) for line in listed]


def faults(project: str, lock: str) -> list[str]:
    """One sentence per fault; empty if the lock is good."""
    pins = {canonicalize_name(m["name"]): Version(m["version"]) for m in _PIN.finditer(lock)}
    found = []
    for requirement in direct_requirements(project):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement} is in pyproject.toml but not in the lock.")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"pyproject.toml asks for {requirement}, the lock has {version}.")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock)
    found += [
        f"{block.split()[0]} has no hash." for block in blocks if _PIN.match(block) and "--hash=" not in block
    ]
    if re.search(r"https?://|--(extra-)?index-url|--find-links", lock):
        found.append("The lock names a package index; nobody behind another mirror could use it.")
    return found


def main() -> None:
    """Print the faults; exit with 1 if there is any."""
    found = faults((ROOT / "pyproject.toml").read_text(), (ROOT / "requirements.lock").read_text())
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        sys.exit("Run `make lock`.")


if __name__ == "__main__":
    main()
