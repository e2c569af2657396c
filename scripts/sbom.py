"""Write a bill of materials of requirements.lock: CycloneDX 1.6, in JSON, without a network.

Every package with its version, its address as a package URL, and the SHA-256 of each of its published files,
as the lock pins them. The same lock gives the same bytes. https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>.*)$", re.DOTALL)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> list[dict[str, Any]]:
    """What the lock pins, in its order."""
    found = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        if pin := _PIN.match(block):
            name, version = pin["name"], pin["version"]
            plain = re.sub(r"[-_.]+", "-", name).lower()
            address = f"pkg:pypi/{plain}@{version}"
            hashes = [{"alg": "SHA-256", "content": digest} for digest in _HASH.findall(pin["rest"])]
            found.append(
                {
                    "type": "library",
                    "bom-ref": address,
                    "name": name,
                    "version": version,
                    "purl": address,
                    # Files for all machines that the lock is for; one of them is installed.
                    "externalReferences": [
                        {
                            "type": "distribution",
                            "url": address,
                            "hashes": hashes,
                        }
                    ],
                }
            )
    return found


def bill(project: str, lock: str) -> dict[str, Any]:
    """The whole document.

    Args:
        project: content of pyproject.toml.
    """
    about = tomllib.loads(project)["project"]
    digest = hashlib.sha256(lock.encode()).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # Of what is described, so that the same lock is the same document.
        "serialNumber": f"urn:uuid:{uuid.UUID(hex=digest[:32], version=4)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": about["name"],
                "name": about["name"],
                "version": about["version"],
                "description": about["description"],
                "licenses": [{"license": {"id": about["license"]}}],
            }
        },
        "components": components(lock),
    }


def main() -> None:
    """Print it."""
    made = bill((ROOT / "pyproject.toml").read_text(), (ROOT / "requirements.lock").read_text())
    json.dump(made, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
