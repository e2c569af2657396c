"""A model without some of its people: the same index of items, fewer vectors of people.

What a model learnt of a person lies in their own vector and in their row of the evidence. Both go. The
vectors of items were made from everybody's purchases together; nobody can be read from them, and the next
training makes them without who is gone.
"""

from __future__ import annotations

import io
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recolake.files import sha256_of, write_atomically
from recolake.ranking.artifact import USERS_FILE, load_artifact, load_user_vectors
from recolake.ranking.artifact_writer import npz
from recolake.ranking.evidence import EVIDENCE_FILE, Evidence
from recolake.ranking.manifest import MANIFEST_FILE, FileEntry, Manifest, read_manifest
from recolake.tenancy.context import Tenant


@dataclass(frozen=True)
class Masked:
    """What changes of an artefact: the content of files by name, and the manifest that goes with it."""

    files: dict[str, bytes]
    manifest: Manifest


def people_in(folder: Path, people: Set[str]) -> set[str]:
    """Who of these has a vector, or a row of evidence, in an artefact's folder.

    Raises:
        ArtifactError: the vectors cannot be read.
    """
    return set(load_user_vectors(folder).ids) & people


def masked(folder: Path, tenant: Tenant, people: Set[str]) -> Masked | None:
    """The artefact without these people; None where it holds none of them.

    Raises:
        ArtifactError: the artefact is damaged.
    """
    users = load_user_vectors(folder)
    kept = np.array([person not in people for person in users.ids], dtype=bool)
    if kept.all():
        return None
    artifact, manifest = load_artifact(folder, tenant), read_manifest(folder)
    ids = tuple(person for person, stays in zip(users.ids, kept, strict=True) if stays)
    files = {
        USERS_FILE: npz(ids=np.array(ids, dtype=np.str_), vectors=users.vectors[kept].astype(np.float32))
    }
    if EVIDENCE_FILE in manifest.files:
        evidence = Evidence.open(folder / EVIDENCE_FILE, len(users.ids), len(artifact.items))
        files[EVIDENCE_FILE] = without(evidence, people).to_bytes()
    entries = {
        name: FileEntry(sha256=sha256_of(io.BytesIO(content)), bytes=len(content))
        for name, content in files.items()
    }
    return Masked(
        files, manifest.model_copy(update={"users": len(ids), "files": {**manifest.files, **entries}})
    )


def without(evidence: Evidence, people: Set[str]) -> Evidence:
    """The evidence of everybody else."""
    ids = evidence.ids.to_pylist()
    kept = np.array([person not in people for person in ids], dtype=bool)
    lengths = np.diff(evidence.offsets)
    entries = np.repeat(kept, lengths)
    return Evidence.of(
        [person for person, stays in zip(ids, kept, strict=True) if stays],
        np.concatenate([[0], np.cumsum(lengths[kept])]),
        evidence.items[evidence.offsets[0] : evidence.offsets[-1]][entries],
        evidence.confidence[evidence.offsets[0] : evidence.offsets[-1]][entries],
        evidence.regularization,
    )


def write_masked(folder: Path, fresh: Masked) -> None:
    """Put the changed files into a folder that holds the others, the manifest last."""
    for name, content in fresh.files.items():
        write_atomically(folder / name, content)
    write_atomically(folder / MANIFEST_FILE, fresh.manifest.model_dump_json(indent=1).encode())
