"""Index artefacts as they are written: beside their place, checked as a server would, renamed into it."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.files import sha256_file, write_atomically
from recolake.ranking.artifact import (
    INDEX_FILE,
    ITEMS_FILE,
    TOTALS_FILE,
    TREND_FILE,
    USERS_FILE,
    VECTORS_FILE,
    UserVectors,
    load_artifact,
)
from recolake.ranking.companions import COMPANIONS_FILE, Companions
from recolake.ranking.content import CONTENT_FILE, Content
from recolake.ranking.evidence import EVIDENCE_FILE, Evidence
from recolake.ranking.index.choice import choose_index
from recolake.ranking.index.figures import IndexFigures, Kind
from recolake.ranking.index.kinds import search
from recolake.ranking.items import Items
from recolake.ranking.manifest import MANIFEST_FILE, Canary, FileEntry, Manifest, RankingConfig, read_manifest
from recolake.ranking.placement import PLACEMENT_FILE, Placement
from recolake.ranking.popularity import FloatArray
from recolake.ranking.second_stage.files import stage_contents
from recolake.ranking.second_stage.stage import SecondStage
from recolake.tenancy.context import Tenant

_CANARIES = 8
_CANARY_DEPTH = 10
BUILDING_PREFIX = ".building-"


@dataclass(frozen=True)
class Origin:
    """Where a model comes from; copied into the manifest."""

    tenant: Tenant
    model_name: str
    model_version: str
    mlflow_run_id: str
    code_version: str
    config: dict[str, Any]
    seed: int
    inputs: dict[str, int]
    uploads: list[str]
    machine: dict[str, str] = field(default_factory=dict)


def write_artifact(
    folder: Path,
    origin: Origin,
    ranking: RankingConfig,
    items: Items,
    vectors: FloatArray,
    trend_scores: npt.NDArray[np.floating],
    users: UserVectors,
    evidence: Evidence | None = None,
    second_stage: SecondStage | None = None,
    content: Content | None = None,
    cold_users: int = 0,
    companions: Companions | None = None,
    totals: npt.NDArray[np.floating] | None = None,
    placement: Placement | None = None,
) -> Manifest:
    """Write a whole artefact beside its place, check it as a server would, then rename it into place.

    Args:
        vectors: [I, d] float32, one row an item.
        trend_scores: [I], popularity as of training.
        evidence: of the people with a history, where the model can tell what their vectors were made from.
        second_stage: where `ranking` says that there is one.
        content: of the items without history, which come last.
        cold_users: how many of the people, the last, have none.
        companions: where people took several items at once.
        totals: [I], popularity over all time.
        placement: for items that come later, where anything is known of those that there are.

    Raises:
        ArtifactError: what was written would not be accepted by `load_artifact`, or the folder is taken.
    """
    import faiss

    if not np.isfinite(vectors).all():
        raise ArtifactError("There are item vectors that are not finite.")
    with _building(folder) as building:
        index, figures = choose_index(vectors, users.vectors, ranking.nearest, origin.seed)
        contents = {
            INDEX_FILE: faiss.serialize_index(index).tobytes(),
            ITEMS_FILE: items.to_json(),
            TREND_FILE: _npy(trend_scores.astype(np.float64)),
            USERS_FILE: npz(ids=np.array(users.ids, dtype=np.str_), vectors=users.vectors.astype(np.float32)),
        }
        if evidence is not None:
            contents[EVIDENCE_FILE] = evidence.to_bytes()
        if second_stage is not None:
            contents |= stage_contents(second_stage)
        if content is not None:
            contents[CONTENT_FILE] = content.to_bytes()
        if companions is not None:
            contents[COMPANIONS_FILE] = companions.to_bytes()
        if totals is not None:
            contents[TOTALS_FILE] = _npy(totals.astype(np.float64))
        if placement is not None:
            contents[PLACEMENT_FILE] = placement.to_bytes()
        if figures.kind is not Kind.FLAT:
            contents[VECTORS_FILE] = _npy(vectors.astype(np.float32))
        for name, held in contents.items():
            write_atomically(building / name, held)
        manifest = Manifest(
            tenant_id=origin.tenant.name,
            model_name=origin.model_name,
            model_version=origin.model_version,
            mlflow_run_id=origin.mlflow_run_id,
            dimension=vectors.shape[1],
            count=len(items),
            users=len(users.ids),
            cold_items=0 if content is None else len(content),
            cold_users=cold_users,
            created_at=datetime.now(UTC),
            code_version=origin.code_version,
            config=origin.config,
            seed=origin.seed,
            inputs=origin.inputs,
            uploads=origin.uploads,
            machine=origin.machine,
            ranking=ranking,
            index=figures,
            canaries=_canaries(index, figures, items, vectors, origin.seed),
            files={
                name: FileEntry(sha256=sha256_file(building / name), bytes=len(c))
                for name, c in contents.items()
            },
        )
        write_atomically(building / MANIFEST_FILE, manifest.model_dump_json(indent=1).encode())
        load_artifact(building, origin.tenant)
    return manifest


def place_artifact(source: Path, folder: Path, tenant: Tenant, model_version: str, run_id: str) -> Manifest:
    """Copy an artefact under the version that the registry gave it; checked, then renamed into place.

    Raises:
        ArtifactError: the source would not be accepted, or the folder is taken.
    """
    load_artifact(source, tenant)
    manifest = read_manifest(source).model_copy(
        update={"model_version": model_version, "mlflow_run_id": run_id}
    )
    with _building(folder) as building:
        for name in manifest.files:
            shutil.copyfile(source / name, building / name)
        write_atomically(building / MANIFEST_FILE, manifest.model_dump_json(indent=1).encode())
        load_artifact(building, tenant)
    return manifest


@contextmanager
def _building(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one that takes its name if all went well, and leaves nothing if not."""
    if folder.exists():
        raise ArtifactError(f"{folder} exists; artefacts are never changed.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.parent / f"{BUILDING_PREFIX}{folder.name}-{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        yield building
        settle(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def settle(building: Path, folder: Path) -> None:
    """Give a finished artefact its name once all of it is on the disk: a power cut leaves all or nothing."""
    for path in (*building.iterdir(), building):
        _sync(path)
    building.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _canaries(
    index: Any, figures: IndexFigures, items: Items, vectors: FloatArray, seed: int
) -> list[Canary]:
    """Queries that touch the whole index: random mixtures of item vectors."""
    mixtures = np.random.default_rng(seed).standard_normal((_CANARIES, len(items))).astype(np.float32)
    queries = (mixtures @ vectors / np.sqrt(len(items))).astype(np.float32)
    scores, rows = search(index, queries, _CANARY_DEPTH)
    return [
        Canary(
            vector=q.tolist(),
            items=[items.ids[r] for r in found[found >= 0]],
            scores=s[found >= 0].tolist(),
            exact=None if figures.kind is Kind.FLAT else (vectors[found[found >= 0]] @ q).tolist(),
        )
        for q, found, s in zip(queries, rows, scores, strict=True)
    ]


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def npz(ids: npt.NDArray[np.str_], vectors: FloatArray) -> bytes:
    """The file of user vectors: [U] ids and [U, d] float32, nothing pickled."""
    buffer = io.BytesIO()
    np.savez(buffer, ids=ids, vectors=vectors)
    return buffer.getvalue()
