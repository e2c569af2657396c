"""Index artefacts: write one, load one. What `load_artifact` returns has been checked and may be served."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.files import sha256_file, write_atomically
from recolake.ranking.evidence import EVIDENCE_FILE, Evidence
from recolake.ranking.index.choice import choose_index
from recolake.ranking.index.figures import IndexFigures, Kind
from recolake.ranking.index.kinds import search
from recolake.ranking.items import Items
from recolake.ranking.manifest import MANIFEST_FILE, Canary, FileEntry, Manifest, RankingConfig, read_manifest
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.tenancy.context import Tenant

INDEX_FILE = "index.faiss"
ITEMS_FILE = "items.json"
TREND_FILE = "trend.npy"
USERS_FILE = "users.npz"
_FILES = frozenset({INDEX_FILE, ITEMS_FILE, TREND_FILE, USERS_FILE})
# Beside an index that does not hold the vectors themselves, as an exact one does.
VECTORS_FILE = "vectors.npy"
# What NumPy raises at a file that is not what it should be, or that wants to be unpickled.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
_BLOCK = 1 << 14
_CANARIES = 8
_CANARY_DEPTH = 10
BUILDING_PREFIX = ".building-"
_REPAIR = "`recolake publish` fetches the served version anew, with `--version` any other."


@dataclass(frozen=True)
class Artifact:
    """One model version, ready to answer.

    Attributes:
        index: FAISS index of the item vectors, inner product; exact or not.
        vectors: [I, d] float32, the same vectors, exact.
        items: ids, titles and attributes by row.
        popularity: as of training; serving passes a fresher one to `rank`.
        evidence: what the user vectors were made from; None where the model cannot tell.
    """

    folder: Path
    manifest: Manifest
    index: Any
    vectors: FloatArray
    items: Items
    popularity: Popularity
    evidence: Evidence | None = None

    @cached_property
    def gram(self) -> npt.NDArray[np.float64]:
        """[d, d] products of all item vectors with each other, summed; made when first asked for."""
        total = np.zeros((self.manifest.dimension,) * 2)
        for start in range(0, len(self.vectors), _BLOCK):
            block = self.vectors[start : start + _BLOCK].astype(np.float64)
            total += block.T @ block
        return total

    @property
    def ranking(self) -> RankingConfig:
        return self.manifest.ranking

    @property
    def model_version(self) -> str:
        return self.manifest.model_version

    @property
    def checksum(self) -> str:
        """SHA-256 of the index file."""
        return self.manifest.files[INDEX_FILE].sha256

    @property
    def users_checksum(self) -> str:
        """SHA-256 of the user vectors; tells this model's vectors from another's of the same version name."""
        return users_checksum(self.manifest)


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


@dataclass(frozen=True)
class UserVectors:
    """Vectors [U, d] float32 of the people that a model knows, by pseudonym."""

    ids: tuple[str, ...]
    vectors: FloatArray


def write_artifact(
    folder: Path,
    origin: Origin,
    ranking: RankingConfig,
    items: Items,
    vectors: FloatArray,
    trend_scores: npt.NDArray[np.floating],
    users: UserVectors,
    evidence: Evidence | None = None,
) -> Manifest:
    """Write a whole artefact beside its place, check it as a server would, then rename it into place.

    Args:
        vectors: [I, d] float32, one row an item.
        trend_scores: [I], popularity as of training.
        evidence: of the same people, where the model can tell what their vectors were made from.

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
            USERS_FILE: _npz(
                ids=np.array(users.ids, dtype=np.str_), vectors=users.vectors.astype(np.float32)
            ),
        }
        if evidence is not None:
            contents[EVIDENCE_FILE] = evidence.to_bytes()
        if figures.kind is not Kind.FLAT:
            contents[VECTORS_FILE] = _npy(vectors.astype(np.float32))
        for name, content in contents.items():
            write_atomically(building / name, content)
        manifest = Manifest(
            tenant_id=origin.tenant.name,
            model_name=origin.model_name,
            model_version=origin.model_version,
            mlflow_run_id=origin.mlflow_run_id,
            dimension=vectors.shape[1],
            count=len(items),
            users=len(users.ids),
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


def load_artifact(folder: Path, tenant: Tenant) -> Artifact:
    """Load an artefact after every check: manifest, checksums, tenant, sizes, finite numbers, canary queries.

    Raises:
        ArtifactError: any of them fails; nothing of a bad artefact is returned.
    """
    manifest = read_manifest(folder)
    if manifest.tenant_id != tenant.name:
        raise ArtifactError(f"The artefact in {folder} belongs to another tenant than '{tenant}'.")
    _check_files(folder, manifest)
    index = _read_index(folder / INDEX_FILE, exact=_is_exact(manifest))
    if (index.d, index.ntotal) != (manifest.dimension, manifest.count):
        raise ArtifactError(
            f"The index in {folder} holds {index.ntotal} vectors of {index.d} numbers; "
            f"its manifest says {manifest.count} of {manifest.dimension}."
        )
    items = Items.from_json((folder / ITEMS_FILE).read_bytes())
    trend = _read_array(folder / TREND_FILE)
    if len(items) != manifest.count or trend.shape != (manifest.count,):
        raise ArtifactError(f"The artefact in {folder} has another number of items than of vectors.")
    vectors = _vectors(folder, manifest, index)
    if not np.isfinite(vectors).all():
        raise ArtifactError(f"The index in {folder} holds numbers that are not finite.")
    popularity = Popularity.of(trend, manifest.ranking.popularity_span)
    evidence = None
    if EVIDENCE_FILE in manifest.files:
        evidence = Evidence.open(folder / EVIDENCE_FILE, manifest.users, manifest.count)
    artifact = Artifact(folder, manifest, index, vectors, items, popularity, evidence)
    _ask_canaries(artifact)
    return artifact


def load_user_vectors(folder: Path) -> UserVectors:
    """The user vectors that belong to an artefact; its checksum is compared.

    Raises:
        ArtifactError: the file is not the one that the manifest names, or does not fit it.
    """
    manifest = read_manifest(folder)
    _check_files(folder, manifest)
    try:
        with np.load(folder / USERS_FILE, allow_pickle=False) as found:
            users = UserVectors(tuple(found["ids"].tolist()), found["vectors"])
    except _UNREADABLE as error:
        raise ArtifactError(f"The user vectors in {folder} cannot be read.") from error
    if users.vectors.shape != (len(users.ids), manifest.dimension) or not np.isfinite(users.vectors).all():
        raise ArtifactError(f"The user vectors in {folder} do not fit the index.")
    return users


def users_checksum(manifest: Manifest) -> str:
    """SHA-256 of an artefact's user vectors.

    Raises:
        ArtifactError: the manifest does not name them.
    """
    entry = manifest.files.get(USERS_FILE)
    if entry is None:
        raise ArtifactError(f"The manifest of {manifest.model_version} names no user vectors.", hint=_REPAIR)
    return entry.sha256


def _check_files(folder: Path, manifest: Manifest) -> None:
    needed = _FILES if _is_exact(manifest) else _FILES | {VECTORS_FILE}
    if manifest.files.keys() - {EVIDENCE_FILE} != needed:
        raise ArtifactError(f"The manifest in {folder} does not name exactly the files of an artefact.")
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != entry.bytes or sha256_file(path) != entry.sha256:
            raise ArtifactError(f"{path} is not the file that the manifest names.", hint=_REPAIR)


def _read_array(path: Path) -> npt.NDArray[np.floating]:
    try:
        array: npt.NDArray[np.floating] = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise ArtifactError(f"{path} is not an array that can be read.") from error
    return array


def _read_index(path: Path, *, exact: bool) -> Any:
    import faiss

    try:
        index = faiss.deserialize_index(np.fromfile(path, dtype=np.uint8))
    except RuntimeError as error:
        raise ArtifactError(f"{path} is not an index that can be read.") from error
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ArtifactError(f"{path} does not measure by inner product.")
    if exact != isinstance(index, faiss.IndexFlat):
        raise ArtifactError(f"{path} is of another kind than its manifest says.")
    return index


def _is_exact(manifest: Manifest) -> bool:
    return manifest.index is None or manifest.index.kind is Kind.FLAT


def _vectors(folder: Path, manifest: Manifest, index: Any) -> FloatArray:
    """The exact vectors [I, d]: an exact index holds them, any other has them beside it."""
    if _is_exact(manifest):
        held: FloatArray = index.reconstruct_n(0, index.ntotal)
        return held
    beside = _read_array(folder / VECTORS_FILE)
    if beside.shape != (manifest.count, manifest.dimension) or beside.dtype != np.float32:
        raise ArtifactError(f"The vectors in {folder} do not fit its index.")
    return beside.astype(np.float32)


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


def _ask_canaries(artifact: Artifact) -> None:
    """Scores must come back as they were; the items may swap places only where their scores are equal."""
    if not artifact.manifest.canaries:
        raise ArtifactError(f"The artefact in {artifact.folder} has no canary queries.")
    for canary in artifact.manifest.canaries:
        if len(canary.vector) != artifact.manifest.dimension:
            raise ArtifactError(f"A canary query in {artifact.folder} has another dimension than the index.")
        query = np.asarray([canary.vector], dtype=np.float32)
        scores, rows = search(artifact.index, query, len(canary.items))
        expected = np.asarray(canary.scores, dtype=np.float32)
        exact = expected if canary.exact is None else np.asarray(canary.exact, dtype=np.float32)
        tolerance = 1e-4 * max(1.0, float(np.abs(expected).max(initial=0.0)))
        own = artifact.vectors[artifact.items.rows(canary.items)] @ query[0]
        same = np.allclose(scores[0], expected, atol=tolerance) and np.allclose(own, exact, atol=tolerance)
        if not same or (rows < 0).any() or (artifact.items.rows(canary.items) < 0).any():
            raise ArtifactError(
                f"The index in {artifact.folder} answers a known query differently than when it was built."
            )


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _npz(ids: npt.NDArray[np.str_], vectors: FloatArray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, ids=ids, vectors=vectors)
    return buffer.getvalue()
