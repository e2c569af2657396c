"""Index artefacts as they are loaded: what `load_artifact` returns has been checked and may be served."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.files import sha256_file
from recolake.ranking.companions import COMPANIONS_FILE, Companions
from recolake.ranking.content import CONTENT_FILE, Content
from recolake.ranking.evidence import EVIDENCE_FILE, Evidence
from recolake.ranking.index.figures import Kind
from recolake.ranking.index.kinds import search
from recolake.ranking.items import Items
from recolake.ranking.manifest import Manifest, RankingConfig, read_manifest
from recolake.ranking.placement import PLACEMENT_FILE, Placement
from recolake.ranking.popularity import FloatArray, Popularity
from recolake.ranking.second_stage.files import STAGE_FILES, open_stage
from recolake.ranking.second_stage.stage import SecondStage
from recolake.tenancy.context import Tenant

INDEX_FILE = "index.faiss"
ITEMS_FILE = "items.json"
TREND_FILE = "trend.npy"
USERS_FILE = "users.npz"
_FILES = frozenset({INDEX_FILE, ITEMS_FILE, TREND_FILE, USERS_FILE})
# Beside an index that does not hold the vectors themselves, as an exact one does.
VECTORS_FILE = "vectors.npy"
TOTALS_FILE = "totals.npy"
# What a model has or has not, and an older artefact never had.
_OPTIONAL = frozenset({EVIDENCE_FILE, COMPANIONS_FILE, TOTALS_FILE, PLACEMENT_FILE})
# What NumPy raises at a file that is not what it should be, or that wants to be unpickled.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
_BLOCK = 1 << 14
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
        second_stage: None where the blend has the last word.
        content: of the items without history, the last rows; None where there are none.
        companions: which items are taken together; None where nobody took two at once, or nobody counted.
        totals: [I] popularity over all time as of training, not decayed; None where nobody counted.
        placement: for items that came since; None where nothing was known of any, and in older artefacts.
    """

    folder: Path
    manifest: Manifest
    index: Any
    vectors: FloatArray
    items: Items
    popularity: Popularity
    evidence: Evidence | None = None
    second_stage: SecondStage | None = None
    content: Content | None = None
    companions: Companions | None = None
    totals: npt.NDArray[np.floating] | None = None
    placement: Placement | None = None

    @property
    def warm(self) -> int:
        """Rows from here on are of items that nobody had met when the model was trained."""
        return self.manifest.count - self.manifest.cold_items

    @cached_property
    def gram(self) -> npt.NDArray[np.float64]:
        """[d, d] products of all learnt item vectors with each other, summed; made when first asked for."""
        total = np.zeros((self.manifest.dimension,) * 2)
        for start in range(0, self.warm, _BLOCK):
            block = self.vectors[start : min(start + _BLOCK, self.warm)].astype(np.float64)
            total += block.T @ block
        return total

    @cached_property
    def lengths(self) -> FloatArray:
        """[I] of the item vectors; made when first asked for."""
        found: FloatArray = np.linalg.norm(self.vectors, axis=1).astype(np.float32)
        return found

    def popularity_by(self, trend_scores: npt.NDArray[np.float64]) -> Popularity:
        """By fresher trend scores [I], those of training standing in where one is not finite."""
        trained = np.load(self.folder / TREND_FILE, allow_pickle=False)
        # Items that came since the training were not in it.
        trained = np.concatenate([trained, np.full(len(trend_scores) - len(trained), -np.inf)])
        scores = np.where(np.isfinite(trend_scores), trend_scores, trained)
        return Popularity.of(scores, self.ranking.popularity_span)

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
class UserVectors:
    """Vectors [U, d] float32 of the people that a model knows, by pseudonym."""

    ids: tuple[str, ...]
    vectors: FloatArray


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
    if manifest.cold_items >= manifest.count or manifest.cold_users > manifest.users:
        raise ArtifactError(f"The manifest in {folder} says that nobody and nothing in it has a history.")
    popularity = Popularity.of(trend, manifest.ranking.popularity_span)
    evidence = None
    if EVIDENCE_FILE in manifest.files:
        known = manifest.users - manifest.cold_users
        evidence = Evidence.open(folder / EVIDENCE_FILE, known, manifest.count - manifest.cold_items)
    stage = open_stage(folder, manifest.count) if manifest.ranking.second_stage is not None else None
    if stage is not None and stage.config != manifest.ranking.second_stage:
        raise ArtifactError(f"The second stage in {folder} is another than its manifest says.")
    content = None
    if manifest.cold_items:
        content = Content.open(folder / CONTENT_FILE, vectors[-manifest.cold_items :])
    companions = totals = None
    if COMPANIONS_FILE in manifest.files:
        companions = Companions.open(folder / COMPANIONS_FILE, manifest.count)
    if TOTALS_FILE in manifest.files:
        totals = _totals(folder, manifest.count)
    placement = None
    if PLACEMENT_FILE in manifest.files:
        placement = Placement.open(folder / PLACEMENT_FILE, manifest.dimension)
    artifact = Artifact(
        folder,
        manifest,
        index,
        vectors,
        items,
        popularity,
        evidence,
        stage,
        content,
        companions,
        totals,
        placement,
    )
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
    if manifest.ranking.second_stage is not None:
        needed |= STAGE_FILES
    if manifest.cold_items:
        needed |= {CONTENT_FILE}
    if manifest.files.keys() - _OPTIONAL != needed:
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


def _totals(folder: Path, count: int) -> npt.NDArray[np.floating]:
    totals = _read_array(folder / TOTALS_FILE)
    if totals.shape != (count,) or not (np.isfinite(totals) & (totals >= 0)).all():
        raise ArtifactError(f"The popularity over all time in {folder} does not fit the index.")
    return totals


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
